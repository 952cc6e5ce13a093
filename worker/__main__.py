"""``python -m worker``: run background jobs of the configured store until told to stop."""

import signal
import threading

from domain.settings import Settings
from worker.loop import open_worker, work_until


def main() -> None:
    """Run until SIGTERM or SIGINT; a job in hand is finished first."""
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    work_until(stop, open_worker(Settings()))


if __name__ == "__main__":
    main()
