"""The answer where no model serves: win rates and affinity, shrunk, with wide intervals."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit
from scipy.special import logit as log_odds

from intelligence.features.pair_build import PairSpec, describe_partners
from intelligence.features.pair_events import FAILURES, PairEvent
from intelligence.features.pair_leads import describe_leads, lead_table
from intelligence.features.pair_state import PairState
from intelligence.features.pair_text import Encoder
from intelligence.features.pair_world import PairWorld
from models.affinity import AffinityParameters
from models.columns import Columns, Features
from models.probability import Factors, Prediction

if TYPE_CHECKING:
    from store.history import History

Floats = npt.NDArray[np.float64]

_Z80 = 1.2816
_ATTRIBUTE_WEIGHT = 0.5
_SIDE_WEIGHT = 0.2
_WEIGHTS = {"rate": 1.0, "lift": 1.0, "wins_365": 0.7, "wins_90": 0.1, "customer_wins": 0.5}
_LEAST_SPREAD = 0.3


def baseline_world(
    history: "History", horizon_days: int, protected: tuple[str, ...], encoder: Encoder | None
) -> tuple[PairWorld, PairSpec]:
    """Prepare a history for the baseline: attributes described on the spot, nothing fitted."""
    table = lead_table(history)
    numbers, words = describe_partners(history, protected)
    world = PairWorld(history, describe_leads(table, protected), horizon_days, encoder, table)
    only_wins = (world.events.kind == PairEvent.WIN).any() and not np.isin(world.events.kind, FAILURES).any()
    affinity = AffinityParameters(contrast=not only_wins)
    names = PairState(world, affinity).term_names
    affinity = replace(affinity, names=names, weights=tuple(_weight(name) for name in names))
    return world, PairSpec(world.spec, affinity, horizon_days, numbers, words)


def _weight(term: str) -> float:
    kind = term.partition(".")[0]
    return _ATTRIBUTE_WEIGHT if term.startswith("rate.") else _WEIGHTS.get(kind, _SIDE_WEIGHT)


class BaselineRanker:
    """Partner's win rate, shrunk, moved by its record with leads like this one.

    With wins alone: the share of the partner's affinity among all partners.
    """

    def predict(self, features: Features) -> Prediction:
        """Return p_win with an 80 % interval that narrows with the partner's own outcomes."""
        z = self._terms(features).sum(axis=1).to_numpy(np.float64)
        z = np.clip(z, -12.0, 12.0)
        p = expit(z)
        outcomes = np.expm1(_number(features, "tries"))
        half = _Z80 * np.sqrt(_LEAST_SPREAD**2 + 1.0 / ((outcomes + 4.0) * p * (1.0 - p)))
        return Prediction(p, expit(z - half), expit(z + half))

    def steps(self, features: Features) -> tuple[Prediction, Floats]:
        """Return what `predict` does; acceptance is not told apart."""
        return self.predict(features), np.full(len(features), np.nan)

    def explain(self, features: Features) -> Factors:
        """Return contributions: base zero, the terms add up to the log-odds."""
        terms = self._terms(features)
        total = terms.sum(axis=1)
        clipped = np.clip(total, -12.0, 12.0)
        return Factors((clipped - total).to_numpy(np.float64), terms)

    def amount(self, features: Features) -> Floats:
        """Return the lead's own estimate, else the partner's mean won amount, shrunk to the programme's."""
        usual = np.expm1(_number(features, "usual_amount"))
        if "lead.estimated_amount" not in features:
            return np.asarray(usual)
        given = _number(features, "lead.estimated_amount")
        return np.where(np.isfinite(given), given, usual)

    def _terms(self, features: Features) -> pd.DataFrame:
        index = features.index if isinstance(features, pd.DataFrame) else range(len(features))
        if "rate" not in features:
            share = np.exp(np.clip(_number(features, "affinity_share"), -14.0, -1e-6))
            return pd.DataFrame({"affinity_share": log_odds(share)}, index=index)
        every = features.names if isinstance(features, Columns) else features.columns
        names = [name for name in every if name.startswith("rate.")]
        terms = {name: _ATTRIBUTE_WEIGHT * _number(features, name) for name in names}
        return pd.DataFrame({"rate": _number(features, "rate"), **terms}, index=index)


def _number(features: Features, name: str) -> Floats:
    return features.number(name) if isinstance(features, Columns) else features[name].to_numpy(np.float64)
