"""Boosters fitted by the workers of a Dask cluster: each by one of them, or each by all on shares of the rows."""

import re
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from io import StringIO
from typing import Any, TypeVar

import numpy as np

from domain.errors import CannotAnswer
from intelligence.engine_dask import DaskEngine
from models.fitting import BoosterFit, BoosterRows, fit_booster

SHARED_ROWS = 200_000
"""From so many rows on, a booster is fitted by all workers on shares of the rows (`lightgbm.dask`)."""

_TRIES = 3
_WAIT_SECONDS = 60
_PAUSE_SECONDS = 2.0
_SOCKET_MINUTES = 1
_SKLEARN_NAMES = {
    "min_data_in_leaf": "min_child_samples",
    "min_sum_hessian_in_leaf": "min_child_weight",
    "lambda_l2": "reg_lambda",
    "feature_fraction": "colsample_bytree",
    "bagging_fraction": "subsample",
    "bagging_freq": "subsample_freq",
    "seed": "random_state",
}
"""What `lightgbm.dask` calls parameters of LightGBM that its classes have a default for."""
_NETWORK = {"num_machines": "1", "local_listen_port": "12400", "machines": ""}
"""What stands in the text of a model that was fitted alone."""

Result = TypeVar("Result")


class DaskFitter:
    """Fits boosters on a cluster; a `models.fitting.Fitter`.

    Parameters
    ----------
    engine : DaskEngine
        Whose workers fit.
    shared_rows : int
        With fewer rows each booster is fitted whole by one worker, several at a time: to the bit as here with one
        thread. With as many or more, all workers fit one booster after the other, each on its share of the rows
        (data-parallel): as good, but not the same to the bit, nor from run to run, as sums are taken in another order.

    Notes
    -----
    When a worker is lost, the fit begins anew on those that are left, up to three times.
    """

    def __init__(self, engine: DaskEngine, shared_rows: int = SHARED_ROWS) -> None:
        self._engine = engine
        self._shared_rows = shared_rows
        self._n_whole = self._n_shared = 0

    @property
    def sentence(self) -> str:
        """Who fitted what, for the model's manifest."""
        return (
            f"Trained on a Dask cluster: features in pieces; {self._n_whole:,} boosters fitted whole by a worker each, "
            f"{self._n_shared:,} by all workers on shares of the rows (lightgbm.dask, tree_learner=data)."
        )

    def __call__(self, rows: BoosterRows, fits: Sequence[BoosterFit]) -> list[str]:
        """Return each booster in LightGBM's text form."""
        if len(rows.y) < self._shared_rows:
            self._n_whole += len(fits)
            return self._insisted(lambda: self._whole(rows, fits))
        self._n_shared += len(fits)
        return [self._insisted(lambda fit=fit: self._in_shares(rows, fit)) for fit in fits]  # type: ignore[misc]

    def _whole(self, rows: BoosterRows, fits: Sequence[BoosterFit]) -> list[str]:
        client = self._engine.client
        everywhere = client.scatter(rows, broadcast=True, hash=False)
        futures = [client.submit(fit_booster, everywhere, fit, pure=False) for fit in fits]
        try:
            return [str(text) for text in client.gather(futures)]
        finally:
            client.cancel(futures)

    def _in_shares(self, rows: BoosterRows, fit: BoosterFit) -> str:
        from lightgbm.dask import DaskLGBMRegressor

        client = self._engine.client
        workers = sorted(client.scheduler_info()["workers"])
        bounds = np.linspace(0, len(rows.y), len(workers) + 1).astype(int)

        def shared(values: np.ndarray) -> Any:
            return _in_parts(client, values, bounds, workers)

        params = {_SKLEARN_NAMES.get(name, name): value for name, value in fit.params.items()}
        params.pop("num_threads", None)  # a worker has as many as its cluster gave it
        # A regressor by name only: the objective is that of the parameters, and outcomes stay as they are.
        model = DaskLGBMRegressor(
            client=client, n_estimators=fit.rounds, tree_learner="data", time_out=_SOCKET_MINUTES, **params
        )
        start = None if rows.start is None else shared(rows.start)
        x, y, weight = (shared(values) for values in (rows.matrix, rows.y, fit.weight))
        with _quiet():
            model.fit(
                x, y, sample_weight=weight, init_score=start,
                feature_name=rows.names, categorical_feature=rows.categories,
            )  # fmt: skip
        return _without_machines(model.booster_.model_to_string())

    def _insisted(self, fit: Callable[[], Result]) -> Result:
        from distributed import KilledWorker
        from lightgbm.basic import LightGBMError

        client = self._engine.client
        for left in reversed(range(_TRIES)):
            client.wait_for_workers(1, timeout=_WAIT_SECONDS)
            try:
                return fit()
            except (LightGBMError, CancelledError, KilledWorker, OSError) as error:
                if not left:
                    raise CannotAnswer(f"Boosters could not be fitted on the cluster: {error}") from error
                time.sleep(_PAUSE_SECONDS)  # until the scheduler has noticed who is gone
                client.run(_leave_network, on_error="ignore")
        raise AssertionError  # never reached


def _leave_network() -> None:
    """Forget the machines of a fit that failed: LightGBM keeps its sockets for the whole process."""
    basic = import_module("lightgbm.basic")
    basic._safe_call(basic._LIB.LGBM_NetworkFree())


def _without_machines(text: str) -> str:
    """Take addresses out of a model: they are nobody's business, and another run of the same has others."""
    for name, alone in _NETWORK.items():
        text = re.sub(rf"^\[{name}: .*\]$", f"[{name}: {alone}]", text, flags=re.MULTILINE)
    return text


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep off the terminal what lightgbm.dask says of ports and of a parameter that it sets itself."""
    with warnings.catch_warnings(), redirect_stdout(StringIO()):
        warnings.filterwarnings("ignore", message="Parameter n_jobs will be ignored")
        yield


def _in_parts(client: Any, values: np.ndarray, bounds: np.ndarray, workers: Sequence[str]) -> Any:
    """Return rows as a Dask array, each worker's share already there."""
    dask, arrays = import_module("dask"), import_module("dask.array")
    parts = []
    for worker, start, stop in zip(workers, bounds[:-1], bounds[1:], strict=True):
        share = np.ascontiguousarray(values[start:stop])
        (there,) = client.scatter([share], workers=[worker], hash=False)
        parts.append(arrays.from_delayed(dask.delayed(there), share.shape, share.dtype))
    return arrays.concatenate(parts)
