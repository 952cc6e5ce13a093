"""Generated worlds: the service's answers beside known probabilities. ``python -m benchmarks worlds``.

Everything that is measured comes out of the public commands: generate, import, train, score, match, recommend, export.
With ``--home`` and ``--truth`` a home that is imported and (partly) trained already is measured as it is.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import peers_match, peers_recommend
from benchmarks.commands import measured
from benchmarks.expected import COVERAGE_HEAD, coverage_rows, expected_auc, expected_ndcg
from benchmarks.workspace import ROOT, Workspace, workspace
from benchmarks.worlds_claims import claims

WORLD_SETTINGS = {"PROTECTED_ATTRIBUTES": '["owner_group"]'}
_GENERATORS = {"demo": "demo", "rival": "benchmarks.rival"}
_DEFAULTS = {
    "demo": (
        29,
        "--partners 900 --leads 8000 --deals 6000 --activities 150000 --products 7 --programs 3 --match-effect 1.1 "
        "--fit-effect 1.2 --churn-effect 0.9 --taste-effect 1.1 --text-signal 0.8 --policy-bias 1.3",
    ),
    "rival": (67, "--partners 700 --leads 7000 --offers 40 --favourites 0.6 --dropout 1.2"),
}
"""Seed and sizes: others than the demo's own, and than those of the worlds that models were made with."""
_END = "2026-11-20T00:00:00+00:00"  # the same world whenever the command runs
MODELS = ("churn", "fit", "match", "recommend")


@dataclass
class Measured:
    """A home with a world in it, the world's truth, and what each command took.

    Parameters
    ----------
    work : Workspace
        The home.
    truth_folder : Path
        Folder of the true probabilities.
    """

    work: Workspace
    truth_folder: Path
    costs: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Read the world's end."""
        spec = json.loads((self.truth_folder / "manifest.json").read_text())["spec"]
        self.as_of, self.leads = str(spec["end"]), int(spec["leads"])
        self.end = pd.Timestamp(self.as_of).tz_convert("UTC").tz_localize(None)

    def truth(self, name: str) -> pd.DataFrame:
        """Return a table of the truth; at the world's end where it has several instants."""
        frame = pd.read_parquet(self.truth_folder / f"{name}.parquet")
        return frame[pd.to_datetime(frame["as_of"]) == self.end] if name in ("churn", "recommend") else frame

    def run(self, *arguments: str | Path) -> None:
        """Run a command, note its time and memory."""
        seconds, memory = measured(self.work, *arguments)
        shown = " ".join(str(word) for word in arguments if not isinstance(word, Path) and word != self.as_of)
        self.costs.append(
            f"| `{shown.removesuffix(' --out').replace(' --as-of', '')}` | {seconds:.0f} | {memory:,.0f} |"
        )

    def answer(self, *arguments: str | Path) -> pd.DataFrame:
        """Return the file that a predicting command writes at the world's end."""
        out = self.work.home / "answer.parquet"
        self.run(*arguments, "--as-of", self.as_of, "--out", out)
        return pd.read_parquet(out)

    def trained(self) -> set[str]:
        """Return the names of the models that have a version."""
        listed = self.work.run("models", "list").splitlines()
        return {name for name in MODELS if any(line.startswith(f"{name}/") for line in listed)}


def churn(world: Measured) -> str:
    """Compare P(inactive) at each horizon of the truth with it, and its ranking with the oracle's."""
    rows: list[str] = []
    ranks = ["| horizon, days | expected AUC | of the oracle | difference | served by |", "|---:|---:|---:|---:|---|"]
    known = world.truth("churn")
    names = [str(name) for name in known if str(name).startswith("p_inactive_")]
    for horizon in sorted(int(name.rsplit("_", 1)[1]) for name in names):
        both = world.answer("score", "churn", "--horizon", str(horizon)).merge(known, on="partner")
        true = f"p_inactive_{horizon}"
        rows += coverage_rows(f"churn, p_inactive {horizon} days", both, "p_inactive", true)
        ranks.append(_auc_row(str(horizon), both, "p_inactive", true))
    return _tables(rows, ranks)


def fit(world: Measured) -> str:
    """Compare P(productive) of those not recruited yet."""
    known = world.truth("fit")
    known = known[pd.to_datetime(known["as_of"]) == world.end]
    both = world.answer("score", "fit").merge(known, on="partner", suffixes=("_ours", ""))
    ranks = ["| | expected AUC | of the oracle | difference | served by |", "|---|---:|---:|---:|---|"]
    ranks.append(_auc_row("fit", both, "p_productive_ours", "p_productive"))
    return _tables(list(coverage_rows("fit, p_productive", both, "p_productive_ours", "p_productive")), ranks)


def _auc_row(title: str, both: pd.DataFrame, p: str, true: str) -> str:
    ours, oracle = expected_auc(both[p], both[true]), expected_auc(both[true], both[true])
    served = ", ".join(sorted(both["model_version"].astype(str).unique()))
    return f"| {title} | {ours:.4f} | {oracle:.4f} | {oracle - ours:.4f} | {served} |"


def _tables(rows: list[str], *others: list[str]) -> str:
    parts = ["\n".join([COVERAGE_HEAD, *rows]), *("\n".join(other) for other in others)]
    return "\n\n".join(parts)


def match(world: Measured) -> str:
    """Compare P(win) of open leads, and who gets them under each policy."""
    known = world.truth("match")
    ranked = world.answer("match", "--open", "--top", "100000")
    both = ranked.merge(known[known["open"]], on=["lead", "partner"], suffixes=("_ours", ""))
    policies = history_policy(known) | _policies(world, known[known["open"]], ranked, world.end)
    rows = list(coverage_rows("match, p_win of open leads", both, "p_win_ours", "p_win"))
    return _tables(rows, policy_rows(policies, "open leads"))


@dataclass(frozen=True)
class Rerouted:
    """The newest routed leads of the truth, ranked again by models trained as of the first of them.

    Parameters
    ----------
    past : Measured
        The copy of the home in which that was done.
    known : DataFrame
        Truth of these leads with every active partner.
    ranked : DataFrame
        Answers of ``match``, each lead as of its arrival.
    first : Timestamp
        Arrival of the first of them, naive UTC.
    """

    past: Measured
    known: pd.DataFrame
    ranked: pd.DataFrame
    first: pd.Timestamp


@contextmanager
def rerouted(world: Measured) -> Iterator[Rerouted]:
    """Route the newest routed leads again: trained as of the first, each matched as of its arrival, in a copy.

    Many more leads than wait at the end, and the same ones for the historical policy.
    """
    known = world.truth("match")
    known = known[~known["open"]]
    arrived = known.groupby("lead")["as_of"].min().sort_values()
    known = known[known["lead"].isin(arrived.index[-max(100, world.leads // 6) :])]  # earlier ones are to learn from
    first = pd.Timestamp(known["as_of"].min()).floor("s")
    with tempfile.TemporaryDirectory(prefix="allywise-bench-") as folder:
        copy = Path(folder) / "home"
        copy.mkdir()
        shutil.copy(world.work.home / "allywise.db", copy)
        past = Measured(Workspace(copy, world.work.settings), world.truth_folder)
        past.run("train", "match", "--as-of", f"{first.isoformat()}+00:00")
        leads, out = copy / "leads.csv", copy / "answer.parquet"
        every = peers_match.read(exported(world), "leads")
        every[every["external_id"].isin(known["lead"])].to_csv(leads, index=False)
        past.run("match", "--leads", leads, "--top", "100000", "--as-of", "created_at", "--out", out)
        yield Rerouted(past, known, pd.read_parquet(out), first)
    world.costs += past.costs


def newest(world: Measured) -> str:
    """Compare P(win) of the newest routed leads, and who gets them under each policy."""
    with rerouted(world) as again:
        both = again.ranked.merge(again.known, on=["lead", "partner"], suffixes=("_ours", ""))
        policies = history_policy(again.known) | _policies(world, again.known, again.ranked, again.first)
    rows = list(coverage_rows("match, p_win of the newest leads", both, "p_win_ours", "p_win"))
    return _tables(rows, policy_rows(policies, "newest routed leads"))


def _policies(
    world: Measured, known: pd.DataFrame, ranked: pd.DataFrame, trained_at: pd.Timestamp
) -> dict[str, pd.Series]:
    """Return the true P(win) of the partner that each policy puts first, by lead."""
    eligible = known[known["eligible"]].reset_index(drop=True)
    policies = {"any eligible partner": eligible.groupby("lead")["p_win"].mean()}
    records = peers_match.Records(exported(world), trained_at)
    taught = records.pairs(records.offers["lead"], records.offers["partner"])
    asked = records.pairs(eligible["lead"], eligible["partner"])
    bayes = peers_match.NaiveBayes().fit(taught, records.offers["won"])
    trees = peers_match.PlainTrees().fit(taught, records.offers)
    policies["Odoo's naive Bayes on pairs"] = _first(eligible, bayes.score(asked))
    policies["plain LightGBM on pairs"] = _first(eligible, trees.score(asked, eligible["as_of"]))
    first = ranked.sort_values("rank").drop_duplicates("lead")[["lead", "partner"]].merge(known, on=["lead", "partner"])
    served = first.set_index("lead")["p_win"].reindex(policies["any eligible partner"].index).fillna(0.0)
    versions = ", ".join(sorted(ranked["model_version"].astype(str).unique()))
    return policies | {f"**allywise** ({versions})": served, "oracle": eligible.groupby("lead")["p_win"].max()}


def history_policy(known: pd.DataFrame) -> dict[str, pd.Series]:
    """Return what the historical policy would win with each lead that it was seen or not seen to route.

    By its propensities where they are known; for open leads its place between chance and oracle is carried over.
    """
    eligible = known[known["eligible"]]
    groups = eligible.groupby("lead")
    chance, best = groups["p_win"].mean(), groups["p_win"].max()
    total = groups["propensity"].sum()
    mean = (eligible["propensity"] * eligible["p_win"]).groupby(eligible["lead"]).sum() / total
    routed = total[total > 0].index
    place = (mean[routed].mean() - chance[routed].mean()) / (best[routed].mean() - chance[routed].mean())
    return {"historical policy": mean.where(total > 0, chance + place * (best - chance))}


def exported(world: Measured) -> Path:
    """Return the store in the import format."""
    folder = world.work.home / "exported"
    if not folder.exists():
        world.run("export", folder)
    return folder


def _first(eligible: pd.DataFrame, score: np.ndarray) -> pd.Series:
    best = eligible.assign(score=score).sort_values("score", ascending=False).drop_duplicates("lead")
    return best.set_index("lead")["p_win"]


def gap_closed(p: pd.Series, start: pd.Series, oracle: pd.Series) -> tuple[float, float]:
    """Return how much of the way from `start` to `oracle` a policy goes, and the standard error over leads."""
    gap = (oracle - start).mean()
    share = float((p - start).mean() / gap)
    return share, float(((p - start) - share * (oracle - start)).std() / np.sqrt(len(oracle)) / gap)


def policy_rows(policies: dict[str, pd.Series], what: str) -> list[str]:
    """Return the routing table: mean true P(win) of the first-ranked, and the share of the gap closed.

    Parameters
    ----------
    policies : dict of str to Series
        True P(win) of the partner that each policy puts first, by lead; among them "historical policy" and "oracle".
    what : str
        Which leads.
    """
    oracle = policies["oracle"]
    start = policies["historical policy"].reindex(oracle.index)
    start = start.fillna(start.mean())
    rows = [f"| who gets the lead ({len(oracle):,} {what}) | mean true p_win | gap closed | standard error |"]
    rows.append("|---|---:|---:|---:|")
    for name, each in policies.items():
        p = start if name == "historical policy" else each.reindex(oracle.index)
        share, error = gap_closed(p, start, oracle)
        rows.append(f"| {name} | {p.mean():.4f} | {share:.1%} | {error:.1%} |")
    return rows


def recommend(world: Measured) -> str:
    """Compare P(engage), and the order of assets and offers with that of the peers."""
    known = world.truth("recommend")
    parts: list[list[str]] = []
    rows: list[str] = []
    events = peers_match.read(exported(world), "activities")
    events["occurred_at"] = peers_match.naive(events["occurred_at"])
    for kind in ("asset", "offer"):
        ours = world.answer("recommend", "--kind", kind, "--top", "10000")
        both = ours.merge(known[known["kind"] == kind], on=["partner", "item"], suffixes=("_ours", ""))
        rows += coverage_rows(f"recommend, p_engage of {kind}s", both, "p_engage_ours", "p_engage")
        table = known[(known["kind"] == kind) & known["available"]]
        named = events.dropna(subset=[kind]).rename(columns={kind: "item"}) if kind in events else events.iloc[:0]
        parts.append(_recommend_rows(world, kind, ours, table, named))
    return _tables(rows, *parts)


def _recommend_rows(
    world: Measured, kind: str, ours: pd.DataFrame, table: pd.DataFrame, events: pd.DataFrame
) -> list[str]:
    partners, items = pd.Index(table["partner"].unique()), pd.Index(table["item"].unique())
    grid = table.pivot(index="partner", columns="item", values="p_engage").reindex(index=partners, columns=items)
    seen = table.pivot(index="partner", columns="item", values="seen").reindex(index=partners, columns=items)
    gain = np.where(seen.to_numpy(dtype=bool), np.nan, grid.to_numpy(float))
    later = _later(world, kind, partners, items, gain)
    own = ours.assign(score=-ours["rank"]).pivot(index="partner", columns="item", values="score")
    own = own.reindex(index=partners, columns=items).fillna(-np.inf)
    rng = np.random.default_rng(0)
    lists = [("random", rng.random(gain.shape)), *peers_recommend.scores(events, partners, items, world.end)]
    version = ours["model_version"].astype(str).iloc[0] if len(ours) else "nothing"
    rows = [f"| {kind}s ({len(partners):,} partners) | expected NDCG@10 | NDCG@10 of what came |", "|---|---:|---:|"]
    for name, score in [*lists, (f"**allywise** ({version})", own.to_numpy(float)), ("oracle", np.nan_to_num(gain))]:
        came = "–" if later is None else f"{_mean_ndcg(score, later):.4f}"
        rows.append(f"| {name} | {_mean_ndcg(score, gain):.4f} | {came} |")
    return rows


def _later(world: Measured, kind: str, partners: pd.Index, items: pd.Index, gain: np.ndarray) -> np.ndarray | None:
    """Return what was engaged with in the window after the end (0/1, NaN where seen before), where that is known."""
    path = world.truth_folder / "later.parquet"
    if not path.exists():
        return None
    frame = pd.read_parquet(path)
    frame = frame[(frame["kind"] == kind) & frame["partner"].isin(partners) & frame["item"].isin(items)]
    out = np.where(np.isnan(gain), np.nan, 0.0)
    out[partners.get_indexer(pd.Index(frame["partner"])), items.get_indexer(pd.Index(frame["item"]))] += 1.0
    return out


def _mean_ndcg(score: np.ndarray, gain: np.ndarray) -> float:
    """Return the mean over partners that have anything to gain; columns with NaN gain are no candidates."""
    figures = []
    for own, of in zip(score, gain, strict=True):
        candidate = ~np.isnan(of)
        order = np.argsort(-own[candidate], kind="stable")
        figures.append(expected_ndcg(of[candidate][order], of[candidate]))
    return float(np.nanmean(figures)) if figures else float("nan")


_PARTS: dict[str, Callable[[Measured], str]] = {"churn": churn, "fit": fit, "match": match, "recommend": recommend}


def report(world: Measured, models: list[str], *, newest_leads: bool) -> str:
    """Measure those of `models` (or all) that have a version; return all tables and the costs."""
    trained = world.trained() & (set(MODELS) if "all" in models else set(models))
    parts = [f"**{name}**\n\n{_PARTS[name](world)}" for name in MODELS if name in trained]
    if newest_leads and {"all", "match"} & set(models):
        parts.append(f"**match, newest routed leads**\n\n{newest(world)}")
    costs = ["| command | seconds | peak memory, MiB |", "|---|---:|---:|", *world.costs]
    shown = claims("\n\n".join(parts), world.leads)
    return "\n\n".join([f"**claims**\n\n{shown}", *parts, "**costs**\n\n" + "\n".join(costs)])


@contextmanager
def imported(kind: str, sizes: list[str]) -> Iterator[Measured]:
    """Generate a world, import it, and yield it."""
    with workspace(WORLD_SETTINGS) as work:
        records, truth = work.home.parent / "records", work.home.parent / "truth"
        generate = [sys.executable, "-m", _GENERATORS[kind], str(records), "--truth", str(truth), *sizes]
        subprocess.run(generate, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        world = Measured(work, truth)
        world.run("import", records)
        yield world


@contextmanager
def fresh(kind: str, sizes: list[str], models: list[str]) -> Iterator[Measured]:
    """Generate a world, import it, train `models` as of its end, and yield it."""
    with imported(kind, sizes) as world:
        world.run("train", *models, "--as-of", world.as_of)
        yield world


def default_words(kind: str, seed: int | None = None, sizes: list[str] | None = None) -> list[str]:
    """Return the generator's options for the world of a kind that the tables are about, with another seed or sizes."""
    own, given = _DEFAULTS[kind]
    return ["--seed", str(own if seed is None else seed), "--end", _END, *(sizes or given.split())]


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line; options it does not know go to the generator."""
    result = argparse.ArgumentParser(
        prog="python -m benchmarks worlds", description="Measure generated worlds.", allow_abbrev=False
    )
    result.add_argument("--world", choices=sorted(_GENERATORS), help="which generator; default: both")
    result.add_argument("--seed", type=int, help="seed of the world")
    result.add_argument("--models", nargs="+", default=["all"], help="models to train and measure")
    result.add_argument(
        "--newest",
        action=argparse.BooleanOptionalAction,
        help="also train match earlier and route the newest leads; default: yes for generated worlds, no with --home",
    )
    result.add_argument("--home", type=Path, help="measure this home as it is; needs --truth")
    result.add_argument("--truth", type=Path, help="folder of the truth of --home")
    return result


def main(arguments: list[str] | None = None) -> str:
    """Measure what the command line names; return the tables."""
    options, sizes = parser().parse_known_args(arguments or [])
    if options.home:
        return report(
            Measured(Workspace(options.home, WORLD_SETTINGS), options.truth),
            options.models,
            newest_leads=bool(options.newest),
        )
    parts = []
    for kind in [options.world] if options.world else sorted(_GENERATORS):
        words = default_words(kind, options.seed, sizes)
        with fresh(kind, words, options.models) as world:
            shown = report(world, options.models, newest_leads=options.newest is not False)
            parts.append(f"### {kind}: `{' '.join(words)}`\n\n{shown}")
    return "\n\n".join(parts)
