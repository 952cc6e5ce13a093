"""``allywise routing``: policies to look at, to check, and to try on leads that are past."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.environment import open_intelligence, parse_as_of, progress_printer, say
from domain.errors import InvalidInput

if TYPE_CHECKING:
    from domain.routing import Policies

_ENDINGS = (".json", ".html")
PolicyFile = Annotated[Path, typer.Option("--policy", help="JSON: a policy, or a list of policies by programme")]

routing_app = typer.Typer(help="How leads are routed: policies, and what they would have done.", no_args_is_help=True)


@routing_app.command("policy")
def policy_command() -> None:
    """Print the policies in force as JSON, to be edited and given to `routing replay`."""
    policies = open_intelligence().policies()
    print(json.dumps([policy.model_dump(mode="json") for policy in policies.all], indent=2, ensure_ascii=False))


@routing_app.command("check")
def check_command(file: Annotated[Path, typer.Argument(help="JSON: a policy, or a list of policies")]) -> None:
    """Say whether a file holds policies, and what of them differs from those in force."""
    context = open_intelligence()
    asked, now = read_policies(file, context.policies()), context.policies()
    for policy in asked.all:
        of = f"programme {policy.program}" if policy.program else "all leads without a policy of their own"
        before = now.of(policy.program).model_dump(mode="json")
        differs = [
            f"  {name}: {json.dumps(value, ensure_ascii=False)} (now {json.dumps(before[name], ensure_ascii=False)})"
            for name, value in policy.model_dump(mode="json").items()
            if value != before[name] and name != "program"
        ]
        print(f"{policy.name}, for {of}: {'differs in' if differs else 'as it is in force'}")
        if differs:
            print("\n".join(differs))


@routing_app.command("replay")
def replay_command(
    policy: PolicyFile,
    since: Annotated[str, typer.Option("--since", help="leads that arrived from this instant on")],
    until: Annotated[str | None, typer.Option("--until", help="and before this one; default: now")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="at most so many leads, the newest")] = 5_000,
    model: Annotated[
        int | None, typer.Option(min=1, help="match version that judges; default: who served then")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help=".json, or .html for a page with drawings")] = None,
) -> None:
    """Show what a policy would have done with past leads, beside what happened, before anybody activates it."""
    from training.what_if import what_if
    from training.what_if_text import render

    if out is not None and out.suffix not in _ENDINGS:
        raise typer.BadParameter(f"{out} ends in no known format; use .json or .html")
    if out is not None and not out.parent.is_dir():
        raise typer.BadParameter(f"folder {out.parent} does not exist")
    context = open_intelligence()
    policies, show = read_policies(policy, context.policies()), progress_printer()
    first, last = context.instant(parse_as_of(since)), parse_as_of(until)
    found = what_if(context, policies, first, last, limit=limit, model=model, progress=show)
    print(render(found.report))
    if out is not None:
        _write(found.report, out)
        say(f"report: {out}")


def read_policies(path: Path, in_force: "Policies") -> "Policies":
    """Read policies from a JSON file.

    Raises
    ------
    InvalidInput
        If it is no JSON, or holds no policies.
    """
    from intelligence.matching.asked import asked_policies

    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{path}: {error}") from error
    return asked_policies(content, in_force, str(path))


def _write(report: Any, out: Path) -> None:
    if out.suffix == ".html":
        from training.what_if_page import page

        out.write_text(page(report), encoding="utf-8")
    else:
        out.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
