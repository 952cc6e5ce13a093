"""Contact fields that do not lie open in the database: encrypted by the column's type, found by equality.

AES-SIV (RFC 5297) is deterministic: equal texts of one column are equal ciphertexts under one key. So filters by
equality work, and an import sees what is unchanged; who reads the database can tell equal values, but none of them.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Dialect, Text
from sqlalchemy.types import TypeDecorator

from domain.errors import CannotAnswer, InvalidInput
from domain.settings import Settings

PROTECTED: Mapping[str, tuple[str, ...]] = {"contacts": ("name", "email", "phone")}
"""Columns that are encrypted when that is set, by resource."""

_BEGIN = "enc:v1:"
_ATTRIBUTE = "allywise_at_rest"


class AtRest:
    """Encrypts under the first of some keys and decrypts what any of them encrypted.

    Parameters
    ----------
    keys : sequence of str
        32 random bytes each, URL-safe base64: those of `store.sealing`, from which others are derived (HKDF-SHA256).
    encrypts : bool
        Whether what is written is encrypted; what is read is decrypted anyway.

    Raises
    ------
    InvalidInput
        If one is no such key, or none is there to encrypt with.

    Examples
    --------
    >>> rest = AtRest(["MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="], encrypts=True)
    >>> kept = rest.seal("contacts.email", "ann@x.example")
    >>> kept[:7], kept == rest.seal("contacts.email", "ann@x.example"), rest.open("contacts.email", kept)
    ('enc:v1:', True, 'ann@x.example')
    """

    def __init__(self, keys: Sequence[str] = (), *, encrypts: bool = False) -> None:
        if encrypts and not keys:
            raise InvalidInput("setting ALLYWISE_ENCRYPT_CONTACTS needs a key in ALLYWISE_ENCRYPTION_KEYS")
        self.encrypts = encrypts
        self._ciphers = dict(_cipher(key) for key in keys)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return what the settings say."""
        return cls(settings.encryption_keys, encrypts=settings.encrypt_contacts)

    def seal(self, context: str, text: str) -> str:
        """Return what is kept of a text of the column `context`."""
        return self._sealed(next(iter(self._ciphers)), context, text) if self.encrypts and text else text

    def open(self, context: str, kept: str) -> str:
        """Return the text that was sealed, or what was never sealed as it is.

        Raises
        ------
        CannotAnswer
            If its key is not among ours.
        """
        if not kept.startswith(_BEGIN):
            return kept
        name, _, body = kept.removeprefix(_BEGIN).partition(":")
        if name not in self._ciphers:
            raise CannotAnswer("The key that encrypted a contact is not among ALLYWISE_ENCRYPTION_KEYS.")
        try:
            return self._ciphers[name].decrypt(base64.urlsafe_b64decode(body), [context.encode()]).decode()
        except (InvalidTag, binascii.Error, ValueError) as error:
            raise CannotAnswer(f"An encrypted value of {context} was changed in the database.") from error

    def spellings(self, context: str, text: str) -> list[str]:
        """Return all ways in which a text may stand in the column: open, and under each key."""
        return [text, *(self._sealed(name, context, text) for name in self._ciphers if text)]

    def _sealed(self, name: str, context: str, text: str) -> str:
        body = self._ciphers[name].encrypt(text.encode(errors="replace"), [context.encode()])
        return f"{_BEGIN}{name}:{base64.urlsafe_b64encode(body).decode()}"


def at_rest_of(dialect: Dialect) -> AtRest:
    """Return how the engine of a dialect encrypts; without keys unless `protect` was told some."""
    return getattr(dialect, _ATTRIBUTE, _OPEN)


def protect(dialect: Dialect, at_rest: AtRest) -> None:
    """Tell the engine of a dialect how to encrypt: column types see nothing else of it."""
    setattr(dialect, _ATTRIBUTE, at_rest)


def is_sealed(dialect: Dialect, resource: str, field: str) -> bool:
    """Whether a column is encrypted."""
    return field in PROTECTED.get(resource, ()) and at_rest_of(dialect).encrypts


class Sealed(TypeDecorator[str]):
    """Text that is encrypted at rest where that is set; `context` is ``table.column``."""

    impl = Text
    cache_ok = True

    def __init__(self, context: str = "") -> None:
        super().__init__()
        self.context = context

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Encrypt what is written, or looked for."""
        return None if value is None else at_rest_of(dialect).seal(self.context, value)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        """Decrypt what is read; what cannot be, for want of any key, stays as it is."""
        rest = at_rest_of(dialect)
        return value if value is None or rest is _OPEN else rest.open(self.context, value)


def _cipher(key: str) -> tuple[str, AESSIV]:
    try:
        secret = base64.urlsafe_b64decode(key)
    except (ValueError, binascii.Error):
        secret = b""
    if len(secret) != 32:
        raise InvalidInput(
            "setting ALLYWISE_ENCRYPTION_KEYS: a key is 32 random bytes in URL-safe base64, 44 characters"
        )
    derived = HKDF(SHA256(), 64, None, b"allywise contact fields at rest").derive(secret)
    return sha256(b"name" + derived).hexdigest()[:8], AESSIV(derived)


_OPEN = AtRest()
