"""Drawing that is asked for often and done a few times a second, on a timer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

__all__ = ["INTERVAL_S", "Throttle"]

INTERVAL_S = 0.25
"""Shortest time between two redraws of a card, in seconds."""


class Throttle:
    """Calls a function soon after it is asked to, but not too often, and never in the asker.

    Args:
        draw: What to call, on a timer thread.
        interval_s: Shortest time between the ends and beginnings of two calls, in seconds.
    """

    def __init__(self, draw: Callable[[], None], interval_s: float = INTERVAL_S) -> None:
        self._draw = draw
        self._interval_s = interval_s
        self._guard = threading.Lock()
        self._timer: threading.Timer | None = None
        self._last_s = 0.0
        self._closed = False

    def ask(self) -> None:
        """Something changed. Cheap: from any thread, as often as you like."""
        with self._guard:
            if self._closed or self._timer is not None:
                return
            delay_s = max(0.0, self._last_s + self._interval_s - time.monotonic())
            self._timer = threading.Timer(delay_s, self._fire)
            self._timer.daemon = True
            self._timer.start()

    def _fire(self) -> None:
        with self._guard:
            self._timer = None
            if self._closed:
                return
            self._last_s = time.monotonic()
        self._draw()

    def close(self) -> None:
        """Call nothing from now on."""
        with self._guard:
            self._closed = True
            if self._timer is not None:
                self._timer.cancel()
