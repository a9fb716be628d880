"""`judgements/NAME.jsonl`: what was judged, line by line. It is added to and never rewritten."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["FOLDER", "Judgements"]

FOLDER = "judgements"


class Judgements:
    """The log of the judgements that a data set was collected from.

    The set is what trains; the log is for scores. Who adds to it holds the home's lock. A crash
    may cut off the last line: it is skipped when reading, and what is added next begins on a line
    of its own.

    Args:
        home: The folder of everything that is kept.
        name: Of the data set.
    """

    def __init__(self, home: Path, name: str) -> None:
        self.path = Path(home) / FOLDER / f"{name}.jsonl"

    def append(self, entry: dict[str, Any]) -> None:
        """Add an entry; it is on disk when this returns.

        Args:
            entry: JSON-able.
        """
        text = json.dumps(entry, ensure_ascii=False)
        line = text.encode("utf-8", "surrogatepass") + b"\n"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab+") as file:
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    line = b"\n" + line
            file.write(line)
            file.flush()
            os.fsync(file.fileno())

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """The entries in their order."""
        try:
            file = self.path.open("rb")
        except FileNotFoundError:
            return
        with file:
            for line in file:
                entry = _entry(line)
                if entry is not None:
                    yield entry


def _entry(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line.decode("utf-8", "surrogatepass"))
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None
