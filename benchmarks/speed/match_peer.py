"""Our match model as MLflow serves Python functions."""

import warnings
from pathlib import Path
from typing import Any

import pandas as pd

from models.match import MatchModel

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # MLflow warns of its own classes as they are imported
    from mlflow.pyfunc.model import PythonModel


class Whole(PythonModel):  # type: ignore[misc, name-defined, unused-ignore]  # MLflow has no types
    """P(win) with interval of the whole model, of rows of pair features."""

    def load_context(self, context: Any) -> None:
        """Load the model once."""
        self._model = MatchModel.load(Path(context.artifacts["model"]))

    def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> pd.DataFrame:  # noqa: ARG002
        """Return p, low and high."""
        texts = model_input.select_dtypes(exclude="number").columns
        kinds = {name: "category" if name in texts else "float64" for name in model_input}
        found = self._model.predict(model_input.astype(kinds))
        return pd.DataFrame({"p": found.p, "low": found.low, "high": found.high})
