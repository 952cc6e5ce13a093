"""``allywise train``, ``evaluate`` and ``models``."""

from typing import Annotated

import typer

from cli.environment import open_intelligence, open_store, parse_as_of, progress_printer, read_settings
from domain.errors import NotFound
from domain.terms import ModelName

AsOf = Annotated[str | None, typer.Option("--as-of", help="nothing recorded later is used; default: now")]
Name = Annotated[ModelName, typer.Argument(help="which model")]

models_app = typer.Typer(help="The model registry.", no_args_is_help=True)


def train_command(
    names: Annotated[list[str] | None, typer.Argument(help="all, or any of fit, churn, match, recommend")] = None,
    as_of: AsOf = None,
) -> None:
    """Train, compare with baselines and champion, register, and promote what passes the gates."""
    from training.service import train

    wanted = _model_names(names or ["all"])
    settings = read_settings()
    reports = train(
        open_store(settings),
        settings,
        wanted,
        as_of=parse_as_of(as_of),
        progress=progress_printer(),
        processes=min(2, settings.training_threads),
    )
    print("\n\n".join(report.render() for report in reports))


def _model_names(words: list[str]) -> list[ModelName]:
    unknown = sorted(set(words) - {"all", *ModelName})
    if unknown:
        raise typer.BadParameter(f"unknown model {unknown[0]!r}; choose from all, {', '.join(ModelName)}")
    return list(ModelName) if "all" in words else [ModelName(word) for word in dict.fromkeys(words)]


def evaluate_command(
    name: Name,
    cutoffs: Annotated[int, typer.Option(min=1, max=60, help="how many rolling origins")] = 3,
    as_of: AsOf = None,
) -> None:
    """Back-test a model and its baselines from rolling origins; prints a table and writes a report with plots."""
    from training.backtest import evaluate

    settings = read_settings()
    report = evaluate(
        open_store(settings), settings, name, cutoffs=cutoffs, as_of=parse_as_of(as_of), progress=progress_printer()
    )
    print(report.render())
    print(f"report: {report.path}")


@models_app.command("list")
def list_command() -> None:
    """List all versions of all models, newest first."""
    registry = open_intelligence().registry
    print(f"{'version':<14} {'state':<10} {'trained as of':<20} {'rows':>9} {'chosen':<12}")
    for name in ModelName:
        for version in registry.versions(name):
            state = "champion" if version.champion else "approved" if version.approved else "candidate"
            manifest = version.manifest
            print(
                f"{version.label:<14} {state:<10} {manifest.trained_as_of:%Y-%m-%d %H:%M}     "
                f"{manifest.rows:>9,} {manifest.choice:<12}"
            )


@models_app.command("card")
def card_command(name: Name) -> None:
    """Print the model card of the champion."""
    from models.card import render_card

    champion = open_intelligence().registry.champion(name)
    if champion is None:
        raise NotFound(f"no champion for {name}; the baseline answers. `allywise train {name}` makes a candidate")
    print(render_card(champion.manifest))


@models_app.command("promote")
def promote_command(name: Name, version: Annotated[int, typer.Argument(help="number of the version")]) -> None:
    """Make a version the champion."""
    promoted = open_intelligence().registry.promote(name, version)
    print(f"{promoted.label} is champion")


@models_app.command("rollback")
def rollback_command(name: Name) -> None:
    """Give the model's place back to the champion before it."""
    champion = open_intelligence().registry.rollback(name)
    print(f"{champion.label} is champion again")
