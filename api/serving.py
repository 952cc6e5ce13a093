"""Serves the application from one process, or from several that share what was loaded before they were forked.

What shares, and why gunicorn: docs/adr/0016-processes-that-share.md.
"""

import gc
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastapi import FastAPI

CAN_FORK = sys.platform == "linux"
"""Elsewhere libraries of the operating system do not stand a fork, or there is none."""

METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Environment variable of the folder in which several processes count together."""

_KEEP_ALIVE_SECONDS = 75
"""Longer than the 60 s of common balancers: who reuses a connection must not find it closed just then."""

_SILENT_SECONDS = 120
_GRACE_SECONDS = 30
_LOOK_SECONDS = 1.0


def serve(host: str, port: int, workers: int) -> None:
    """Serve until told to stop by SIGTERM or SIGINT.

    Parameters
    ----------
    host, port : str, int
        Where to listen.
    workers : int
        Processes. Several are forked from one that has imported everything and loaded the models, and share that
        memory; one that dies is replaced. Where there is no fork each loads its own.
    """
    if workers > 1 and CAN_FORK:
        _serve_forked(host, port, workers)
        return
    import uvicorn

    uvicorn.run(
        "api.app:create_served_app",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        log_level="warning",
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_worker_healthcheck=_SILENT_SECONDS,
    )


def load_shared() -> "FastAPI":
    """Build the application with all that its processes can share, ready to be forked.

    No thread runs and no connection is open afterwards: neither would live on in a child.
    """
    from api.app import create_app, open_services
    from api.warm import load_what_is_fixed
    from domain.context import system_clock
    from domain.settings import Settings

    settings = Settings()
    services = open_services(settings, system_clock)
    app = create_app(settings, warm=True, services=services)
    load_what_is_fixed(app, services)
    services.intelligence.engine.dispose()
    gc.collect()
    gc.freeze()  # a collection in a child would write into every object, and so copy its page
    return app


def _serve_forked(host: str, port: int, workers: int) -> None:
    # A library that has run threads of OpenMP before a fork waits for ever for them in the child.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    os.environ.setdefault("MLFLOW_SQLALCHEMYSTORE_POOLCLASS", "NullPool")  # no open file of its database is inherited
    folder = os.environ[METRICS_FOLDER] = tempfile.mkdtemp(prefix="allywise-metrics-")  # before it is imported
    try:
        _server(load_shared(), host, port, workers).run()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _server(app: "FastAPI", host: str, port: int, workers: int) -> Any:
    """Return gunicorn, set to serve `app`."""
    from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
    from prometheus_client.multiprocess import mark_process_dead

    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    options = {
        "bind": [address],
        "workers": workers,
        "worker_class": "api.serving_worker.Worker",
        "preload_app": True,
        "timeout": _SILENT_SECONDS,
        "graceful_timeout": _GRACE_SECONDS,
        "keepalive": _KEEP_ALIVE_SECONDS,
        "loglevel": "warning",
        "control_socket_disable": True,
        "post_worker_init": lambda _worker: _stop_with_parent(),
        "child_exit": lambda _server, worker: mark_process_dead(worker.pid),  # type: ignore[no-untyped-call]
    }

    class Server(BaseApplication):  # type: ignore[misc]  # untyped
        """The application under gunicorn."""

        def load_config(self) -> None:
            """Set what was chosen."""
            for name, value in options.items():
                self.cfg.set(name, value)

        def load(self) -> "FastAPI":
            """Return the application."""
            return app

    return Server()


def _stop_with_parent() -> None:
    """Watch the parent in a thread: without it nobody would replace or stop this process."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def forked_processes() -> list[int]:
    """Return the ids of the processes that serve together, this one among them.

    They are children of one parent with one command line: the worker of background jobs has another.
    """
    own, parent = os.getpid(), os.getppid()
    try:
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        command = Path(f"/proc/{own}/cmdline").read_bytes()
    except OSError:
        return [own]
    if METRICS_FOLDER not in os.environ:
        return [own]
    return sorted({own, *(int(child) for child in children if _command(child) == command)})


def _command(pid: str) -> bytes | None:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # it has just ended
        return None
