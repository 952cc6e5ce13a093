"""Passwords: what is a good one, and how it is kept (Argon2id, RFC 9106's second recommendation)."""

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from domain.errors import InvalidInput

MAX_LENGTH = 200
_MIN_DIFFERENT = 5

_hasher = PasswordHasher()
# Of no password; verifying against it takes as long as against a real one.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$+TljALrAk5bRiY4WBt/tKQ$3wTXwfb0aW3WNh6nY524RMRp6/rTy9gT2/e28GTia48"


def checked_password(password: str, min_length: int, email: str) -> str:
    """Return `password` if it is good enough.

    Raises
    ------
    InvalidInput
        If it is too short or too long, repeats few characters or holds the name of the e-mail address.
    """
    if not min_length <= len(password) <= MAX_LENGTH:
        raise InvalidInput(f"a password has {min_length} to {MAX_LENGTH} characters", field="password")
    if len(set(password)) < _MIN_DIFFERENT:
        raise InvalidInput(f"a password has at least {_MIN_DIFFERENT} different characters", field="password")
    if email.partition("@")[0].casefold() in password.casefold():
        raise InvalidInput("a password does not hold the name of the e-mail address", field="password")
    return password


def hash_password(password: str) -> str:
    """Return the salted Argon2id hash of a password."""
    return _hasher.hash(_plain(password))


def is_password(password: str, kept: str | None) -> bool:
    """Say whether `password` is the one whose hash was `kept`; as slow when there is none.

    Examples
    --------
    >>> is_password("correct horse", None)
    False
    """
    try:
        right = _hasher.verify(kept or _NOBODY, _plain(password))
    except (VerificationError, InvalidHashError):
        return False
    return right and kept is not None


def needs_new_hash(kept: str) -> bool:
    """Say whether a hash was made with other costs than hashes are made with now."""
    return _hasher.check_needs_rehash(kept)


def _plain(password: str) -> bytes:
    # One keyboard writes a letter with its accent as one character, another as two.
    return unicodedata.normalize("NFKC", password).encode(errors="surrogatepass")
