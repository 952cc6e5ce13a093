"""``allywise audit``."""

import re
from pathlib import Path

import pytest
from sqlalchemy import text

from cli.main import run
from store.engine import create_store_engine


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "partners.csv").write_text("external_id,name\nP-1,Acme\n")
    monkeypatch.setenv("ALLYWISE_HOME", str(tmp_path / "home"))
    assert run(["import", str(folder)]) == 0
    return tmp_path / "home"


def test_a_trail_that_holds_and_one_that_does_not(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", "verify"]) == 0
    found = re.search(r"1 entries hold, 0 of them erased; head (1:[0-9a-f]{64})", capsys.readouterr().out)
    assert found is not None
    assert run(["audit", "verify", "--head", found[1]]) == 0
    assert run(["audit", "verify", "--head", f"1:{'0' * 64}"]) == 1
    assert "entry 1: its hash is not the one that was noted" in capsys.readouterr().err
    engine = create_store_engine(f"sqlite:///{home / 'allywise.db'}")
    with engine.begin() as connection:
        connection.execute(text("DROP TRIGGER audit_no_update"))
        connection.execute(text("UPDATE audit SET actor = 'nobody'"))
    engine.dispose()
    assert run(["audit", "verify"]) == 1
    assert "entry 1" in capsys.readouterr().err


def test_entries_are_shown(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert run(["audit", "show", "--resource", "import"]) == 0
    assert "system               finished   import" in capsys.readouterr().out
    assert run(["audit", "verify", "--head", "nonsense"]) == 2
