"""What came of stored predictions: each with its outcome, once its horizon has passed."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from domain.settings import Settings
from domain.terms import DealOutcome, ModelName
from intelligence.context import Intelligence
from intelligence.features.partner_outcomes import partner_outcomes
from intelligence.scoring.inactivity import churn_labels, days
from store.history import History
from store.match_runs import MatchRun
from store.scores import Said
from store.unit_of_work import UnitOfWork

COLUMNS = ("group", "subject", "horizon_days", "as_of", "p", "band", "model_version", "label")
_BANDS = (0.1, 0.25, 0.5)
_BAND_NAMES = ("below 10 %", "10-25 %", "25-50 %", "50 % and more")
_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
_MOST_RUNS = 20_000


def realised(context: Intelligence, name: str, as_of: datetime, *, shadow: bool = False) -> pd.DataFrame:
    """Return stored predictions whose outcome is known at an instant.

    Parameters
    ----------
    context : Intelligence
        Store and settings.
    name : str
        The model. Recommendations are not stored: there is nothing to judge.
    as_of : datetime
        Nothing known later counts.
    shadow : bool, default=False
        What versions in shadow said, instead of those that answered.

    Returns
    -------
    DataFrame
        ``group`` (partner: intervals draw these), ``subject`` (what else tells rows apart), ``horizon_days``,
        ``as_of`` (naive UTC), ``p``, ``band``, ``model_version``, ``label`` (1.0 if it happened). A partner that was
        scored several times in a month counts once, with the last score: its windows overlap almost wholly.
    """
    if name == ModelName.MATCH:
        return _matches(context, as_of) if not shadow else pd.DataFrame(columns=list(COLUMNS))
    label_of = {ModelName.CHURN: _churn_outcomes, ModelName.FIT: _fit_outcomes}.get(ModelName(name))
    if label_of is None:
        return pd.DataFrame(columns=list(COLUMNS))
    with UnitOfWork(context.engine, read_only=True) as work:
        said = work.scores.said(name, shadow=shadow)
    rows = monthly(scores_frame([row for row in said if row.as_of <= as_of]))
    return _labelled(rows, label_of, context.history(as_of), context.settings)


def scores_frame(said: Sequence[Said]) -> pd.DataFrame:
    """Return stored scores as a frame with the columns of `realised`, ``label`` unknown."""
    frame = pd.DataFrame(said, columns=list(Said._fields)).rename(columns={"partner_id": "group"})
    frame["as_of"] = pd.to_datetime(frame["as_of"], utc=True).dt.tz_localize(None).astype("datetime64[us]")
    band = frame["band"].astype(object)
    frame["band"] = band.where(band.notna() & (band != ""), _bands(frame["p"]))
    return frame.assign(subject=frame["group"], label=np.nan)[list(COLUMNS)]


def monthly(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep the last row of each subject, horizon, version and month."""
    month = rows["as_of"].dt.to_period("M")
    key = rows[["group", "subject", "horizon_days", "model_version"]].assign(month=month)
    last = rows.sort_values("as_of", kind="stable").index
    return rows[~key.loc[last].duplicated(keep="last").reindex(rows.index)].reset_index(drop=True)


def _bands(p: pd.Series) -> pd.Series:
    names = np.array(_BAND_NAMES, dtype=object)
    return pd.Series(names[np.searchsorted(_BANDS, p.to_numpy(dtype=np.float64), side="right")], index=p.index)


def _labelled(
    rows: pd.DataFrame,
    label_of: Callable[[History, Settings, pd.DataFrame, int], pd.Series],
    history: History,
    settings: Settings,
) -> pd.DataFrame:
    parts = []
    for _, part in rows.groupby("horizon_days"):
        label = label_of(history, settings, part, int(part["horizon_days"].iloc[0]))
        parts.append(part.assign(label=label.to_numpy(dtype=np.float64))[label.notna().to_numpy()])
    return pd.concat(parts, ignore_index=True) if parts else rows


def _churn_outcomes(history: History, settings: Settings, rows: pd.DataFrame, horizon: int) -> pd.Series:
    """Whether each partner stayed silent; unknown until the window has passed, and for those never active before."""
    over = rows["as_of"] <= history.until - days(horizon)
    label = pd.Series(np.nan, index=rows.index)
    if not over.any():
        return label
    found = churn_labels(history, settings, rows.loc[over, "as_of"].unique(), horizon)
    known = pd.Series(found.inactive, index=pd.MultiIndex.from_arrays([found.partner_id, found.as_of]))
    asked = pd.MultiIndex.from_arrays([rows.loc[over, "group"], rows.loc[over, "as_of"]])
    label[over] = known.reindex(asked).to_numpy()
    return label


def _fit_outcomes(history: History, settings: Settings, rows: pd.DataFrame, horizon: int) -> pd.Series:
    """Whether each company recruited after its score became productive; unknown until the horizon is over.

    Who was recruited before and scored while still on board without a win is left out: those with a win are not
    scored any more, so that what is left would say nothing of the score.
    """
    found = partner_outcomes(history, settings.fit_outcome, horizon)
    names = {"label": found.label, "known_at": found.known_at, "recruited_at": found.recruited_at}
    mine = pd.DataFrame(names, index=found.ids).reindex(rows["group"])
    told = (mine["known_at"] <= history.until) & (mine["recruited_at"].to_numpy() >= rows["as_of"].to_numpy())
    return pd.Series(np.where(told, mine["label"], np.nan), index=rows.index)


def _matches(context: Intelligence, as_of: datetime) -> pd.DataFrame:
    """Candidates that were offered the lead after the match, and whether they won it within the horizon."""
    history, horizon = context.history(as_of), context.settings.match_horizon_days
    with UnitOfWork(context.engine, read_only=True) as work:
        runs = work.match_runs.between(_BEGINNING, as_of, limit=_MOST_RUNS)
    rows = candidates(runs, history)
    rows = rows[rows["as_of"] <= history.until - days(horizon)].reset_index(drop=True)
    if not len(rows):
        return pd.DataFrame(columns=list(COLUMNS))
    window = pd.Timedelta(days=horizon)
    offered = _happened(rows, history.assignments, "offered_at", window)
    won = history.deals[history.deals["outcome"] == DealOutcome.WON]
    rows = rows.assign(horizon_days=horizon, label=_happened(rows, won, "closed_at", window).astype(np.float64))
    return monthly(rows[offered][list(COLUMNS)].reset_index(drop=True))


def candidates(runs: Sequence[MatchRun], history: History) -> pd.DataFrame:
    """Return the candidates of stored matches of leads in the store, one row each."""
    ids = dict(zip(history.partners["external_id"], history.partners["id"], strict=True))
    found = [
        (ids[one["partner"]], run.lead_id, run.as_of, one["p_win"], run.model_version)
        for run in runs
        if run.lead_id is not None
        for one in run.response["candidates"]
        if one["partner"] in ids
    ]
    frame = pd.DataFrame(found, columns=["group", "subject", "as_of", "p", "model_version"])
    frame["as_of"] = pd.to_datetime(frame["as_of"], utc=True).dt.tz_localize(None).astype("datetime64[us]")
    return frame.assign(p=frame["p"].astype(np.float64), band=_bands(frame["p"].astype(np.float64)))


def _happened(rows: pd.DataFrame, events: pd.DataFrame, time: str, window: pd.Timedelta) -> np.ndarray:
    """Whether an event of the row's lead and partner fell into the window after the row's instant."""
    wanted = rows[["group", "subject", "as_of"]].assign(row=np.arange(len(rows)))
    events = events[["partner_id", "lead_id", time]].dropna()
    both = wanted.merge(events, left_on=["group", "subject"], right_on=["partner_id", "lead_id"])
    inside = (both[time] >= both["as_of"]) & (both[time] <= both["as_of"] + window)
    return np.isin(wanted["row"].to_numpy(), both.loc[inside, "row"].to_numpy())
