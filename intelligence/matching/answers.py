"""Rankings as the promised columns, with reasons, factors and similar wins."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.language import spoken
from domain.terms import evidence_level
from intelligence.matching.facts import Reason
from intelligence.matching.matcher import Matcher, Question, Ranking
from intelligence.matching.reasons import Explainer, Row
from intelligence.matching.record import Record
from intelligence.matching.refusals import sentence
from intelligence.matching.value import PARTS

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_NUMBERS = ("p_win", "low", "high", "expected_amount")
_REASONS = ("reason_1", "reason_2", "reason_3")
COLUMNS = ("lead", "rank", "partner", *_NUMBERS, "evidence", "n", *_REASONS, "model_version", *PARTS)
"""Columns of the candidates, in the order promised; new ones come last."""
EXCLUSION_COLUMNS = ("lead", "partner", "code", "text")
_EXPLAINED_ROWS = 5_000
_MOST_KEYS = 2**62


@dataclass(frozen=True, eq=False)
class Answer:
    """What one matcher said of some leads."""

    matcher: Matcher
    question: Question
    ranking: Ranking


@dataclass(frozen=True, eq=False)
class KeptOut:
    """Partners that may not get a lead by the same rules and for the same facts.

    Parameters
    ----------
    partners : sequence of str
        External ids.
    codes, texts : sequence of str
        The rules, in their order, and what is said of each.
    """

    partners: Sequence[str]
    codes: Sequence[str]
    texts: Sequence[str]


def no_candidates() -> pd.DataFrame:
    """Return a frame with the promised columns and no row."""
    numbers = dict.fromkeys((*_NUMBERS, *PARTS), "float64") | dict.fromkeys(("rank", "n"), "int64")
    kinds = dict.fromkeys(COLUMNS, "str") | numbers
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})


def outputs(answer: Answer, *, details: bool, depth: int | None = None) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """Return candidates and, if asked for, one mapping per row with base, factors, similar wins and features.

    `depth` says how many ranks of each lead are explained exactly; default: `exact_depth`.
    """
    columns, more = told(answer, details=details, depth=depth)
    return (pd.DataFrame(columns) if columns["partner"] else no_candidates()), more


def told(
    answer: Answer, *, details: bool, depth: int | None = None
) -> tuple[dict[str, list[Any]], list[dict[str, Any]]]:
    """Return what `outputs` does, the candidates as lists by column."""
    matcher, question, pairs = answer.matcher, answer.question, answer.ranking.pairs
    if not len(answer.ranking):
        return {name: [] for name in COLUMNS}, []
    explainer = Explainer(matcher.record, question.batch, matcher.spec.affinity)
    base, names, moved = _contributions(matcher, answer.ranking, depth)
    texts: list[list[str]] = []
    more: list[dict[str, Any]] = []
    chances = pairs.get("propensity", (pairs["rank"] == 1).astype(np.float64)).tolist()
    rows = zip(_rows(answer, names, moved), base.tolist(), chances, pairs["shadow_price"].tolist(), strict=True)
    for row, start, chance, price in rows:
        texts.append(explainer.reasons(row))
        if details:
            more.append(
                _detail(row, start, explainer, matcher.record, question) | {"propensity": chance, "shadow_price": price}
            )
    columns = {
        "lead": [question.names[row] for row in pairs["question"].tolist()],
        "rank": pairs["rank"].tolist(),
        "partner": matcher.world.partner_names[pairs["partner"]].tolist(),
        **{name: pairs[name].tolist() for name in _NUMBERS},
        "evidence": [str(evidence_level(n)) for n in pairs["n"].tolist()],
        "n": pairs["n"].tolist(),
        **{name: [text[k] for text in texts] for k, name in enumerate(_REASONS)},
        "model_version": [matcher.label] * len(texts),
        **{name: pairs[name].tolist() for name in PARTS},
    }
    return columns, more


def _rows(answer: Answer, names: Sequence[str], moved: Floats) -> Iterator[Row]:
    pairs, features = answer.ranking.pairs, answer.ranking.features
    keys = zip(*(pairs[name].tolist() for name in ("question", "partner", "at")), strict=True)
    for position, ((lead, partner, at), values) in enumerate(zip(keys, features.rows(), strict=True)):
        yield Row(lead, partner, at, names, moved[position], values)


def exact_depth(rows: int, most: int) -> int:
    """Return how many ranks are explained exactly, of so many rows with `most` ranks at the most."""
    return max(_EXPLAINED_ROWS * most // max(rows, 1), 1)


def _contributions(matcher: Matcher, ranking: Ranking, depth: int | None) -> tuple[Floats, list[str], Floats]:
    """Return base, features, and what they moved each row: exactly for the best ranks, by stage 1 for very many rows.

    Shapes (n,), names, (n, features).
    """
    affinity, features, rank = matcher.spec.affinity, ranking.features, ranking.pairs["rank"]
    depth = exact_depth(len(rank), int(rank.max())) if depth is None else depth
    exact = rank <= depth
    factors = matcher.ranker.explain(features if exact.all() else features.take(exact))
    known, moved = [str(name) for name in factors.contributions.columns], factors.contributions.to_numpy(np.float64)
    if exact.all():
        return factors.base, known, moved
    base = np.zeros(len(rank))
    base[exact] = factors.base
    weights = {name: w for name, w in zip(affinity.names, affinity.weights, strict=True) if name in features}
    terms = np.stack([features.number(name) for name in weights], axis=1)
    rough = (terms - np.nanmedian(terms, axis=0)) * np.array(list(weights.values()))
    rough[exact] = 0.0
    names = list(dict.fromkeys([*known, *weights]))
    total = np.zeros((len(rank), len(names)))
    total[:, [names.index(name) for name in weights]] = np.nan_to_num(rough)
    total[np.ix_(np.flatnonzero(exact), np.array([names.index(name) for name in known]))] = moved
    return base, names, total


def _detail(row: Row, base: float, explainer: Explainer, record: Record, question: Question) -> dict[str, Any]:
    order = [k for k in np.argsort(-np.abs(row.moved), kind="stable").tolist() if row.moved[k] != 0.0]
    plain = {name: _plain(value) for name, value in row.values.items()}
    moved = row.moved.tolist()
    factors = [
        {
            "name": row.names[k],
            "value": plain.get(row.names[k]),
            "contribution": moved[k],
            "text": explainer.text(row.names[k], row) or row.names[k].replace("_", " ").replace(".", " "),
        }
        for k in order
    ]
    return {
        "base": base,
        "factors": factors,
        "similar_wins": record.similar_wins(row.partner, row.at_us, question.batch.codes[row.lead]),
        "features": plain,
    }


def _plain(value: Any) -> str | float | None:
    """Return a value of `Columns.rows`; None for missing and infinite ones."""
    return value if isinstance(value, str) or isfinite(value) else None


def exclusions(answers: Sequence[Answer]) -> pd.DataFrame:
    """Return one row per lead, partner and rule that speaks against it, leads in the order asked, rules in theirs.

    The text is in the language of whoever is being answered; a sentence is made once for all whom it holds of.
    """
    language = spoken()
    parts: list[tuple[str, Any, str, Any]] = []
    for answer in answers:
        names = answer.matcher.world.partner_names.astype(str)
        found = dict(answer.matcher.reasons(answer.question))
        for position in sorted(found):
            for reason in found[position]:
                texts = [sentence(reason.rule, fact, language) for fact in reason.facts]
                told = np.array(texts, dtype=object)[reason.which]
                parts.append((answer.question.names[position], names[reason.partners], str(reason.rule), told))
    count = [len(partners) for _, partners, _, _ in parts]
    columns = {
        "lead": np.repeat(np.array([part[0] for part in parts], dtype=object), count),
        "partner": np.concatenate([part[1] for part in parts]) if parts else np.zeros(0, dtype=object),
        "code": np.repeat(np.array([part[2] for part in parts], dtype=object), count),
        "text": np.concatenate([part[3] for part in parts]) if parts else np.zeros(0, dtype=object),
    }
    return pd.DataFrame({name: pd.Series(columns[name], dtype="str") for name in EXCLUSION_COLUMNS})


def kept_out(matcher: Matcher, question: Question) -> list[KeptOut]:
    """Return who may not get the one lead asked about, those of the same rules and facts together.

    The same as `exclusions` says: a few dozen groups, however many thousands of partners there are.
    """
    language = spoken()
    ((_, reasons),) = matcher.reasons(question)
    texts = [[sentence(reason.rule, fact, language) for fact in reason.facts] for reason in reasons]
    key, codes = np.zeros(len(matcher.world.partner_ids), dtype=np.int64), 1
    for reason in reasons:  # a number for each combination: 0 for none, else the place of the fact plus one
        if codes > _MOST_KEYS // (len(reason.facts) + 1):
            different, key = np.unique(key, return_inverse=True)
            codes = len(different)
        key[reason.partners] += codes * (reason.which + 1)
        codes *= len(reason.facts) + 1
    return _grouped(matcher.world.partner_names, key, reasons, texts)


def _grouped(
    names: npt.NDArray[Any], key: Ints, reasons: Sequence[Reason], texts: Sequence[Sequence[str]]
) -> list[KeptOut]:
    """Return partners with equal keys together, the first of whom comes first."""
    barred = np.zeros(len(key), dtype=bool)
    for reason in reasons:
        barred[reason.partners] = True
    rows = np.flatnonzero(barred)
    order = rows[np.argsort(key[rows], kind="stable")]
    bounds = np.flatnonzero(np.diff(key[order], prepend=-1))
    groups = np.split(order, bounds[1:]) if len(order) else []
    first = np.array([group[0] for group in groups], dtype=np.int64)
    said: list[list[tuple[str, str]]] = [[] for _ in groups]
    for reason, told in zip(reasons, texts, strict=True):
        place = np.searchsorted(reason.partners, first)
        here = place < len(reason.partners)
        here[here] = reason.partners[place[here]] == first[here]
        for k in np.flatnonzero(here).tolist():
            said[k].append((str(reason.rule), told[int(reason.which[place[k]])]))
    return [
        KeptOut(names[groups[k]].tolist(), [code for code, _ in said[k]], [text for _, text in said[k]])
        for k in np.argsort(first).tolist()
    ]
