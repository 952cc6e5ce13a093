"""How well anything could rank from the records: ``python -m benchmarks ceiling [--home HOME --truth FOLDER]``.

Models are taught the true probabilities themselves, by the service's features, and ranked for partners that they have
not seen. A service learns from one drawn outcome where these see its probability: what they miss, the features do not
tell. What is named beside the features ("and P(still there)") is from the truth, and shows where the rest lies.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import logit
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import GroupKFold

from benchmarks.expected import expected_auc
from benchmarks.workspace import Workspace
from benchmarks.worlds import WORLD_SETTINGS, Measured, default_words, imported
from domain.settings import Settings

Floats = npt.NDArray[np.float64]
_TREES = {
    "objective": "regression",
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_data_in_leaf": 20,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "verbosity": -1,
    "num_threads": 1,
    "seed": 1,
}
_ROUNDS, _FOLDS = 300, 5
_STIFF = (3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0)
_LEAST = 1e-3
_MOST_LEVELS = 40


def taught(features: pd.DataFrame, p: npt.ArrayLike, group: npt.ArrayLike) -> dict[str, Floats]:
    """Return log-odds of rows by models taught the true `p` of the rows of other groups.

    Parameters
    ----------
    features : DataFrame, shape (n, columns)
        Numbers (NaN missing) and categories.
    p : array-like, shape (n,)
        True probabilities.
    group : array-like, shape (n,)
        Partner of each row; all rows of one are held out together.

    Returns
    -------
    dict of str to ndarray
        ``trees``, ``ridge`` and ``both``, their mean.
    """
    y = logit(np.clip(np.asarray(p, dtype=float), _LEAST, 1 - _LEAST))
    by_trees, by_line = np.zeros(len(y)), np.zeros(len(y))
    named = features.set_axis([f"f{i}" for i in range(features.shape[1])], axis=1)
    named = named.astype(dict.fromkeys(named.select_dtypes(exclude="number"), "category"))
    line = _line(features)
    for train, test in GroupKFold(_FOLDS).split(line, groups=np.asarray(group)):
        trees = lgb.train(_TREES, lgb.Dataset(named.iloc[train], y[train]), _ROUNDS)
        by_trees[test] = np.asarray(trees.predict(named.iloc[test]))
        by_line[test] = RidgeCV(alphas=_STIFF).fit(line[train], y[train]).predict(line[test])
    return {"trees": by_trees, "ridge": by_line, "both": (by_trees + by_line) / 2}


def _line(features: pd.DataFrame) -> Floats:
    numbers = features.select_dtypes("number")
    words = features.drop(columns=numbers.columns)
    filled = numbers.fillna(numbers.median()).fillna(0.0)
    logged = np.sign(filled) * np.log1p(filled.abs())
    scaled = ((logged - logged.mean()) / (logged.std() + 1e-9)).to_numpy(float)
    blocks = [scaled, (scaled**2).clip(0, 9), numbers.isna().to_numpy(float)]
    few = [name for name in words if words[name].nunique() < _MOST_LEVELS]
    blocks += [pd.get_dummies(words[name].astype(str)).to_numpy(float) for name in few]
    return np.column_stack(blocks)


def _features(world: Measured, name: str, known: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return those rows of a table of the truth that the store knows, and the features of the model `name` for them."""
    from intelligence.features.build import build, learn_feature_set
    from intelligence.features.text import TextEncoder
    from store.engine import create_store_engine
    from store.history import load_history

    protected = json.loads(WORLD_SETTINGS["PROTECTED_ATTRIBUTES"])
    settings = Settings.model_validate({"home": world.work.home, "protected_attributes": protected})
    engine = create_store_engine(settings.store_url)
    with engine.connect() as connection:
        history = load_history(connection, world.end.tz_localize("UTC").to_pydatetime())
    ids = history.partners.set_index("external_id")["id"]
    known = known[known["partner"].isin(ids.index)].reset_index(drop=True)
    at = pd.to_datetime(known["as_of"], utc=True).dt.tz_localize(None).astype("datetime64[us]")
    subjects = pd.DataFrame({"partner_id": ids.loc[known["partner"]].to_numpy(), "as_of": at})
    text = TextEncoder(engine, settings)
    found = build(learn_feature_set(name, history, settings, text), history, subjects, text)
    engine.dispose()
    return known.assign(as_of=at), found


def churn(world: Measured) -> Iterator[str]:
    """Yield the rows of each horizon of the truth, ranked at the world's end."""
    known, features = _features(world, "churn", pd.read_parquet(world.truth_folder / "churn.parquet"))
    end = (known["as_of"] == world.end).to_numpy()
    for horizon in sorted(int(str(name).rsplit("_", 1)[1]) for name in known if str(name).startswith("p_inactive_")):
        p = known[f"p_inactive_{horizon}"].to_numpy(float)
        scores = taught(features, p, known["partner"])
        if "p_there" in known:
            there = known["p_there"].to_numpy(float)
            silent = np.clip((p - (1 - there)) / np.maximum(there, 1e-9), 1e-6, 1 - 1e-6)
            scores["both, and P(still there)"] = taught(features.assign(there=there), p, known["partner"])["both"]
            pace = np.log(-np.log(silent))
            scores["both, and the pace while there"] = taught(features.assign(pace=pace), p, known["partner"])["both"]
        yield from _rows(f"churn, {horizon} days", p, scores, end)


def fit(world: Measured) -> Iterator[str]:
    """Yield the rows of those not recruited at the world's end."""
    known, features = _features(world, "fit", pd.read_parquet(world.truth_folder / "fit.parquet"))
    p, asked = known["p_productive"].to_numpy(float), (known["as_of"] == world.end).to_numpy()
    yield from _rows("fit", p, taught(features, p, known["partner"]), asked)


def _rows(title: str, p: Floats, scores: dict[str, Floats], asked: npt.NDArray[np.bool_]) -> Iterator[str]:
    best = expected_auc(p[asked], p[asked])
    for name, score in scores.items():
        auc = expected_auc(score[asked], p[asked])
        yield f"| {title} | {name} | {len(p):,} | {int(asked.sum()):,} | {auc:.4f} | {best:.4f} | {best - auc:.4f} |"


def main(arguments: list[str] | None = None) -> str:
    """Measure the home that the command line names, or worlds of both kinds; return the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks ceiling", description=__doc__)
    parser.add_argument("--home", type=Path, help="home into which a world is imported; needs --truth")
    parser.add_argument("--truth", type=Path, help="folder of the truth of --home")
    options = parser.parse_args(arguments)
    if options.home:
        return _table(Measured(Workspace(options.home, WORLD_SETTINGS), options.truth))
    parts = []
    for kind in ("demo", "rival"):
        words = default_words(kind)
        with imported(kind, words) as world:
            parts.append(f"### {kind}: `{' '.join(words)}`\n\n{_table(world)}")
    return "\n\n".join(parts)


def _table(world: Measured) -> str:
    head = ["| | taught the truth of other partners | rows | judged | expected AUC | of the oracle | difference |"]
    return "\n".join([*head, "|---|---|---:|---:|---:|---:|---:|", *churn(world), *fit(world)])
