"""Write the rival programme: ``python -m benchmarks.rival FOLDER --truth FOLDER``."""

import argparse
import json
import sys
from dataclasses import asdict, fields
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.rival import records, truth
from benchmarks.rival.cast import Companies, RivalSpec, Shelf, Trade
from benchmarks.rival.course import Careers, Engagement, Leads, own_deals


def generate(folder: Path, truth_folder: Path, spec: RivalSpec) -> dict[str, float]:
    """Write records and truth of one world; return rows a table and a few true means."""
    rng = np.random.default_rng([spec.seed, 1])
    companies = Companies(spec, rng)
    trade, careers = Trade(companies, spec, rng), Careers(companies, spec, rng)
    shelves = [Shelf(spec.assets, spec, rng, passing=False), Shelf(spec.offers, spec, rng, passing=True)]
    tastes = [shelf.taste(companies, spec, rng, spec.partners) for shelf in shelves]
    engagement = Engagement(careers, shelves, tastes, spec, rng)
    flow = Leads(spec, companies, trade, rng)
    flow.route(careers)
    own, clock = own_deals(careers, companies, spec, rng), records.Clock(spec)
    product_ids = np.array([f"V{k}" for k in range(1, spec.products + 1)])
    rows = records.write(
        folder,
        {
            "products": pd.DataFrame(
                {"external_id": product_ids, "name": [f"Ferramenta {k[1:]}" for k in product_ids]}
            ),
            "partners": records.partners(companies, trade, careers, spec, clock),
            "changes": records.changes(companies, careers, spec, clock),
            "leads": records.leads(flow, clock, product_ids),
            "assignments": records.assignments(flow, companies, clock),
            "deals": records.deals(flow, own, companies, clock, product_ids),
            "assets": records.shelf_rows(shelves[0], clock, spec),
            "offers": records.shelf_rows(shelves[1], clock, spec),
            "activities": records.activities(engagement, companies, clock, spec),
        },
    )
    known = truth.write(truth.World(spec, companies, careers, engagement, flow, own), truth_folder, clock)
    manifest = {"spec": asdict(spec) | {"end": spec.end.isoformat()}, "rows": rows}
    (truth_folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    means = {f"mean p_inactive_{h}": round(float(known["churn"][f"p_inactive_{h}"].mean()), 3) for h in (30, 60, 90)}
    return {**rows, **means, "mean p_productive": round(float(companies.p_fit.mean()), 3)}


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    result = argparse.ArgumentParser(prog="python -m benchmarks.rival", description="Write a generated programme.")
    result.add_argument("folder", type=Path, help="where the records go, in the import format")
    result.add_argument("--truth", type=Path, required=True, help="where the true probabilities go; never import it")
    result.add_argument("--end", type=_instant, help="last instant, ISO 8601; default: midnight today, UTC")
    for item in fields(RivalSpec):
        if item.name != "end":
            result.add_argument(f"--{item.name.replace('_', '-')}", type=type(item.default), default=item.default)
    return result


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def main(arguments: list[str] | None = None) -> int:
    """Generate as the command line says."""
    options = vars(parser().parse_args(arguments))
    folder, truth_folder, end = options.pop("folder"), options.pop("truth"), options.pop("end")
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for name, value in generate(folder, truth_folder, RivalSpec(end=end or midnight, **options)).items():
        print(f"{name:>20}  {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
