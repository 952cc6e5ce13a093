"""What partners name: the words of their descriptions, and the values of their lists, each as yes or nothing."""

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from intelligence.features.partner_texts import partner_texts
from intelligence.features.profile import lists_as_of
from intelligence.features.registry import Feature, FeatureSet, Group, register
from intelligence.features.sentences import literal
from intelligence.features.work import Work

TERM, LISTED = "term:", "listed:"
MOST_TERMS = 120
MOST_VALUES = 40
_LEAST_SHARE, _MOST_SHARE = 0.02, 0.5
_LEAST_TEXTS = 10
_ALIKE = 0.9
"""Share of the texts that hold either of two terms which hold both, from which on they say the same."""
_CANDIDATES = 1_000
_SHORTEST = 3
_LISTS = {
    "industries": ("Industries: {={value}} among them", "Industries: {={value}} not among them"),
    "territories": ("Territories: {={value}} among them", "Territories: {={value}} not among them"),
    "languages": ("Languages: {={value}} among them", "Languages: {={value}} not among them"),
}
_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_BREAK = re.compile(r"[^\w\s'’-]+")

Flags = npt.NDArray[np.bool_]


def terms(text: str) -> set[str]:
    """Return the words of a text, and its pairs of neighbouring words with no mark between them, in lower case.

    Examples
    --------
    >>> sorted(terms("Cyber security; e-Learning é fácil"))
    ['cyber', 'cyber security', 'e-learning', 'e-learning é', 'fácil', 'security', 'é fácil']
    """
    found: set[str] = set()
    for part in _BREAK.split(text.casefold()):
        words = _WORD.findall(part)
        found.update(word for word in words if len(word) >= _SHORTEST)
        found.update(f"{first} {second}" for first, second in itertools.pairwise(words))
    return found


def vocabulary(texts: Sequence[str]) -> list[str]:
    """Return terms that tell texts apart: in neither few of them nor most, and of those in the same texts only one.

    Parameters
    ----------
    texts : sequence of str
        One per company; empty ones do not count.
    """
    held = [terms(text) for text in texts if text]
    counts = Counter(term for own in held for term in own)
    least, most = max(_LEAST_TEXTS, _LEAST_SHARE * len(held)), _MOST_SHARE * len(held)
    # The longer of two equally frequent ones first: it says more.
    ranked = sorted((t for t, n in counts.items() if least <= n <= most), key=lambda t: (-counts[t], -len(t), t))
    ranked = ranked[:_CANDIDATES]
    rows = np.array([[term in own for term in ranked] for own in held], dtype=np.float32)
    return sorted(ranked[place] for place in _distinct(rows)[:MOST_TERMS])


def _distinct(rows: npt.NDArray[np.float32]) -> list[int]:
    """Return columns no two of which are nearly the same."""
    if not rows.size:
        return []
    both = rows.T @ rows
    count = np.diag(both)
    alike = both / np.maximum(count[:, None] + count - both, 1.0) >= _ALIKE
    kept: list[int] = []
    for place in range(len(count)):
        if not alike[place, kept].any():
            kept.append(place)
    return kept


def _learn_terms(work: Work) -> Mapping[str, Any]:
    return {"terms": vocabulary(partner_texts(work, industries=False))}


def _terms_of(set_: FeatureSet) -> list[str]:
    return [str(term) for term in set_.parameters.get("terms", ())]


def _term_features(set_: FeatureSet) -> tuple[Feature, ...]:
    return tuple(
        Feature(
            f"{TERM}{term}",
            f"Whether the description names {term}",
            f"Names {{={literal(term)}}} in its description",
            topic=f"{TERM}{term}",
            missing=f"Does not name {{={literal(term)}}} in its description",
        )
        for term in _terms_of(set_)
    )


def _compute_terms(work: Work) -> Mapping[str, Any]:
    wanted = _terms_of(work.set)
    texts = partner_texts(work, industries=False)
    known = {text: terms(text) for text in set(texts)}
    return {f"{TERM}{term}": _yes(term in known[text] for text in texts) for term in wanted}


def _yes(flags: Iterable[bool]) -> npt.NDArray[np.float64]:
    """Return 1 for yes and NaN for no: what is not named is not known to be absent."""
    return np.array([1.0 if flag else np.nan for flag in flags], dtype=np.float64)


register(Group("terms_named", _term_features, _compute_terms, _learn_terms))


def _learn_listed(work: Work) -> Mapping[str, Any]:
    found = {}
    for field in _LISTS:
        lists = [set(own) for own in lists_as_of(work.history, field, work.ids, work.as_of)]
        filled = sum(bool(own) for own in lists)
        counts = Counter(str(value) for own in lists for value in own)
        least, most = max(_LEAST_TEXTS, _LEAST_SHARE * filled), (1 - _LEAST_SHARE) * filled
        kept = sorted((v for v, n in counts.items() if least <= n <= most), key=lambda v: (-counts[v], v))
        # What everybody names once is a category already; a list of one says no more.
        if any(len(own) > 1 for own in lists):
            found[field] = sorted(kept[:MOST_VALUES])
    return {"listed": found}


def _listed(set_: FeatureSet) -> list[tuple[str, str]]:
    return [(str(f), str(v)) for f, values in set_.parameters.get("listed", {}).items() for v in values]


def _listed_features(set_: FeatureSet) -> tuple[Feature, ...]:
    features = []
    for field, value in _listed(set_):
        there, absent = (text.replace("{value}", literal(value)) for text in _LISTS[field])
        features.append(
            Feature(f"{LISTED}{field}:{value}", f"Whether {field} name {value}", there, topic=field, missing=absent)
        )
    return tuple(features)


def _compute_listed(work: Work) -> Mapping[str, Any]:
    wanted = _listed(work.set)
    lists = {f: lists_as_of(work.history, f, work.ids, work.as_of) for f in {field for field, _ in wanted}}
    return {f"{LISTED}{f}:{v}": _yes(v in [str(item) for item in own] for own in lists[f]) for f, v in wanted}


register(Group("lists_named", _listed_features, _compute_listed, _learn_listed))
