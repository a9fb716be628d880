"""What goes on while it is shown: it says when it changed, and when it is over."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Watched"]


class Watched:
    """An object that changes after its cell has ended.

    Attributes:
        active: Whether it can go on. While it can, a front end shows it live.
    """

    def __init__(self) -> None:
        self.active = True
        self._observers: list[Callable[[str], None]] = []
        self._after: list[Callable[[], None]] = []

    def observe(self, callback: Callable[[str], None]) -> None:
        """Call this after each change, from any thread, with one word for what changed."""
        self._observers.append(callback)

    def unobserve(self, callback: Callable[[str], None]) -> None:
        """Call it no more."""
        if callback in self._observers:
            self._observers.remove(callback)

    def when_ended(self, callback: Callable[[], None]) -> None:
        """Call this when it is over; at once if it is."""
        if self.active:
            self._after.append(callback)
        else:
            callback()

    def close(self) -> None:
        """Let it be over; later calls do nothing."""
        if not self.active:
            return
        self.active = False
        after, self._after = self._after, []
        for callback in after:
            callback()

    def tell(self, what: str) -> None:
        """Say that something changed."""
        for callback in list(self._observers):
            callback(what)
