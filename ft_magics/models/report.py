"""What a load tells while it goes on: notices for the user, and progress for a bar."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = ["Notify", "Progress", "Report"]

Notify = Callable[[str], object]
"""Takes one line that the user should read."""

Progress = Callable[[str, int, int], object]
"""Takes what is going on, the bytes done and the bytes in all (0: not known)."""


@dataclass
class Report:
    """Tells of the slow parts of a load.

    Args:
        notify: Gets notices.
        progress: Gets progress; without it the beginning of a slow part is a notice.
    """

    notify: Notify
    progress: Progress | None = None
    _text: str = field(default="", init=False)
    _told_at_s: float = field(default=0.0, init=False)

    def begin(self, text: str, total_bytes: int = 0) -> None:
        """A slow part begins: a download, a conversion."""
        self._text = text
        if self.progress is None:
            self.notify(f"{text} …")
        else:
            self.progress(text, 0, total_bytes)

    def step(self, done_bytes: int, total_bytes: int) -> None:
        """The slow part went on; told at most ten times a second, and when it is complete."""
        now = time.monotonic()
        if self.progress is None or (done_bytes < total_bytes and now < self._told_at_s + 0.1):
            return
        self._told_at_s = now
        self.progress(self._text, done_bytes, total_bytes)
