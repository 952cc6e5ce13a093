"""Time of a check for other claims on a customer among many open deals, on both databases.

Run as ``python -m benchmarks.claims [DEALS]`` (default 1000000). All deals are open and of the last year, the worst
case: a programme's closed ones have no keys. ``keys`` is what an import's first check (or the job behind it) takes for
all of them; ``check`` the median and the 95th percentile of 200 checks, half of them for customers that are there under
another spelling.
"""

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from benchmarks.lists import engines
from benchmarks.speed.import_data import write_csv
from domain.context import SYSTEM
from domain.settings import Settings
from programme.claim_keys import catch_up_keys
from programme.conflicts import Claim, check_claim
from store.migrate import upgrade
from store.transfer import import_folder
from store.unit_of_work import UnitOfWork

PARTNERS, CHECKS = 500, 200
_SYLLABLES = "ba ko mi ra tel son var lum dex or ni pra zen ti gor fal ecu nov sil mar hul pex wi dro ga".split()
_KINDS = ("Solutions", "Group", "Logistics", "Foods", "Tech", "Energia", "Comercio", "Systems", "")
_FORMS = ("Inc", "Ltda", "GmbH", "S.A.", "Sp. z o.o.", "LLC")
_COUNTRIES = ("BR", "US", "DE", "PL", "MX")


def company(draw: random.Random) -> tuple[str, str, str]:
    """Return name, domain and country of a company."""
    words = ["".join(draw.choices(_SYLLABLES, k=draw.randint(2, 4))).capitalize() for _ in range(draw.randint(1, 2))]
    name = " ".join([*words, draw.choice(_KINDS), draw.choice(_FORMS)])
    domain = f"{words[0].lower()}{draw.randrange(100)}.com" if draw.random() < 0.7 else ""
    return name, domain, draw.choice(_COUNTRIES)


def write_folder(folder: Path, deals: int) -> None:
    """Write partners and `deals` open deals."""
    folder.mkdir()
    draw, now = random.Random(7), datetime.now(UTC)  # noqa: S311 - not for secrets
    write_csv(folder / "partners.csv", ("external_id", "name"), ((f"P-{i}", f"Partner {i}") for i in range(PARTNERS)))

    def rows() -> Iterator[tuple[Any, ...]]:
        for number in range(deals):
            registered = now - timedelta(seconds=draw.randrange(25_000_000))
            yield (f"D-{number}", f"P-{draw.randrange(PARTNERS)}", registered.isoformat(), *company(draw))

    names = ("external_id", "partner", "registered_at", "company", "domain", "country")
    write_csv(folder / "deals.csv", names, rows())


def measure(name: str, engine: Engine, files: Path, home: Path) -> str:
    """Return the table's line for one database."""
    settings = Settings(home=home, database_url=engine.url.render_as_string(hide_password=False))
    upgrade(engine)
    import_folder(engine, files, settings=settings)
    with UnitOfWork(engine, SYSTEM) as work:
        started = time.perf_counter()
        catch_up_keys(work)
        keys = time.perf_counter() - started
    with UnitOfWork(engine, SYSTEM) as work:
        work.connection.exec_driver_sql("ANALYZE")
        times, found = _checks(work)
    p95 = statistics.quantiles(times, n=20)[-1]
    return f"| {name} | {keys:.0f} s | {statistics.median(times):.0f} ms | {p95:.0f} ms | {found} of {CHECKS // 2} |"


def _checks(work: UnitOfWork) -> tuple[list[float], int]:
    """Return milliseconds of each check, and how many of the customers that are there were found."""
    draw, times, found = random.Random(8), [], 0  # noqa: S311 - not for secrets
    for number in range(CHECKS):
        name, domain, country = company(draw)
        if known := number % 2 == 0:
            row = work.repository("deals").get(draw.randrange(1, 1000))
            name, domain, country = str(row["company"]).upper().rpartition(" ")[0], "", row["country"]
        started = time.perf_counter()
        findings = check_claim(work, Claim(partner_id=1, company=name, domain=domain or None, country=country))
        times.append((time.perf_counter() - started) * 1000)
        found += known and any(finding.rival.id == row["id"] for finding in findings)
    return times, found


def main(deals: int = 1_000_000) -> str:
    """Measure and return the table."""
    lines = [
        f"{deals:,} open deals.\n",
        "| store | keys | check, median | check, 95 % | found |",
        "|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as folder, engines(Path(folder)) as made:
        files = Path(folder) / "files"
        write_folder(files, deals)
        lines += [measure(name, engine, files, Path(folder) / name) for name, engine in made.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    print(main(*(int(argument) for argument in sys.argv[1:2])))
