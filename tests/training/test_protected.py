"""Protected attributes: in no feature of any model, directly or derived, however the setting spells them."""

import numpy as np
import pandas as pd
import pytest

from domain.settings import Settings
from intelligence.features.attributes import attributes_of
from intelligence.features.build import learn_feature_set
from intelligence.features.item_log import item_log
from intelligence.features.item_traits import item_tags, partner_marks
from intelligence.features.pair_build import describe_partners
from intelligence.features.pair_leads import describe_leads, lead_table
from store.history import History
from training.groups import RowWords
from training.leaks import guarded
from training.task import TrainingContext

UNTIL = np.datetime64("2025-01-01", "us")
SPELT = ["gender", "Gender", "attributes.gender"]


class NoText:
    def encode(self, texts: list[str]) -> np.ndarray:
        return np.zeros((len(texts), 4), dtype=np.float32)


def make_history(n: int = 90) -> History:
    rng = np.random.default_rng(0)
    partners = pd.DataFrame(
        {
            "external_id": [f"p{k}" for k in range(n)],
            "recruited_at": np.datetime64("2023-01-01", "us") + np.arange(n) * np.timedelta64(1, "D"),
            "attributes.gender": rng.choice(["f", "m"], n),
            "attributes.size": rng.choice(["small", "large"], n),
        }
    )
    leads = pd.DataFrame(
        {
            "external_id": [f"l{k}" for k in range(n)],
            "created_at": partners["recruited_at"],
            "attributes.gender": rng.choice(["f", "m"], n),
            "attributes.urgency": rng.choice(["low", "high"], n),
        }
    )
    assets = pd.DataFrame(
        {"external_id": ["a", "b"], "attributes.gender": ["f", "m"], "attributes.form": ["long", "short"]}
    )
    return History.of(UNTIL, partners=partners, leads=leads, assets=assets)


def make_guard(name: str, spelt: str):
    settings = Settings(protected_attributes=(spelt,))
    context = TrainingContext(settings, NoText(), pd.Timestamp("2025-01-01", tz="UTC").to_pydatetime())
    return guarded(name, make_history(), context)


@pytest.mark.parametrize("spelt", SPELT)
def test_no_frame_that_training_sees_has_them(spelt):
    guard = make_guard("match", spelt)
    for resource in ("partners", "leads", "assets"):
        assert "attributes.gender" not in guard.history.frame(resource)
        assert len([name for name in guard.history.frame(resource) if name.startswith("attributes.")]) == 1


@pytest.mark.parametrize("spelt", SPELT)
def test_no_feature_made_of_the_whole_store_has_them_either(spelt):
    """As in serving, where the history is whole and the settings decide."""
    history, settings = make_history(), Settings(protected_attributes=(spelt,))
    spec = describe_leads(lead_table(history), settings.protected_attributes)
    numbers, words = describe_partners(history, settings.protected_attributes)
    log = item_log(history, {})
    tags = item_tags(log, settings.protected_attributes)
    marks = partner_marks(log.partners_frame(), settings.protected_attributes)
    churn, fit = (learn_feature_set(name, history, settings) for name in ("churn", "fit"))
    used = [*(one.name for one in spec.attributes), *spec.categories, *spec.texts, *numbers, *words]
    used += [*tags.names, *marks.names, *churn.columns, *fit.columns, *(one.column for one in attributes_of(fit))]
    assert not [name for name in used if "gender" in name]
    assert "attributes.urgency" in used
    assert any(name.startswith("attributes.size") for name in marks.names)


def test_the_card_still_tells_the_groups():
    guard = make_guard("churn", "Gender")
    assert isinstance(guard.context.rows, RowWords)
    assert guard.context.settings.protected_attributes == ("Gender",)
