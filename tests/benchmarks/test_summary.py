"""The summary, the spread over seeds, and the document they are written into."""

from pathlib import Path

import pytest

from benchmarks import summary as module
from benchmarks.__main__ import read_options, replace_table, table_of
from benchmarks.summary import FIGURES, read_tables, spread, summary

TABLE = """(import 1 s)

| method | AUC | lift@10% |
|---|---:|---:|
| a constant | 0.5000 | 1.0 |
| b logistic | 0.5600 | – |
| c **by hand** | 0.5800 | 1.3 |
| c by hand, with protected columns | 0.7000 | 1.9 |
| **allywise** | {} | 1.2 |
"""


@pytest.fixture
def readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fintro").mkdir()
    (tmp_path / "fintro" / "README.md").write_text("Bootstrap standard error: AUC 0.011, lift 0.08.")
    monkeypatch.setattr(module, "PUBLIC_DATA", tmp_path)


@pytest.mark.parametrize(
    ("ours", "verdict"),
    [
        ("0.5500", "below c, below a or b"),
        ("0.5680", "below c"),
        ("0.5700", "reaches c"),
        ("0.5910", "reaches c"),
        ("0.5920", "passes c by more than its error"),
    ],
)
@pytest.mark.usefixtures("readme")
def test_verdict_is_given_by_the_readmes_standard_error(ours: str, verdict: str) -> None:
    last = summary({"fintro": TABLE.format(ours)}).splitlines()[-1]
    assert last == f"| fintro | AUC | {ours} | 0.5800 | 0.0110 | 0.5600 | {verdict} |"


def test_without_the_public_data_there_is_no_error_to_compare_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PUBLIC_DATA", tmp_path)
    assert "| – | 0.5600 | reaches c |" in summary({"fintro": TABLE.format("0.5800")})


def test_spread_is_mean_and_deviation_over_seeds() -> None:
    text = spread([TABLE.format("0.5000"), TABLE.format("0.6000")])
    assert text.splitlines()[-1] == "| **allywise** | 0.5500 ± 0.0707 | 1.2000 ± 0.0000 |"


def test_tables_know_their_bold_heading() -> None:
    tables = read_tables(
        "**one** (3 s)\n\n| m | AUC |\n|---|---|\n| a | 1 |\n\n**two**\n\n| m | AP |\n|---|---|\n| a | 2 |"
    )
    assert [(table.heading, table.titles[1]) for table in tables] == [("one", "AUC"), ("two", "AP")]


def test_a_table_is_put_between_its_markers(tmp_path: Path) -> None:
    document = tmp_path / "x.md"
    document.write_text("# x\n<!-- a -->\nold\n<!-- /a -->\n<!-- b -->\n<!-- /b -->\n")
    replace_table(document, "a", "new \\1 table\n")
    assert document.read_text() == "# x\n<!-- a -->\nnew \\1 table\n<!-- /a -->\n<!-- b -->\n<!-- /b -->\n"
    assert (table_of(document, "a"), table_of(document, "b"), table_of(document, "c")) == ("new \\1 table", "", "")
    with pytest.raises(ValueError, match="has no <!-- c -->"):
        replace_table(document, "c", "")


def test_the_document_has_every_figure_of_the_summary() -> None:
    document = Path(__file__).parents[2] / "docs" / "benchmarks.md"
    for figure in FIGURES:
        tables = [table for table in read_tables(table_of(document, figure.name)) if figure.metric in table.titles]
        assert any(figure.heading in table.heading for table in tables), figure


def test_options_of_a_world_are_its_own() -> None:
    options, rest = read_options(["worlds", "--seed", "3", "--models", "fit", "--write", "x.md", "--partners", "9"])
    assert (options.names, options.write, options.seeds) == (["worlds"], Path("x.md"), 1)
    assert rest == ["--seed", "3", "--models", "fit", "--partners", "9"]
    options, rest = read_options(["models", "--seeds", "5"])
    assert (options.names, options.seeds, rest) == (["models"], 5, [])
