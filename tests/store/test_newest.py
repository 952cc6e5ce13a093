"""Under a crowd readings take a rest; alone everybody reads at once."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from store.newest import Newest


def test_alone_everything_is_read_at_once() -> None:
    newest: Newest[int] = Newest(crowd=1)
    for k in range(5):
        began = time.monotonic()
        assert newest.get(lambda _: False, lambda last: 0 if last is None else last + 1) == k
        assert time.monotonic() - began < 5


def test_what_is_current_is_not_read_again() -> None:
    newest: Newest[str] = Newest()
    assert newest.get(lambda _: False, lambda _: "a") == "a"
    assert newest.get(lambda kept: kept == "a", lambda _: "b") == "a"


def test_a_crowd_gets_the_last_one_and_lets_readings_rest() -> None:
    newest: Newest[int] = Newest(crowd=2)
    readings: list[float] = []

    def read(last: int | None) -> int:
        readings.append(time.monotonic())
        time.sleep(0.05)
        return (last or 0) + 1

    newest.get(lambda _: False, read)
    stop = time.monotonic() + 1.5
    answered = [0] * 6

    def ask(who: int) -> None:
        while time.monotonic() < stop:
            newest.get(lambda _: False, read)
            answered[who] += 1
            time.sleep(0.002)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(ask, range(6)))
    # Without rests there would be a reading every 0.05 s, thirty in all; with them one in 0.2 s.
    assert 3 <= len(readings) <= 16
    assert sum(answered) > 5 * len(readings)


def test_what_another_one_read_must_do_for_who_waits() -> None:
    newest: Newest[str] = Newest()
    entered, go = threading.Event(), threading.Event()

    def slow(_last: str | None) -> str:
        entered.set()
        assert go.wait(20)
        return "old window"

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(newest.get, lambda _: False, slow)
        assert entered.wait(20)
        second = pool.submit(newest.get, lambda kept: kept == "mine", lambda _: "mine", lambda kept: kept == "mine")
        go.set()
        assert (first.result(20), second.result(20)) == ("old window", "mine")
