"""Work done by workers: real processes, in order, with errors that say what was being done."""

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from domain.errors import CannotAnswer, InvalidInput, StoreNotReady, UnknownReference
from domain.settings import Settings
from intelligence import engine_dask
from intelligence.context import Intelligence, open_intelligence
from intelligence.engine import LocalEngine, open_engine
from intelligence.engine_dask import DaskEngine
from intelligence.place import Place
from store.engine import Engine, create_store_engine
from store.unit_of_work import UnitOfWork


@pytest.fixture(scope="module")
def engine() -> Iterator[DaskEngine]:
    with DaskEngine(workers=2) as one:
        yield one


def square(number: int) -> tuple[int, int]:
    return number * number, os.getpid()


def fail_with_ours(name: str) -> None:
    raise UnknownReference(f"There is no {name}.", field="lead", value=name)


def fail(number: int) -> float:
    return 1 / number


def wait_for_the_store(marker: Path) -> str:
    if not marker.exists():
        marker.touch()
        raise CannotAnswer("The store is busy.")
    return "read"


def die_once(piece: tuple[Path, int]) -> int:
    marker, number = piece
    try:
        marker.touch(exist_ok=False)
    except FileExistsError:
        return number * number
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def die_always(_piece: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def count_partners(place: Place) -> int:
    with place.opened() as context:
        return len(context.history().partners)


def same_context(place: Place) -> int:
    with place.opened() as context:
        return id(context)


def test_results_come_in_order_from_processes_of_their_own(engine: DaskEngine) -> None:
    told: list[float] = []
    engine._show = lambda _text, done: told.append(done)
    found = list(engine.map(square, range(40)))
    assert [result for result, _ in found] == [number * number for number in range(40)]
    processes = {process for _, process in found}
    assert len(processes) == engine.workers == 2
    assert os.getpid() not in processes
    assert told == [(k + 1) / 40 for k in range(40)]
    assert list(engine.map(square, [])) == []


def test_no_more_is_taken_than_workers_can_soon_do(engine: DaskEngine) -> None:
    taken: list[int] = []

    def endless() -> Iterator[int]:
        number = 0
        while True:
            taken.append(number)
            yield number
            number += 1

    results = engine.map(square, endless())
    assert [next(results)[0] for _ in range(3)] == [0, 1, 4]
    assert len(taken) <= 3 + engine_dask._AHEAD * 2
    results.close()  # type: ignore[attr-defined]


def test_errors_of_ours_come_back_as_they_were(engine: DaskEngine) -> None:
    with pytest.raises(UnknownReference, match=r"There is no L-7\.") as caught:
        list(engine.map(fail_with_ours, ["L-7"]))
    assert caught.value.details == {"field": "lead", "value": "L-7"}


def test_other_errors_name_the_piece(engine: DaskEngine) -> None:
    results = engine.map(fail, [2, 0, 4])
    assert next(results) == 0.5
    with pytest.raises(ZeroDivisionError) as caught:
        next(results)
    assert caught.value.__notes__ == ["while a worker did 0"]


def test_a_store_that_is_busy_is_asked_again(engine: DaskEngine, tmp_path: Path) -> None:
    assert list(engine.map(wait_for_the_store, [tmp_path / "asked"])) == ["read"]


def test_a_killed_worker_costs_time_and_not_results(engine: DaskEngine, tmp_path: Path) -> None:
    before = {process for _, process in engine.map(square, range(8))}
    pieces = [(tmp_path / "died", number) for number in range(12)]
    assert list(engine.map(die_once, pieces)) == [number * number for number in range(12)]
    engine.client.wait_for_workers(2, timeout=30)
    after = {process for _, process in engine.map(square, range(8))}
    assert len(before - after) == 1


def test_a_piece_that_kills_every_worker_is_given_up(engine: DaskEngine) -> None:
    with pytest.raises(CannotAnswer, match="4 workers were lost one after the other with 5"):
        list(engine.map(die_always, [5]))
    engine.client.wait_for_workers(2, timeout=30)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_workers_open_the_store_of_the_place(
    engine: DaskEngine, request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    store: Engine = request.getfixturevalue(f"{kind}_engine")
    with UnitOfWork(store) as work:
        work.repository("partners").create({"external_id": "p1", "name": "Łódź & Söhne", "status": "active"})
    context = open_intelligence(store, Settings(home=tmp_path))
    place = Place.of(context)
    engine.refuse_hidden(place)
    assert list(engine.map(count_partners, [place, place])) == [1, 1]
    assert kind not in repr(place)
    assert list(tmp_path.glob(".shared-*")) == []


def test_here_the_context_is_the_callers_own(context: Intelligence) -> None:
    assert list(LocalEngine().map(same_context, [Place.of(context)])) == [id(context)]


def test_a_worker_never_makes_a_store(engine: DaskEngine, context: Intelligence, tmp_path: Path) -> None:
    gone = tmp_path / "elsewhere" / "allywise.db"
    settings = context.settings.model_copy(update={"database_url": f"sqlite:///{gone}"})
    place = replace(Place.of(context), settings=settings, files=(gone,))
    with pytest.raises(StoreNotReady, match=r"do not see allywise\.db .* use PostgreSQL"):
        list(engine.map(count_partners, [place]))
    assert not gone.parent.exists()


def test_workers_that_do_not_see_the_files_are_refused(engine: DaskEngine, context: Intelligence) -> None:
    place = Place.of(context)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "everywhere", lambda _work, marks: {"tcp://10.0.0.5:40000": list(marks)})
        with pytest.raises(InvalidInput, match=r"Workers on 10\.0\.0\.5 do not see .* use PostgreSQL"):
            engine.refuse_hidden(place)


def test_workers_of_other_versions_are_refused(engine: DaskEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    address = engine.client.scheduler.address
    monkeypatch.setattr(engine_dask, "versions", lambda: {"Python": "3.11", "lightgbm": "4.0.0"})
    monkeypatch.setattr(engine_dask, "_connected", lambda _address: engine.client)
    monkeypatch.setattr(engine.client, "close", lambda: None)
    with pytest.raises(InvalidInput, match=r"This machine has Python 3\.11, the worker on 127\.0\.0\.1 has"):
        DaskEngine(address)
    told = {**engine._versions, "lightgbm": "4.0.0"}
    monkeypatch.setattr(engine, "_versions", told)  # a worker that joined later
    with pytest.raises(InvalidInput, match=r"This machine has lightgbm 4\.0\.0, the worker on"):
        list(engine.map(square, [1]))


def test_what_is_wrong_is_said(context: Intelligence, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidInput, match="no engine 'spark'"), open_engine("spark", context):
        pass
    with pytest.raises(InvalidInput, match="belongs to the engine dask"), open_engine("local", context, "tcp://a:1"):
        pass
    monkeypatch.setattr(engine_dask, "_PATIENCE_SECONDS", 0.5)
    with pytest.raises(CannotAnswer, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:1"):
        DaskEngine("tcp://127.0.0.1:1")
    monkeypatch.setitem(__import__("sys").modules, "dask", None)
    with pytest.raises(InvalidInput, match=r"pip install 'allywise\[dask\]'"), open_engine("dask", context):
        pass


def test_a_store_in_memory_cannot_be_shared(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="in memory cannot be shared"):
        Place.of(open_intelligence(create_store_engine("sqlite://"), Settings(home=tmp_path)))


@pytest.fixture
def context(sqlite_engine: Engine, tmp_path: Path) -> Intelligence:
    return open_intelligence(sqlite_engine, Settings(home=tmp_path))
