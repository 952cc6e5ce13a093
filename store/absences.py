"""When partners are away, for what decides who is offered a lead."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Self

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, select

from domain.resources import RESOURCES
from store.read import converted, raw
from store.tables import RESOURCE_TABLES

Ints = npt.NDArray[np.int64]

NEVER = np.iinfo(np.int64).max

_absences = RESOURCE_TABLES["absences"]
_SINCE, _UNTIL = (RESOURCES["absences"].column(name) for name in ("since", "until"))


@dataclass(frozen=True, eq=False)
class Absences:
    """Times in which partners take no leads; arrays of equal length.

    Parameters
    ----------
    partner_ids : int64 array
        Our ids.
    since_us, until_us : int64 arrays
        Microseconds since 1970: away from `since_us` until before `until_us`, `NEVER` where no end is known.
    """

    partner_ids: Ints
    since_us: Ints
    until_us: Ints

    @classmethod
    def none(cls) -> Self:
        """Return that nobody is ever away."""
        return cls(*(np.zeros(0, dtype=np.int64) for _ in range(3)))

    def __len__(self) -> int:
        return len(self.partner_ids)

    @cached_property
    def fingerprint(self) -> str:
        """Eight characters that change with any absence."""
        parts = (self.partner_ids, self.since_us, self.until_us)
        return sha256(b"|".join(part.tobytes() for part in parts)).hexdigest()[:8]


def load_absences(connection: Connection) -> Absences:
    """Return all absences, past ones too: decisions of earlier instants are asked for again.

    Rows that end before they begin (imports may hold some) are of no time at all.
    """
    table = _absences.c
    wanted = (table.partner_id, raw(_SINCE, table.since), raw(_UNTIL, table.until))
    rows = connection.execute(select(*wanted).order_by(table.partner_id, table.since)).fetchall()
    cells = list(zip(*rows, strict=True)) if rows else [(), (), ()]
    since, until = (converted(column, cells[k]) for k, column in ((1, _SINCE), (2, _UNTIL)))
    return Absences(np.array(cells[0], dtype=np.int64), _micros(since), _micros(until))


def _micros(instants: npt.NDArray[np.datetime64]) -> Ints:
    return np.where(np.isnat(instants), NEVER, instants.astype("datetime64[us]").astype(np.int64))
