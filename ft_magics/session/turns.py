"""One run at a time: a thread that takes them in the order they were submitted."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from ft_magics.leaving import computing
from ft_magics.session.work import work

if TYPE_CHECKING:
    from ft_magics.session.run import Run
    from ft_magics.session.state import Session

__all__ = ["submit"]

log = logging.getLogger("ft_magics")


class _Worker:
    """One thread that takes runs in the order they were submitted."""

    def __init__(self) -> None:
        self._todo: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._guard = threading.Lock()

    def submit(self, job: Callable[[], None]) -> None:
        self._todo.put(job)
        with self._guard:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._loop, name="ft_magics", daemon=True)
                self._thread.start()

    def _loop(self) -> None:
        while True:
            try:
                job = self._todo.get(timeout=1.0)
            except queue.Empty:
                with self._guard:
                    if self._todo.empty():
                        self._thread = None
                        return
                continue
            try:
                job()
            except Exception:
                # `work` turns every failure into the run's own; what is left is a view's callback.
                log.exception("after the end of a run")


_worker = _Worker()


def submit(session: Session, run: Run) -> None:
    """Put a run into the queue; it starts when those before it are done."""

    def job() -> None:
        with computing():
            work(session, run)

    _worker.submit(job)
