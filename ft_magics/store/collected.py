"""Data sets that grow by one row at each click: their newest version is changed in place.

The rows are one file, replaced as a whole; the record beside it is written after them. A process
that ends in between leaves rows that are newer than their record, and the record says by a hash
which rows it speaks of: whoever opens the set makes it anew.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ft_magics.files import write_atomic, write_json
from ft_magics.store.journal import Change, Journal
from ft_magics.store.sets import ROWS, SET, read_set, write_set
from ft_magics.store.shelf import SHELVES, Shelf

if TYPE_CHECKING:
    from ft_magics.store.store import Store

__all__ = ["MARK", "CollectedSet", "file_sha256", "is_checked", "keep_checked"]

MARK = "collected"
"""The field of a record that says its version was made by collecting."""

Record = dict[str, Any]


class CollectedSet:
    """The newest version of a data set, to be changed. Who uses it holds the home's lock.

    Args:
        store: Where it is kept.
        name: What it is called; it may not be there yet.
    """

    def __init__(self, store: Store, name: str) -> None:
        self.name = name
        self._shelf = Shelf(store.home, "data", *SHELVES["data"])
        self._journal = Journal(store.home)
        self._version = next(iter(self._shelf.versions(name)), 0)
        self.record: Record | None = read_set(self._path) if self._version else None

    @property
    def _path(self) -> Path:
        return self._shelf.path(self.name, self._version)

    @property
    def collected(self) -> bool:
        """Whether this version was made by collecting, so that it may be changed in place."""
        return self.record is not None and MARK in self.record

    def rows(self) -> list[bytes]:
        """The lines of the rows, in normal form and without their ends."""
        if not self._version:
            return []
        return [line for line in (self._path / ROWS).read_bytes().split(b"\n") if line]

    def write(self, rows: list[bytes], record: Record) -> None:
        """Keep these rows in place of those that are there, or as a version after them.

        Args:
            rows: Their lines; without any, the version goes.
            record: What is known of them.
        """
        if not rows:
            self._drop()
            return
        lines = b"\n".join([*rows, b""])
        if not self.collected:
            self._begin(lines, record)
            return
        write_atomic(self._path / ROWS, lines)
        self._note(record, lines)

    def _note(self, record: Record, lines: bytes) -> None:
        self.record = self._marked(record, lines)
        write_json(self._path / SET, self.record)

    def _marked(self, record: Record, lines: bytes) -> Record:
        mark = {"rows_sha256": hashlib.sha256(lines).hexdigest(), "checked": False}
        return {**record, "version": self._version, MARK: mark}

    def _begin(self, lines: bytes, record: Record) -> None:
        """A version of its own, after one that was not made by collecting."""
        replaces = bool(self._version)
        self._version = self._shelf.next(self.name)
        folder = self._shelf.home / "tmp"
        folder.mkdir(parents=True, exist_ok=True)
        staging = folder / f"collected-{self.name}"
        write_atomic(staging, lines)
        self.record = self._marked(record, lines)
        write_set(self._path, self.record, staging)
        if replaces:
            self._journal.add(Change("replace", "data", self.name, (self._version,)))

    def _drop(self) -> None:
        """The version had one row, and that is taken back: the one before is the newest again."""
        if self.collected:
            gone = self._path.with_name(f".{self._path.name}.gone")
            self._path.replace(gone)
            shutil.rmtree(gone, ignore_errors=True)


def is_checked(record: Record, rows_sha256: str) -> bool:
    """Whether a record of a set says what the checks found in these very rows.

    Args:
        record: Of a version; one that was not collected was checked when it was made.
        rows_sha256: Of the file with its rows.
    """
    mark = record.get(MARK)
    return mark is None or (mark["checked"] and mark["rows_sha256"] == rows_sha256)


def keep_checked(folder: Path, record: Record, rows_sha256: str) -> None:
    """Keep what the checks found, unless the rows have changed meanwhile.

    The caller holds the home's lock.

    Args:
        folder: Of the version.
        record: With the findings.
        rows_sha256: Of the rows that were checked.
    """
    if file_sha256(folder / ROWS) == rows_sha256:
        mark = {"rows_sha256": rows_sha256, "checked": True}
        write_json(folder / SET, {**record, MARK: mark})


def file_sha256(path: Path) -> str:
    """The hash of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
