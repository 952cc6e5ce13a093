"""Who gets a lead under each policy, by known probabilities. ``python -m benchmarks routing``.

All policies route the same leads: the newest routed ones (match trained as of the first of them, each lead as of its
arrival) and those that wait at the end. ``--world demo`` has the sizes of `allywise demo`, ``small`` those of the
table of generated worlds, ``rival`` another generator; other options go to the generator.
"""

import argparse
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks import peers_match, peers_routing
from benchmarks.expected import coverage_rows
from benchmarks.explored import DEMO
from benchmarks.routing_capacity import Capacity, under_capacity
from benchmarks.worlds import Measured, default_words, exported, gap_closed, history_policy, imported, rerouted

Floats = npt.NDArray[np.float64]
Claim = tuple[str, str, str, bool]

OURS = "**allywise**"
SEEDS = {"demo": 101, "small": 103, "rival": 97}
"""Of worlds that nobody looked at while models and routing were made."""
_MANY, _BAR, _BAR_OF_FEW, _CAPACITY_BAR = 10_000, 75.0, 65.0, 90.0
_CALIBRATION, _COVERED = 0.02, (75.0, 88.0)
_ASSIGNED = ((0, 5, "fewer than 5"), (5, 20, "5 to 19"), (20, 10**9, "20 and more"))


@dataclass(frozen=True)
class Routed:
    """Leads, the truth about them, and what the service said.

    Parameters
    ----------
    title : str
        Which leads.
    known : DataFrame
        Truth: pairs of these leads with every active partner.
    ranked : DataFrame
        Answers of ``match``.
    trained_at : Timestamp
        Instant of training, naive UTC.
    start : Series
        What the historical policy wins, by lead.
    """

    title: str
    known: pd.DataFrame
    ranked: pd.DataFrame
    trained_at: pd.Timestamp
    start: pd.Series

    @property
    def eligible(self) -> pd.DataFrame:
        """Pairs that territory, agreement and certificates permit."""
        return self.known[self.known["eligible"]].reset_index(drop=True)


def chances(world: Measured, leads: Routed) -> dict[str, Floats]:
    """Return for each peer the probability with which it gives a lead to a partner, aligned with ``leads.eligible``."""
    pairs = leads.eligible
    records = peers_match.Records(exported(world), leads.trained_at)
    later = peers_match.Records(exported(world), pd.Timestamp(pairs["as_of"].max()))  # known before each lead's arrival
    weights = peers_routing.tier_weights(peers_match.read(records.folder, "programs"))
    tiers = weights or dict.fromkeys(records.partners.get("tier", pd.Series(dtype=object)).dropna().unique(), 1.0)
    taught = records.pairs(records.offers["lead"], records.offers["partner"])
    asked = records.pairs(pairs["lead"], pairs["partner"])
    bayes = peers_match.NaiveBayes().fit(taught, records.offers["won"]).score(asked)
    trees = peers_match.PlainTrees().fit(taught, records.offers)
    trees.offers_ = later.offers
    count = pairs.groupby("lead")["partner"].transform("size").to_numpy(float)
    first, rule = peers_routing.first_of, peers_routing.odoo_rule
    flat = dict.fromkeys(tiers, 1.0)
    return {
        "any eligible partner, evenly": 1 / count,
        "round robin": peers_routing.round_robin(pairs, records, leads.trained_at),
        "Odoo's rule, grades weigh alike": rule(peers_routing.odoo_pairs(pairs, later, flat, leads.trained_at)),
        "Odoo's rule, grades weigh 1, 2, 3 …": rule(peers_routing.odoo_pairs(pairs, later, tiers, leads.trained_at)),
        "partner's win rate, shrunk": first(pairs, peers_routing.win_rate(pairs, later)),
        "Odoo's naive Bayes on pairs": first(pairs, bayes),
        "plain LightGBM on pairs": first(pairs, trees.score(asked, pairs["as_of"])),
    }


def policies(world: Measured, leads: Routed, capacity: Capacity) -> dict[str, pd.Series]:
    """Return the true P(win) that each policy gets, by lead; drawing ones in the mean over their draws."""
    pairs = leads.eligible
    won = {
        name: (chance * pairs["p_win"]).groupby(pairs["lead"]).sum() for name, chance in chances(world, leads).items()
    }
    oracle = pairs.groupby("lead")["p_win"].max()
    best = leads.ranked[leads.ranked["rank"] == 1].merge(pairs, on=["lead", "partner"], suffixes=("_ours", ""))
    ours = best.set_index("lead")["p_win"].reindex(oracle.index).fillna(0.0)
    versions = ", ".join(sorted(leads.ranked["model_version"].astype(str).unique()))
    return {
        "historical policy": leads.start.reindex(oracle.index),
        **won,
        f"{OURS} ({versions})": ours,
        f"{OURS}, under capacity": capacity.ours.reindex(oracle.index).fillna(0.0),
        "true probabilities, under capacity": capacity.best.reindex(oracle.index).fillna(0.0),
        "oracle": oracle,
    }


def policy_table(figures: Mapping[str, pd.Series], title: str) -> list[str]:
    """Return the rows of the routing table."""
    start, oracle = figures["historical policy"], figures["oracle"]
    rows = [f"| who gets the lead ({len(oracle):,} {title}) | mean true p_win | regret | gap closed | standard error |"]
    rows.append("|---|---:|---:|---:|---:|")
    for name, p in figures.items():
        share, error = gap_closed(p, start, oracle)
        rows.append(f"| {name} | {p.mean():.4f} | {(oracle - p).mean():.4f} | {share:.1%} | {error:.1%} |")
    return rows


def calibration(world: Measured, leads: Routed) -> tuple[list[str], pd.DataFrame]:
    """Return p_win beside the truth, in all and by the offers that the partner had been made before the lead came.

    A partner's pairs err together, so that the number of partners tells more of a row's weight than its pairs.
    """
    both = leads.ranked.merge(leads.known, on=["lead", "partner"], suffixes=("_ours", ""))
    made = peers_routing.offers_before(both, peers_match.Records(exported(world), leads.trained_at))
    parts = {"in all": np.ones(len(both), dtype=bool)}
    parts |= {f"partners with {name} offers before": (low <= made) & (made < high) for low, high, name in _ASSIGNED}
    rows = [
        "| p_win beside the truth | partners | pairs | mean predicted | mean true | calibration error "
        "| rank correlation | 80 % intervals that hold the truth | mean width |",
        "|---|" + "---:|" * 8,
    ]
    figures = {}
    for name, mask in parts.items():
        part = both[mask].drop(columns="evidence", errors="ignore")
        if len(part):
            cells = next(coverage_rows(name, part, "p_win_ours", "p_win")).strip("| ").split(" | ")
            rows.append(f"| {cells[0]} | {part['partner'].nunique():,} | " + " | ".join(cells[1:]) + " |")
            figures[name] = (float(cells[4]), float(cells[6].rstrip("%")), 100 * _error_of_coverage(part))
    return rows, pd.DataFrame(figures, index=["error", "held", "spread"]).T


def _error_of_coverage(both: pd.DataFrame) -> float:
    """Return the standard error of the share of intervals that hold the truth, partners being what was drawn."""
    inside = (both["low"] <= both["p_win"]) & (both["p_win"] <= both["high"])
    beyond = (inside - inside.mean()).groupby(both["partner"]).sum()
    return float(np.sqrt((beyond**2).sum()) / len(both))


def claims(learned: int, shares: Mapping[str, tuple[float, float]], held: pd.DataFrame, caps: Capacity) -> list[str]:
    """Return the table of what is to be shown on the newest leads.

    Parameters
    ----------
    learned : int
        Leads of the history that was learned from: with few, the bar is lower.
    shares : mapping
        Share of the gap closed and its standard error, by policy.
    held : DataFrame
        Calibration error, percentage of intervals that hold the truth and its standard error, by row of that table.
    caps : Capacity
        Totals under capacity.
    """
    rows = ["| claim | bar | measured | holds |", "|---|---:|---:|---|"]
    for what, bar, measured, holds in _claims(learned, shares, held, caps):
        rows.append(f"| {what} | {bar} | {measured} | {'yes' if holds else 'no'} |")
    return rows


def _claims(
    learned: int, shares: Mapping[str, tuple[float, float]], held: pd.DataFrame, caps: Capacity
) -> Iterator[Claim]:
    bar = _BAR if learned >= _MANY else _BAR_OF_FEW
    share, error = next(value for name, value in shares.items() if name.startswith(f"{OURS} ("))
    yield f"gap closed, {learned:,} leads learned from", f"{bar:.0f}%", f"{share:.1%} ± {error:.1%}", 100 * share >= bar
    kept = 100 * caps.ratio
    what = "under capacity: of what the same solver reaches with the true probabilities"
    yield what, f"{_CAPACITY_BAR:.0f}%", f"{kept:.1f}%", kept >= _CAPACITY_BAR
    for name, row in held.iterrows():
        if name == "in all" or str(name).startswith("partners with fewer"):
            wrong, inside = float(row["error"]), float(row["held"])
            yield f"p_win, {name}: calibration error", f"{_CALIBRATION}", f"{wrong:.4f}", wrong <= _CALIBRATION
            measured = f"{inside:.0f}% ± {row['spread']:.0f}%"
            yield f"p_win, {name}: intervals hold", "75–88%", measured, _COVERED[0] <= inside <= _COVERED[1]


@dataclass(frozen=True)
class Found:
    """A world's tables, and the shares of the gap that policies close on its newest leads."""

    words: str
    tables: str
    shares: dict[str, tuple[float, float]]


def newest_leads(world: Measured) -> Found:
    """Measure the newest routed leads."""
    with rerouted(world) as again:
        start = history_policy(again.known)["historical policy"]
        leads = Routed("newest routed leads", again.known, again.ranked, again.first, start)
        capacity = under_capacity(again, exported(world))
        figures = policies(world, leads, capacity)
        rows, held = calibration(world, leads)
    shares = {name: gap_closed(p, figures["historical policy"], figures["oracle"]) for name, p in figures.items()}
    made = pd.read_parquet(world.truth_folder / "offers_made.parquet", columns=["lead"])["lead"].nunique()
    shown = claims(made - again.known["lead"].nunique(), shares, held, capacity)
    parts = (shown, policy_table(figures, leads.title), [capacity.sentence], rows)
    return Found("", "\n\n".join("\n".join(part) for part in parts), shares)


def open_leads(world: Measured) -> str:
    """Measure the leads that wait at the end."""
    world.run("train", "match", "--as-of", world.as_of)
    known = world.truth("match")
    start = history_policy(known)["historical policy"]
    known = known[known["open"]]
    ranked = world.answer("match", "--open", "--top", "100000")
    leads = Routed("open leads", known, ranked, world.end, start)
    figures = {name: p for name, p in policies(world, leads, Capacity()).items() if "under capacity" not in name}
    return "\n\n".join(["\n".join(policy_table(figures, leads.title)), "\n".join(calibration(world, leads)[0])])


def one(kind: str, seed: int, sizes: Sequence[str], *, waiting: bool) -> Found:
    """Generate, import, train and route in one world."""
    began = time.monotonic()
    own = list(sizes) or (DEMO.split() if kind == "demo" else None)
    words = default_words("rival" if kind == "rival" else "demo", seed, own)
    with imported("rival" if kind == "rival" else "demo", words) as world:
        found = newest_leads(world)
        parts = [found.tables, *([f"**open leads**\n\n{open_leads(world)}"] if waiting else [])]
        parts.append("\n".join(["| command | seconds | peak memory, MiB |", "|---|---:|---:|", *world.costs]))
    parts.append(f"Wall time in all: {time.monotonic() - began:,.0f} s.")
    return Found(f"{kind}: `{' '.join(words)}`", "\n\n".join(parts), found.shares)


def spread(found: Sequence[Found]) -> str:
    """Return the share of the gap closed on the newest leads by policy (rows) and world (columns)."""
    names = list(dict.fromkeys(name for each in found for name in each.shares))
    rows = ["| gap closed, newest leads | " + " | ".join(each.words.split(" --end")[0] + "`" for each in found) + " |"]
    rows.append("|---|" + "---:|" * len(found))
    for name in names:
        cells = [f"{each.shares[name][0]:.1%} ± {each.shares[name][1]:.1%}" for each in found]
        rows.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def main(arguments: list[str] | None = None) -> str:
    """Measure the worlds that the command line names; return their tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks routing", allow_abbrev=False, description=__doc__)
    parser.add_argument("--world", choices=sorted(SEEDS), nargs="+", default=["demo", "small"], help="which worlds")
    parser.add_argument("--seed", type=int, nargs="+", help="seeds of each")
    parser.add_argument("--open", action=argparse.BooleanOptionalAction, default=True, help="also route open leads")
    options, sizes = parser.parse_known_args(arguments or [])
    found = [
        one(kind, seed, sizes, waiting=options.open) for kind in options.world for seed in options.seed or [SEEDS[kind]]
    ]
    parts = [spread(found)] if len(found) > 1 else []
    return "\n\n".join(parts + [f"### {each.words}\n\n{each.tables}" for each in found])
