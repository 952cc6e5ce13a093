"""``allywise users`` and ``allywise keys``."""

import io

import pytest

from cli.main import run
from domain.context import SYSTEM
from domain.terms import Role, UserStatus
from programme.passwords import is_password
from store.engine import create_store_engine
from store.unit_of_work import UnitOfWork


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ALLYWISE_HOME", str(tmp_path))
    monkeypatch.delenv("ALLYWISE_DATABASE_URL", raising=False)
    return tmp_path


def stored(home, what):
    engine = create_store_engine(f"sqlite:///{home / 'allywise.db'}")
    with UnitOfWork(engine, SYSTEM) as work:
        found = what(work)
    engine.dispose()
    return found


def test_people_from_the_command_line(home, capsys, monkeypatch):
    assert run(["users", "create", "Ann@Acme.example", "--role", "manager", "--name", "Ann"]) == 0
    assert len(capsys.readouterr().out.strip()) > 40
    monkeypatch.setattr("sys.stdin", io.StringIO("a long enough secret\n"))
    assert run(["users", "password", "ann@acme.example"]) == 0
    user = stored(home, lambda work: work.users.by_email("ann@acme.example"))
    assert is_password("a long enough secret", user.password_hash)
    assert (user.status, user.role, user.name) == (UserStatus.ACTIVE, Role.MANAGER, "Ann")
    assert run(["users", "password", "ann@acme.example", "--token"]) == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert run(["users", "password", "ann@acme.example"]) == 1
    assert "12 to 200 characters" in capsys.readouterr().err
    assert run(["users", "revoke", "ann@acme.example"]) == 0
    assert run(["users", "list"]) == 0
    assert "deactivated" in capsys.readouterr().out
    assert run(["users", "revoke", "nobody@acme.example"]) == 1
    assert run(["users", "create", "ann@acme.example", "--role", "manager"]) == 1
    assert run(["users", "create", "lee@acme.example", "--role", "partner"]) == 1


def test_keys_from_the_command_line(home, capsys):
    made = ["keys", "create", "--name", "crm", "--role", "router", "--scope", "leads", "--scope", "deals:read"]
    assert run([*made, "--expires", "2999-01-01"]) == 0
    secret = capsys.readouterr().out.strip()
    key = stored(home, lambda work: work.keys.find(secret))
    assert (key.scopes, key.expires_at.year) == (("deals:read", "leads"), 2999)
    assert run(["keys", "rotate", key.prefix, "--grace-hours", "0"]) == 0
    renewed = capsys.readouterr().out.strip()
    assert stored(home, lambda work: work.keys.find(secret)) is None
    assert stored(home, lambda work: work.keys.find(renewed)).id == key.id
    assert run(["keys", "list"]) == 0
    assert "deals:read leads" in capsys.readouterr().out
    assert run(["keys", "revoke", key.prefix]) == 0
    assert run(["keys", "rotate", key.prefix]) == 1
    assert run([*made, "--scope", "lads"]) == 1
    assert "no scope 'lads'" in capsys.readouterr().err
    assert run([*made, "--expires", "2999-01-01", "--expires-days", "3"]) == 2
    assert run([*made, "--expires", "2001-01-01"]) == 1
