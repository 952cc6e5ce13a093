"""Contact fields are encrypted in the database and plain everywhere else; keys can be changed."""

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Text, select, text, type_coerce

from domain.context import SYSTEM
from domain.errors import CannotAnswer, InvalidInput
from domain.settings import Settings
from store.at_rest import AtRest, protect
from store.history import load_history
from store.rotation import rotate
from store.tables import RESOURCE_TABLES
from store.transfer import export_folder, import_folder
from store.unit_of_work import UnitOfWork

ONE, TWO = Fernet.generate_key().decode(), Fernet.generate_key().decode()
ANN = {"external_id": "c-1", "partner": "acme", "name": "Ann Ünal", "email": "ann@x.example", "phone": "+49 1"}


@pytest.fixture(autouse=True)
def opened(engine):
    yield
    protect(engine.dialect, AtRest())  # the engine is shared by tests


def use(engine, tmp_path, *keys: str, encrypt: bool = True) -> Settings:
    settings = Settings(home=tmp_path, encryption_keys=keys, encrypt_contacts=encrypt)
    protect(engine.dialect, AtRest.of(settings))
    return settings


def stored(engine) -> list[str]:
    table = RESOURCE_TABLES["contacts"]
    columns = [type_coerce(table.c[name], Text) for name in ("name", "email", "phone")]
    with engine.connect() as connection:
        return [value for row in connection.execute(select(*columns)) for value in row if value is not None]


def fill(engine, clock) -> None:
    with UnitOfWork(engine, SYSTEM, clock) as work:
        work.repository("partners").create({"external_id": "acme", "name": "Acme"})
        work.repository("contacts").create(ANN)


def test_the_database_holds_no_plain_text_and_callers_see_nothing_else(engine, clock, tmp_path):
    use(engine, tmp_path, ONE)
    fill(engine, clock)
    assert all(value.startswith("enc:v1:") for value in stored(engine))
    clock.advance(days=1)
    with UnitOfWork(engine, SYSTEM, clock) as work:
        rows = work.repository("contacts")
        assert rows.get("c-1")["email"] == "ann@x.example"
        assert [row["name"] for row in rows.list({"email": "ann@x.example"}).rows] == ["Ann Ünal"]
        assert rows.list({"email": "ANN"}).rows == []
        assert rows.patch("c-1", {"phone": "+49 2"})["phone"] == "+49 2"
        assert work.repository("changes").list().rows == []
        for wrong in ({"sort": "name"}, {"filters": {"email.gt": "a"}}):
            with pytest.raises(InvalidInput, match="encrypted"):
                rows.list(**wrong)
    with engine.connect() as connection:
        assert load_history(connection, clock()).contacts["name"].tolist() == ["Ann Ünal"]


def test_import_and_export_are_plain(engine, clock, tmp_path):
    settings = use(engine, tmp_path, ONE)
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "partners.csv").write_text("external_id,name\nacme,Acme\n")
    rows = "external_id,partner,name,email,phone,role\nc-1,acme,Ann,ann@x.example,,boss\nc-2,acme,Bob,,1,\n"
    (folder / "contacts.csv").write_text(rows)
    assert import_folder(engine, folder, settings=settings, clock=clock).counts["contacts"].inserted == 2
    assert all(value.startswith("enc:v1:") for value in stored(engine))
    clock.advance(days=1)
    assert import_folder(engine, folder, settings=settings, clock=clock).counts["contacts"].unchanged == 2
    (folder / "contacts.csv").write_text(rows.replace("ann@", "anna@"))
    assert import_folder(engine, folder, settings=settings, clock=clock).counts["contacts"].updated == 1
    assert all(value.startswith("enc:v1:") for value in stored(engine))
    export_folder(engine, tmp_path / "out")
    assert (tmp_path / "out" / "contacts.csv").read_text() == rows.replace("ann@", "anna@")
    assert not (tmp_path / "out" / "changes.csv").exists()


def test_keys_are_rotated(engine, clock, tmp_path):
    use(engine, tmp_path, encrypt=False)
    fill(engine, clock)
    assert "ann@x.example" in stored(engine)
    settings = use(engine, tmp_path, ONE)
    assert rotate(engine, settings)["contacts"] == 1
    first = stored(engine)
    settings = use(engine, tmp_path, TWO, ONE)
    with UnitOfWork(engine, SYSTEM, clock) as work:
        assert len(work.repository("contacts").list({"email": "ann@x.example"}).rows) == 1
    assert rotate(engine, settings) == {"contacts": 1}
    assert rotate(engine, settings) == {}
    assert not set(first) & set(stored(engine))
    use(engine, tmp_path, ONE)
    with pytest.raises(CannotAnswer, match="key"), UnitOfWork(engine, SYSTEM, clock) as work:
        work.repository("contacts").get("c-1")
    settings = use(engine, tmp_path, TWO, encrypt=False)
    rotate(engine, settings)
    assert "ann@x.example" in stored(engine)


def test_answers_for_retries_are_sealed(engine, clock, tmp_path):
    use(engine, tmp_path, ONE)
    with UnitOfWork(engine, SYSTEM, clock) as work:
        work.idempotency.put("office", "k", "hash", 201, {"email": "ann@x.example"})
        found = work.idempotency.get("office", "k")
        kept = work.connection.execute(text("SELECT CAST(body AS TEXT) FROM idempotency")).scalar_one()
    assert found is not None
    assert found.body == {"email": "ann@x.example"}
    assert "ann" not in kept


def test_encryption_wants_a_key():
    with pytest.raises(InvalidInput, match="needs a key"):
        AtRest.of(Settings(encrypt_contacts=True))
    with pytest.raises(InvalidInput, match="32 random bytes"):
        AtRest(["short"], encrypts=True)
