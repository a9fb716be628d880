"""Who is told when something changes, and when it is over."""

from __future__ import annotations

import threading
from collections.abc import Callable

__all__ = ["Listeners"]

Callback = Callable[[], None]


class Listeners:
    """Callbacks of one thing; any thread may use it, and each is called without a lock held."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._watching: list[Callback] = []
        self._after: list[Callback] = []
        self._ended = False

    def add(self, callback: Callback) -> None:
        """Call this after each change."""
        with self._guard:
            self._watching.append(callback)

    def remove(self, callback: Callback) -> None:
        """Call it no more."""
        with self._guard:
            self._watching = [one for one in self._watching if one != callback]

    def when_ended(self, callback: Callback) -> None:
        """Call this when it is over; at once if it is."""
        with self._guard:
            if not self._ended:
                self._after.append(callback)
                return
        callback()

    def tell(self, *, ended: bool) -> None:
        """Say that something changed.

        Args:
            ended: Whether it is over; those who wait for that are told once.
        """
        with self._guard:
            watching, after = list(self._watching), []
            if ended:
                self._ended, after, self._after = True, self._after, []
        for callback in (*watching, *after):
            callback()
