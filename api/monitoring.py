"""Drift for the API and for Prometheus: what the nightly checks found, computed afresh where there was none."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector, CollectorRegistry

from api.dependencies import Services
from api.processes import ProcessMetrics
from domain.context import SYSTEM
from domain.errors import CannotAnswer
from domain.terms import ModelName
from intelligence.monitoring.drift import drift_report
from store.model_checks import ModelCheck


def model_drift(services: Services, name: ModelName, as_of: datetime | None) -> dict[str, Any]:
    """Return the drift of a model: the newest check of what serves, if `as_of` is None, else as of then.

    Raises
    ------
    NotFound
        If no version serves.
    """
    check = _newest(services, name) if as_of is None else None
    champion = services.intelligence.registry.serving(name, services.clock())
    if check is not None and champion is not None and check.model_version == champion.label:
        return check.report
    return drift_report(services.intelligence, name, as_of)


def _newest(services: Services, name: str) -> ModelCheck | None:
    with services.unit_of_work(SYSTEM, read_only=True) as work:
        return work.model_checks.newest(name)


class DriftMetrics(Collector):
    """Gauges of the newest nightly check of each model; read from the store whenever they are asked for."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Return the gauges."""
        drifted = GaugeMetricFamily("allywise_model_drifted", "1 if the newest check found drift.", labels=["model"])
        score = GaugeMetricFamily("allywise_model_score_psi", "PSI of the scores since training.", labels=["model"])
        share = GaugeMetricFamily(
            "allywise_model_features_drifted_share", "Share of the judged features that drifted.", labels=["model"]
        )
        gap = GaugeMetricFamily(
            "allywise_model_calibration_gap", "Predicted less realised share.", labels=["model", "horizon_days"]
        )
        for name, report in self._reports().items():
            drifted.add_metric([name], float(report["drifted"]))
            if report["score"] and report["score"]["psi"] is not None:
                score.add_metric([name], report["score"]["psi"])
            if report["features_judged"]:
                share.add_metric([name], report["features_drifted"] / report["features_judged"])
            for row in report["calibration"]:
                gap.add_metric([name, str(row["horizon_days"])], row["gap"])
        return [drifted, score, share, gap]

    def _reports(self) -> dict[str, dict[str, Any]]:
        try:
            found = {str(name): _newest(self._services, name) for name in ModelName}
        except CannotAnswer:  # the store is away: the process's own measurements are still wanted
            return {}
        return {name: check.report for name, check in found.items() if check is not None}


def measured_registry(services: Services) -> CollectorRegistry:
    """Return a Prometheus registry of what is looked up when asked for: memory of processes, drift of models."""
    registry = CollectorRegistry()
    registry.register(ProcessMetrics())
    registry.register(DriftMetrics(services))
    return registry
