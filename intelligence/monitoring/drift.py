"""Whether the present looks like what a champion learned from: features, scores, calibration."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from domain.errors import NotFound
from domain.terms import ModelName
from intelligence.context import Intelligence
from intelligence.monitoring.outcomes import calibration
from intelligence.monitoring.realised import realised, scores_frame
from intelligence.scoring.churn import churn_scores
from intelligence.scoring.fit import fit_scores
from models.drift import MIN_ROWS, Drift, compare, compare_column, read_reference, reference
from models.registry import ModelVersion
from store.match_runs import MatchRun
from store.unit_of_work import UnitOfWork

_SHARE = 0.25
"""Share of the judged features that makes it drift of the model."""
_APART = timedelta(days=7)
_WINDOW = timedelta(days=30)
_NOTES = {
    ModelName.FIT: (
        "Training rows are recruited partners as of their recruitment, the present are all prospects: where the "
        "two differ it may be selection and no drift, so features do not make fit due for training."
    ),
    ModelName.MATCH: "Candidates of the newest matches are compared with those of this version's first ones.",
    ModelName.RECOMMEND: "Recommendations are not stored: nothing to compare with what the model learned from.",
}


def drift_report(context: Intelligence, name: str, as_of: datetime | None = None) -> dict[str, Any]:
    """Return how far the present lies from what the champion learned from, as JSON-serialisable data.

    Parameters
    ----------
    context : Intelligence
        Store, registry, settings.
    name : str
        The model.
    as_of : datetime, optional
        The present; nothing known later counts. Default: now.

    Returns
    -------
    dict
        ``score`` and ``features``: population stability index with verdict ``stable``, ``moderate``, ``drifted`` or
        ``too few`` (fewer than 100 rows on a side); ``score_since_served``: against the version's own first scores;
        ``calibration``: predicted less realised share of its predictions; ``drifted`` with a ``sentence``.

    Raises
    ------
    NotFound
        If no version serves at that instant: the baseline learns nothing that could drift.
    """
    instant = context.instant(as_of)
    version = context.registry.serving(name, instant)
    if version is None:
        raise NotFound(f"no version of {name} serves as of {instant:%Y-%m-%d}: the baseline answers and cannot drift")
    found = _columns(context, version, instant)
    since = _since_served(context, version, instant)
    rows = realised(context, name, instant)
    mine = calibration(rows[rows["model_version"] == version.label])
    judged = [drift for drift in found[1:] if drift.verdict != "too few"]
    far = [drift.name for drift in judged if drift.verdict == "drifted"]
    reasons = _reasons(name, found[:1], since, mine, len(far), len(judged))
    return {
        "name": name,
        "model_version": version.label,
        "as_of": instant.isoformat(),
        "trained_as_of": version.trained_as_of.isoformat(),
        "drifted": bool(reasons),
        "sentence": " ".join(reasons) or _no_sign(found, mine),
        "note": _NOTES.get(ModelName(name), ""),
        "score": _plain(found[0]) if found else None,
        "score_since_served": _plain(since) if since is not None else None,
        "features_judged": len(judged),
        "features_drifted": len(far),
        "features": [_plain(drift) for drift in found[1:]],
        "calibration": mine,
    }


def _reasons(
    name: str, score: Sequence[Drift], since: Drift | None, calibrated: Sequence[dict[str, Any]], far: int, judged: int
) -> list[str]:
    reasons = []
    if name != ModelName.FIT and any(drift.verdict == "drifted" for drift in score):
        reasons.append(f"Its scores are spread differently than in training (PSI {score[0].psi:.2f}).")
    if since is not None and since.verdict == "drifted":
        reasons.append(f"Its scores are spread differently than when it began to serve (PSI {since.psi:.2f}).")
    if name != ModelName.FIT and judged and far >= _SHARE * judged:
        reasons.append(f"{far} of {judged} features drifted.")
    reasons += [
        f"Over {row['horizon_days']} days {row['realised']:.1%} happened where {row['predicted']:.1%} were predicted."
        for row in calibrated
        if row["verdict"] == "drifted"
    ]
    return reasons


def _no_sign(found: Sequence[Drift], calibrated: Sequence[dict[str, Any]]) -> str:
    if all(drift.verdict == "too few" for drift in found) and all(row["verdict"] == "too few" for row in calibrated):
        return f"Too few rows to tell: {MIN_ROWS} are needed then and now."
    return "No drift that matters."


def _plain(drift: Drift) -> dict[str, Any]:
    return asdict(drift) | {"psi": None if np.isnan(drift.psi) else round(drift.psi, 4)}


def _columns(context: Intelligence, version: ModelVersion, as_of: datetime) -> list[Drift]:
    """Return the drift of the score and, after it, of the features."""
    if version.name == ModelName.MATCH:
        return _match_columns(context, version, as_of)
    described = read_reference(version.folder)
    horizons = [int(part) for part in described if part.isdigit()]
    if version.name == ModelName.RECOMMEND or not horizons:
        return []
    found: Any
    if version.name == ModelName.CHURN:
        wanted = context.settings.churn_horizons_days[-1]
        horizon = min(horizons, key=lambda fitted: abs(fitted - wanted))
        found = churn_scores(context, as_of, horizon)
    else:
        horizon, found = horizons[0], fit_scores(context, as_of)
    if found.explanation is None:
        return []
    p = found.frame["p_inactive" if version.name == ModelName.CHURN else "p_productive"].to_numpy(dtype=np.float64)
    # Partners that never showed a sign of life were not in churn's training either.
    rows = found.frame["n"].to_numpy() > 0 if version.name == ModelName.CHURN else np.ones(len(p), dtype=bool)
    return compare(described[str(horizon)], found.explanation.features.reset_index(drop=True)[rows], p[rows])


def _since_served(context: Intelligence, version: ModelVersion, as_of: datetime) -> Drift | None:
    """Compare the version's newest stored scores with its first, at least a week earlier."""
    with UnitOfWork(context.engine, read_only=True) as work:
        said = [row for row in work.scores.said(version.name) if row.model_version == version.label]
    rows = scores_frame([row for row in said if row.as_of <= as_of])
    if not len(rows):
        return None
    rows = rows[rows["horizon_days"] == rows["horizon_days"].max()]
    first, last = rows["as_of"].min(), rows["as_of"].max()
    if last - first < _APART:
        return None
    before, after = (rows.loc[rows["as_of"] == at, "p"] for at in (first, last))
    return compare_column("p", reference(pd.DataFrame(index=before.index), before)["p"], after)


def _match_columns(context: Intelligence, version: ModelVersion, as_of: datetime) -> list[Drift]:
    with UnitOfWork(context.engine, read_only=True) as work:
        runs = work.match_runs.between(version.trained_as_of, as_of)
    runs = [run for run in runs if run.model_version == version.label]
    if not runs:
        return []
    first = [run for run in runs if run.as_of <= runs[0].as_of + _WINDOW]
    last = [run for run in runs if run.as_of > max(as_of - _WINDOW, first[-1].as_of)]
    then, now = _candidates(first), _candidates(last)
    return compare(reference(then.drop(columns="p"), then["p"]), now.drop(columns="p", errors="ignore"), now["p"])


def _candidates(runs: Sequence[MatchRun]) -> pd.DataFrame:
    """Return feature values and p of the candidates of matches."""
    rows = [
        dict(features) | {"p": one["p_win"]}
        for run in runs
        for one, features in zip(run.response["candidates"], run.features, strict=False)
    ]
    frame = pd.DataFrame(rows, columns=None if rows else ["p"])
    words = [name for name in frame if frame[name].map(lambda value: isinstance(value, str)).any()]
    frame = frame.astype(dict.fromkeys(words, "category"))
    return frame.astype({name: np.float64 for name in frame if name not in words})
