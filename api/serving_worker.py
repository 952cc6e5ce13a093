"""How a forked process serves: uvicorn under gunicorn."""

import os
import signal
from types import FrameType
from typing import Any, ClassVar

from uvicorn_worker import UvicornWorker  # type: ignore[import-untyped]


class Worker(UvicornWorker):  # type: ignore[misc]  # untyped
    """Uvicorn's worker; it does not name its server, and ends what it does when told to quit."""

    CONFIG_KWARGS: ClassVar[dict[str, Any]] = {"loop": "auto", "http": "auto", "server_header": False}

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - as a signal calls it
        """Take the SIGQUIT of the parent, which uvicorn does not know, for the SIGTERM that it knows."""
        os.kill(os.getpid(), signal.SIGTERM)
