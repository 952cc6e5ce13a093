"""``python -m benchmarks [NAME ...] [--write FILE]``: run benchmarks, print their tables, put them into a document.

``models`` names the six public sets and the generated worlds, ``speed`` all that is timed beside a peer or a floor.
With ``--write docs/benchmarks.md`` each table replaces what stands between ``<!-- NAME -->`` and ``<!-- /NAME -->``,
and the summary is made again of the document's tables; of a folder, the page that has the marks is written.
``--seeds 5`` trains the public sets with that many seeds and adds mean and spread.
"""

import argparse
import importlib
import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from benchmarks.summary import spread, summary

_SETS = {
    "cdnow": "cdnow",
    "olist-sellers": "olist",
    "deskdrop": "deskdrop",
    "fintro": "fintro",
    "ibm-sales-win-loss": "ibm",
    "crunchbase-2013": "crunchbase",
}
_MODULES = {
    **_SETS,
    "worlds": "worlds",
    "explored": "explored",
    "match-cost": "match_cost",
    "off-policy": "off_policy",
    "routing": "routing",
    "ceiling": "ceiling",
    "learning-curve": "learning",
    "leaks": "leaks",
    "commands": "commands",
    "lists": "lists",
    "allocation": "allocation",
    "claims": "claims",
    "pages": "pages",
    "speed-snapshots": "speed.snapshots",
    "speed-match": "speed.match",
    "speed-startup": "speed.startup",
    "speed-load": "speed.load",
    "speed-flames": "speed.flames",
    "speed-engines": "speed.engines",
    "speed-imports": "speed.imports",
    "speed-embedding": "speed.embedding",
    "speed-vectors": "speed.vectors",
    "speed-batch": "speed.batch",
}
_SPEED = tuple(name for name in _MODULES if name.startswith("speed-"))
_WITH_OPTIONS = (
    *("worlds", "routing", "explored", "match-cost", "off-policy", "ceiling", "learning-curve", "pages"),
    *_SPEED,
)
"""Benchmarks whose ``main`` takes the rest of the command line, when they are named first."""
_GROUPS = {"models": (*_SETS, "worlds"), "speed": _SPEED, "summary": ()}
_SEED, _FIRST_SEED = "ALLYWISE_TRAINING_SEED", 7


def read_options(arguments: list[str]) -> tuple[argparse.Namespace, list[str]]:
    """Return the options, and the words that belong to a benchmark which takes options of its own.

    Examples
    --------
    >>> read_options(["worlds", "--seed", "3"])[1]
    ['--seed', '3']
    """
    names = [*_MODULES, *_GROUPS]
    # abbreviations would take --seed, which is a world's, for --seeds
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Run benchmarks and print their tables.", allow_abbrev=False
    )
    parser.add_argument("--write", type=Path, help="document whose tables are to be replaced")
    parser.add_argument("--seeds", type=int, default=1, help="training seeds of the public sets")
    if arguments[:1] and arguments[0] in _WITH_OPTIONS:
        options, rest = parser.parse_known_args(arguments[1:])
        return argparse.Namespace(names=arguments[:1], write=options.write, seeds=options.seeds), rest
    parser.add_argument("names", nargs="*", choices=[*names, []], metavar="NAME", help=", ".join(names))
    return parser.parse_args(arguments), []


def main() -> int:
    """Run the named benchmarks, all by default."""
    options, rest = read_options(sys.argv[1:])
    blocks = {}
    for name in _wanted(options.names or _MODULES):
        blocks[name] = table = _run(name, options.seeds, rest)
        print(f"## {name}\n\n{table}\n", flush=True)
        if options.write:
            replace_table(page_of(options.write, name), name, table)
    if options.write and options.write.is_file():
        blocks = {name: table_of(options.write, name) for name in _SETS}
        replace_table(options.write, "summary", summary(blocks))
    if blocks.keys() & _SETS.keys():
        print(f"## summary\n\n{summary(blocks)}\n", flush=True)
    return 0


def _wanted(names: Iterable[str]) -> list[str]:
    return [each for name in names for each in _GROUPS.get(name, (name,))]


def _run(name: str, seeds: int, rest: list[str]) -> str:
    """Return the tables of one benchmark; of a public set also their spread over training seeds."""
    module = importlib.import_module(f"benchmarks.{_MODULES[name]}")
    if name in _WITH_OPTIONS:
        return str(module.main(rest))
    if seeds < 2 or name not in _SETS:
        return str(module.main())
    given, found = os.environ.get(_SEED), []
    for seed in range(_FIRST_SEED, _FIRST_SEED + seeds):
        os.environ[_SEED] = str(seed)
        found.append(str(module.main()))
    os.environ.pop(_SEED) if given is None else os.environ.update({_SEED: given})
    return f"{found[0].strip()}\n\n{spread(found)}"


def page_of(place: Path, name: str) -> Path:
    """Return the page that has the marks of `name`: `place` itself, or one of the folder.

    Raises
    ------
    ValueError
        If no page of the folder has them.
    """
    if not place.is_dir():
        return place
    for page in sorted(place.glob("*.md")):
        if re.search(_between(name), page.read_text(), re.DOTALL):
            return page
    raise ValueError(f"no page in {place} has <!-- {name} --> ... <!-- /{name} -->")


def table_of(document: Path, name: str) -> str:
    """Return what stands between the markers of `name` in `document`; nothing if it has none."""
    found = re.search(_between(name), document.read_text(), re.DOTALL)
    return found.group(1).strip() if found else ""


def replace_table(document: Path, name: str, table: str) -> None:
    """Put `table` between the markers of `name` in `document`.

    Raises
    ------
    ValueError
        If the document has no such markers.
    """
    text = document.read_text()
    if not re.search(_between(name), text, re.DOTALL):
        raise ValueError(f"{document} has no <!-- {name} --> ... <!-- /{name} -->")
    block = f"<!-- {name} -->\n{table.strip()}\n<!-- /{name} -->"
    document.write_text(re.sub(_between(name), lambda _: block, text, flags=re.DOTALL))


def _between(name: str) -> str:
    return f"<!-- {re.escape(name)} -->(.*?)<!-- /{re.escape(name)} -->"


if __name__ == "__main__":
    sys.exit(main())
