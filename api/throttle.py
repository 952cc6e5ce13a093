"""How often a network address may ask what anybody may: so many requests a minute, counted in this process."""

import threading
from collections import OrderedDict
from datetime import datetime

from domain.errors import TooManyRequests

_MINUTE = 60
_MOST_ADDRESSES = 10_000


class Throttle:
    """Counts requests by address.

    Parameters
    ----------
    most : int
        Requests a minute.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def check(self, address: str, now: datetime) -> None:
        """Count a request.

        Raises
        ------
        TooManyRequests
            If the address has had its requests of this minute.
        """
        minute = int(now.timestamp()) // _MINUTE
        with self._lock:
            since, n = self._seen.pop(address, (minute, 0))
            n = n + 1 if since == minute else 1
            self._seen[address] = (minute, n)
            while len(self._seen) > _MOST_ADDRESSES:
                self._seen.popitem(last=False)
        if n > self._most:
            left = _MINUTE - int(now.timestamp()) % _MINUTE
            raise TooManyRequests("too many requests; try again in a minute", retry_after=left)
