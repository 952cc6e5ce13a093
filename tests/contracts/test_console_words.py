"""Pages speak every language that the service speaks."""

import re
from collections import Counter

import pytest

from api.console.words import OTHERS, catalogue, messages

_FIELD = re.compile(r"%\((\w+)\)s")


@pytest.mark.parametrize("code", OTHERS)
def test_every_message_is_translated_with_the_same_fields(code):
    known, wrong = catalogue(code), []
    for entry in messages():
        if not entry.id:
            continue
        found = known.get(entry.id if isinstance(entry.id, str) else entry.id[0])
        forms = [] if found is None else [found.string] if isinstance(found.string, str) else list(found.string)
        wanted = Counter(_FIELD.findall(entry.id if isinstance(entry.id, str) else entry.id[1]))
        if not forms or any(not form or Counter(_FIELD.findall(form)) != wanted for form in forms):
            wrong.append(entry.id)
    assert wrong == []
