"""Texts that must be usable again and yet not lie open in the database: sealed with a key of the settings."""

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from domain.errors import CannotAnswer, InvalidInput

_SEALED, _OPEN = "sealed:", "open:"


class Sealer:
    """Seals texts under the first of some keys and opens what any of them sealed (Fernet: AES-128-CBC, HMAC-SHA256).

    Parameters
    ----------
    keys : sequence of str
        Fernet keys, 32 random bytes in URL-safe base64; none: texts are kept as they are.

    Raises
    ------
    InvalidInput
        If one is no such key.

    Examples
    --------
    >>> sealer = Sealer([Fernet.generate_key().decode()])
    >>> sealer.open(sealer.seal("whsec_1")), Sealer([]).seal("whsec_1")
    ('whsec_1', 'open:whsec_1')
    """

    def __init__(self, keys: Sequence[str]) -> None:
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys]) if keys else None
            self._first = Fernet(keys[0]) if keys else None
        except ValueError as error:
            raise InvalidInput(
                "setting ALLYWISE_ENCRYPTION_KEYS: a key is 32 random bytes in URL-safe base64, 44 characters"
            ) from error

    def seal(self, text: str) -> str:
        """Return what may be kept."""
        if self._fernet is None:
            return _OPEN + text
        return _SEALED + self._fernet.encrypt(text.encode()).decode()

    def is_current(self, kept: str) -> bool:
        """Whether a text was sealed under the first key, or lies open where there is none."""
        if self._first is None:
            return kept.startswith(_OPEN)
        try:
            self._first.decrypt(kept.removeprefix(_SEALED))
        except InvalidToken:
            return False
        return kept.startswith(_SEALED)

    def open(self, kept: str) -> str:
        """Return the text that was sealed.

        Raises
        ------
        CannotAnswer
            If its key is not among ours.
        """
        if kept.startswith(_OPEN):
            return kept.removeprefix(_OPEN)
        try:
            if self._fernet is not None:
                return self._fernet.decrypt(kept.removeprefix(_SEALED)).decode()
        except InvalidToken:
            pass
        raise CannotAnswer("The key that sealed a stored secret is not among ALLYWISE_ENCRYPTION_KEYS.")
