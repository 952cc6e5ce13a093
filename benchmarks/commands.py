"""Time and peak memory of each command on the demo programme. ``python -m benchmarks commands``."""

import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import psutil

from benchmarks.workspace import ROOT, Workspace, workspace


def measured(work: Workspace, *arguments: str | Path) -> tuple[float, float]:
    """Run a command; return its seconds and the peak memory of all its processes together, in MiB (PSS)."""
    command = [sys.executable, "-m", "cli", *map(str, arguments)]
    started = time.monotonic()
    with tempfile.TemporaryFile() as log:
        process = psutil.Popen(command, cwd=ROOT, env=work.environment, stdout=log, stderr=log)
        peak = 0
        while process.poll() is None:
            peak = max(peak, _memory(process))
            time.sleep(0.25)  # reading the memory maps costs time itself
        if process.returncode != 0:
            log.seek(0)
            raise RuntimeError(f"allywise {' '.join(map(str, arguments))} failed:\n{log.read()[-4000:].decode()}")
    return time.monotonic() - started, peak / 2**20


def _memory(process: psutil.Process) -> int:
    total = 0
    with suppress(psutil.Error):
        for each in (process, *process.children(recursive=True)):
            with suppress(psutil.Error):
                total += each.memory_full_info().pss
    return total


def main() -> str:
    """Run each command once on a fresh demo programme and return the table."""
    rows = ["| command | seconds | peak memory, MiB |", "|---|---:|---:|"]
    with workspace() as work:
        folder = work.home.parent / "programme"
        truth = str(work.home.parent / "truth")
        generate = [sys.executable, "-m", "demo", str(folder), "--truth", truth, "--seed", "1", "--partners", "800"]
        subprocess.run(generate, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        out = work.home / "out.csv"
        commands: tuple[tuple[str | Path, ...], ...] = (
            ("import", folder),
            ("import", folder),
            ("train", "all"),
            ("score", "churn", "--out", out),
            ("score", "fit", "--out", out),
            ("match", "--open", "--out", out),
            ("match", "--open", "--assign", "--out", out),
            ("recommend", "--out", out),
            ("evaluate", "churn", "--cutoffs", "3"),
            ("models", "list"),
            ("export", work.home / "export"),
        )
        for arguments in commands:
            seconds, memory = measured(work, *arguments)
            shown = " ".join("FOLDER" if isinstance(word, Path) and word != out else str(word) for word in arguments)
            rows.append(f"| `allywise {shown.replace(str(out), 'F')}` | {seconds:.1f} | {memory:,.0f} |")
    return "\n".join(rows)
