"""``python -m benchmarks [NAME ...] [--write FILE]``: run benchmarks, print their tables, put them into a document.

With ``--write docs/benchmarks.md`` each table replaces what stands between ``<!-- NAME -->`` and ``<!-- /NAME -->``.
"""

import argparse
import importlib
import re
import sys
from pathlib import Path

_MODULES = {
    "cdnow": "cdnow",
    "olist-sellers": "olist",
    "deskdrop": "deskdrop",
    "fintro": "fintro",
    "ibm-sales-win-loss": "ibm",
    "crunchbase-2013": "crunchbase",
    "leaks": "leaks",
    "commands": "commands",
    "import-speed": "import_speed",
    "worlds": "worlds",
}
_WITH_OPTIONS = ("worlds",)
"""Benchmarks whose ``main`` takes the rest of the command line, when they are the only one named."""


def main() -> int:
    """Run the named benchmarks, all by default."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Run benchmarks and print their tables.")
    parser.add_argument("names", nargs="*", choices=[*_MODULES, []], metavar="NAME", help=", ".join(_MODULES))
    parser.add_argument("--write", type=Path, help="document whose tables are to be replaced")
    alone = sys.argv[1:2] and sys.argv[1] in _WITH_OPTIONS
    options, rest = parser.parse_known_args() if alone else (parser.parse_args(), [])
    for name in options.names or _MODULES:
        module = importlib.import_module(f"benchmarks.{_MODULES[name]}")
        table = module.main(rest) if name in _WITH_OPTIONS else module.main()
        print(f"## {name}\n\n{table}\n", flush=True)
        if options.write:
            replace_table(options.write, name, table)
    return 0


def replace_table(document: Path, name: str, table: str) -> None:
    """Put `table` between the markers of `name` in `document`.

    Raises
    ------
    ValueError
        If the document has no such markers.
    """
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    text = document.read_text()
    if begin not in text or end not in text:
        raise ValueError(f"{document} has no {begin} ... {end}")
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    document.write_text(pattern.sub(lambda _: f"{begin}\n{table.strip()}\n{end}", text))


if __name__ == "__main__":
    sys.exit(main())
