"""``allywise train``, ``evaluate`` and ``models``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.engines import LOCAL, EngineName, Scheduler, Workers, check_engine, chosen_engine
from cli.environment import open_intelligence, open_store, parse_as_of, progress_printer, read_settings
from domain.errors import NotFound
from domain.terms import ModelName

if TYPE_CHECKING:
    from intelligence.context import Intelligence
    from intelligence.engine import Engine
    from models.registry import ModelVersion
    from training.rows import Workers as TrainingWorkers

AsOf = Annotated[str | None, typer.Option("--as-of", help="nothing recorded later is used; default: now")]
Name = Annotated[ModelName, typer.Argument(help="which model")]

models_app = typer.Typer(help="The model registry.", no_args_is_help=True)


def train_command(
    names: Annotated[list[str] | None, typer.Argument(help="all, or any of fit, churn, match, recommend")] = None,
    as_of: AsOf = None,
    engine: EngineName = LOCAL,
    scheduler: Scheduler = "",
    workers: Workers = 0,
) -> None:
    """Train, compare with baselines and champion, register, and promote what passes the gates."""
    from training.service import train

    wanted = _model_names(names or ["all"])
    check_engine(engine, scheduler)
    context = open_intelligence()
    with chosen_engine(context, engine, scheduler, workers) as chosen:
        reports = train(
            context.engine,
            context.settings,
            wanted,
            as_of=parse_as_of(as_of),
            progress=progress_printer(),
            processes=min(2, context.settings.training_threads),
            workers=None if chosen is None else _workers(context, chosen),
        )
    print("\n\n".join(report.render() for report in reports))


def _workers(context: "Intelligence", engine: "Engine") -> "TrainingWorkers":
    from intelligence.place import Place
    from training.rows import Workers

    return Workers(engine, Place.of(context))


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
    """List all versions of all models, newest first, with why they were trained or promoted."""
    registry = open_intelligence().registry
    print(f"{'version':<14} {'state':<11} {'trained as of':<20} {'rows':>9}  {'chosen':<12}  why")
    for name in ModelName:
        for version in registry.versions(name):
            manifest = version.manifest
            print(
                f"{version.label:<14} {version.state:<11} {manifest.trained_as_of:%Y-%m-%d %H:%M}     "
                f"{manifest.rows:>9,}  {manifest.choice:<12}  {_why(version)}".rstrip()
            )


def _why(version: "ModelVersion") -> str:
    promoted = f"promoted: {version.promoted_because}" if version.promoted_because else ""
    return "; ".join(reason for reason in (version.trained_because, promoted) if reason)


@models_app.command("card")
def card_command(
    name: Name,
    number: Annotated[int | None, typer.Option("--version", min=1, help="default: the champion")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="write a page with drawings into this file")] = None,
) -> None:
    """Print the model card of the champion, or of another version."""
    from models.card import render_card, render_card_html

    registry = open_intelligence().registry
    version = registry.champion(name) if number is None else registry.version(name, number)
    if version is None:
        raise NotFound(f"no champion for {name}; the baseline answers. `allywise train {name}` makes a candidate")
    if html is not None:
        html.write_text(render_card_html(version.manifest), encoding="utf-8")
        print(f"card: {html}")
        return
    print(render_card(version.manifest))
    print(f"{version.label}: {version.state}. {_why(version)}".rstrip())


@models_app.command("replay")
def replay_command(
    what: Annotated[str, typer.Argument(help="the id of a match, or churn or fit for stored scores")],
    as_of: Annotated[str | None, typer.Option("--as-of", help="instant of the scores; default: the newest")] = None,
    horizon_days: Annotated[int | None, typer.Option("--horizon", min=1, help="of the scores")] = None,
) -> None:
    """Compute a stored prediction again by the version that made it; exit status 1 if a number differs."""
    from intelligence.replay import replay_match, replay_newest, replay_scores

    context = open_intelligence()
    if what not in (ModelName.CHURN, ModelName.FIT):
        replay = replay_match(context, what)
    else:
        settings = context.settings
        usual = settings.fit_horizon_days if what == ModelName.FIT else settings.churn_horizons_days[-1]
        instant = parse_as_of(as_of)
        horizon = horizon_days or usual
        if instant is None:
            replay = replay_newest(context, what, horizon)
        else:
            replay = replay_scores(context, what, instant, horizon)
    print(replay.sentence)
    for row in replay.rows:
        if not row.same:
            print(f"{row.subject}: stored {row.stored}, now {row.again}")
    if not replay.same:
        raise typer.Exit(1)


@models_app.command("promote")
def promote_command(
    name: Name,
    version: Annotated[int, typer.Argument(help="number of the version")],
    reason: Annotated[str, typer.Option(help="why; needed for one that failed a gate")] = "",
) -> None:
    """Make a version the champion; running processes answer with it within seconds."""
    promoted = open_intelligence().registry.promote(name, version, reason)
    print(f"{promoted.label} is champion")


@models_app.command("rollback")
def rollback_command(name: Name) -> None:
    """Give the model's place back to the champion before it."""
    champion = open_intelligence().registry.rollback(name)
    print(f"{champion.label} is champion again")


@models_app.command("shadow")
def shadow_command(
    name: Name,
    version: Annotated[int | None, typer.Argument(help="number of the version")] = None,
    end: Annotated[bool, typer.Option("--end", help="no version is to be in shadow any longer")] = False,
) -> None:
    """Compute a version's scores beside the champion's at each batch scoring, for comparison only."""
    registry = open_intelligence().registry
    if (version is None) != end:
        raise typer.BadParameter("give the number of a version, or --end")
    if version is None:
        registry.end_shadow(name)
        print(f"no version of {name} is in shadow")
    else:
        label = registry.put_in_shadow(name, version).label
        print(f"{label} is in shadow: compare it with `allywise models outcomes {name}`")


@models_app.command("drift")
def drift_command(
    name: Name,
    as_of: AsOf = None,
    every: Annotated[bool, typer.Option("--all", help="every feature, not only the twelve that moved most")] = False,
) -> None:
    """Compare features, scores and calibration of the present with what the champion learned from."""
    from cli.monitoring import render_drift
    from intelligence.monitoring.drift import drift_report

    print(render_drift(drift_report(open_intelligence(), name, parse_as_of(as_of)), every=every))


@models_app.command("outcomes")
def outcomes_command(name: Name, as_of: AsOf = None) -> None:
    """Print what came of stored predictions: realised share by band and month, calibration, the version in shadow."""
    from cli.monitoring import render_outcomes
    from intelligence.monitoring.outcomes import outcomes_report

    print(render_outcomes(outcomes_report(open_intelligence(), name, parse_as_of(as_of))))
