"""Flame graphs of the top costs, one SVG each. ``python -m benchmarks speed-flames [--out FOLDER]``.

``py-spy`` watches the commands that users run, on a generated programme; frames narrower than a pixel or two are left
out, so that the pictures stay small.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import httpx
import pandas as pd

from benchmarks.workspace import ROOT, Workspace

Stack = tuple[str, ...]
"""Frames from the outermost on: ``function (file:line)``."""

_END = "2026-11-20T00:00:00+00:00"
_OURS = frozenset(path.parent.name for path in ROOT.glob("*/__init__.py"))
_DOORS = ("cli/", "worker/")
_IMPORTS = "imports of modules"
_WARMING = 10
_LOADING = "<frozen importlib"
_SERVING = ("run_asgi (", "WorkerThread.run (anyio/")
_WAITING = ("(threading.py:", "(selectors.py:", "(queue.py:")
"""Innermost frames of threads that wait for work."""
_WIDTH, _ROW, _LETTER, _NARROWEST, _MOST_FRAMES, _MOST_ROWS = 1200, 16, 6.4, 2, 600, 44
_RUN = """\
import pathlib, runpy, sys
mark = pathlib.Path(sys.argv.pop(1))
try:
    runpy.run_module("cli", run_name="__main__", alter_sys=True)
except SystemExit as end:
    mark.write_text(str(end.code or 0))
"""
"""Runs a command of ours and notes how it ended, which py-spy does not tell."""
_OTHER, _PYTHON = "other libraries", "Python"


@dataclass
class Node:
    """A frame with what it called.

    Parameters
    ----------
    name : str
        ``function (file:line)``.
    samples : int
        How often it was seen.
    """

    name: str
    samples: int = 0
    called: dict[str, "Node"] = field(default_factory=dict)

    def add(self, stack: Sequence[str], samples: int) -> None:
        """Count a stack below this frame."""
        self.samples += samples
        if stack:
            self.called.setdefault(stack[0], Node(stack[0])).add(stack[1:], samples)


@dataclass(frozen=True)
class Box:
    """A frame's place in the picture: its row, and where it begins, in samples."""

    node: Node
    row: int
    begin: int


def read_stacks(text: str) -> Counter[Stack]:
    """Return the stacks of ``py-spy record --format raw`` with how often each was seen; processes are put together.

    Examples
    --------
    >>> read_stacks("process 7:x;a (f.py:1);b (f.py:9) 3")
    Counter({('a (f.py:1)', 'b (f.py:9)'): 3})
    """
    found: Counter[Stack] = Counter()
    for line in text.splitlines():
        words, _, samples = line.rpartition(" ")
        frames = [frame for frame in words.split(";") if not frame.startswith(("process ", "thread ("))]
        found[tuple(frames)] += int(samples)
    return found


def from_our_door(stack: Stack) -> Stack:
    """Leave out what called our first function behind the command line; loading modules becomes one frame.

    Examples
    --------
    >>> from_our_door(("<module> (runpy.py:1)", "train (cli/x.py:2)", "train (training/service.py:3)", "fit (a.py:1)"))
    ('train (training/service.py:3)', 'fit (a.py:1)')
    """
    if any(_LOADING in frame for frame in stack):
        return (_IMPORTS,)
    first = next((place for place, frame in enumerate(stack) if _is_ours(frame) and not _place(frame, _DOORS)), 0)
    return stack[first:]


def of_requests(stack: Stack) -> Stack:
    """Return what answers requests, from our first function on; nothing of a server's start."""
    serving = any(mark in frame for frame in stack for mark in _SERVING)
    if not serving or any(_LOADING in frame for frame in stack) or any(mark in stack[-1] for mark in _WAITING):
        return ()
    return from_our_door(stack)


def _is_ours(frame: str) -> bool:
    return _package(frame) in _OURS


def _place(frame: str, folders: tuple[str, ...]) -> bool:
    return frame.partition("(")[2].startswith(folders)


def _package(frame: str) -> str:
    if frame == _IMPORTS:
        return frame
    file = frame.rpartition("(")[2]
    return file.partition("/")[0] if "/" in file else _PYTHON


def tree(stacks: Counter[Stack], cut: Callable[[Stack], Stack]) -> Node:
    """Put stacks together that begin alike, after `cut`; what it empties is left out."""
    root = Node("all")
    for stack, samples in stacks.items():
        if kept := cut(stack):
            root.add(kept, samples)
    return root


def boxes(root: Node) -> list[Box]:
    """Return the widest frames with their places; a frame is there only if the one that called it is."""
    found = [Box(root, 0, 0)]
    for box in found:  # grows on the way
        begin = box.begin
        for node in sorted(box.node.called.values(), key=lambda node: node.name):
            if box.row + 1 < _MOST_ROWS:
                found.append(Box(node, box.row + 1, begin))
            begin += node.samples
    found.sort(key=lambda box: (-box.node.samples, box.row))
    return [box for box in found[:_MOST_FRAMES] if box.node.samples * _WIDTH >= _NARROWEST * root.samples]


def svg(title: str, root: Node) -> str:
    """Return the picture: callers above what they call, ours in warm colours; names in full under the pointer."""
    shown = boxes(root)
    height = (max(box.row for box in shown) + 3) * _ROW
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">',
        f"<title>{escape(title)}</title>",
        "<style>text{font:10.5px ui-monospace,monospace;fill:#111}rect{stroke:#fff;stroke-width:.5}"
        ".o{fill:#f4a259}.l{fill:#b8c4d6}.p{fill:#dcdcdc}</style>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/><text x="4" y="12">{escape(title)}</text>',
    ]
    return "\n".join([*lines, *(_drawn(box, root.samples) for box in shown), "</svg>\n"])


def _drawn(box: Box, total: int) -> str:
    scale = _WIDTH / total
    x, y, width = box.begin * scale, (box.row + 1) * _ROW + 2, box.node.samples * scale
    kind = "o" if _is_ours(box.node.name) else "p" if _package(box.node.name) in (_PYTHON, _IMPORTS) else "l"
    room = int((width - 4) / _LETTER)
    word = f'<text x="{x + 2:.1f}" y="{y + 11}">{escape(box.node.name[:room])}</text>' if room > 3 else ""
    share = f"{escape(box.node.name)} {100 * box.node.samples / total:.1f} %"
    place = f'x="{x:.1f}" y="{y}" width="{width:.1f}" height="{_ROW - 1}"'
    return f'<g><title>{share}</title><rect class="{kind}" {place}/>{word}</g>'


def innermost(root: Node, most: int = 5) -> str:
    """Return in whose code the time is spent: packages of the innermost frames, by share."""
    spent: Counter[str] = Counter()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        own = node.samples - sum(child.samples for child in node.called.values())
        package = _package(node.name)
        if own:
            spent["ours" if package in _OURS else package if "." not in package else _OTHER] += own
        waiting += node.called.values()
    return ", ".join(f"{name} {100 * samples / root.samples:.0f} %" for name, samples in spent.most_common(most))


@dataclass(frozen=True)
class Watch:
    """Watches commands of a home with ``py-spy``.

    Parameters
    ----------
    space : Workspace
        Home and environment.
    folder : Path
        Where stacks are kept.
    rate : int
        Samples a second.
    """

    space: Workspace
    folder: Path
    rate: int

    def command(self, name: str, *arguments: str) -> Counter[Stack]:
        """Run a command of ours to its end; return its stacks."""
        mark, script = self.folder / f"{name}.status", self.folder / "run.py"
        script.write_text(_RUN)
        found = self._record(name, "--subprocesses", "--", sys.executable, str(script), str(mark), *arguments)
        if not mark.exists() or mark.read_text() != "0":
            raise RuntimeError(f"{' '.join(arguments)} failed")
        return found

    def process(self, name: str, pid: int, seconds: float) -> Counter[Stack]:
        """Watch a running process for a while; return its stacks."""
        return self._record(name, "--pid", str(pid), "--duration", str(round(seconds)))

    @property
    def _environment(self) -> dict[str, str]:
        return self.space.environment | {"PYTHONPATH": str(ROOT)}

    def _record(self, name: str, *what: str) -> Counter[Stack]:
        spy = shutil.which("py-spy", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
        if spy is None:
            raise RuntimeError("py-spy is needed: pip install py-spy")
        file = self.folder / f"{name}.raw"
        options = ["--function", "--rate", str(self.rate), "--format", "raw", "--output", str(file)]
        command = [spy, "record", *options, *what]
        done = subprocess.run(command, cwd=ROOT, env=self._environment, capture_output=True, text=True, check=False)
        if done.returncode or not file.exists():
            raise RuntimeError(f"{name}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        return read_stacks(file.read_text())


def _requests(watch: Watch, leads: Sequence[str], seconds: float, port: int) -> Counter[Stack]:
    """Ask for matches over HTTP for so long; return the stacks of the server, which is warm by then."""
    key = watch.space.run("keys", "create", "--name", "flames", "--role", "router").strip().splitlines()[-1]
    command = [sys.executable, "-m", "uvicorn", "api.app:create_app", "--factory", "--port", str(port)]
    command += ["--log-level", "warning"]
    address, headers = f"http://127.0.0.1:{port}", {"Authorization": f"Bearer {key}"}
    with (
        subprocess.Popen(command, cwd=ROOT, env=watch.space.environment) as server,
        httpx.Client(base_url=address, headers=headers, timeout=120) as client,
        ThreadPoolExecutor(1) as helper,
    ):
        over = threading.Event()
        try:
            _wait(client)
            _ask(client, leads[:_WARMING])
            asking = helper.submit(_keep_asking, client, leads, over)
            try:
                return watch.process("match", server.pid, seconds)
            finally:
                over.set()
                asking.result()
        finally:
            server.terminate()


def _keep_asking(client: httpx.Client, leads: Sequence[str], over: threading.Event) -> None:
    while not over.is_set():
        _ask(client, leads, over)


def _ask(client: httpx.Client, leads: Sequence[str], over: threading.Event | None = None) -> None:
    for lead in leads:
        if over is not None and over.is_set():
            return
        client.post("/v1/match", json={"lead_id": lead, "limit": 10, "as_of": _END}).raise_for_status()


def _wait(client: httpx.Client) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        try:
            if client.get("/healthz").status_code < 500:
                return
        except httpx.TransportError:
            time.sleep(0.25)
    raise RuntimeError("the server does not answer")


def main(arguments: list[str]) -> str:
    """Write the pictures; return a table of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks speed-flames", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "performance", help="folder of the pictures")
    parser.add_argument("--partners", type=int, default=3_000)
    parser.add_argument("--activities", type=int, default=200_000)
    parser.add_argument("--seconds", type=float, default=20.0, help="of requests")
    parser.add_argument("--rate", type=int, default=100, help="samples a second")
    parser.add_argument("--port", type=int, default=8471)
    parser.add_argument("--folder", type=Path, help="where temporary files may lie")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="allywise-bench-", dir=options.folder) as place:
        graphs = watched(Path(place), options)
    lines = ["| cost | samples | whose code it is spent in |", "|---|---:|---|"]
    for name, (title, root) in graphs.items():
        (options.out / f"{name}.svg").write_text(svg(title, root))
        lines.append(f"| [{title}]({name}.svg) | {root.samples:,} | {innermost(root)} |")
    return "\n".join(lines)


def watched(place: Path, options: argparse.Namespace) -> dict[str, tuple[str, Node]]:
    """Make a programme and run what costs most; return title and tree of each."""
    records, space = place / "records", Workspace(place / "home")
    sizes = {"partners": options.partners, "leads": 5_000, "deals": 6_000, "activities": options.activities}
    words = [word for name, number in sizes.items() for word in (f"--{name}", str(number))]
    command = [sys.executable, "-m", "demo", str(records), "--truth", str(place / "truth"), "--end", _END, *words]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    watch, as_of, out = Watch(space, place, options.rate), ("--as-of", _END), str(place / "churn.parquet")
    found = {
        "flame-import": ("Import", tree(watch.command("import", "import", str(records)), from_our_door)),
        "flame-train": ("Training of churn", tree(watch.command("train", "train", "churn", *as_of), from_our_door)),
        "flame-score": (
            "Churn of all partners",
            tree(watch.command("score", "score", "churn", "--out", out, *as_of), from_our_door),
        ),
    }
    space.run("train", "match", *as_of)
    leads = pd.read_csv(records / "leads.csv")["external_id"].astype(str).tolist()[-200:]
    stacks = _requests(watch, leads, options.seconds, options.port)
    return {"flame-match": ("Match over HTTP", tree(stacks, of_requests)), **found}
