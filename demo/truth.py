"""What is true of a world: tables for benchmarks, which the store never sees."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from demo import calendar, content, course, laws, trade, trade_tables
from demo.state import ACCEPTED, ACTIVATED, AWAY, ENDED, ONBOARDING, Snapshot, State
from demo.tables import ids

Array = npt.NDArray[Any]

HORIZONS = (30, 60, 90)
_STEPS_A_MONTH = 4
_STEP_DAYS = 7.5
_BACK = laws.RETURN_RATE * _STEP_DAYS
_CONTENT_STEPS = 6
_CHUNK = 200_000

COLUMNS = {
    "churn": {
        "partner": "external id; every partner that is not ended at as_of and has shown a sign of life",
        "as_of": "instant, UTC",
        "p_inactive_30": "true P(no activity, deal registered or won in (as_of, as_of + 30 days])",
        "p_inactive_60": "the same, 60 days",
        "p_inactive_90": "the same, 90 days",
        "p_there": "true P(not fallen silent at as_of), given everything seen until then",
    },
    "match": {
        "lead": "external id; open leads, and the newest 1,000 routed ones",
        "partner": "external id; every active partner at as_of",
        "as_of": "arrival of the lead, or the end for open ones, UTC (partners as at the latest weekly border)",
        "open": "whether the lead still waits for a partner",
        "eligible": "whether territory, agreement and required certificate permit it",
        "p_accept": "true P(partner accepts if offered now)",
        "p_win": "true P(accepts and wins within 180 days if offered now)",
        "expected_amount": "true mean amount if won",
        "propensity": "probability that the historical policy offers it to this partner first; 0 for open leads",
        "chosen": "whether the historical policy offered it to this partner first",
        "distance_km": "great-circle distance",
    },
    "offers_made": {
        "lead": "external id; every offer of a lead in the history",
        "partner": "external id",
        "offered_at": "instant, UTC",
        "hop": "0 for the first partner asked, 1 and 2 for the next",
        "p_accept": "true P(partner accepts), given everything seen until then",
        "p_win": "true P(accepts and wins within 180 days)",
        "propensity": "probability with which the historical policy asks this partner first",
        "accepted": "what happened, also beyond the end",
        "won": "what happened; NaN while that lies beyond the end",
    },
    "fit": {
        "partner": "external id; every prospect and every recruit of the history",
        "as_of": "recruitment, or the end for those not recruited, UTC",
        "p_productive": "true P(first won deal within 365 days of recruitment), at recruitment",
        "p_still": "the same at the end, given none so far; NaN for those whose year is over or who have won",
    },
    "recommend": {
        "partner": "external id; every active or onboarding partner at as_of",
        "kind": "asset or offer",
        "item": "external id",
        "as_of": "instant, UTC",
        "seen": "whether the partner engaged with it before as_of",
        "available": "published or valid at as_of, in the partner's country, for its tier",
        "p_engage": "true P(at least one activity naming it in (as_of, as_of + 90 days])",
    },
}


def write(
    state: State,
    assets: content.Taste,
    offers: content.Taste,
    drawn: content.Activities,
    folder: Path,
    rng: np.random.Generator,
) -> tuple[dict[str, int], dict[str, float]]:
    """Write all truth tables and their manifest; return rows a table and the world's rates."""
    folder.mkdir(parents=True, exist_ok=True)
    frames = {
        "churn": churn(state, rng),
        "match": match(state),
        "offers_made": offers_made(state),
        "fit": fit(state),
        "recommend": recommend(state, assets, offers, drawn),
    }
    for name, frame in frames.items():
        frame.to_parquet(folder / f"{name}.parquet", index=False)
    summary = rates(state, frames)
    manifest = {
        "spec": {**state.spec.__dict__, "end": state.spec.end.isoformat()},
        "columns": COLUMNS,
        "rates": summary,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    return {name: len(frame) for name, frame in frames.items()}, summary


def _stamp(state: State, days: Array | float) -> Array:
    at = calendar.instants(state.spec, np.atleast_1d(np.asarray(days, dtype=float)))
    return np.asarray(at.astype("datetime64[us]"))


# --- churn ------------------------------------------------------------------------------------


def churn(state: State, rng: np.random.Generator) -> pd.DataFrame:
    """Return true probabilities of silence at month starts of the last year and at the end."""
    frames = []
    for at in calendar.churn_instants(state.spec).tolist():
        snapshot = state.books.snapshots[at]
        rows = np.flatnonzero(np.isin(snapshot.stage, (ONBOARDING, ACTIVATED)) & snapshot.seen)
        p = p_silent(state, snapshot, rows, rng)
        frame = pd.DataFrame({"partner": ids("P", rows), "as_of": np.repeat(_stamp(state, at), len(rows))})
        for j, horizon in enumerate(HORIZONS):
            frame[f"p_inactive_{horizon}"] = p[j]
        frames.append(frame.assign(p_there=snapshot.p_alive[rows]))
    return pd.concat(frames, ignore_index=True)


def p_silent(state: State, snapshot: Snapshot, rows: Array, rng: np.random.Generator) -> Array:
    """Return P(no sign of life) of partners `rows` over 30, 60 and 90 days; shape (3, rows).

    Moods are drawn (Monte Carlo); given a mood's path, silence is summed exactly over the two hidden
    conditions, there and fallen silent. Observable causes and the load of leads stay as they are.
    """
    draws = state.spec.truth_draws
    step = max(1, _CHUNK // draws)
    parts = [_silent(state, snapshot, rows[j : j + step], rng, draws) for j in range(0, len(rows), step)]
    return np.concatenate(parts, axis=1) if parts else np.zeros((len(HORIZONS), 0))


def _silent(state: State, now: Snapshot, rows: Array, rng: np.random.Generator, draws: int) -> Array:
    cast, dt = state.cast, _STEP_DAYS
    newcomer = now.stage[rows] == ONBOARDING
    mood = np.repeat(now.mood[rows, None], draws, axis=1)
    there = np.repeat(now.p_alive[rows, None], draws, axis=1)
    gone, let_go = 1 - there, np.zeros_like(there)
    visits = cast.session_rate[rows] * np.where(newcomer, course.NEWCOMER_VISITS, 1.0)
    own = trade.own_sign_rate(state, rows, newcomer)
    since = np.where(newcomer, now.at - state.recruited[rows], 0.0)
    keep = np.exp(-dt / laws.MOOD_DAYS)
    result = []
    for j in range(_STEPS_A_MONTH * len(HORIZONS)):
        mood = keep * mood + np.sqrt(1 - keep**2) * rng.normal(0, laws.MOOD_SD, mood.shape)
        leave = laws.dropout_rate(now.causes[rows, None], mood, state.spec) * dt
        there, gone = there * (1 - leave) + gone * _BACK, gone * (1 - _BACK) + there * leave
        season = state.season_at(now.at + (j + 0.5) * dt)
        busy = visits[:, None] * season * np.exp(mood - laws.MOOD_SD**2 / 2) + own[:, None] * np.exp(0.4 * mood)
        first = laws.start_probability(state.p_fit[rows], since + j * dt, dt) * newcomer
        there = there * np.exp(-(busy + now.lead_rate[rows, None]) * dt) * (1 - first[:, None])
        gone = gone * (1 - first[:, None])
        end = course.let_go_probability(now.at + (j + 1) * dt, dt, now.last_sign[rows], newcomer, state.recruited[rows])
        let_go = let_go + end[:, None] * (there + gone)
        there, gone = there * (1 - end[:, None]), gone * (1 - end[:, None])
        if (j + 1) % _STEPS_A_MONTH == 0:
            result.append((there + gone + let_go).mean(axis=1))
    return np.asarray(np.clip(np.array(result), 0, 1))


# --- match and fit ----------------------------------------------------------------------------


def match(state: State) -> pd.DataFrame:
    """Return the truth of open and newest routed leads with every active partner."""
    parts = state.books.pairs or [trade.no_pairs()]
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    lead, partner, *_, hop = trade_tables.assignment_book(state)
    first = dict(zip(lead[hop == 0].tolist(), partner[hop == 0].tolist(), strict=True))
    chosen = np.array([first.get(int(j), -1) for j in rows["lead"]]) == rows["partner"]
    return pd.DataFrame(
        {
            "lead": ids("L", rows["lead"], 6),
            "partner": ids("P", rows["partner"]),
            "as_of": _stamp(state, rows["at"]),
            "open": rows["at"] >= state.spec.days,
            "eligible": rows["eligible"],
            "p_accept": rows["p_accept"],
            "p_win": rows["p_win"],
            "expected_amount": rows["expected_amount"],
            "propensity": rows["propensity"],
            "chosen": chosen & (rows["at"] < state.spec.days),
            "distance_km": rows["distance_km"],
        }
    )


def offers_made(state: State) -> pd.DataFrame:
    """Return the truth of every offer in the log, beside what came of it."""
    lead, partner, offered, response, responded, p_accept, p_win, propensity, _, hop = trade_tables.assignment_book(
        state
    )
    book = trade_tables.deal_book(state)
    ended = book.closes < state.spec.days
    outcome = pd.Series(np.where(ended, book.won, np.nan), index=book.lead).astype(float)
    outcome = outcome[(outcome.index >= 0)]
    accepted = response == ACCEPTED
    won = np.where(accepted, outcome.reindex(lead).to_numpy(), 0.0)
    return pd.DataFrame(
        {
            "lead": ids("L", lead, 6),
            "partner": ids("P", partner),
            "offered_at": _stamp(state, offered),
            "hop": hop.astype(int),
            "p_accept": p_accept,
            "p_win": p_win,
            "propensity": propensity,
            "accepted": accepted,
            "won": np.where(responded < state.spec.days, won, np.nan),
        }
    )


def fit(state: State) -> pd.DataFrame:
    """Return true P(productive) of prospects and of all who were recruited within the history."""
    rows = np.flatnonzero(~np.isneginf(state.cast.recruited))
    at = np.minimum(state.cast.recruited[rows], state.spec.days)
    p = state.p_fit[rows]
    stage = np.concatenate([state.stage, np.full(state.spec.prospects, AWAY)])[rows]
    elapsed = state.spec.days - at
    still = (p - p * laws.start_share(elapsed)) / np.maximum(1 - p * laws.start_share(elapsed), 1e-9)
    awaiting = np.isin(stage, (AWAY, ONBOARDING)) & (elapsed < laws.FIT_DAYS)
    return pd.DataFrame(
        {
            "partner": ids("P", rows),
            "as_of": _stamp(state, at),
            "p_productive": p,
            "p_still": np.where(awaiting, still, np.nan),
        }
    )


# --- recommend --------------------------------------------------------------------------------


def recommend(state: State, assets: content.Taste, offers: content.Taste, drawn: content.Activities) -> pd.DataFrame:
    """Return true P(engage within 90 days), 90 days before the end and at the end."""
    frames = []
    for at in (float(state.spec.days - calendar.CONTENT_TRUTH_DAYS), float(state.spec.days)):
        now = state.books.snapshots[round(at, 6)]
        rows = np.flatnonzero((now.stage != AWAY) & (now.stage != ENDED) & now.seen)
        for kind, taste, share, prefix in (
            ("asset", assets, content.VIEW_SHARE, "A"),
            ("offer", offers, content.OPEN_SHARE, "O"),
        ):
            known = drawn.at < at
            item = drawn.asset if kind == "asset" else drawn.offer
            frames.append(
                _engagement(state, now, rows, taste, share, (drawn.partner[known], item[known])).assign(
                    kind=kind, prefix=prefix
                )
            )
    frame = pd.concat(frames, ignore_index=True)
    item = np.where(
        frame["kind"] == "asset", ids("A", frame["item"].to_numpy(), 4), ids("O", frame["item"].to_numpy(), 3)
    )
    return frame.assign(item=item)[list(COLUMNS["recommend"])]


def _engagement(
    state: State, now: Snapshot, rows: Array, taste: content.Taste, share: float, past: tuple[Array, Array]
) -> pd.DataFrame:
    """Return P(at least one pick) of every partner and item, over three months in six steps.

    Two courses are summed, for those who are there and those who have fallen silent and may return. What is
    picked on the way tires, which leaves more room for the rest.
    """
    items = len(taste.items)
    seen = np.zeros((state.n, items))
    picked = past[1] >= 0
    seen[past[0][picked], past[1][picked]] = 1.0
    seen = seen[rows]
    sure = now.p_alive[rows][:, None]
    here = -np.expm1(-_expected_picks(state, now, rows, taste, share, seen, np.ones(len(rows))))
    away = -np.expm1(-_expected_picks(state, now, rows, taste, share, seen, np.zeros(len(rows))))
    available = content.available(taste, rows, now.tier[rows], now.at - 1e-9)
    return pd.DataFrame(
        {
            "partner": np.repeat(ids("P", rows), items),
            "item": np.tile(np.arange(items), len(rows)),
            "as_of": np.repeat(_stamp(state, now.at), len(rows) * items),
            "seen": seen.ravel() > 0,
            "available": available.ravel(),
            "p_engage": (sure * here + (1 - sure) * away).ravel(),
        }
    )


def _expected_picks(
    state: State, now: Snapshot, rows: Array, taste: content.Taste, share: float, seen: Array, there: Array
) -> Array:
    """Return how often each item is picked within 90 days by those who are `there` with that probability."""
    dt = float(calendar.CONTENT_TRUTH_DAYS) / _CONTENT_STEPS
    new = content.newcomers(state, now.stage, now.at)[rows]
    size = state.cast.session_size[rows] * np.where(now.stage[rows] == ONBOARDING, course.NEWCOMER_VISITS, 1.0)
    expected = np.zeros((len(rows), len(taste.items)))
    for j in range(_CONTENT_STEPS):
        ahead = (j + 0.5) * dt
        keep = np.exp(-ahead / laws.MOOD_DAYS)
        mood = now.mood[rows] * keep
        leave = laws.dropout_rate(now.causes[rows], mood, state.spec) * dt
        there = there * (1 - leave) + (1 - there) * laws.RETURN_RATE * dt
        busy = state.cast.session_rate[rows] * np.exp(mood - (laws.MOOD_SD * keep) ** 2 / 2)
        picks = content.picks(size * busy * state.season_at(now.at + ahead) * there * dt, share)
        odds = content.weights(taste, rows, now.tier[rows], new, seen, now.at + ahead)
        tired = 1 - (1 - np.exp(-content.SEEN_PENALTY)) * -np.expm1(-expected) * (1 - seen)
        total = (odds * tired).sum(axis=1, keepdims=True)
        expected += picks[:, None] * odds / np.where(total > 0, total, 1)
    return expected


# --- rates ------------------------------------------------------------------------------------


def rates(state: State, frames: dict[str, pd.DataFrame]) -> dict[str, float]:
    """Return what a reader wants to know of a world: base rates, and what better routing could reach."""
    response = trade_tables.assignment_book(state)[3]
    pairs = frames["match"][frames["match"]["eligible"] & ~frames["match"]["open"]]
    best = pairs.groupby("lead")["p_win"].max()
    policy = pairs[pairs["chosen"]]["p_win"]
    named = {
        "accept_rate": (response == ACCEPTED).mean() if len(response) else np.nan,
        "policy_p_win": policy.mean() if len(policy) else np.nan,
        "oracle_p_win": best.mean() if len(best) else np.nan,
        "p_productive": frames["fit"]["p_productive"].mean(),
        **{f"p_inactive_{h}": frames["churn"][f"p_inactive_{h}"].mean() for h in HORIZONS},
    }
    return {name: round(float(value), 4) for name, value in named.items() if np.isfinite(value)}
