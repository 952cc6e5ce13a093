"""Everything said to a person is said in every language."""

import re
from collections import Counter
from datetime import date

import pytest

import intelligence.features.build  # noqa: F401  (registers all groups)
from domain.errors import InvalidInput
from domain.language import LANGUAGES, language_of, negotiate
from intelligence.features.registry import SETS, FeatureSet
from intelligence.features.sentences import messages
from intelligence.matching import own_words, refusals
from intelligence.matching import reasons as match_reasons
from intelligence.recommend import reasons as recommend_reasons

OTHERS = LANGUAGES[1:]
ATTRIBUTES = [
    ("attributes.zone", "category", ""),
    ("attributes.seats", "number", ""),
    ("attributes.since", "date", "%Y"),
]
LISTED = {"industries": ["retail"], "territories": ["PT"], "languages": ["pl"]}
PARAMETERS = {
    "kinds": ["webinar"],
    "rates": {"tier": 1.0},
    "attributes": ATTRIBUTES,
    "terms": ["cyber security"],
    "listed": LISTED,
}
_FIELD = re.compile(r"\{[^{}]*\}")
_NOUN = re.compile(r":#([a-z ]+)\}")


def _singles() -> list[str]:
    features = [feature for name in SETS for feature in FeatureSet(name, PARAMETERS).features]
    found = (
        messages(features)
        | match_reasons.MESSAGES
        | own_words.MESSAGES
        | refusals.MESSAGES
        | recommend_reasons.MESSAGES
    )
    return sorted({*found, "All other factors", "{day} {month}", "{day} {month} {year}", "{month}", "{month} {year}"})


def _plurals() -> list[tuple[str, str]]:
    nouns = {noun for text in _singles() for noun in _NOUN.findall(text)} | {"day", "time"}
    counted = {(f"{{n}} {noun}", f"{{n}} {noun}s") for noun in nouns}
    return sorted(counted | match_reasons.PLURALS | own_words.PLURALS | refusals.PLURALS | recommend_reasons.PLURALS)


@pytest.mark.parametrize("code", OTHERS)
def test_every_sentence_has_a_translation_with_the_same_fields(code: str) -> None:
    catalogue = language_of(code)._catalogue._catalog  # type: ignore[attr-defined]  # gettext keeps it there
    missing = [text for text in _singles() if text not in catalogue]
    assert missing == []
    wrong = [t for t in _singles() if Counter(_FIELD.findall(t)) != Counter(_FIELD.findall(catalogue[t]))]
    assert wrong == []


@pytest.mark.parametrize("code", OTHERS)
def test_every_plural_has_all_its_forms(code: str) -> None:
    language = language_of(code)
    catalogue = language._catalogue._catalog  # type: ignore[attr-defined]  # gettext keeps it there
    assert [pair for pair in _plurals() if (pair[0], 0) not in catalogue] == []
    for one, many in _plurals():
        for n in (1, 2, 5, 22):
            form = language.plural(one, many, n)
            assert set(_FIELD.findall(form)) == set(_FIELD.findall(many)) - {"{n}"}, form


def test_the_catalogues_hold_nothing_that_is_no_longer_said() -> None:
    said = {*_singles(), *(one for one, _ in _plurals())}
    for code in OTHERS:
        catalogue = language_of(code)._catalogue._catalog  # type: ignore[attr-defined]  # gettext keeps it there
        keys = {key[0] if isinstance(key, tuple) else key for key in catalogue}
        assert {key for key in keys if key and "\x04" not in key} - said == set(), code


def test_numbers_and_days_follow_the_language() -> None:
    shown = [
        (language_of(c).number(12345.6, ",.1f"), language_of(c).day(date(2026, 3, 12), year=True)) for c in LANGUAGES
    ]
    assert shown == [
        ("12,345.6", "12 March 2026"),
        ("12.345,6", "12 de março de 2026"),
        ("12.345,6", "12 de marzo de 2026"),
        ("12\xa0345,6", "12 marca 2026"),
    ]
    assert [language_of("pl").plural("{n} day", "{n} days", n) for n in (1, 3, 1.5)] == ["1 dzień", "3 dni", "1,5 dnia"]


def test_a_header_chooses_the_language_it_likes_best() -> None:
    assert negotiate("de, pl;q=0.4, es-MX;q=0.9").code == "es"
    assert negotiate("de-DE, *;q=0.1").code == "en"
    assert negotiate("pl;q=nonsense, en").code == "en"
    assert negotiate("", "pt").code == "pt"


def test_an_unknown_language_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidInput, match="en, pt, es, pl"):
        language_of("xx")
