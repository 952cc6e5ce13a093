"""Flame graphs: what is put together, what is left out, and a picture that any viewer reads."""

import re
import sys
import textwrap
from collections import Counter

import pytest

from benchmarks.speed.flames import Watch, boxes, from_our_door, innermost, of_requests, read_stacks, svg, tree
from benchmarks.workspace import Workspace

RAW = """\
process 3:python -m cli;<module> (runpy.py:1);train (training/service.py:5);fit (lightgbm/basic.py:9) 30
<module> (runpy.py:1);train (training/service.py:5) 10
<module> (runpy.py:1);_find_and_load (<frozen importlib._bootstrap>:1);<module> (numpy/__init__.py:1) 5
"""


def test_stacks_begin_at_our_door_and_loading_is_one_frame():
    root = tree(read_stacks(RAW), from_our_door)
    assert root.samples == 45
    assert {name: node.samples for name, node in root.called.items()} == {
        "train (training/service.py:5)": 40,
        "imports of modules": 5,
    }
    assert innermost(root) == "lightgbm 67 %, ours 22 %, imports of modules 11 %"


def test_only_what_answers_requests_is_kept():
    route = "match_lead (api/routes/matches.py:17)"
    worker, idle = "WorkerThread.run (anyio/_backends/_asyncio.py:1)", "Condition.wait (threading.py:288)"
    stacks = Counter({(worker, route): 7, (worker, idle): 30, ("<module> (x/y.py:1)",): 2})
    root = tree(stacks, of_requests)
    assert (root.samples, list(root.called)) == (7, [route])


def test_a_narrow_frame_is_left_out_and_names_are_escaped():
    root = tree(Counter({("<lambda> (training/a.py:1)",): 9_999, ("b (training/b.py:1)",): 1}), from_our_door)
    assert [box.node.name for box in boxes(root)] == ["all", "<lambda> (training/a.py:1)"]
    assert re.findall("<title>(.*?)</title>", svg("A & B", root)) == [
        "A &amp; B",
        "all 100.0 %",
        "&lt;lambda&gt; (training/a.py:1) 100.0 %",
    ]


def test_a_command_that_fails_is_said_so(tmp_path, monkeypatch):
    spy = tmp_path / "py-spy"
    script = """
        import pathlib, subprocess, sys
        words = sys.argv[1:]
        pathlib.Path(words[words.index("--output") + 1]).write_text("a (b.py:1) 1")
        subprocess.run(words[words.index("--") + 1:], capture_output=True)
    """
    spy.write_text(f"#!{sys.executable}\n{textwrap.dedent(script)}")
    spy.chmod(0o755)
    monkeypatch.setattr("benchmarks.speed.flames.shutil.which", lambda *_, **__: str(spy))
    watch = Watch(Workspace(tmp_path / "home"), tmp_path, 100)
    with pytest.raises(RuntimeError, match="score churn failed"):
        watch.command("score", "score", "churn")
