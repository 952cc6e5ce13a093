"""Passwords: kept as slow hashes, compared in the same time whether there is one or not."""

import statistics
import time

import pytest

from domain.errors import InvalidInput
from programme import passwords

PASSWORD = "a long enough secret"


def test_an_unknown_address_takes_as_long_as_a_known_one():
    kept = passwords.hash_password(PASSWORD)

    def seconds(hash_: str | None) -> float:
        begun = time.process_time()
        assert not passwords.is_password("wrong", hash_)
        return time.process_time() - begun

    known = statistics.median(seconds(kept) for _ in range(3))
    unknown = statistics.median(seconds(None) for _ in range(3))
    assert 0.4 < unknown / known < 2.5
    assert not passwords.needs_new_hash(passwords._NOBODY)  # made with the costs of today's hashes


def test_a_hash_is_salted_argon2id_and_takes_any_script():
    one, two = passwords.hash_password("пароль é 密碼"), passwords.hash_password("пароль é 密碼")
    assert one != two
    assert one.startswith("$argon2id$")
    assert passwords.is_password("пароль e\u0301 密碼", one)
    assert not passwords.is_password("пароль", one)
    assert not passwords.is_password("anything", "no hash at all")


@pytest.mark.parametrize("weak", ["short", "x" * 201, "abababababab", "this is ANN and more"])
def test_weak_passwords_are_refused(weak):
    with pytest.raises(InvalidInput):
        passwords.checked_password(weak, 12, "ann@acme.example")
