"""What must hold of agreements: how their status changes, exclusive rights of one partner only, versions of terms."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from domain.errors import Conflict, InvalidInput, NotFound
from domain.terms import AgreementStatus
from programme.ledger import service_rows
from programme.money import ZERO, fraction
from programme.money_rules import after_write
from programme.rule import Row, Rule
from programme.territories import common_territories, territories_shown
from store import ledger as queries
from store.unit_of_work import UnitOfWork

_S = AgreementStatus

TRANSITIONS: Mapping[AgreementStatus, tuple[AgreementStatus, ...]] = MappingProxyType(
    {
        _S.DRAFT: (_S.ACTIVE, _S.ENDED),
        _S.ACTIVE: (_S.SUSPENDED, _S.ENDED),
        _S.SUSPENDED: (_S.ACTIVE, _S.ENDED),
        _S.ENDED: (),
    }
)
"""Which statuses may follow each: the one table of it."""


_SCOPE = {"partner", "status", "valid_from", "valid_to", "territories", "products", "exclusive"}


class AgreementRule(Rule):
    """Over agreements: a status changes along the table, and no two partners have the same exclusive rights.

    One may be created with any status: other systems of record bring what is.
    """

    def values(self, work: UnitOfWork, before: Row | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Check rate, status and exclusive rights."""
        row = after_write("agreements", before, values)
        changed = {name for name, value in row.items() if before is None or value != before.get(name)}
        rate = row.get("commission_rate")
        if "commission_rate" in changed and rate is not None and not ZERO <= fraction(rate) <= 1:
            raise InvalidInput(
                "commission_rate is a fraction between 0 and 1, such as 0.1 for 10 %",
                field="commission_rate",
                value=rate,
            )
        if before is not None:
            _check_status(before["status"], row.get("status"))
        if changed & _SCOPE and _is_exclusive(row):
            _check_exclusive(work, row)
        return values


class TermsRule(Rule):
    """Over terms: versions are counted, and what was agreed is never changed."""

    def values(self, work: UnitOfWork, before: Row | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Check the number of a new version, and that no agreed one is touched."""
        row = after_write("terms", before, values)
        notice = row.get("notice_days")
        if notice is not None and not 0 <= notice <= 3650:
            raise InvalidInput("notice_days lies between 0 and 3650", field="notice_days", value=notice)
        if before is not None:
            _refuse_agreed(before, "changed")
        elif row.get("agreement") is not None and row.get("version") is not None:
            wanted = next_version(work, row["agreement"])
            if row["version"] != wanted:
                raise Conflict(f"The next version of the terms of {row['agreement']!r} is {wanted}.", version=wanted)
        if row.get("agreed_on") is not None and row.get("agreed_by") is None:
            return {**values, "agreed_by": work.actor.name}
        return values

    def removing(self, work: UnitOfWork, before: Row) -> None:
        """Keep what was agreed, and the count without gaps."""
        _refuse_agreed(before, "deleted")
        if before["version"] + 1 != next_version(work, before["agreement"]):
            raise Conflict("There are later versions; only the latest may be deleted, while it is not agreed.")


def next_version(work: UnitOfWork, agreement: str) -> int:
    """Return the number of the next version of an agreement's terms."""
    latest = latest_terms(work, agreement)
    return 1 if latest is None else int(latest["version"]) + 1


def latest_terms(work: UnitOfWork, agreement: str, *, agreed: bool = False) -> Row | None:
    """Return the latest version of an agreement's terms, or the latest that was `agreed`; None if there is none."""
    filters: dict[str, Any] = {"agreement": agreement}
    if agreed:
        filters["agreed_on.gte"] = date.min
    found = service_rows(work, "terms").list(filters, sort="-version", limit=1).rows
    return found[0] if found else None


def check_transition(before: str | None, wanted: str) -> None:
    """Raise `Conflict` unless an agreement may go from one status to another."""
    allowed = TRANSITIONS[AgreementStatus(before)] if before is not None else tuple(_S)
    if wanted not in allowed:
        told = f"only {' or '.join(allowed)}" if allowed else "nothing; make a new agreement"
        raise Conflict(f"An agreement that is {before} cannot become {wanted}; {told} may follow.", current=before)


def _is_exclusive(row: Row) -> bool:
    given = row.get("partner") and row.get("valid_from")  # else the store says what is missing
    return bool(row.get("exclusive") and row.get("status") == _S.ACTIVE and given)


def _check_status(before: str | None, after: str | None) -> None:
    if before == after:
        return
    if after is None:
        raise InvalidInput("status cannot be cleared", field="status")
    check_transition(before, after)


def _refuse_agreed(terms: Row, done: str) -> None:
    if terms["agreed_on"] is not None:
        raise Conflict(
            f"Version {terms['version']} was agreed on {terms['agreed_on']} and is never {done}; add the next version."
        )


def _check_exclusive(work: UnitOfWork, row: Row) -> None:
    """Refuse exclusive rights that another partner has for some place, product and day."""
    queries.lock_name(work.connection, "exclusive agreements")  # two at once would not see each other
    start, end = row["valid_from"], row.get("valid_to")
    own_places, own_products = row.get("territories") or [], row.get("products") or []
    for other in queries.exclusive_agreements(work.connection, row["partner"], start, end):
        places = common_territories(own_places, other["territories"] or [])
        products = _common_products(own_products, other["products"] or [])
        if places and products is not None:
            period = (max(start, other["valid_from"]), _earlier(end, other["valid_to"]))
            _refuse_overlap(work, other, places, products, period)


def _refuse_overlap(
    work: UnitOfWork, other: Row, places: list[str], products: list[str], period: tuple[date, date | None]
) -> None:
    try:  # a manager of some partners is not told about those of others
        work.repository("partners").get(other["partner"])
        named = f"Agreement {other['external_id']!r} of partner {other['partner']!r}"
        who = {"agreement": other["external_id"], "partner": other["partner"]}
    except NotFound:
        named, who = "An agreement of another partner", {}
    start, end = period
    raise Conflict(
        f"{named} is exclusive too, for {territories_shown(places)}, {', '.join(products) or 'all products'}, "
        f"{start} to {end or 'open end'}; narrow one of them or end it first.",
        territories=places,
        products=products,
        valid_from=str(start),
        valid_to=None if end is None else str(end),
        **who,
    )


def _common_products(first: list[str], second: list[str]) -> list[str] | None:
    """Return products of both; an empty list means all, None means none."""
    if not first or not second:
        return sorted({*first, *second})
    return sorted(set(first) & set(second)) or None


def _earlier(first: date | None, second: date | None) -> date | None:
    given = [day for day in (first, second) if day is not None]
    return min(given, default=None)


AGREEMENT_RULES: Mapping[str, tuple[Rule, ...]] = {"agreements": (AgreementRule(),), "terms": (TermsRule(),)}
"""Rules by resource."""
