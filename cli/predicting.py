"""``allywise score``, ``match`` and ``recommend``."""

import json
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import pandas as pd
import typer

from cli.engines import LOCAL, EngineName, Scheduler, Workers, check_engine, chosen_engine
from cli.environment import open_intelligence, parse_as_of, say
from cli.output import check_output, write_frame

if TYPE_CHECKING:
    from intelligence.context import Intelligence
    from intelligence.engine import Engine
    from intelligence.matching.assign import ListResult
    from intelligence.matching.service import MatchResult

Instant = datetime | Literal["created_at"] | None
AsOf = Annotated[str | None, typer.Option("--as-of", help="nothing recorded later is used; default: now")]
Out = Annotated[Path, typer.Option("--out", help=".csv, .csv.gz, .parquet or .jsonl")]

score_app = typer.Typer(help="Score all partners or prospects.", no_args_is_help=True)


@score_app.command("churn")
def churn_command(
    out: Out,
    as_of: AsOf = None,
    horizon: Annotated[int | None, typer.Option(min=1, max=3650, help="days; default: the last churn horizon")] = None,
    engine: EngineName = LOCAL,
    scheduler: Scheduler = "",
    workers: Workers = 0,
) -> None:
    """Probability that a partner shows no sign of life within the horizon, with reasons and revenue at risk."""
    from intelligence.monitoring.shadow import score_shadow
    from intelligence.scoring.churn import score_churn

    check_output(out)
    check_engine(engine, scheduler)
    context = open_intelligence()
    instant = context.instant(parse_as_of(as_of))
    with chosen_engine(context, engine, scheduler, workers) as chosen:
        _deliver(score_churn(context, instant, horizon, store=True, engine=chosen), out)
    score_shadow(context, "churn", instant, horizon)


@score_app.command("fit")
def fit_command(
    out: Out, as_of: AsOf = None, engine: EngineName = LOCAL, scheduler: Scheduler = "", workers: Workers = 0
) -> None:
    """Probability that a prospect becomes productive, with expected revenue and look-alikes."""
    from intelligence.monitoring.shadow import score_shadow
    from intelligence.scoring.fit import score_fit

    check_output(out)
    check_engine(engine, scheduler)
    context = open_intelligence()
    instant = context.instant(parse_as_of(as_of))
    with chosen_engine(context, engine, scheduler, workers) as chosen:
        _deliver(score_fit(context, instant, store=True, engine=chosen), out)
    score_shadow(context, "fit", instant)


def features_command(  # an option each
    kind: Annotated[str, typer.Argument(help="churn: partners in the programme; fit: prospects")],
    out: Out,
    as_of: AsOf = None,
    engine: EngineName = LOCAL,
    scheduler: Scheduler = "",
    workers: Workers = 0,
) -> None:
    """Build the features that a model would score, a row per partner or prospect."""
    from intelligence.feature_rows import KINDS, feature_matrix

    if kind not in KINDS:
        raise typer.BadParameter(f"features are of {' or '.join(KINDS)}, not {kind!r}")
    check_output(out)
    check_engine(engine, scheduler)
    context = open_intelligence()
    with chosen_engine(context, engine, scheduler, workers) as chosen:
        _deliver(feature_matrix(context, kind, parse_as_of(as_of), chosen), out)


def match_command(  # noqa: PLR0913, PLR0917  # an option each
    out: Out,
    leads: Annotated[Path | None, typer.Option(help="file with the columns of leads", exists=True)] = None,
    open_: Annotated[bool, typer.Option("--open", help="the open leads of the store")] = False,
    top: Annotated[int, typer.Option(min=1, max=100_000, help="partners per lead")] = 10,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="an instant, or 'created_at': each lead's own; default: now")
    ] = None,
    exclusions: Annotated[Path | None, typer.Option(help="file for who was excluded and why")] = None,
    assign: Annotated[bool, typer.Option("--assign", help="solve the whole list under capacity")] = False,
    by: Annotated[str, typer.Option(help="rank by p_win or by value")] = "p_win",
    report: Annotated[
        Path | None, typer.Option(help="JSON file for what capacity and limits cost, with --assign")
    ] = None,
    engine: EngineName = LOCAL,
    scheduler: Scheduler = "",
    workers: Workers = 0,
) -> None:
    """Rank the partners most likely to close each lead."""
    from intelligence.matching.service import open_leads

    if (leads is None) == (not open_):
        raise typer.BadParameter("give either --leads FILE or --open")
    if by not in ("p_win", "value"):
        raise typer.BadParameter(f"--by is p_win or value, not {by!r}")
    if report is not None and not assign:
        raise typer.BadParameter("--report belongs to --assign")
    for path in (out, exclusions):
        if path is not None:
            check_output(path)
    check_engine(engine, scheduler)
    context = open_intelligence()
    instant: Instant = "created_at" if as_of == "created_at" else parse_as_of(as_of)
    wanted = _read_leads(leads) if leads is not None else open_leads(context, instant)
    with chosen_engine(context, engine, scheduler, workers) as chosen:
        if assign:
            result: MatchResult = _assigned(context, chosen, wanted, instant, by, report)
        else:
            result = _matched(context, chosen, wanted, instant, top, by, excluded=exclusions is not None)
    _deliver(result.candidates, out)
    if exclusions is not None:
        _deliver(result.exclusions, exclusions)


def _matched(
    context: "Intelligence",
    engine: "Engine | None",
    leads: pd.DataFrame,
    as_of: Instant,
    top: int,
    by: str,
    *,
    excluded: bool,
) -> "MatchResult":
    """Rank partners for leads, at once in this process or in pieces by workers."""
    from intelligence.matching.batch import match_in_pieces
    from intelligence.matching.service import match_leads

    if engine is None:
        return match_leads(context, leads, as_of, top, by)
    return match_in_pieces(context, engine, leads, as_of, top, by, excluded=excluded)


def _assigned(
    context: "Intelligence", engine: "Engine | None", leads: pd.DataFrame, as_of: Instant, by: str, report: Path | None
) -> "ListResult":
    """Give the whole list to partners, and tell what capacity and limits cost."""
    from intelligence.matching.assign import assign_leads
    from intelligence.matching.batch import worths_in_pieces
    from programme.allocations import keep_list
    from store.unit_of_work import UnitOfWork

    instant = context.instant(None if as_of == "created_at" else as_of)
    apart = None if engine is None else partial(worths_in_pieces, context, engine, leads, instant)
    result = assign_leads(context, leads, instant, by, worths=apart)
    if as_of in (None, "created_at"):  # what is asked about the past is no act
        with UnitOfWork(context.engine, clock=context.clock) as work:
            asked = {"leads": len(leads), "by": by}
            say(f"allocation {keep_list(work, result, context.instant(), asked)['allocation_id']}")
    for line in result.report.lines():
        say(line)
    if report is not None:
        report.write_text(json.dumps(result.report.as_json(), ensure_ascii=False, indent=2), encoding="utf-8")
        say(f"report in {report}")
    return result


def _read_leads(path: Path) -> pd.DataFrame:
    from store.transfer import read_resource_file

    return read_resource_file(path, "leads")


def recommend_command(
    out: Out,
    kind: Annotated[str | None, typer.Option(help="asset or offer; default: both")] = None,
    partners: Annotated[
        Path | None, typer.Option(help="file with a column 'partner'; default: all", exists=True)
    ] = None,
    top: Annotated[int, typer.Option(min=1, max=10_000, help="items per partner")] = 10,
    as_of: AsOf = None,
) -> None:
    """Recommend content and offers to partners."""
    from intelligence.recommend.service import recommend

    if kind not in (None, "asset", "offer"):
        raise typer.BadParameter(f"--kind is asset or offer, not {kind!r}")
    check_output(out)
    wanted = _read_partners(partners) if partners is not None else None
    _deliver(recommend(open_intelligence(), kind, wanted, top=top, as_of=parse_as_of(as_of)), out)


def _read_partners(path: Path) -> list[str]:
    frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, dtype=str, keep_default_na=False)
    for name in ("partner", "external_id"):
        if name in frame:
            return list(dict.fromkeys(frame[name].astype(str)))
    raise typer.BadParameter(f"{path} has no column 'partner'; it has {', '.join(frame.columns[:10])}")


def _deliver(frame: pd.DataFrame, out: Path) -> None:
    write_frame(frame, out)
    say(f"{len(frame):,} rows in {out}")
