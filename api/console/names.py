"""Names of products and programmes for pages whose rows tell the external id."""

from collections.abc import Callable

from store.unit_of_work import UnitOfWork

_MOST = 1000


class Names:
    """Names of a resource with few rows, read when a page asks for the first.

    Parameters
    ----------
    open_work : callable
        Opens a transaction on behalf of who looks.
    resource : str
        Such as ``products``.
    """

    def __init__(self, open_work: Callable[[], UnitOfWork], resource: str) -> None:
        self._open_work = open_work
        self._resource = resource
        self._names: dict[str, str] | None = None

    def __call__(self, external_id: str | None) -> str:
        """Return the name of a row; of one that is not in the store, its external id."""
        if not external_id:
            return ""
        if self._names is None:
            with self._open_work() as work:
                rows = work.repository(self._resource).list(limit=_MOST).rows
            self._names = {row["external_id"]: row["name"] for row in rows}
        return self._names.get(external_id) or external_id
