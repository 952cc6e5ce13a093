"""Figures against known probabilities, peers, and the routing table."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from benchmarks.expected import coverage_rows, expected_auc, expected_ndcg
from benchmarks.peers_match import NaiveBayes, offer_record
from benchmarks.peers_recommend import scores
from benchmarks.worlds import _mean_ndcg, policy_rows
from benchmarks.worlds_claims import claims


def test_expected_auc_is_the_mean_over_drawn_outcomes() -> None:
    rng = np.random.default_rng(3)
    p = rng.beta(1, 2, 300)
    score = np.round(p + rng.normal(0, 0.2, 300), 1)  # with ties
    drawn = [roc_auc_score(rng.random(300) < p, score) for _ in range(400)]
    assert expected_auc(score, p) == pytest.approx(np.mean(drawn), abs=0.004)
    assert expected_auc(p, p) > expected_auc(score, p)


def test_expected_auc_of_certain_outcomes_is_the_plain_auc() -> None:
    y, score = np.array([0.0, 1, 0, 1, 1]), np.array([0.1, 0.3, 0.3, 0.2, 0.9])
    assert expected_auc(score, y) == pytest.approx(roc_auc_score(y, score))


def test_ndcg_weighs_places_by_their_logarithm() -> None:
    gain = np.array([0.1, 0.4, 0.2])
    best = 0.4 + 0.2 / np.log2(3) + 0.1 / 2
    assert expected_ndcg(gain, gain) == pytest.approx((0.1 + 0.4 / np.log2(3) + 0.2 / 2) / best)
    assert np.isnan(expected_ndcg(np.zeros(2), np.zeros(2)))


def test_items_seen_before_are_no_candidates() -> None:
    gain = np.array([[np.nan, 0.5, 0.1]])
    assert _mean_ndcg(np.array([[9.0, 2.0, 1.0]]), gain) == pytest.approx(1.0)


def test_coverage_is_given_overall_and_by_evidence() -> None:
    frame = pd.DataFrame({"p": [0.2, 0.4], "low": [0.1, 0.3], "high": [0.3, 0.5], "true": [0.25, 0.6]})
    rows = list(coverage_rows("x", frame.assign(evidence=["thin", "strong"]), "p", "true"))
    assert [row.split(" | ")[6:] for row in rows] == [["50%", "0.200 |"], ["100%", "0.200 |"], ["0%", "0.200 |"]]


def test_share_of_the_gap_lies_between_history_and_oracle() -> None:
    leads = pd.Index(["a", "b"])
    policies = {
        "historical policy": pd.Series([0.1, 0.3], leads),
        "half": pd.Series([0.3, 0.4], leads),
        "oracle": pd.Series([0.5, 0.5], leads),
    }
    rows = policy_rows(policies, "leads")
    assert [row.split(" | ")[2] for row in rows[2:]] == ["0.0%", "50.0%", "100.0%"]


def test_a_partners_record_holds_only_what_was_known_before() -> None:
    days = pd.to_datetime(["2026-01-01", "2026-01-05", "2026-01-09"])
    offers = pd.DataFrame({"partner": ["a", "a", "b"], "known_at": days, "won": [1.0, 0.0, 1.0]})
    at = pd.Series(pd.to_datetime(["2026-01-06", "2026-01-05", "2026-01-09"]))
    record = offer_record(offers, pd.Series(["a", "a", "b"]), at)
    assert record["asked"].tolist() == [2.0, 1.0, 0.0]
    assert record["won_before"].tolist() == [1.0, 1.0, 0.0]


def test_naive_bayes_prefers_the_partner_that_wins() -> None:
    pairs = pd.DataFrame({"partner": ["a"] * 4 + ["b"] * 4})
    model = NaiveBayes().fit(pairs, pd.Series([1.0, 1, 1, 0, 0, 0, 1, 0]))
    a, b = model.score(pd.DataFrame({"partner": ["a", "b"]}))
    assert a > b


def test_peers_of_recommendation_score_every_partner_and_item() -> None:
    rng = np.random.default_rng(1)
    end = pd.Timestamp("2026-01-01")
    events = pd.DataFrame(
        {
            "partner": rng.choice(["p1", "p2", "p3", "gone"], 60),
            "item": rng.choice(["i1", "i2", "i3", "off"], 60),
            "occurred_at": end - pd.to_timedelta(rng.integers(1, 90, 60), unit="D"),
        }
    )
    partners, items = pd.Index(["p1", "p2", "p3", "cold"]), pd.Index(["i1", "i2", "i3"])
    found = dict(scores(events, partners, items, end))
    assert len(found) >= 4
    for score in found.values():
        assert score.shape == (4, 3)
        assert np.isfinite(score).all()


REPORT = """**churn**

| prediction | n | predicted | true | calibration error | correlation | 80 % intervals that hold the truth | width |
|---|---:|---:|---:|---:|---:|---:|---:|
| churn, p_inactive 30 days | 336 | 0.216 | 0.209 | 0.0105 | 0.930 | 80% | 0.095 |
| – evidence thin | 18 | 0.260 | 0.259 | 0.0823 | 0.746 | 44% | 0.212 |
| – evidence strong | 226 | 0.171 | 0.164 | 0.0090 | 0.882 | 51% | 0.062 |

| horizon, days | expected AUC | of the oracle | difference | served by |
|---:|---:|---:|---:|---|
| 30 | 0.9579 | 0.9686 | 0.0107 | churn/1 |
| 60 | 0.9379 | 0.9686 | 0.0307 | churn/1 |

| who gets the lead (199 open leads) | mean true p_win | gap closed | standard error |
|---|---:|---:|---:|
| historical policy | 0.1421 | 0.0% | 0.0% |
| **allywise** (match/1) | 0.3770 | 67.6% | 2.9% |
| oracle | 0.5642 | 100.0% | 0.0% |

| assets (344 partners) | expected NDCG@10 | NDCG@10 of what came |
|---|---:|---:|
| random | 0.1668 | 0.0705 |
| EASE, lambda = 50 | 0.4000 | 0.1914 |
| **allywise** (recommend/1) | 0.6800 | 0.2899 |
| oracle | 1.0000 | 0.4124 |
"""


def test_claims_are_read_out_of_the_tables() -> None:
    rows = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in claims(REPORT, 6_000).splitlines()]
    assert rows[2:] == [
        ("churn, p_inactive 30 days: calibration error", "0.04", "0.0105", "yes"),
        ("churn, p_inactive 30 days: intervals hold", "75–88%", "80%", "yes"),
        ("churn, p_inactive 30 days, evidence strong: intervals hold", "75–88%", "51%", "no"),
        ("churn, worst horizon: AUC below the oracle's by at most", "0.02", "0.0307", "no"),
        ("match: gap closed, 199 open leads", "65%", "67.6% ± 2.9%", "yes"),
        ("recommend assets: NDCG@10 over the best peer's", "1.5", "1.70 (EASE, lambda = 50; oracle 2.50)", "yes"),
    ]
    assert "| 75% | 67.6% ± 2.9% | no |" in claims(REPORT, 60_000)
