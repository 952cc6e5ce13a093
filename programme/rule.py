"""What a resource asks of its writes."""

from collections.abc import Mapping
from typing import Any

from store.unit_of_work import UnitOfWork

Row = dict[str, Any]


class Rule:
    """What must hold when a row is written by a caller, and what follows from it; both in the same transaction.

    A resource without a rule takes every value that its columns can hold. Subclasses override what they need; none
    keeps state. The actor is ``work.actor``, the time ``work.clock()``.
    """

    def values(self, work: UnitOfWork, before: Row | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the values to be written: completed, or refused by an error.

        Parameters
        ----------
        work : UnitOfWork
            The transaction.
        before : dict or None
            The row as it is; None when it is to be created.
        values : mapping
            What the caller gave, by public column name.

        Raises
        ------
        InvalidInput, Conflict, NotAllowed
            If the write must not be.
        """
        return values

    def written(self, work: UnitOfWork, before: Row | None, after: Row) -> None:
        """Do what follows from the row having been created or changed."""

    def removing(self, work: UnitOfWork, before: Row) -> None:
        """Refuse, by an error, or prepare that the row is removed."""
