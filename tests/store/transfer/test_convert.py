"""Exports of five other systems, in the shapes that their documentation shows, become the import format."""

from pathlib import Path

import pytest

from domain.errors import Conflict, ImportRejected, InvalidInput
from domain.settings import Settings
from store.transfer import import_folder
from store.transfer.convert import convert_folder, read_rows
from store.transfer.mapping import Mapping, read_mapping, shipped_mappings

EXPORTS = Path(__file__).parent / "exports"

EXPECTED = {
    "dynamics": {"partners": 1, "contacts": 1, "leads": 1, "deals": 1},
    "hubspot": {"partners": 1, "contacts": 1, "deals": 2},
    "odoo": {"partners": 1, "contacts": 1, "leads": 2, "assignments": 1, "deals": 1},
    "pipedrive": {"partners": 1, "contacts": 1, "leads": 1, "deals": 1},
    "salesforce": {"partners": 2, "contacts": 1, "leads": 2, "assignments": 1, "deals": 2, "changes": 2},
}


def converted(tmp_path: Path, name: str) -> dict[str, list[dict[str, object]]]:
    folder = tmp_path / name
    convert_folder(EXPORTS / name, folder, read_mapping(name))
    return {path.stem: read_rows(path) for path in folder.iterdir()}


def test_every_shipped_mapping_has_a_sample():
    assert shipped_mappings() == sorted(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_sample_is_imported_whole_and_twice_the_same(name, sqlite_engine, tmp_path):
    folder = tmp_path / "files"
    assert convert_folder(EXPORTS / name, folder, read_mapping(name)) == EXPECTED[name]
    settings = Settings(home=tmp_path)
    first = import_folder(sqlite_engine, folder, settings=settings)
    assert first.problems == []
    assert {resource: counts.inserted for resource, counts in first.counts.items()} == EXPECTED[name]
    again = import_folder(sqlite_engine, folder, settings=settings)
    assert sum(counts.inserted + counts.updated for counts in again.counts.values()) == 0


def test_salesforce_values(tmp_path):
    rows = converted(tmp_path, "salesforce")
    partner, brazilian = rows["partners"]
    assert (partner["name"], partner["country"], partner["kind"]) == ("Nordlicht Systeme GmbH", "DE", "reseller")
    assert (partner["recruited_at"], partner["account_manager"]) == ("2023-02-01T09:30:00+00:00", "Ana Souza")
    assert (partner["description"], partner["employees"]) == ("Resells\nto shops", 42)
    assert (brazilian["country"], brazilian["kind"], brazilian["employees"]) == ("BR", "distributor", None)
    assert rows["leads"][0]["created_at"] == "2024-01-05T07:00:00+00:00"
    assert [lead["domain"] for lead in rows["leads"]] == ["muster.example", "sola.example"]
    assert [(deal["outcome"], deal["company"]) for deal in rows["deals"]] == [
        ("won", "Customer Inc"),
        (None, "Customer Inc"),
    ]
    assert rows["contacts"][0]["phone"] == "+49 40 1"


def test_numbers_and_codes_of_the_others(tmp_path):
    hubspot = converted(tmp_path, "hubspot")
    assert [deal["amount"] for deal in hubspot["deals"]] == [9900.5, None]
    assert hubspot["partners"][0]["annual_revenue"] == 1_500_000
    pipedrive = converted(tmp_path, "pipedrive")
    assert (pipedrive["partners"][0]["external_id"], pipedrive["partners"][0]["country"]) == ("11", "ES")
    dynamics = converted(tmp_path, "dynamics")
    assert (dynamics["leads"][0]["country"], dynamics["deals"][0]["amount"]) == ("PL", 2900)
    odoo = converted(tmp_path, "odoo")
    assert odoo["assignments"][0]["offered_at"] == "2024-01-03T00:00:00+00:00"


def table(**columns: object) -> Mapping:
    named = {"external_id": "id", "name": "name", **columns}
    return Mapping.model_validate(
        {"name": "own", "tables": [{"resource": "partners", "file": "p.csv", "columns": named}]}
    )


def exported(tmp_path: Path, text: str) -> Path:
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "p.csv").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ({"country": {"from": "x", "read": "country"}}, "Atlantis", "country"),
        ({"recruited_at": {"from": "x", "read": "instant"}}, "01/02/2024", "ISO 8601"),
        ({"employees": {"from": "x", "read": "number"}}, "many", "number"),
        ({"status": {"from": "x", "words": {"On": "active"}}}, "off", "On"),
        ({"account_manager": {"from": "x", "lookup": {"file": "u.csv", "key": "k", "value": "v"}}}, "7", "u.csv"),
    ],
)
def test_what_cannot_be_converted_is_named_and_nothing_is_written(tmp_path, column, value, told):
    folder = exported(tmp_path, f"id,name,x\n1,A,\n2,B,{value}\n")
    with pytest.raises(ImportRejected, match="1 values cannot be converted") as caught:
        convert_folder(folder, tmp_path / "files", table(**column))
    (problem,) = caught.value.details["problems"]
    assert problem.startswith(f"p.csv:2: column 'x' value '{value}'")
    assert told in problem
    assert not (tmp_path / "files").exists()


def test_a_mapping_of_ones_own(tmp_path):
    folder = exported(
        tmp_path, "id;name;when;sum;areas;site\n1;A;31.12.2023;1.234,5;DE, FR;https://www.A.example:80/x\n"
    )
    mapping = table(
        recruited_at={"from": "when", "read": "instant", "format": "%d.%m.%Y"},
        annual_revenue={"from": "sum", "read": "number", "decimal": ","},
        territories={"from": "areas", "split": ","},
        website={"from": "site", "read": "domain"},
        city={"from": "nothing", "default": "Bonn"},
        region={"from": "name", "find": "(B+)"},
    )
    convert_folder(folder, tmp_path / "files", mapping)
    (row,) = read_rows(tmp_path / "files" / "partners.jsonl")
    assert row["recruited_at"] == "2023-12-31T00:00:00+00:00"
    assert (row["annual_revenue"], row["territories"], row["website"]) == (1234.5, ["DE", "FR"], "a.example")
    assert (row["city"], row["region"]) == ("Bonn", None)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("name = 'x'", "tables"),
        ("name = [", "TOML"),
        ("name = 'x'\n[[tables]]\nresource='shoes'\nfile='a'\ncolumns={}", "no resource 'shoes'"),
        ("name = 'x'\n[[tables]]\nresource='partners'\nfile='a'\ncolumns={external_id='i'}", "column 'name'"),
        ("name = 'x'\n[[tables]]\nresource='programs'\nfile='a'\ncolumns={external_id='i',name='n',z='z'}", "'z'"),
    ],
)
def test_a_bad_mapping_says_what_is_wrong(tmp_path, content, told):
    path = tmp_path / "own.toml"
    path.write_text(content)
    with pytest.raises(InvalidInput, match=told):
        read_mapping(str(path))


def test_files_that_are_not_there_or_not_readable(tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(InvalidInput, match=r"none of the files of salesforce: Product2\.csv"):
        convert_folder(empty, tmp_path / "files", read_mapping("salesforce"))
    (empty / "accounts.json").write_text('{"value": 3}')
    with pytest.raises(InvalidInput, match="no list of objects under 'value'"):
        convert_folder(empty, tmp_path / "files", read_mapping("dynamics"))
    with pytest.raises(InvalidInput, match="no mapping 'none'"):
        read_mapping("none")
    with pytest.raises(Conflict, match="not an empty folder"):
        convert_folder(empty, empty, read_mapping("dynamics"))
