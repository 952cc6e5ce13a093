"""The command line, in process: exit statuses, outputs, messages."""

import json

import pandas as pd
import pytest

from cli.environment import open_intelligence
from cli.main import run

CHURN_COLUMNS = [
    "partner", "as_of", "horizon_days", "p_inactive", "low", "high", "band", "trend", "revenue_at_risk",
    "account_manager", "evidence", "n", "reason_1", "reason_2", "reason_3", "model_version",
]  # fmt: skip
FIT_COLUMNS = [
    "partner", "as_of", "horizon_days", "p_productive", "low", "high", "expected_revenue", "band", "evidence", "n",
    "similar_1", "similar_2", "similar_3", "reason_1", "reason_2", "reason_3", "model_version",
]  # fmt: skip
MATCH_COLUMNS = [
    "lead", "rank", "partner", "p_win", "low", "high", "expected_amount", "evidence", "n", "reason_1", "reason_2",
    "reason_3", "model_version", "p_accept", "p_win_if_accepted", "margin", "value", "lift",
]  # fmt: skip
RECOMMEND_COLUMNS = ["partner", "rank", "kind", "item", "p_engage", "reason", "model_version"]


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ALLYWISE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("ALLYWISE_DATABASE_URL", raising=False)
    open_intelligence.cache_clear()
    yield tmp_path / "home"
    open_intelligence.cache_clear()


@pytest.fixture
def programme(tmp_path):
    folder = tmp_path / "programme"
    folder.mkdir()
    (folder / "partners.csv").write_text(
        "external_id,name,status,recruited_at\np1,Anna & Söhne,active,2024-01-01\np2,=cmd,prospect,\n"
    )
    (folder / "activities.csv").write_text("partner,occurred_at,kind\np1,2024-02-01,login\n")
    (folder / "assets.csv").write_text("external_id,title,published_at\na1,Guide,2024-01-01\n")
    (folder / "leads.csv").write_text("external_id,created_at,country\nl1,2024-02-02,DE\n")
    return folder


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["bogus"], 2),
        (["import"], 2),
        (["train", "bogus"], 2),
        (["score", "churn", "--out", "x.csv", "--as-of", "yesterday"], 2),
        (["score", "churn", "--out", "x.csv", "--as-of", "9999-12-31T23:59:59-12:00"], 2),
        (["score", "churn", "--out", "x.doc"], 2),
        (["score", "churn", "--out", "x.csv", "--home", __file__], 1),
        (["match", "--out", "x.csv"], 2),
        (["recommend", "--kind", "song", "--out", "x.csv"], 2),
        (["models", "card", "churn"], 1),
        (["models", "rollback", "churn"], 1),
        (["--help"], 0),
    ],
)
def test_exit_status(arguments, status, capfd):
    assert run(arguments) == status
    assert "Traceback" not in capfd.readouterr().err


def test_import_counts_and_is_idempotent(programme, capsys):
    assert run(["import", str(programme)]) == 0
    assert "2 new" in capsys.readouterr().out
    assert run(["import", str(programme)]) == 0
    assert "2 unchanged" in capsys.readouterr().out


def test_a_bad_row_is_named_and_nothing_kept(programme, capsys):
    (programme / "activities.csv").write_text("partner,occurred_at,kind\np1,2024-02-30,login\n")
    assert run(["import", str(programme)]) == 1
    shown = capsys.readouterr()
    assert "activities.csv:2: column 'occurred_at' value '2024-02-30'" in shown.err
    assert run(["import", str(programme), "--on-error", "skip"]) == 0
    assert "rejects" in capsys.readouterr().err


def test_global_options_stand_anywhere(programme, tmp_path, capsys):
    assert run(["import", str(programme), "--home", str(tmp_path / "other")]) == 0
    assert (tmp_path / "other" / "allywise.db").exists()
    capsys.readouterr()


def test_every_answer_comes_without_models_and_with_the_promised_columns(programme, tmp_path):
    assert run(["import", str(programme)]) == 0
    out = tmp_path / "out.csv"
    for command, columns, rows in (
        (["score", "churn"], CHURN_COLUMNS, 1),
        (["score", "fit"], FIT_COLUMNS, 1),
        (["match", "--open"], MATCH_COLUMNS, 1),
        (["recommend"], RECOMMEND_COLUMNS, 1),
    ):
        assert run([*command, "--as-of", "2024-03-01", "--out", str(out)]) == 0
        frame = pd.read_csv(out)
        assert list(frame.columns) == columns, command
        assert len(frame) >= rows, command
        assert set(frame["model_version"]) == {"baseline"}
        assert set(frame.get("evidence", pd.Series(["none"]))) <= {"none", "thin"}


def test_an_empty_store_answers_with_empty_files(tmp_path):
    out = tmp_path / "out.jsonl"
    for command in (["score", "churn"], ["score", "fit"], ["match", "--open"], ["recommend"]):
        assert run([*command, "--out", str(out)]) == 0
        assert out.read_text().strip() == ""


def test_training_on_nothing_says_why(capsys):
    assert run(["train", "all"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in ("fit", "churn", "match", "recommend"))


def test_leads_of_a_file_are_matched_and_exclusions_written(programme, tmp_path):
    assert run(["import", str(programme)]) == 0
    leads, out, why = tmp_path / "new.jsonl", tmp_path / "out.parquet", tmp_path / "why.csv"
    leads.write_text(json.dumps({"external_id": "n1", "created_at": "2024-02-05T00:00:00Z", "country": "FR"}) + "\n")
    arguments = ["--as-of", "2024-03-01", "--out", str(out), "--exclusions", str(why)]
    assert run(["match", "--leads", str(leads), *arguments]) == 0
    assert list(pd.read_parquet(out)["partner"]) == ["p1"]
    excluded = pd.read_csv(why)
    assert list(excluded.columns) == ["lead", "partner", "code", "text"]
    assert set(excluded["partner"]) == {"p2"}


def test_a_whole_list_is_given_with_a_report_of_what_it_costs(programme, tmp_path, capsys):
    assert run(["import", str(programme)]) == 0
    out, report = tmp_path / "out.csv", tmp_path / "report.json"
    assert run(["match", "--open", "--assign", "--out", str(out), "--report", str(report)]) == 0
    assert "1 of 1 leads assigned" in capsys.readouterr().err
    assert list(pd.read_csv(out).columns) == MATCH_COLUMNS
    told = json.loads(report.read_text())
    assert (told["leads"], told["assigned"], told["limits"], told["unassigned"]) == (1, 1, [], [])
    assert run(["match", "--open", "--out", str(out), "--report", str(report)]) == 2


def test_export_and_import_again_is_the_same(programme, tmp_path):
    assert run(["import", str(programme)]) == 0
    first, second = tmp_path / "first", tmp_path / "second"
    assert run(["export", str(first)]) == 0
    assert run(["import", str(first), "--home", str(tmp_path / "other")]) == 0
    assert run(["export", str(second)]) == 0
    names = sorted(path.name for path in first.iterdir())
    assert names == sorted(path.name for path in second.iterdir())
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in names)


def test_keys_are_made_listed_and_revoked(capsys):
    assert run(["keys", "create", "--name", "crm", "--role", "router"]) == 0
    secret = capsys.readouterr().out.strip()
    prefix = secret.split("_")[1]
    assert run(["keys", "list"]) == 0
    assert prefix in capsys.readouterr().out
    assert run(["keys", "revoke", prefix]) == 0
    assert run(["keys", "list"]) == 0
    assert "revoked" in capsys.readouterr().out
    assert run(["keys", "create", "--name", "x", "--role", "partner"]) == 2


def test_a_setting_that_is_no_json_is_named(monkeypatch, capfd):
    monkeypatch.setenv("ALLYWISE_LIFE_SIGNS", "login")
    assert run(["train", "churn"]) == 1
    assert "ALLYWISE_LIFE_SIGNS" in capfd.readouterr().err


def test_hundreds_of_custom_columns_pass_without_a_warning(programme, tmp_path):
    header = ",".join(f"c{number}" for number in range(150))
    row = ",".join("1" for _ in range(150))
    leads = tmp_path / "leads.csv"
    leads.write_text(f"external_id,created_at,{header}\nl2,2024-02-03,{row}\n")
    (programme / "leads.csv").write_text(leads.read_text())
    assert run(["import", str(programme)]) == 0
    assert run(["match", "--leads", str(leads), "--out", str(tmp_path / "ranked.csv")]) == 0
    assert run(["match", "--open", "--out", str(tmp_path / "open.csv")]) == 0
