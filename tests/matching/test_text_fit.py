"""Likeness of a lead's text to what partners say of themselves."""

import json
from typing import Any

import numpy as np
import pandas as pd

from intelligence.features.pair_leads import LeadSpec
from intelligence.features.pair_text import CommonPart, PartnerTexts, TextFit, TextSpace, parts_of
from intelligence.features.pair_world import PairWorld
from store.history import History

WORDS = ("payroll", "billing", "chat", "stock", "fair", "specialists")


class WordEncoder:
    """One direction for each of a few words."""

    def encode(self, texts: Any) -> np.ndarray:
        counts = np.array([[text.lower().count(word) for word in WORDS] for text in texts], dtype=np.float32)
        return counts / np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1e-6)


def fit(texts: list[str | None]) -> TextFit:
    known = PartnerTexts(sorted({text for text in texts if text}), WordEncoder())
    made = TextFit(known.vectors, known)
    made.set_texts(texts, 0)
    return made


def test_nearest_part_decides() -> None:
    made = fit(["Payroll, stock and chat.", None, "Billing"])
    vector = WordEncoder().encode(["chat"])[0]
    assert made.to(vector, slice(None)).tolist() == [1.0, 0.0, 0.0]
    assert made.to(vector, np.array([2, 0, 1])).tolist() == [0.0, 1.0, 0.0]


def test_without_text_nothing_is_said() -> None:
    made = fit([None, None])
    assert made.to(np.ones(len(WORDS), dtype=np.float32), slice(None)).tolist() == [0.0, 0.0]
    assert fit(["Chat"]).to(np.zeros(len(WORDS), dtype=np.float32), slice(None)).tolist() == [0.0]


def test_common_part_is_taken_off_and_kept_as_json() -> None:
    leads = WordEncoder().encode([f"fair {word}" for word in WORDS[:4]])
    common = CommonPart.learn(leads)
    rest = common.remove(leads)
    assert float((rest @ rest.T)[0, 1]) < 0 < float((leads @ leads.T)[0, 1])
    assert not common.remove(np.zeros((1, len(WORDS)), dtype=np.float32)).any()
    space = TextSpace(common, common)
    assert TextSpace.from_json(json.loads(json.dumps(space.as_json()))) == space


def test_parts_in_other_languages_and_without_any() -> None:
    assert parts_of("Nómina y facturación; tiendas") == ["Nómina", "facturación", "tiendas"]
    assert parts_of("  ") == []
    assert parts_of("CRM") == ["CRM"]


def test_texts_that_changed_are_known_to_the_world() -> None:
    history = History.of(
        pd.Timestamp("2025-01-01"),
        partners=pd.DataFrame({"id": [1], "external_id": ["P"], "name": ["P"], "description": ["Chat"]}),
        leads=pd.DataFrame(
            {
                "id": [1],
                "external_id": ["L"],
                "created_at": [pd.Timestamp("2024-06-01")],
                "description": ["Asked at the fair for help with payroll"],
            }
        ),
        changes=pd.DataFrame(
            {
                "resource": ["partners"],
                "external_id": ["P"],
                "field": ["description"],
                "changed_at": [pd.Timestamp("2024-01-01")],
                "value": ["Payroll"],
            }
        ),
    )
    world = PairWorld(history, LeadSpec(texts=("description",)), 180, WordEncoder())
    made = world.text_fit()
    assert made is not None
    made.set_texts(["Payroll"], 0)
    assert made.to(world.spec.space.partners.remove(WordEncoder().encode(["payroll"]))[0], slice(None)).shape == (1,)
    assert world.spec.space is not None


def test_a_vector_alone_is_the_same_as_among_others() -> None:
    vectors = np.random.default_rng(0).normal(size=(500, 384)).astype(np.float32)
    common = CommonPart.learn(vectors)
    together = common.remove(vectors)
    assert all(np.array_equal(common.remove(vectors[row : row + 1])[0], together[row]) for row in range(0, 500, 7))
