"""How requests travel: keys, retries that are safe, problems as exceptions, pages."""

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

_RETRIED = (429, 503)
_MAX_WAIT = 30.0


class ApiProblem(Exception):
    """An answer that is a problem (RFC 9457).

    Parameters
    ----------
    status : int
        HTTP status.
    problem : mapping
        The body: ``code`` is the stable word to program against, ``detail`` is for people.
    """

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.problem = dict(problem)
        self.code = str(problem.get("code", "http_error"))
        super().__init__(f"{status} {self.code}: {problem.get('detail', '')}")


class Transport:
    """Sends requests to a service.

    Parameters
    ----------
    base_url : str
        Where it is served, without ``/v1``.
    key : str
        An API key.
    timeout : float, default=30.0
        Seconds until a request is given up.
    retries : int, default=3
        How often a request is sent again when the service is busy or cannot be reached. Creating requests carry an
        Idempotency-Key, so that none is carried out twice.
    transport : httpx.BaseTransport, optional
        Another way to the service, for tests.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        timeout: float = 30.0,
        retries: int = 3,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        self._client = httpx.Client(base_url=base_url, headers=headers, timeout=timeout, transport=transport)
        self._retries = retries

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        files: Any = None,
        headers: Mapping[str, Any] | None = None,
    ) -> Any:
        """Send a request and return its answer: JSON as Python values, other content as bytes, None for no content.

        Raises
        ------
        ApiProblem
            If the answer is a problem.
        httpx.TransportError
            If the service cannot be reached, also not when tried again.
        """
        told = {name: str(value) for name, value in (headers or {}).items() if value is not None}
        if method == "POST":
            told.setdefault("Idempotency-Key", uuid.uuid4().hex)
        asked = {name: value for name, value in (query or {}).items() if value is not None}
        for attempt in range(self._retries + 1):
            last = attempt == self._retries
            try:
                answer = self._client.request(method, path, params=asked, json=body, files=files, headers=told)
            except httpx.TransportError:
                if last or method == "PATCH":  # it may have been done, and its If-Match would not fit any more
                    raise
                time.sleep(min(2.0**attempt, _MAX_WAIT))
                continue
            if answer.status_code not in _RETRIED or last:
                return _content(answer)
            time.sleep(min(float(answer.headers.get("Retry-After", 2**attempt)), _MAX_WAIT))
        raise AssertionError("the last attempt returns or raises")


def path_part(value: object) -> str:
    """Return an id as a part of a path.

    Examples
    --------
    >>> path_part("Café 1/2")
    'Caf%C3%A9%201%2F2'
    """
    return quote(str(value), safe="")


def _content(answer: httpx.Response) -> Any:
    is_json = "json" in answer.headers.get("content-type", "")
    if answer.is_error:
        raise ApiProblem(answer.status_code, answer.json() if is_json else {"detail": answer.text[:500]})
    if not answer.content:
        return None
    return answer.json() if is_json else answer.content


def every_row(page: Callable[..., Any], **asked: Any) -> Iterator[Any]:
    """Yield the rows of all pages of a list.

    Parameters
    ----------
    page : callable
        A list method of the client, such as ``client.list_partners``.
    **asked
        Its arguments; `cursor` is filled in.
    """
    cursor: str | None = None
    while True:
        found = page(**asked, cursor=cursor)
        yield from found["items"]
        cursor = found["next_cursor"]
        if cursor is None:
            return
