"""Where webhooks may point: never at the service's own network, however the name is written or resolves."""

import asyncio
import ipaddress
import socket
from urllib.parse import SplitResult, urlsplit

from domain.errors import InvalidInput

_OWN_NAMES = ("localhost", "local", "internal", "localdomain", "home.arpa")
_LONGEST = 2_000

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressRefusedError(Exception):
    """The name resolves to an address that webhooks may not point to, or to none."""


def check_url(url: str, *, private: bool = False) -> str:
    """Return `url` if a webhook may have it; what its name resolves to is looked at whenever something is sent.

    Parameters
    ----------
    url : str
        Absolute, http or https, without user and password.
    private : bool, default=False
        Whether private networks and this machine are allowed.

    Raises
    ------
    InvalidInput
        If it may not.

    Examples
    --------
    >>> check_url("https://hooks.example.com/a?b=1")
    'https://hooks.example.com/a?b=1'
    """
    parts = _parse(url)
    host = (parts.hostname or "").rstrip(".").lower()
    literal = _literal(host)
    is_own = host in _OWN_NAMES or host.endswith(tuple(f".{name}" for name in _OWN_NAMES))
    if (is_own and not private) or (literal is not None and not is_allowed(literal, private=private)):
        raise InvalidInput(
            f"a webhook may not point to {host!r}, an address of the service's own network; "
            "ALLYWISE_WEBHOOK_PRIVATE_ADDRESSES=true allows private ones",
            field="url",
        )
    return url


def _parse(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
        host = parts.hostname or ""
        host.encode("idna")
    except ValueError as error:
        raise InvalidInput(f"is no URL: {error}", field="url") from None
    is_clean = url.isascii() and url.isprintable() and " " not in url and len(url) <= _LONGEST
    if not is_clean or parts.scheme not in ("http", "https") or not host or port == 0:
        raise InvalidInput(
            "a webhook's URL is absolute, begins with http:// or https://, and holds ASCII without spaces, "
            f"at most {_LONGEST} characters",
            field="url",
        )
    if parts.username is not None or parts.password is not None:
        raise InvalidInput("leave user and password out of the URL; deliveries are signed", field="url")
    return parts


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:  # 127.1, 0x7f000001 and 2130706433 are ways to write an address, too
        return ipaddress.IPv4Address(socket.inet_aton(host)) if not host.rstrip("0123456789abcdefx.") else None
    except OSError:
        return None


def is_allowed(address: Address, *, private: bool = False) -> bool:
    """Whether something may be sent to `address`; link-local ones (cloud metadata) never.

    Examples
    --------
    >>> [is_allowed(ipaddress.ip_address(text)) for text in ("93.184.216.34", "10.0.0.1", "::ffff:127.0.0.1")]
    [True, False, False]
    """
    plain = _inner(address)
    if plain.is_link_local or plain.is_multicast or plain.is_unspecified or plain.is_reserved:
        return False
    return plain.is_global or (private and (plain.is_private or plain.is_loopback))


def _inner(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one only wraps (mapped, 6to4, NAT64)."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in ipaddress.ip_network("64:ff9b::/96"):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


async def resolve(host: str, port: int, *, private: bool = False) -> str:
    """Return an address of `host` to connect to: the one looked at here is the one used, so no second answer counts.

    Raises
    ------
    AddressRefusedError
        If the name has no address, or any that is not allowed.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise AddressRefusedError(f"the name {host!r} cannot be resolved: {error.strerror}") from error
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    refused = [address for address in addresses if not is_allowed(address, private=private)]
    if refused or not addresses:
        raise AddressRefusedError(f"{host!r} resolves to {refused[0] if refused else 'nothing'}, which is not allowed")
    return str(addresses[0])
