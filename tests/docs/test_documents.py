"""What the documents list is what the code has."""

import ast
import json
from pathlib import Path

import pytest

from api.app import create_app
from api.problems import STATUS
from domain import errors
from domain.settings import Settings
from store.schema import all_tables

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


def settings_table() -> str:
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = field.get_default(call_default_factory=True)
        shown = "" if default in ("", (), {}) else f"`{default}`"
        rows.append(f"| `ALLYWISE_{name.upper()}` | {shown} | {field.description} |")
    return "\n".join(rows)


def error_classes() -> list[type[errors.AllywiseError]]:
    found, queue = [], [errors.AllywiseError]
    while queue:
        children = queue.pop().__subclasses__()
        found += children
        queue += children
    return found


def test_every_setting_is_documented():
    assert settings_table() in (DOCS / "settings.md").read_text(), (
        f"put this into docs/settings.md:\n{settings_table()}"
    )


@pytest.mark.parametrize("error", error_classes(), ids=lambda error: error.__name__)
def test_every_error_is_mapped_and_documented(error):
    assert error in STATUS
    assert f"| `{error.code}` | {STATUS[error]} |" in (DOCS / "api.md").read_text()


def test_every_error_stands_in_the_tree():
    tree = errors.__doc__
    assert [error.__name__ for error in error_classes() if f"{error.__name__} " not in tree] == []


def test_every_table_is_in_the_glossary():
    glossary = (DOCS / "glossary.md").read_text()
    assert [table for table in all_tables().tables if f"`{table}`" not in glossary] == []


def test_openapi_file_is_what_is_served():
    served = create_app(Settings()).openapi()
    assert json.loads((DOCS / "openapi.json").read_text()) == json.loads(json.dumps(served)), "run `make openapi`"


def test_every_route_is_documented():
    text = (DOCS / "api.md").read_text()
    paths = create_app(Settings()).openapi()["paths"]
    assert [path for path in paths if f"`{path}`" not in text] == []


def test_functions_are_short():
    too_long = []
    for path in ROOT.rglob("*.py"):
        if any(
            part in (".venv", "tests", "build", "node_modules", "migrations") for part in path.relative_to(ROOT).parts
        ):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                doc = ast.get_docstring(node, clean=False)
                length = node.end_lineno - node.lineno + 1 - (len(doc.splitlines()) + 1 if doc else 0)
                if length > 45:
                    too_long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name} {length} lines")
    assert too_long == []
