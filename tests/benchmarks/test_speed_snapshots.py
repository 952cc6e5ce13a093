"""Training sets over snapshots: both ways say the same, and the set is the one that training takes."""

import numpy as np

from benchmarks.speed import snapshots


def test_the_timeline_the_merge_and_the_groups_say_the_same():
    log = snapshots.generated(40, seed=5)
    assert (log.activities["recorded_at"] > log.activities["occurred_at"]).any()
    ours = snapshots.by_timeline(log)
    assert len(ours["count"]) == 40 * snapshots.SNAPSHOTS
    snapshots.assert_equal(ours, snapshots.by_merge_asof(log))
    snapshots.assert_equal(ours, snapshots.by_groups(log))


def test_small_sizes_give_a_table_for_each_question():
    table = snapshots.main(["--partners", "7", "8", "9", "--runs", "1"])
    assert table.count("| 7 |") == 1
    assert "| timeline |" in table
    assert "| `by_merge_asof` |" in table


def test_growth_is_told_beyond_n_log_n():
    n = [100, 1_000, 10_000]
    seconds = [np.full(2, number**1.5 * np.log(number)) for number in n]
    assert snapshots.growth(n, seconds, lambda size: size * np.log(size)) == "+0.50 ± 0.00"
