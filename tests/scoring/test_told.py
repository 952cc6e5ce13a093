"""Stored scores told again in another language, without a model."""

import json

import numpy as np
import pandas as pd
import pytest

from domain.language import LANGUAGES, language_of, speaking
from intelligence.features.registry import Feature
from intelligence.features.sentences import Fact, fact, fill
from intelligence.scoring import reasons
from intelligence.scoring.reasons import Explanation, told

AS_OF = np.datetime64("2026-11-22", "us")
FEATURES = (
    Feature("silent", "Days silent", "Last sign of life {silent:days} ago ({silent:date})[; usual gap {gap:days}]"),
    Feature("gap", "Usual gap", "Usual gap {gap:days}", missing="No sign of life yet"),
    Feature("{=hostile}{0}", "Odd {0} name [x]", ""),
    Feature("size", "Size", "{size:n} employees", topic="size"),
)
ROWS = pd.DataFrame({"silent": [46.8, 3.0], "gap": [4.0, np.nan], "{=hostile}{0}": [1.0, 2.0], "size": [120.0, np.nan]})


class Set:
    features = FEATURES


def explanation(**more):
    moved = pd.DataFrame({name: [0.5, -0.25] for name in ROWS.columns})
    return Explanation(Set(), ROWS, AS_OF, np.zeros(2), moved, **more)


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("row", [0, 1])
def test_what_was_kept_is_told_as_if_scored_in_that_language(code, row):
    stored = json.loads(json.dumps(explanation().kept(row, limit=3)))
    with speaking(language_of(code)):
        fresh = explanation()
    again = told(stored, AS_OF, language_of(code))
    sentences = [factor["sentence"] for factor in again["factors"]]
    assert sentences == [factor["sentence"] for factor in fresh.factors(row, limit=3)]
    if code != "en":
        said = fresh.reasons()[row] + [""] * reasons.N_REASONS
        assert [again[f"reason_{k + 1}"] for k in range(reasons.N_REASONS)] == said[: reasons.N_REASONS]
        assert "Last sign of life" not in again["reason_1"]


def test_scores_of_before_keep_their_own_words():
    old = {"reason_1": "Ann is silent", "factors": [{"name": "x", "sentence": "y"}]}
    assert told(old, AS_OF, language_of("pl")) == old


def test_a_fact_says_what_its_feature_says():
    row = {"silent": 46.8, "gap": float("nan")}
    assert fact(FEATURES[0], row) == Fact(FEATURES[0].sentence, {"silent": 46.8})
    assert fill(FEATURES[0], row, AS_OF) == "Last sign of life 47 days ago (6 October)"
    assert fact(FEATURES[1], row) == Fact("No sign of life yet", None)
    assert fact(FEATURES[2], {}) is None
    assert fact(Feature("a", "What a {0} is", "{a:n} of {b:n}"), {"a": 1.0}).tell(AS_OF, language_of("es")) == (
        "What a (0) is"
    )
