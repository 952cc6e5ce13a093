"""Two ways are timed in turns, and a process of its own tells its own peak of memory."""

import numpy as np
import pytest

from benchmarks.__main__ import page_of
from benchmarks.speed.harness import Pairing, apart, exponent, in_turns


def _filled(mib: int) -> int:
    return int(np.ones(mib * 2**17).sum())


def _failing() -> None:
    raise ValueError("no such thing")


def test_the_ratio_of_what_is_always_twice_as_slow_is_two():
    peer = np.array([1.0, 2.0, 4.0, 8.0])
    assert Pairing(2 * peer, peer).ratio() == (2.0, 2.0, 2.0)
    assert Pairing(2 * peer, peer).told(99) == "2.00 (2.00–2.00)"


def test_warming_pairs_do_not_count_and_turns_alternate():
    order: list[str] = []
    pairing = in_turns(lambda: order.append("ours"), lambda: order.append("peer"), runs=3, warming=2)
    assert order == ["ours", "peer"] * 5
    assert pairing.ours.shape == pairing.peer.shape == (3,)


def test_growth_of_a_square_law():
    assert exponent([100, 200, 400], [1.0, 4.0, 16.0]) == pytest.approx(2)


def test_peak_memory_is_of_the_process_that_did_the_work():
    small, large = (apart(_filled, mib) for mib in (8, 256))
    assert large.result == 256 * 2**17
    assert 200 < large.peak_mib - small.peak_mib < 320


@pytest.mark.filterwarnings("ignore")
def test_work_that_fails_apart_is_an_error_here(capfd):
    with pytest.raises(RuntimeError, match="_failing failed"):
        apart(_failing)
    assert "no such thing" in capfd.readouterr().err


def test_a_table_goes_to_the_page_of_the_folder_that_has_its_marks(tmp_path):
    (tmp_path / "a.md").write_text("<!-- x -->\n<!-- /x -->")
    (tmp_path / "b.md").write_text("<!-- y -->\n<!-- /y -->")
    assert page_of(tmp_path, "y") == tmp_path / "b.md"
    assert page_of(tmp_path / "a.md", "y") == tmp_path / "a.md"
    with pytest.raises(ValueError, match="no page"):
        page_of(tmp_path, "z")
