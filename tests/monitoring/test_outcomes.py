"""Stored predictions meet their outcomes: only once the horizon is over, only as far as known at the time."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from intelligence.context import Intelligence
from intelligence.monitoring.outcomes import by_band_and_month, calibration, outcomes_report
from intelligence.monitoring.realised import candidates, monthly, realised
from intelligence.monitoring.shadow import score_shadow
from intelligence.scoring.churn import score_churn
from intelligence.scoring.fit import score_fit
from store.unit_of_work import UnitOfWork
from tests.monitoring.conftest import again
from tests.programmes import END


def made(n: int = 400, off: float = 0.0, seed: int = 3) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    p = random.random(n)
    return pd.DataFrame(
        {
            "group": np.arange(n) % 80,
            "subject": np.arange(n) % 80,
            "horizon_days": 30,
            "as_of": np.datetime64("2024-01-15", "us") + (np.arange(n) // 80) * np.timedelta64(31, "D"),
            "p": np.clip(p + off, 0, 1),
            "band": np.where(p > 0.5, "high", "low"),
            "model_version": "churn/1",
            "label": (random.random(n) < p).astype(float),
        }
    )


def test_what_is_calibrated_is_stable_and_what_is_not_is_named() -> None:
    found = [calibration(made(seed=seed))[0] for seed in range(40)]
    assert sum(one["verdict"] == "drifted" for one in found) <= 2
    assert {one["n"] for one in found} == {400}
    (bad,) = calibration(made(off=0.15, seed=4))
    assert bad["verdict"] == "drifted"
    assert bad["low"] > 0.02
    assert calibration(made(99, off=0.4))[0]["verdict"] == "too few"
    assert calibration(made(0)) == []


def test_months_and_bands_add_up() -> None:
    rows = made()
    table = by_band_and_month(rows)
    assert sum(row["n"] for row in table) == len(rows)
    assert [row["month"] for row in table[::2]] == ["2024-01", "2024-02", "2024-03", "2024-04", "2024-05"]
    assert all(row["low"] <= row["realised"] <= row["high"] for row in table)
    assert sum(row["n"] * row["realised"] for row in table) == rows["label"].sum()


def test_a_partner_scored_each_night_counts_once_a_month() -> None:
    rows = made(80).drop(columns="as_of")
    nights = [np.datetime64("2024-01-30", "us") + np.timedelta64(day, "D") for day in range(4)]
    found = monthly(pd.concat([rows.assign(as_of=night) for night in nights], ignore_index=True))
    assert found.groupby("as_of").size().to_dict() == {pd.Timestamp("2024-01-31"): 80, pd.Timestamp("2024-02-02"): 80}


def scored(context: Intelligence, *as_ofs: datetime, horizon: int = 30) -> pd.DataFrame:
    return pd.concat([score_churn(context, as_of, horizon, store=True) for as_of in as_ofs])


def test_churn_outcomes_are_what_happened_and_only_what_is_over(context: Intelligence) -> None:
    past, recent = END - timedelta(days=60), END - timedelta(days=10)
    frame = scored(context, past, recent)
    rows = realised(context, "churn", END)
    assert set(rows["as_of"]) == {pd.Timestamp(past.replace(tzinfo=None))}
    assert set(rows["model_version"]) == {"baseline"}
    history = context.history(END)
    window = (rows["as_of"].iloc[0], rows["as_of"].iloc[0] + pd.Timedelta(days=30))
    deals, log = history.deals, history.activities
    alive = set(log.loc[(log["occurred_at"] > window[0]) & (log["occurred_at"] <= window[1]), "partner_id"])
    for column in ("registered_at", "closed_at"):
        inside = (deals[column] > window[0]) & (deals[column] <= window[1])
        alive |= set(deals.loc[inside & ((column == "registered_at") | (deals["outcome"] == "won")), "partner_id"])
    assert [bool(label) for label in rows["label"]] == [partner not in alive for partner in rows["group"]]
    assert len(rows) == (frame[frame["as_of"] == past]["n"] > 0).sum()
    assert len(realised(context, "churn", END - timedelta(days=31))) == 0
    report = outcomes_report(context, "churn", END)
    assert report["outcomes"] == sum(row["n"] for row in report["months"]) == len(rows)


def test_fit_waits_for_recruitment_and_its_horizon(context: Intelligence) -> None:
    score_fit(context, END - timedelta(days=500), store=True)
    rows = realised(context, "fit", END)
    recruited = context.history(END).partners.set_index("id")["recruited_at"]
    assert (recruited[rows["group"]] <= pd.Timestamp(END.replace(tzinfo=None)) - pd.Timedelta(days=365)).all()
    assert set(rows["label"]) <= {0.0, 1.0}


def test_nothing_stored_is_said(context: Intelligence) -> None:
    for name in ("churn", "fit", "match", "recommend"):
        report = outcomes_report(context, name)
        assert (report["outcomes"], report["months"], report["shadow"]) == (0, [], [])
        assert report["note"]


def test_matches_are_judged_by_offers_that_followed(context: Intelligence) -> None:
    history = context.history(END)
    won = history.deals[(history.deals["outcome"] == "won") & (history.deals["lead_id"] >= 0)].iloc[0]
    offer = history.assignments[
        (history.assignments["lead_id"] == won["lead_id"]) & (history.assignments["partner_id"] == won["partner_id"])
    ]
    names = history.partners.set_index("id")["external_id"]
    other = next(name for id_, name in names.items() if id_ != won["partner_id"])
    at = (offer["offered_at"].iloc[0] if len(offer) else won["registered_at"]).to_pydatetime()
    listed = [{"partner": names[won["partner_id"]], "p_win": 0.3}, {"partner": other, "p_win": 0.2}]
    with UnitOfWork(context.engine) as work:
        work.match_runs.put(
            as_of=(at - timedelta(hours=1)).replace(tzinfo=END.tzinfo),
            created_by="me",
            model_version="match/1",
            request={},
            response={"candidates": listed},
            features=[{}, {}],
            lead_id=int(won["lead_id"]),
        )
        runs = work.match_runs.between(datetime(2000, 1, 1, tzinfo=END.tzinfo), END)
    assert len(candidates(runs, history)) == 2
    rows = realised(context, "match", END)
    if len(offer) and at + timedelta(days=180) <= END.replace(tzinfo=None):
        assert won["partner_id"] in set(rows["group"])
    assert set(rows["label"]) <= {0.0, 1.0}


def test_a_shadow_is_stored_beside_and_compared(context: Intelligence) -> None:
    version = again(context)
    assert score_shadow(context, "churn", END, 30) == 0
    context.registry.put_in_shadow("churn", version.version)
    served = scored(context, END)
    assert score_shadow(context, "churn", END - timedelta(days=1), 30) == 0
    assert score_shadow(context, "churn", END, 30) == len(served)
    assert score_shadow(context, "churn", END, 30) == len(served)
    (compared,) = outcomes_report(context, "churn", END)["shadow"]
    assert (compared["model_version"], compared["n"], compared["outcomes"]) == (version.label, len(served), 0)
    assert compared["mean_p"] == compared["mean_p_served"]
    assert compared["loss_difference"] is None
    answering = context.load_model("churn")
    assert answering is not None
    assert answering.label != version.label
