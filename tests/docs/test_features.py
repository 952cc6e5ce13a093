"""What docs/features.md names is there."""

import re
from pathlib import Path

from api.app import create_app
from domain.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "features.md").read_text()

SYSTEMS = (
    "recruitment", "onboarding", "objectives", "training and certification", "lead distribution", "performance",
    "agreements and commissions", "marketing and content", "deal registration", "analytics", "collaboration", "alerts",
    "integration", "security and compliance", "portal", "AI",
)  # fmt: skip


def test_every_system_has_a_row():
    assert [system for system in SYSTEMS if f"\n| {system} |" not in TEXT] == []


def test_every_endpoint_is_served():
    paths = create_app(Settings()).openapi()["paths"]
    named = re.findall(r"`(GET|POST|PUT|PATCH|DELETE) (/v1/[^`]+)`", TEXT)
    assert len(named) > 50
    assert [(method, path) for method, path in named if method.lower() not in paths.get(path, {})] == []


def test_every_test_is_there():
    named = re.findall(r"`(tests/[^`]+)`", TEXT)
    assert len(named) > 30
    assert [path for path in named if not (ROOT / path).is_file()] == []
