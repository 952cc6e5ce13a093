from pathlib import Path

from sqlalchemy import Engine, select

from store.tables import RESOURCE_TABLES
from tests.conftest import FixedClock
from tests.store.transfer.helpers import bring_in, write

CHANGES = "resource,external_id,field,changed_at,value\n"


def history(engine: Engine) -> list[tuple[str, str, str | None, str]]:
    table = RESOURCE_TABLES["changes"]
    query = select(table.c.external_id, table.c.field, table.c.value, table.c.changed_at)
    with engine.connect() as connection:
        return [
            (external_id, field, value, instant.date().isoformat())
            for external_id, field, value, instant in connection.execute(
                query.order_by(table.c.field, table.c.changed_at)
            )
        ]


def partners(*rows: str) -> dict[str, str]:
    return {
        "programs.csv": "external_id,name\nG,Grow\nH,Hold\n",
        "partners.csv": "external_id,name,tier,program,territories,recruited_at,score,vip\n" + "\n".join(rows),
    }


def test_a_changed_field_keeps_what_it_was(engine: Engine, tmp_path: Path, clock: FixedClock) -> None:
    bring_in(engine, write(tmp_path / "one", partners("P1,A,gold,G,BR,2024-01-01,5,")), clock=clock)
    assert history(engine) == []
    clock.advance(days=30)
    bring_in(engine, write(tmp_path / "two", partners("P1,A,tin,H,BR;AR,2024-01-01,6,true")), clock=clock)
    assert history(engine) == [
        ("P1", "attributes.score", "5", "2024-01-01"),
        ("P1", "attributes.score", "6", "2024-07-01"),
        ("P1", "attributes.vip", None, "2024-01-01"),
        ("P1", "attributes.vip", "true", "2024-07-01"),
        ("P1", "program", "G", "2024-01-01"),
        ("P1", "program", "H", "2024-07-01"),
        ("P1", "territories", '["BR"]', "2024-01-01"),
        ("P1", "territories", '["BR","AR"]', "2024-07-01"),
        ("P1", "tier", "gold", "2024-01-01"),
        ("P1", "tier", "tin", "2024-07-01"),
    ]
    clock.advance(days=30)
    bring_in(engine, tmp_path / "two", clock=clock)
    assert len(history(engine)) == 10
    bring_in(engine, write(tmp_path / "three", partners("P1,A,,H,BR;AR,2024-01-01,6,true")), clock=clock)
    assert [row[2:] for row in history(engine) if row[1] == "tier"] == [
        ("gold", "2024-01-01"),
        ("tin", "2024-07-01"),
        (None, "2024-07-31"),
    ]


def test_a_history_that_says_it_already_is_not_added_to(engine: Engine, tmp_path: Path, clock: FixedClock) -> None:
    bring_in(engine, write(tmp_path / "one", partners("P1,A,gold,G,BR,2024-01-01,5,")), clock=clock)
    rows = "partners,P1,tier,2024-02-01,tin\npartners,P1,score,2024-02-01,6\npartners,P1,territories,2024-02-01,BR;AR\n"
    files = partners("P1,A,tin,G,BR;AR,2024-01-01,6,") | {"changes.csv": CHANGES + rows}
    bring_in(engine, write(tmp_path / "two", files), clock=clock)
    assert [row[1:3] for row in history(engine)] == [("score", "6"), ("territories", "BR;AR"), ("tier", "tin")]
