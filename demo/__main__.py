"""Write a generated programme by hand: ``python -m demo FOLDER --truth FOLDER``."""

import argparse
import sys
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

from demo.generator import generate
from demo.spec import WorldSpec
from domain.errors import AllywiseError

_SIZES = ("years", "partners", "prospects", "leads", "deals", "activities", "assets", "offers", "products", "programs")
_STRENGTHS = (
    "match_effect",
    "fit_effect",
    "churn_effect",
    "taste_effect",
    "text_signal",
    "policy_bias",
    "explored_share",
)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    result = argparse.ArgumentParser(prog="python -m demo", description="Write a generated partner programme.")
    result.add_argument("folder", type=Path, help="where the records go, in the import format")
    result.add_argument("--truth", type=Path, required=True, help="where the true probabilities go; never import it")
    result.add_argument("--seed", type=int, default=7)
    result.add_argument("--end", type=_instant, help="last instant, ISO 8601; default: midnight today, UTC")
    defaults = {item.name: item.default for item in fields(WorldSpec)}
    result.add_argument("--duties", action="store_true", help="also courses, money, plans, notes and so on")
    for name in (*_SIZES, *_STRENGTHS, "truth_draws"):
        kind = float if name in _STRENGTHS else int
        result.add_argument(f"--{name.replace('_', '-')}", type=kind, default=defaults[name])
    return result


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def main(arguments: list[str] | None = None) -> int:
    """Generate a world as the command line says; return the exit status."""
    options = vars(parser().parse_args(arguments))
    folder, truth_folder, end = options.pop("folder"), options.pop("truth"), options.pop("end")
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        summary = generate(folder, truth_folder, WorldSpec(end=end or midnight, **options))
    except AllywiseError as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    for name, value in {**summary.rows, **summary.rates}.items():
        sys.stdout.write(f"{name:>16}  {value}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
