"""Precision at the length of the manager's list, snapshot by snapshot."""

import numpy as np
import pandas as pd
import pytest

from training.churn_list import with_list_precision
from training.evaluation import Evaluation, Method, Metric

AUC = {"auc": Metric(0.7, 0.6, 0.8)}


def evaluation(p: list[float], label: list[float], as_of: list[str]) -> Evaluation:
    rows = pd.DataFrame(
        {"label": label, "as_of": pd.to_datetime(as_of).as_unit("us"), "weight": 1.0, "model": p, "flat": 0.5}
    )
    methods = (Method("model", "model", AUC), Method("flat", "baseline", AUC))
    return Evaluation("30", methods, pd.DataFrame(index=rows.index), np.arange(len(rows)), predictions=rows)


def test_each_snapshot_has_its_own_list():
    p, label = [0.9, 0.8, 0.1, 0.2, 0.3, 0.7], [1.0, 0.0, 1.0, 0.0, 1.0, 1.0]
    found = with_list_precision(evaluation(p, label, ["2024-01-01"] * 3 + ["2024-02-01"] * 3), 2)
    metric = found.methods[0].metrics["precision_top2"]
    assert metric.value == pytest.approx((0.5 + 1.0) / 2)
    assert metric.low <= metric.value <= metric.high
    assert found.methods[0].metrics["auc"] == AUC["auc"]


def test_a_list_longer_than_the_programme_holds_everybody():
    found = with_list_precision(evaluation([0.9, 0.1], [1.0, 0.0], ["2024-01-01"] * 2), 20)
    assert found.methods[0].metrics["precision_top20"].value == pytest.approx(0.5)


def test_rows_that_were_not_judged_do_not_count():
    found = with_list_precision(evaluation([0.9, np.nan, 0.1], [1.0, 0.0, 0.0], ["2024-01-01"] * 3), 1)
    assert found.methods[0].metrics["precision_top1"].value == 1.0


def test_nothing_to_compare_on_stays_as_it_is():
    bare = Evaluation("30", (), pd.DataFrame(), np.array([], dtype=np.int64))
    assert with_list_precision(bare, 20) is bare
