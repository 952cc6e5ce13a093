"""The drift of a served model, from what was kept with it."""

import json
from datetime import timedelta

import pytest

from cli.monitoring import render_drift
from domain.errors import NotFound
from intelligence.context import Intelligence
from intelligence.monitoring import drift as module
from intelligence.monitoring.drift import drift_report
from models import drift as bins
from models.drift import read_reference
from tests.programmes import END


def test_references_come_with_every_trained_model(context: Intelligence) -> None:
    for name, part in (("churn", "90"), ("fit", "365"), ("match", "180"), ("recommend", "engage")):
        versions = context.registry.versions(name)
        for version in versions:
            described = read_reference(version.folder)[part]
            known = set(version.manifest.columns)
            assert known & set(described["columns"])
            # p_engage looks at the ranking, too, which is none of the columns of the manifest
            assert name == "recommend" or set(described["columns"]) <= known
            assert sum(described["p"]["counts"]) > 0


def test_few_partners_give_no_verdict(context: Intelligence) -> None:
    report = drift_report(context, "churn", END)
    assert (report["drifted"], report["features_judged"]) == (False, 0)
    assert report["sentence"].startswith("Too few rows")
    assert json.loads(json.dumps(report)) == report
    assert "too few" in render_drift(report)


def test_the_present_is_compared_with_training(context: Intelligence, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bins, "MIN_ROWS", 5)
    today = drift_report(context, "churn", END)
    years_later = drift_report(context, "churn", END + timedelta(days=1000))
    psi = {report["as_of"]: {one["name"]: one["psi"] for one in report["features"]} for report in (today, years_later)}
    assert psi[years_later["as_of"]]["days_since_sign"] > psi[today["as_of"]]["days_since_sign"]
    assert years_later["drifted"]
    assert "features drifted" in years_later["sentence"]


def test_the_baseline_cannot_drift(context: Intelligence) -> None:
    with pytest.raises(NotFound, match="the baseline answers"):
        drift_report(context, "churn", END - timedelta(days=400))


@pytest.mark.parametrize("name", ["fit", "match", "recommend"])
def test_every_model_has_an_answer(context: Intelligence, name: str) -> None:
    context.registry.promote(name, 1, "for the test")
    report = drift_report(context, name, END)
    assert report["drifted"] is False
    assert report["note"] == module._NOTES[name]
