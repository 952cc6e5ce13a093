"""Time and peak memory of each command on the demo programme. ``python -m benchmarks commands``."""

import subprocess
import sys
import time
from pathlib import Path

from benchmarks.workspace import ROOT, Workspace, workspace


def measured(work: Workspace, *arguments: str | Path) -> tuple[float, float]:
    """Run a command in a process of its own; return seconds and peak memory in MiB (children included)."""
    code = (
        "import resource, subprocess, sys;"
        "rc = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode;"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(rc)"
    )
    command = [sys.executable, "-c", code, sys.executable, "-m", "cli", *map(str, arguments)]
    started = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, env=work.environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"allywise {' '.join(map(str, arguments))} failed:\n{done.stderr[-4000:]}")
    kibibytes = int(done.stdout.split()[-1])
    return time.monotonic() - started, kibibytes / 1024


def main() -> str:
    """Run each command once on a fresh demo programme and return the table."""
    rows = ["| command | seconds | peak memory, MiB |", "|---|---:|---:|"]
    with workspace() as work:
        folder = work.home.parent / "programme"
        subprocess.run(
            [sys.executable, "-m", "demo", str(folder), "--seed", "1"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL
        )
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
