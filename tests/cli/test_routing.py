"""``allywise routing``: policies as files, and replays of past leads."""

import json
from pathlib import Path

import pytest

from cli.environment import open_intelligence
from cli.main import run
from tests.programmes import Programme


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ALLYWISE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("ALLYWISE_DATABASE_URL", raising=False)
    open_intelligence.cache_clear()
    yield tmp_path / "home"
    open_intelligence.cache_clear()


def written(folder: Path, content: object) -> str:
    path = folder / "policy.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)


def test_policies_in_force_come_out_and_go_in_again(tmp_path, capsys):
    assert run(["routing", "policy"]) == 0
    printed = capsys.readouterr().out
    (policy,) = json.loads(printed)
    assert (policy["name"], policy["max_hops"], policy["program"]) == ("default", 3, None)
    assert run(["routing", "check", written(tmp_path, printed)]) == 0
    assert "as it is in force" in capsys.readouterr().out
    assert run(["routing", "check", written(tmp_path, {"name": "two", "max_hops": 2})]) == 0
    assert "max_hops: 2 (now 3)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"max_hops": 0}, "max_hops"),
        ({"hops": 2}, "hops"),
        ([], "list of such objects"),
        ("[1]", "list of such objects"),
        ("{", "policy.json"),
        ([{"program": "a"}, {"program": "a"}], "two policies for programme a"),
    ],
)
def test_files_that_are_no_policies_are_refused(content, told, tmp_path, capsys):
    assert run(["routing", "check", written(tmp_path, content)]) == 1
    assert told in capsys.readouterr().err


def test_wrong_usage(tmp_path, capsys):
    policy = written(tmp_path, {})
    assert run(["routing", "replay", "--policy", policy]) == 2
    assert run(["routing", "replay", "--policy", policy, "--since", "soon"]) == 2
    assert run(["routing", "replay", "--policy", policy, "--since", "2024-01-01", "--out", "x.pdf"]) == 2
    assert run(["routing", "replay", "--policy", policy, "--since", "2024-01-01", "--until", "2023-01-01"]) == 1
    assert run(["routing", "replay", "--policy", str(tmp_path / "none.json"), "--since", "2024-01-01"]) == 1
    assert "Traceback" not in capsys.readouterr().err


def test_an_empty_store_has_nothing_to_replay(tmp_path, capsys):
    assert run(["routing", "replay", "--policy", written(tmp_path, {}), "--since", "2024-01-01"]) == 0
    assert "No lead arrived in that time." in capsys.readouterr().out


def test_leads_without_any_history_are_judged_by_the_baseline(tmp_path, capsys):
    folder = tmp_path / "programme"
    folder.mkdir()
    (folder / "partners.csv").write_text("external_id,name,status,recruited_at\np1,Ána,active,2024-01-01\n")
    (folder / "leads.csv").write_text("external_id,created_at,country\nl1,2024-02-02,DE\nl2,2024-02-03,\n")
    assert run(["import", str(folder)]) == 0
    out = tmp_path / "replay.json"
    policies = [{"name": "all"}, {"name": "other", "program": "none"}]
    arguments = ["--policy", written(tmp_path, policies), "--since", "2024-01-01", "--out", str(out)]
    assert run(["routing", "replay", *arguments]) == 0
    told = capsys.readouterr().out
    assert "there is nothing to compare with" in told
    assert "WARNING The baseline" in told
    assert "None of these leads is of programme none." in told
    report = json.loads(out.read_text())
    assert (report["leads"], report["model"]["version"]) == (2, "baseline")
    assert report["sides"]["policy"]["offered"] == 2
    assert report["off_policy"]["refused"]


def test_a_programme_is_replayed(programme: Programme, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ALLYWISE_HOME", str(programme.settings.home))
    policy, out = written(tmp_path, {"name": "best first", "first_contact_hours": 72}), tmp_path / "replay.html"
    arguments = ["--policy", policy, "--since", "2025-06-01", "--until", "2025-09-01", "--model", "1"]
    assert run(["routing", "replay", *arguments, "--limit", "40", "--out", str(out)]) == 0
    told = capsys.readouterr().out
    assert "40 leads that arrived from 2025-06-01 until 2025-09-01, replayed under best first" in told
    assert "WARNING match/1 was trained as of 2026-03-01" in told
    assert "this policy, by the model" in told
    assert out.read_text().startswith("<!doctype html>")
    assert run(["routing", "replay", "--policy", policy, "--since", "2025-06-01", "--model", "99"]) == 1
