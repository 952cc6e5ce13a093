"""``allywise serve`` and ``allywise demo``."""

import json
import signal
import subprocess
import sys
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Annotated

import typer

from cli.environment import open_intelligence, open_store, progress_printer, read_settings, say
from cli.output import write_frame
from domain.context import SYSTEM, system_clock
from domain.errors import Conflict
from domain.settings import Settings
from domain.terms import ModelName

_DEMO_LEADS = 100

Host = Annotated[str, typer.Option(help="address to listen on")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="port to listen on")]


def serve_command(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="processes")] = 1,
) -> None:
    """Serve API and console, with a worker process for background jobs."""
    open_store(read_settings()).dispose()
    from api.serving import serve

    # The server hands a SIGTERM on when it has shut down; as an exit it lets the worker be stopped too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    worker = subprocess.Popen([sys.executable, "-m", "worker", "--with-parent"])
    try:
        serve(host, port, workers)
    finally:
        worker.terminate()
        worker.wait()


def demo_command(
    no_serve: Annotated[bool, typer.Option("--no-serve", help="stop before serving")] = False,
    seed: Annotated[int, typer.Option(help="another seed, another world")] = 1,
    partners: Annotated[
        int, typer.Option(min=5, max=20_000, help="ever recruited; half of them are still there")
    ] = 800,
    leads: Annotated[int, typer.Option(min=50, max=1_000_000)] = 15_000,
    host: Host = "127.0.0.1",
    port: Port = 8000,
) -> None:
    """Build a store with a generated programme, train everything, score, and serve."""
    settings = read_settings()
    marker = settings.home / "demo" / "world.json"
    if marker.exists():
        say(f"using the demo programme of {settings.home} (delete that folder to build it anew)")
    else:
        _build_demo(settings, marker, {"seed": seed, "partners": partners, "leads": leads})
    if not no_serve:
        say(f"serving on http://{host}:{port}  -  key for console and API: {marker.parent / 'key'}")
        serve_command(host, port)


def _build_demo(settings: Settings, marker: Path, options: dict[str, int]) -> None:
    engine = open_store(settings)
    _refuse_foreign_store(settings)
    folder = marker.parent
    folder.mkdir(parents=True, exist_ok=True)

    from demo.generator import generate
    from demo.spec import WorldSpec

    end = datetime.combine(system_clock().date(), time(), UTC)
    scale = options["partners"] / 800
    spec = WorldSpec(
        seed=options["seed"],
        end=end,
        partners=options["partners"],
        prospects=round(1500 * scale),
        leads=options["leads"],
        activities=round(200_000 * scale),
        duties=True,
    )
    say("generating a programme")
    generate(folder / "programme", folder / "truth", spec)
    _import_programme(settings, folder / "programme")

    from training.service import train

    say("training fit, churn, match, recommend")
    processes = min(2, settings.training_threads)
    for report in train(engine, settings, list(ModelName), as_of=end, progress=progress_printer(), processes=processes):
        print(report.render(), end="\n\n")
    _score_everything(settings, folder, end)
    partner = _live(settings, folder, end)
    marker.write_text(json.dumps(options | {"end": end.isoformat(), "partner": partner}))


def _refuse_foreign_store(settings: Settings) -> None:
    from store.unit_of_work import UnitOfWork

    with UnitOfWork(open_store(settings), SYSTEM) as work:
        if work.repository("partners").list(limit=1).rows:
            raise Conflict(
                f"the store of {settings.home} holds partners already and the demo would mix with them; "
                "choose an empty folder with --home DIR"
            )


def _import_programme(settings: Settings, folder: Path) -> None:
    from store.transfer import import_folder

    say("importing it")
    progress = progress_printer()
    report = import_folder(open_store(settings), folder, settings=settings, progress=progress)
    if not report.ok:
        raise Conflict(f"the generated programme was refused: {report.problems[0]}")


def _score_everything(settings: Settings, folder: Path, end: datetime) -> None:
    from intelligence.matching.service import match_leads, open_leads
    from intelligence.recommend.service import recommend
    from intelligence.scoring.churn import score_churn
    from intelligence.scoring.fit import score_fit

    context = open_intelligence()
    results = folder / "results"
    results.mkdir(exist_ok=True)
    say("scoring")
    for horizon in settings.churn_horizons_days:
        write_frame(score_churn(context, end, horizon, store=True), results / f"churn-{horizon}.csv")
    write_frame(score_fit(context, end, store=True), results / "fit.csv")
    newest = open_leads(context, end).nlargest(_DEMO_LEADS, "created_at")
    write_frame(match_leads(context, newest, as_of=end).candidates, results / "match.csv")
    write_frame(recommend(context, as_of=end), results / "recommend.csv")
    say(f"results: {results}")


def _live(settings: Settings, folder: Path, end: datetime) -> str:
    """Let the service do a first day's work, make who may sign in, and return the partner that shows most."""
    from cli.demo_life import Life
    from cli.demo_people import admit
    from cli.demo_scores import score_earlier

    context = open_intelligence()
    say("a first day: offers, registrations, commissions, alerts")
    score_earlier(context, end)
    life = Life(context, folder / "programme", end)
    life.live()
    admit(context.engine, settings, context.clock, folder, life.partner)
    say(f"keys: {folder / 'key'} (admin), key-manager, key-recruiter, key-router, key-analyst beside it;")
    say(f"      key-partner opens the portal of {life.partner}; people with passwords: {folder / 'people.csv'}")
    return life.partner
