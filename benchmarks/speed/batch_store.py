"""A large store out of a small one: every company many times over, with what it did, straight by SQL."""

import shutil
import sqlite3
from pathlib import Path

_BOUND = ("deals", "assignments", "certifications", "agreements", "goals", "feedback")
_KEPT_OUT = {"deals": ("lead_id",), "certifications": ("contact_id",)}
_MEMBERS, _PROSPECTS = ("onboarding", "active", "inactive"), ("prospect", "applied")
_HOUR = 3_600_000_000
FILE = "allywise.db"


def grow(home: Path, folder: Path, *, partners: int, prospects: int, activities: int) -> None:
    """Copy a home of ours and fill its store up to these sizes.

    Parameters
    ----------
    home : Path
        With a SQLite store and trained models; it is left as it is.
    folder : Path
        New home.
    partners, prospects, activities : int
        Rows there are at the end, as near as whole copies get; activities are left out evenly if there are too many.

    Notes
    -----
    Copies of one activity follow each other, so rows lie in the order of time, as of an import. They are some hours
    apart, so that no two partners have the same instants.
    """
    shutil.copytree(home, folder, dirs_exist_ok=True)
    with sqlite3.connect(folder / FILE, isolation_level=None) as store:
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -1000000", "foreign_keys = OFF"):
            store.execute(f"PRAGMA {pragma}")
        store.execute("BEGIN")
        store.execute("DELETE FROM scores")
        step = store.execute("SELECT max(id) + 1 FROM partners").fetchone()[0]
        for statuses, wanted in ((_MEMBERS, partners), (_PROSPECTS, prospects)):
            marks = ", ".join("?" * len(statuses))
            own = f"SELECT id, external_id FROM partners WHERE id < ? AND status IN ({marks})"  # noqa: S608
            store.execute(f"CREATE TEMP TABLE small AS {own}", (step, *statuses))
            copies = max(wanted // store.execute("SELECT max(count(*), 1) FROM small").fetchone()[0], 1)
            _copy(store, step, copies, activities)
            store.execute("DROP TABLE small")
        store.execute("COMMIT")
        store.execute("PRAGMA journal_mode = WAL")
        store.execute("ANALYZE")
    store.close()


def _copy(store: sqlite3.Connection, step: int, copies: int, activities: int) -> None:
    """Add copies of the companies in the table ``small`` with all rows of theirs."""
    first = store.execute("SELECT max(id) / ? + 1 FROM partners", (step,)).fetchone()[0]
    store.execute("CREATE TEMP TABLE turn (nr INTEGER PRIMARY KEY)")
    store.executemany("INSERT INTO turn VALUES (?)", [(first + nr,) for nr in range(copies - 1)])
    moved = {"id": f"old.id + turn.nr * {step}", "external_id": "old.external_id || '-' || turn.nr"}
    _insert(store, "partners", "partners old JOIN small USING (id), turn", moved)
    owner = {"partner_id": f"old.partner_id + turn.nr * {step}", "external_id": moved["external_id"], "id": "NULL"}
    for name in _BOUND:
        gone = dict.fromkeys(_KEPT_OUT.get(name, ()), "NULL")
        _insert(store, name, f"{name} old JOIN small ON small.id = old.partner_id, turn", owner | gone)
    known = "changes old JOIN small USING (external_id), turn WHERE old.resource = 'partners'"
    _insert(store, "changes", known, {"id": "NULL", "external_id": moved["external_id"]})
    mine = "FROM activities old JOIN small ON small.id = old.partner_id"
    there = store.execute(f"SELECT count(*) {mine}").fetchone()[0]
    kept = min(activities / max(there * copies, 1), 1.0)
    store.execute(f"CREATE TEMP TABLE own AS SELECT old.* {mine} ORDER BY old.occurred_at")
    later = f"(old.id * 7919 + turn.nr * 104729) % 12 * {_HOUR}"
    shifted = owner | {"deal_id": "NULL", "contact_id": "NULL", "row_key": "randomblob(16)"}
    shifted |= {name: f"old.{name} - {later}" for name in ("occurred_at", "recorded_at")}
    some = f"(old.rowid * 31 + turn.nr * 17) % 1000 < {round(1000 * kept)}"
    _insert(store, "activities", f"own old CROSS JOIN turn WHERE {some}", shifted)
    store.execute("DROP TABLE own")
    store.execute("DROP TABLE turn")


def _insert(store: sqlite3.Connection, table: str, source: str, changed: dict[str, str]) -> None:
    names = [row[1] for row in store.execute(f"PRAGMA table_info({table})")]
    values = ", ".join(changed.get(name, f"old.{name}") for name in names)
    store.execute(f"INSERT INTO {table} ({', '.join(names)}) SELECT {values} FROM {source}")  # noqa: S608
