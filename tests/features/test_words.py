"""What partners name: terms of descriptions and values of lists."""

import numpy as np
import pandas as pd

from domain.settings import Settings
from intelligence.features.build import build, learn_feature_set
from intelligence.features.partner_words import LISTED, MOST_TERMS, TERM, terms, vocabulary
from intelligence.features.sentences import fill
from store.history import History
from tests.features.programme import HashEncoder

UNTIL = np.datetime64("2026-01-01", "us")


def _history(descriptions: list[str], industries: list[tuple[str, ...]]) -> History:
    n = len(descriptions)
    partners = pd.DataFrame(
        {
            "id": np.arange(1, n + 1),
            "external_id": [f"P{i}" for i in range(n)],
            "name": [f"Secret {i}" for i in range(n)],
            "country": "PT",
            "recruited_at": pd.Timestamp("2024-02-01"),
            "description": descriptions,
            "industries": industries,
        }
    )
    return History.of(UNTIL, partners=partners)


def test_terms_keep_accents_and_do_not_cross_marks() -> None:
    assert terms("Facturación electrónica, żółty") == {
        "facturación",
        "electrónica",
        "facturación electrónica",
        "żółty",
    }
    assert terms("") == set()


def test_vocabulary_leaves_out_what_is_rare_what_is_common_and_what_says_the_same() -> None:
    texts = ["our cyber security team"] * 30 + ["our cloud team"] * 40 + ["our odd team"] * 1 + [""] * 50
    found = vocabulary(texts)
    assert sum("cyber" in term or "security" in term for term in found) == 1
    assert not {"our", "team", "odd"} & set(found)
    assert vocabulary([]) == []
    many = [
        " ".join(f"w{chr(97 + i % 26)}{chr(97 + (i * 7 + k) % 26)}{chr(97 + k)}" for k in range(26)) for i in range(400)
    ]
    assert len(vocabulary(many)) <= MOST_TERMS


def test_terms_and_lists_become_columns_that_say_yes_or_nothing() -> None:
    descriptions = ["We sell cyber security"] * 20 + ["Cloud migration experts"] * 25
    industries = [("retail", "legal")] * 15 + [("retail",)] * 15 + [()] * 15
    history = _history(descriptions, industries)
    learned = learn_feature_set("fit", history, Settings(), HashEncoder())
    subjects = pd.DataFrame({"partner_id": [1, 45], "as_of": [UNTIL, UNTIL]})
    frame = build(learned, history, subjects, HashEncoder())
    words = [name for name in frame if name.startswith(TERM)]
    assert words
    assert not any("secret" in name for name in words)
    named = frame[words].iloc[0].notna()
    assert (frame[words].iloc[1].notna() != named).all()
    assert frame[f"{LISTED}industries:legal"].tolist()[0] == 1.0
    assert np.isnan(frame[f"{LISTED}industries:legal"].tolist()[1])
    feature = next(f for f in learned.features if f.name == words[0])
    word = words[0].removeprefix(TERM)
    said = {fill(feature, {feature.name: value}, UNTIL) for value in (1.0, float("nan"))}
    assert said == {f"Names {word} in its description", f"Does not name {word} in its description"}
