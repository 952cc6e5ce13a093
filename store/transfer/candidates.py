"""What recruiters may bring by file: companies that are to be recruited, and no word about those that are partners."""

from collections.abc import Collection, Mapping

import numpy as np
from sqlalchemy import Connection, select

from domain.terms import PartnerStatus
from store.sql import chunks
from store.tables import RESOURCE_TABLES
from store.transfer.rows import Rows

RESOURCE = "partners"
STATUSES = (str(PartnerStatus.PROSPECT), str(PartnerStatus.APPLIED))
"""What a company may be that recruiters bring by file."""

_P = RESOURCE_TABLES[RESOURCE]
_OF_PARTNERS = ("recruited_at", "ended_at")


class CandidatesOnly:
    """Flaws rows that say more than that a company might be recruited, or touch one that is no candidate.

    Parameters
    ----------
    connection : Connection
        Of the import's transaction.
    portfolio : collection of str, optional
        Names under which the companies of somebody are kept who is confined to them.
    """

    def __init__(self, connection: Connection, portfolio: Collection[str] | None = None) -> None:
        self._connection = connection
        self._portfolio = None if portfolio is None else {name.lower() for name in portfolio}

    def __call__(self, rows: Rows, existing: Mapping[int, int]) -> None:
        """Flaw rows of a batch, of which `existing` are in the store."""
        if rows.resource.name != RESOURCE:
            for place in np.flatnonzero(rows.good):
                rows.flaw(int(place), "", "", "only companies that are to be recruited may be brought")
            return
        self._check_values(rows)
        known = self._known(existing)
        for position, id_ in existing.items():
            status, manager = known.get(id_, (None, None))
            if rows.good[position] and status not in STATUSES:
                key = rows.columns["external_id"][position].as_py()
                told = f"is {status!r} already: here only prospects and applicants are changed; leave the row out"
                rows.flaw(position, "external_id", key, told)
            elif rows.good[position] and not self._is_ours(manager):
                key = rows.columns["external_id"][position].as_py()
                rows.flaw(position, "external_id", key, "is another account manager's; leave the row out")
        if self._portfolio is not None:
            self._check_managers(rows, existing)

    def _check_values(self, rows: Rows) -> None:
        if "status" in rows.columns:
            for position, status in enumerate(rows.columns["status"].to_pylist()):
                if rows.good[position] and status is not None and status not in STATUSES:
                    told = f"must be {' or '.join(STATUSES)} here; later steps are made in the pipeline"
                    rows.flaw(position, "status", status, told)
        for name in _OF_PARTNERS:
            if name in rows.columns:
                for position, value in enumerate(rows.columns[name].to_pylist()):
                    if rows.good[position] and value is not None:
                        told = "must be empty: a company that is to be recruited has no such date"
                        rows.flaw(position, name, rows.raw.columns[name][position], told)

    def _check_managers(self, rows: Rows, existing: Mapping[int, int]) -> None:
        """Flaw rows after which a company would be nobody's or another's."""
        names = rows.columns["account_manager"].to_pylist() if "account_manager" in rows.columns else None
        present = rows.present("account_manager")
        for place in np.flatnonzero(rows.good):
            position = int(place)
            if position in existing and not present[position]:
                continue
            name = names[position] if names is not None else None
            if not self._is_ours(name):
                rows.flaw(position, "account_manager", name or "", "must be your own name: you see only those")

    def _is_ours(self, manager: str | None) -> bool:
        return self._portfolio is None or (manager or "").lower() in self._portfolio

    def _known(self, existing: Mapping[int, int]) -> dict[int, tuple[str | None, str | None]]:
        found: dict[int, tuple[str | None, str | None]] = {}
        for part in chunks(sorted(existing.values())):
            query = select(_P.c.id, _P.c.status, _P.c.account_manager).where(_P.c.id.in_(part))
            found |= {row.id: (row.status, row.account_manager) for row in self._connection.execute(query)}
        return found
