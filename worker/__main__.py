"""``python -m worker [--with-parent]``: run background jobs of the configured store until told to stop."""

import os
import signal
import sys
import threading
import time

from domain.settings import Settings
from worker.loop import open_worker, work_until


def main() -> None:
    """Run until SIGTERM or SIGINT (``--with-parent``: or the parent ends); a job in hand is finished first."""
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    if "--with-parent" in sys.argv:
        threading.Thread(target=_stop_with_parent, args=(stop, os.getppid()), daemon=True).start()
    work_until(stop, open_worker(Settings()))


def _stop_with_parent(stop: threading.Event, parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    stop.set()


if __name__ == "__main__":
    main()
