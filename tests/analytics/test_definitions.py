"""What is documented is what is counted."""

from pathlib import Path

from intelligence.analytics.journey import RULES
from intelligence.analytics.names import ALIASES
from intelligence.analytics.registry import FIGURES, definitions_table

KPIS = (Path(__file__).resolve().parents[2] / "docs" / "kpis.md").read_text()


def test_every_figure_is_documented_as_it_is_defined() -> None:
    assert definitions_table() in KPIS, f"put this into docs/kpis.md:\n{definitions_table()}"


def test_every_stage_is_documented_as_it_is_defined() -> None:
    assert [stage for stage, rule in RULES.items() if f"| `{stage}` | {rule} |" not in KPIS] == []


def test_aliases_name_figures_and_hide_none() -> None:
    assert set(ALIASES.values()) <= set(FIGURES)
    assert set(ALIASES) & set(FIGURES) == set()
