"""`events.jsonl`: written line by line, read back whole or from its end."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

from ft_magics.events import Event, from_line, state_after, to_line

__all__ = ["EventLog"]

BLOCK_BYTES = 1 << 16


class EventLog:
    """The events of a run, in order.

    A crash may cut off the last line: it is skipped when reading, and what is written next begins
    on a line of its own.

    Args:
        path: The file; made with the first event.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._guard = threading.Lock()

    def append(self, event: Event) -> None:
        """Write an event, so that it survives the end of this process. Any thread may call."""
        line = f"{to_line(event)}\n".encode("utf-8", "backslashreplace")
        # Opened each time: a few microseconds, and no handle that outlives a renamed folder.
        with self._guard, self.path.open("ab+", buffering=0) as file:
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    line = b"\n" + line
            file.write(line)

    def __iter__(self) -> Iterator[Event]:
        try:
            file = self.path.open("rb")
        except FileNotFoundError:
            return
        with file:
            # Bytes end a line at \n alone; text would also at characters that answers may hold.
            for line in file:
                event = from_line(line.decode("utf-8", "replace"))
                if event is not None:
                    yield event

    def last_state(self) -> str | None:
        """The state after the newest event that changed it; reads no more than the file's end."""
        for line in self._backwards():
            event = from_line(line.decode("utf-8", "replace"))
            state = state_after(event) if event is not None else None
            if state is not None:
                return state
        return None

    def written_s(self) -> float:
        """When it was last written, Unix time in seconds; 0 if never."""
        try:
            return self.path.stat().st_mtime
        except FileNotFoundError:
            return 0.0

    def _backwards(self) -> Iterator[bytes]:
        """Lines from the last to the first."""
        try:
            file = self.path.open("rb")
        except FileNotFoundError:
            return
        with file:
            start, rest = file.seek(0, os.SEEK_END), b""
            while start > 0:
                length = min(BLOCK_BYTES, start)
                start -= length
                file.seek(start)
                first, *lines = (file.read(length) + rest).split(b"\n")
                yield from reversed(lines)
                rest = first
            yield rest
