"""Turns the exports of another system into a folder in the import format, by a mapping file."""

import csv
import json
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from domain.errors import Conflict, ImportRejected, InvalidInput
from domain.resources import RESOURCES, ColumnType
from store.transfer.mapping import Lookup, Mapping, Source, TableMapping
from store.transfer.report import MAX_PROBLEMS, Problem, shown

Row = dict[str, Any]

_TRUE = frozenset({"true", "yes", "y", "1", "t", "ja", "sim", "sí", "si", "tak", "x"})
_LANGUAGES = ("en", "de", "es", "fr", "it", "nl", "pl", "pt")


def convert_folder(exports: Path, folder: Path, mapping: Mapping) -> dict[str, int]:
    """Write what a mapping makes of exported files into a folder in the import format.

    Parameters
    ----------
    exports : Path
        Folder with the files that the other system exported (CSV, JSON, JSON Lines).
    folder : Path
        A folder to be made, or an empty one. It appears complete or not at all.
    mapping : Mapping
        From `read_mapping`.

    Returns
    -------
    dict of str to int
        Rows written by resource.

    Raises
    ------
    Conflict
        If `folder` holds something.
    InvalidInput
        If none of the mapping's files is there, or one cannot be read.
    ImportRejected
        If values cannot be converted; ``details`` has the problems with file, row, field and what would be right.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Conflict(f"{folder} is not an empty folder; name one that is empty or does not exist yet.")
    conversion = _Conversion(exports)
    rows = conversion.rows_by_resource(mapping)
    if conversion.count:
        raise ImportRejected(
            f"{conversion.count} values cannot be converted; nothing was written. First: {conversion.problems[0]}",
            problems=[str(problem) for problem in conversion.problems],
        )
    partial = folder.absolute().with_name(f".{folder.absolute().name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for name in RESOURCES:
        if name in rows:
            lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows[name])
            with (partial / f"{name}.jsonl").open("w", encoding="utf-8") as file:
                file.writelines(lines)
    partial.replace(folder)
    return {name: len(rows[name]) for name in RESOURCES if name in rows}


class _Conversion:
    """Reads files once, converts their rows, and collects what cannot be converted."""

    def __init__(self, exports: Path) -> None:
        self._exports = exports
        self._files: dict[tuple[str, str], list[Row]] = {}
        self._lookups: dict[Lookup, dict[str, Any]] = {}
        self.problems: list[Problem] = []
        self.count = 0

    def rows_by_resource(self, mapping: Mapping) -> dict[str, list[Row]]:
        """Return the converted rows of all tables whose files are there."""
        found: dict[str, list[Row]] = {}
        for table in mapping.tables:
            for path in self._matching(table.file):
                converted = found.setdefault(table.resource, [])
                converted += _known_only(table, self._converted(table, path), found)
        if not found:
            wanted = ", ".join(dict.fromkeys(table.file for table in mapping.tables))
            raise InvalidInput(f"{self._exports} holds none of the files of {mapping.name}: {wanted}", field="folder")
        return found

    def _matching(self, pattern: str) -> list[Path]:
        if not self._exports.is_dir():
            raise InvalidInput(f"{self._exports} is not a folder; give the folder of the exports", field="folder")
        return sorted(path for path in self._exports.iterdir() if path.is_file() and fnmatchcase(path.name, pattern))

    def _read(self, path: Path, rows: str) -> list[Row]:
        key = (path.name, rows)
        if key not in self._files:
            self._files[key] = read_rows(path, rows)
        return self._files[key]

    def _converted(self, table: TableMapping, path: Path) -> Iterator[Row]:
        names = [*table.columns, *(f"attributes.{name}" for name in table.attributes)]
        sources = {name: table.source(name) for name in names}
        for number, row in enumerate(self._read(path, table.rows), start=1):
            if all(_passes(_value_at(row, name), wanted) for name, wanted in table.where.items()):
                yield {
                    name.removeprefix("attributes."): self._value(table, source, row, name, (path.name, number))
                    for name, source in sources.items()
                }

    def _value(self, table: TableMapping, source: Source, row: Row, name: str, place: tuple[str, int]) -> Any:
        raw = _raw(source, row)
        try:
            raw = self._looked_up(source, raw)
            return _cell(table, source, name, raw)
        except ValueError as error:
            self.count += 1
            if len(self.problems) < MAX_PROBLEMS:
                self.problems.append(
                    Problem(place[0], place[1], " or ".join(source.fields), shown(str(raw)), str(error))
                )
            return None

    def _looked_up(self, source: Source, raw: Any) -> Any:
        lookup = source.lookup
        if lookup is None or raw in (None, ""):
            return raw
        if lookup not in self._lookups:
            rows = [row for path in self._matching(lookup.file) for row in self._read(path, lookup.rows)]
            self._lookups[lookup] = {str(_value_at(row, lookup.key)): _value_at(row, lookup.value) for row in rows}
        known = self._lookups[lookup]
        if str(raw) not in known:
            raise ValueError(f"no row of {lookup.file} has this {lookup.key}; export that file, too")
        return known[str(raw)]


def _known_only(table: TableMapping, rows: Iterator[Row], found: dict[str, list[Row]]) -> Iterator[Row]:
    """Leave out rows that belong to others: the people and deals of companies that are no partners."""
    targets = {name: str(RESOURCES[table.resource].by_name[name].target) for name in table.known}
    ids = {name: {row["external_id"] for row in found[to]} for name, to in targets.items() if to in found}
    return (row for row in rows if all(row[name] in known for name, known in ids.items()))


def read_rows(path: Path, rows: str = "") -> list[Row]:
    """Return the rows of a CSV, JSON or JSON Lines file by field name.

    Parameters
    ----------
    path : Path
        The file; its ending says what it is.
    rows : str, default=""
        In JSON: path to the list of rows, such as ``value`` or ``data.items``.

    Raises
    ------
    InvalidInput
        If it cannot be read as what it claims to be.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix == ".csv":
            delimiter = ";" if text.partition("\n")[0].count(";") > text.partition("\n")[0].count(",") else ","
            return [dict(row) for row in csv.DictReader(text.splitlines(keepends=True), delimiter=delimiter)]
        if path.suffix == ".jsonl":
            return [json.loads(line) for line in text.splitlines() if line.strip()]
        content = json.loads(text)
    except (OSError, ValueError, csv.Error) as error:
        raise InvalidInput(f"{path.name} cannot be read: {error}", field="folder") from error
    found = _value_at(content, rows) if rows else content
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        place = f"under {rows!r}" if rows else "at its top"
        raise InvalidInput(f"{path.name} has no list of objects {place}; name the path in 'rows'", field="folder")
    return found


def _value_at(row: Any, path: str) -> Any:
    """Return what stands at a field, or at a path of fields parted by dots; None where there is nothing."""
    if isinstance(row, dict) and path in row:
        return row[path]
    for part in path.split("."):
        row = row.get(part) if isinstance(row, dict) else None
    return row


def _passes(value: Any, wanted: str | list[str]) -> bool:
    text = "" if value is None else str(value).casefold()
    choices = [wanted] if isinstance(wanted, str) else wanted
    return any(_is_one(text, choice.casefold()) for choice in choices)


def _is_one(text: str, choice: str) -> bool:
    if choice == "*":
        return text != ""
    return text != choice[1:] if choice.startswith("!") else text == choice


def _raw(source: Source, row: Row) -> Any:
    if source.value is not None:
        return source.value
    held = [value for value in (_value_at(row, name) for name in source.fields) if value not in (None, "", [])]
    if not held:
        return source.default
    return held[0] if source.join is None else source.join.join(str(value) for value in held)


def _cell(table: TableMapping, source: Source, name: str, raw: Any) -> Any:
    if raw in (None, ""):
        return None
    if source.find is not None:
        match = re.search(source.find, str(raw))
        if match is None:
            return source.default
        raw = match.group(1)
    column = RESOURCES[table.resource].by_name.get(name)
    is_list = column is not None and column.type is ColumnType.LIST
    if source.split is not None or is_list:
        parts = raw if isinstance(raw, list) else str(raw).split(source.split or ";")
        return [value for value in (_plain(source, str(part).strip()) for part in parts) if value is not None]
    value = _plain(source, raw)
    is_text = column is not None and column.type in (ColumnType.TEXT, ColumnType.REFERENCE)
    return str(value) if is_text and value is not None else value


def _plain(source: Source, raw: Any) -> Any:
    if source.words is not None:
        words = {word.casefold(): became for word, became in source.words.items()}
        text = str(raw).casefold()
        if text not in words and "*" not in words:
            raise ValueError(f"the mapping's words are {', '.join(source.words)}; add this one")
        raw = words.get(text, words.get("*"))
    if raw in (None, ""):
        return None
    return _READERS[source.read](source, raw)


def _text(_source: Source, raw: Any) -> Any:
    return raw if isinstance(raw, str | int | float | bool) else json.dumps(raw, ensure_ascii=False)


def _instant(source: Source, raw: Any) -> str:
    if isinstance(raw, int | float):
        seconds = raw / 1000 if abs(raw) > 1e11 else raw
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    try:
        moment = datetime.strptime(raw, source.format) if source.format else datetime.fromisoformat(raw)
    except ValueError:
        wanted = source.format or "ISO 8601"
        raise ValueError(f"is no instant as {wanted}; give the mapping another format") from None
    return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)).isoformat()


def _date(source: Source, raw: Any) -> str:
    return _instant(source, raw)[:10]


def _number(source: Source, raw: Any) -> float:
    if isinstance(raw, int | float):
        return raw
    text = re.sub(r"[^\d.,eE+-]", "", str(raw))
    thousands = "," if source.decimal == "." else "."
    try:
        number = float(text.replace(thousands, "").replace(source.decimal, "."))
    except ValueError:
        raise ValueError("is no number") from None
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _truth(_source: Source, raw: Any) -> bool:
    return raw if isinstance(raw, bool) else str(raw).casefold() in _TRUE


def _domain(_source: Source, raw: Any) -> str:
    host = re.sub(r"^[a-z]+://", "", str(raw).strip().casefold()).split("/")[0].split("@")[-1].split(":")[0]
    return host.removeprefix("www.")


def _country(_source: Source, raw: Any) -> str:
    code = _country_codes().get(str(raw).strip().casefold())
    if code is None:
        raise ValueError("is no country that ISO 3166-1 names; use its code or its name")
    return code


@cache
def _country_codes() -> dict[str, str]:
    """Return the two letters of each country by its codes and its names in some languages."""
    import pycountry
    from babel import Locale

    codes: dict[str, str] = {}
    for language in _LANGUAGES:
        codes |= {name.casefold(): code for code, name in Locale(language).territories.items() if len(code) == 2}
    for country in pycountry.countries:
        names = (country.alpha_2, country.alpha_3, country.name, getattr(country, "official_name", country.name))
        codes |= {str(name).casefold(): str(country.alpha_2) for name in names}
    return codes


_READERS: dict[str, Callable[[Source, Any], Any]] = {
    "text": _text,
    "country": _country,
    "domain": _domain,
    "instant": _instant,
    "date": _date,
    "number": _number,
    "truth": _truth,
}
