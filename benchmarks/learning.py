"""Learning curves: how good with how many outcomes. ``python -m benchmarks learning-curve``.

Programmes are imported by the command; their training tasks make the data sets. Rows to learn from are subsampled, the
test rows stay the same, and the service's estimator stands beside what one would try first.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks import fintro, ibm
from benchmarks.workspace import ROOT, Workspace, just_before, workspace
from domain.settings import Settings
from training.dataset import Dataset

Floats = npt.NDArray[np.float64]
SIZES = (0, 10, 40, 200, 1_000, 10_000)
_MOST_TEST = 4_000
_PICTURE = "learning-curve.svg"
Method = Callable[[Dataset, Dataset], Floats]


@dataclass(frozen=True, eq=False)
class Case:
    """A data set as training makes it, cut into rows to learn from and rows to test on."""

    name: str
    pool: Dataset
    test: Dataset


def _dataset(work: Workspace, model: str, as_of: str) -> Dataset:
    """Return the data set that training of `model` would use as of an instant."""
    from datetime import UTC, datetime

    from intelligence.features.text import TextEncoder
    from store.engine import create_store_engine
    from store.history import load_history
    from training.fit import fit_dataset
    from training.match import MatchTask
    from training.task import TrainingContext

    instant = datetime.fromisoformat(as_of).replace(tzinfo=UTC)
    chosen = {name.lower(): json.loads(text) if text[:1] == "[" else text for name, text in work.settings.items()}
    settings = Settings.model_validate({"home": work.home, **chosen})
    engine = create_store_engine(settings.store_url)
    with engine.connect() as connection:
        history = load_history(connection, instant)
    context = TrainingContext(settings, TextEncoder(engine, settings), instant)
    found = fit_dataset(history, context)[1] if model == "fit" else MatchTask().prepare(history, context).dataset
    engine.dispose()
    return found.known_by(context.until)


def ibm_case() -> Case:
    """Return ibm, variant B: a fifth of the opportunities to test on, by the protocol's fold."""
    rows = ibm.read_opportunities().sample(24_000, random_state=1).reset_index(drop=True)
    with workspace() as work:
        work.run("import", ibm.convert(work.home.parent / "programme", rows, with_amount=False))
        data = _dataset(work, "match", "2015-01-02T00:00:00")
    rng = np.random.default_rng(1)
    order = rng.permutation(len(data))
    return Case("ibm-sales-win-loss B", data.take(order[_MOST_TEST:]), data.take(order[:_MOST_TEST]))


def fintro_case() -> Case:
    """Return fintro: the latest quarter of the applications to test on, an embargo before it."""
    rows = fintro.read_applications()
    last = rows["at"].max() + pd.Timedelta(days=200)
    settings = {
        "FIT_OUTCOME": "attributes.business_sourced",
        "FIT_HORIZON_DAYS": "92",
        "PROTECTED_ATTRIBUTES": '["Applicant_Gender", "Applicant_BirthDate", "Manager_Gender", "Manager_DoB"]',
    }
    with workspace(settings) as work:
        work.run("import", fintro.convert(work.home.parent / "programme", rows, last))
        data = _dataset(work, "fit", just_before(str(last.date())))
    return _by_time("fintro", data)


def demo_case() -> Case:
    """Return offers of leads in the demo programme: the latest quarter to test on."""
    with workspace() as work:
        folder, truth = work.home.parent / "records", work.home.parent / "truth"
        command = [sys.executable, "-m", "demo", str(folder), "--truth", str(truth), "--seed", "11"]
        end = ["--end", "2026-11-20T00:00:00+00:00"]
        subprocess.run([*command, *end], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        work.run("import", folder)
        data = _dataset(work, "match", "2026-11-20T00:00:00")
    return _by_time("demo programme, match", data)


def _by_time(name: str, data: Dataset) -> Case:
    cut = np.sort(data.as_of)[int(0.75 * len(data))]
    test = np.flatnonzero(data.as_of >= cut)
    drawn = np.sort(np.random.default_rng(1).permutation(test)[:_MOST_TEST])
    return Case(name, data.take(np.flatnonzero(data.known_at < cut)), data.take(drawn))


# --- methods ----------------------------------------------------------------------------------


def ours(train: Dataset, test: Dataset) -> Floats:
    """Return what the service's estimator says, fitted as training fits it."""
    from models.probability import ProbabilityModel

    repeated = len(np.unique(train.group)) < len(train)
    model = ProbabilityModel(seed=7, threads=1, members=0).fit(
        train.features,
        train.label,
        as_of=train.as_of,
        group=train.group,
        weight=train.weight,
        embargo_days=float(train.horizon_days) if repeated else 0.0,
    )
    return np.asarray(model.predict(test.features).p, dtype=np.float64)


def prior_rate(train: Dataset, test: Dataset) -> Floats:
    """Return the rate of the rows, with half an event and half a non-event added."""
    return np.full(len(test), (train.label.sum() + 0.5) / (len(train) + 1))


def segment_rate(train: Dataset, test: Dataset) -> Floats:
    """Return rates by the words of the column that tells most (leave-one-out log loss), shrunk by 20 rows."""
    p = prior_rate(train, test)
    if not len(train):
        return p
    rate = float(p[0])
    best = float(_loss(train.label, np.full(len(train), rate)).mean())
    for name in train.features.select_dtypes("category"):
        words = train.features[name].astype(object).fillna("(none)")
        sums = pd.Series(train.label).groupby(words.to_numpy()).agg(["sum", "size"])
        mine = sums.reindex(words)
        out = (mine["sum"].to_numpy() - train.label + 20 * rate) / (mine["size"].to_numpy() - 1 + 20)
        loss = float(_loss(train.label, out).mean())
        if loss < best:
            table = (sums["sum"] + 20 * rate) / (sums["size"] + 20)
            asked = test.features[name].astype(object).fillna("(none)")
            best = loss
            p = np.asarray(asked.map(table).astype(float).fillna(rate), dtype=np.float64)
    return p


def logistic(train: Dataset, test: Dataset) -> Floats:
    """Return scikit-learn's logistic regression: words one-hot, numbers standardised, medians for gaps."""
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    words = list(train.features.select_dtypes("category"))
    numbers = [name for name in train.features if name not in words and train.features[name].notna().any()]
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
        (OneHotEncoder(handle_unknown="ignore"), words),
    )
    model = make_pipeline(columns, LogisticRegression(max_iter=500))
    plain = dict.fromkeys(words, str)
    model.fit(train.features.astype(plain), train.label)
    return np.asarray(model.predict_proba(test.features.astype(plain)))[:, 1]


def lightgbm(train: Dataset, test: Dataset) -> Floats:
    """Return LightGBM's defaults with native categories."""
    from lightgbm import LGBMClassifier

    names = {name: f"c{number}" for number, name in enumerate(train.features)}
    shared = {
        name: pd.CategoricalDtype(train.features[name].cat.categories)
        for name in train.features.select_dtypes("category")
    }
    model = LGBMClassifier(verbose=-1, n_jobs=1, random_state=7)
    model.fit(train.features.astype(shared).rename(columns=names), train.label)
    given = model.predict_proba(test.features.astype(shared).rename(columns=names))
    return np.asarray(given)[:, 1]


_NEEDS_BOTH: Mapping[str, Method] = {"logistic": logistic, "LightGBM defaults": lightgbm}
BASELINES: Mapping[str, Method] = {"prior rate": prior_rate, "shrunk segment rate": segment_rate, **_NEEDS_BOTH}


# --- curve ------------------------------------------------------------------------------------


def curve(case: Case, sizes: Sequence[int], draws: int) -> pd.DataFrame:
    """Return a row per size and method: log loss, its spread over draws, AUC, and how ours differs from it.

    Parameters
    ----------
    case : Case
        Rows to learn from and to test on.
    sizes : sequence of int
        Outcomes to learn from; those beyond the pool become all of it.
    draws : int
        Random subsamples per size; fewer where a subsample is most of the pool.
    """
    rows: list[dict[str, object]] = []
    for size in sorted({min(size, len(case.pool)) for size in sizes}):
        repeats = 1 if size in (0, len(case.pool)) else draws if size <= 1_000 else max(1, draws // 2)
        losses: dict[str, list[Floats]] = {}
        aucs: dict[str, list[float]] = {}
        for draw in range(repeats):
            picked = np.random.default_rng([draw, size]).permutation(len(case.pool))[:size]
            train = case.pool.take(np.sort(picked))
            one_class = not 0 < train.label.sum() < len(train)
            for name, method in {"allywise": ours, **BASELINES}.items():
                p = (prior_rate if one_class and name in _NEEDS_BOTH else method)(train, case.test)
                losses.setdefault(name, []).append(_loss(case.test.label, p))
                aucs.setdefault(name, []).append(_auc(case.test.label, p))
        rows += _figures(case.name, size, losses, aucs)
        print(f"{case.name}: {size:,} outcomes done", file=sys.stderr, flush=True)
    return pd.DataFrame(rows)


def _figures(
    name: str, size: int, losses: Mapping[str, list[Floats]], aucs: Mapping[str, list[float]]
) -> list[dict[str, object]]:
    mine = np.array(losses["allywise"])
    found: list[dict[str, object]] = []
    for method, each in losses.items():
        of = np.array(each)
        means, gap = of.mean(axis=1), mine - of
        # rows are drawn, and so are subsamples: both make noise
        error = np.sqrt(gap.mean(axis=0).var() / gap.shape[1] + gap.mean(axis=1).var() / len(gap))
        found.append(
            {
                "set": name,
                "n": size,
                "method": method,
                "loss": float(means.mean()),
                "least": float(means.min()),
                "most": float(means.max()),
                "auc": float(np.mean(aucs[method])),
                "gap": float(gap.mean()),
                "error": float(error),
            }
        )
    return found


def _loss(y: Floats, p: Floats) -> Floats:
    q = np.clip(p, 1e-6, 1 - 1e-6)
    return np.asarray(-(y * np.log(q) + (1 - y) * np.log(1 - q)))


def _auc(y: Floats, p: Floats) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(y, p))


def table(found: pd.DataFrame) -> str:
    """Return the Markdown table of one or more curves."""
    rows = [
        "| set | outcomes | allywise | best baseline | its log loss | difference, 95 % | AUC, allywise | AUC, best |",
        "|---|---:|---:|---|---:|---:|---:|---:|",
    ]
    for (name, size), part in found.groupby(["set", "n"], sort=False):
        mine = part[part["method"] == "allywise"].iloc[0]
        rest = part[part["method"] != "allywise"]
        best = rest.sort_values("loss").iloc[0]
        spread = f"{mine['loss']:.4f} ({mine['least']:.4f}–{mine['most']:.4f})"
        beyond = " worse" if best["gap"] > 1.96 * best["error"] and best["gap"] > 1e-9 else ""
        rows.append(
            f"| {name} | {size:,} | {spread} | {best['method']} | {best['loss']:.4f} "
            f"| {best['gap']:+.4f} ± {1.96 * best['error']:.4f}{beyond} | {mine['auc']:.4f} | {rest['auc'].max():.4f} |"
        )
    return "\n".join(rows)


def picture(found: pd.DataFrame, path: Path) -> None:
    """Draw log loss over the number of outcomes, a panel a set, as SVG."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    names = list(found["set"].unique())
    figure, axes = plt.subplots(1, len(names), figsize=(4.2 * len(names), 3.4), squeeze=False, layout="constrained")
    for axis, name in zip(axes[0], names, strict=True):
        for method, part in found[found["set"] == name].groupby("method", sort=False):
            bold = method == "allywise"
            x, y = part["n"].to_numpy(float) + 1, part["loss"].to_numpy(float)
            axis.plot(x, y, marker="o", ms=3, lw=2.2 if bold else 1, label=str(method), zorder=3 if bold else 2)
            axis.fill_between(x, part["least"].to_numpy(float), part["most"].to_numpy(float), alpha=0.12)
        mine = found[(found["set"] == name) & (found["method"] != "LightGBM defaults")]["loss"]
        axis.set(xscale="log", xlabel="outcomes + 1", title=name, ylim=(mine.min() - 0.02, min(mine.max(), 1.0) + 0.02))
    axes[0][0].set_ylabel("log loss on the same test rows")
    axes[0][-1].legend(fontsize=7)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


_CASES: Mapping[str, Callable[[], Case]] = {"ibm": ibm_case, "fintro": fintro_case, "demo": demo_case}


def main(arguments: list[str] | None = None) -> str:
    """Compute the curves that the command line names; return their table, draw their picture."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks learning-curve", description="Learning curves.", allow_abbrev=False
    )
    parser.add_argument("--set", action="append", choices=sorted(_CASES), dest="sets", help="default: all")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--draws", type=int, default=5, help="random subsamples per size")
    parser.add_argument("--picture", type=Path, default=ROOT / "docs" / _PICTURE)
    options = parser.parse_args(arguments or [])
    parts = [curve(_CASES[name](), options.sizes, options.draws) for name in options.sets or _CASES]
    found = pd.concat(parts, ignore_index=True)
    picture(found, options.picture)
    return f"![Learning curves]({options.picture.name})\n\n{table(found)}"
