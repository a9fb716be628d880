"""Rows in a file: a sequence that reads each row when it is asked for.

A data set may have more rows than should stand in memory. Only where each row begins is kept, eight
bytes a row.
"""

from __future__ import annotations

import itertools
import json
import os
import weakref
from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, overload

from ft_magics.data.rows import AnyRow, from_record

__all__ = ["RowFile", "Some", "line_of", "number_of", "without", "write_rows"]

_BLOCK = 256
"""Rows read at once."""


class RowFile(Sequence[AnyRow]):
    """The rows of a JSONL file that `write_rows` wrote.

    Args:
        path: The file. It must not change while it is read.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        # Held open: a version that is deleted, renamed or moved can still be read by who has it.
        self._handle = os.open(self.path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        weakref.finalize(self, os.close, self._handle)
        self._starts = array("Q", [0])
        self._numbers = array("Q")
        with self.path.open("rb") as file:
            for line in file:
                self._starts.append(self._starts[-1] + len(line))
                self._numbers.append(number_of(line))

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, index: int) -> AnyRow: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[AnyRow]: ...
    def __getitem__(self, index: int | slice) -> AnyRow | Sequence[AnyRow]:
        if isinstance(index, slice):
            return Some(self, array("Q", range(len(self))[index]))
        place = range(len(self))[index]
        return _row(self._read(place, place + 1))

    def __iter__(self) -> Iterator[AnyRow]:
        for place in range(0, len(self), _BLOCK):
            block = self._read(place, min(place + _BLOCK, len(self)))
            yield from map(_row, block.split(b"\n")[:-1])

    def _read(self, first: int, end: int) -> bytes:
        """The bytes of some rows; from any thread, as no position in the file is shared."""
        at, size = self._starts[first], self._starts[end] - self._starts[first]
        if hasattr(os, "pread"):
            return os.pread(self._handle, size, at)
        with self.path.open("rb") as file:  # pragma: no cover - Windows
            file.seek(at)
            return file.read(size)

    def __eq__(self, other: object) -> bool:
        return _same_rows(self, other)

    __hash__ = None  # type: ignore[assignment]

    def index_of(self, number: int) -> int:
        """The place of the row that has this number.

        Raises:
            ValueError: There is none.
        """
        # Mostly they rise; after a shuffle they do not.
        at = bisect_left(self._numbers, number)
        if at < len(self) and self._numbers[at] == number:
            return at
        return self._numbers.index(number)

    def __repr__(self) -> str:
        return f"<{len(self)} rows in a file>"


class Some(Sequence[AnyRow]):
    """Some rows of a sequence, in an order of their own; none is copied.

    Args:
        rows: All of them.
        places: Which, by their place from 0.
    """

    def __init__(self, rows: Sequence[AnyRow], places: array[int]) -> None:
        self._rows = rows
        self._places = places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> AnyRow: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[AnyRow]: ...
    def __getitem__(self, index: int | slice) -> AnyRow | Sequence[AnyRow]:
        if isinstance(index, slice):
            return Some(self._rows, self._places[index])
        return self._rows[self._places[index]]

    def __iter__(self) -> Iterator[AnyRow]:
        # A file is read from its beginning to its end once, not opened anew for each row.
        if isinstance(self._rows, RowFile) and _rises(self._places):
            wanted = iter(self._places)
            next_place = next(wanted, None)
            for place, row in enumerate(self._rows):
                if place == next_place:
                    yield row
                    next_place = next(wanted, None)
                    if next_place is None:
                        return
        else:
            yield from (self._rows[place] for place in self._places)

    def __eq__(self, other: object) -> bool:
        return _same_rows(self, other)

    __hash__ = None  # type: ignore[assignment]


def _same_rows(rows: Sequence[AnyRow], other: object) -> bool:
    """Whether another sequence, in memory or not, has the same rows."""
    if not isinstance(other, Sequence) or len(other) != len(rows):
        return False
    return all(one == another for one, another in zip(rows, other, strict=True))


def write_rows(path: Path, rows: Iterable[AnyRow]) -> int:
    """Write rows to a file, one JSON object a line.

    Args:
        path: The file; what it held is gone.
        rows: They are taken one by one.

    Returns:
        How many there were.
    """
    count = 0
    with Path(path).open("wb") as file:
        for count, row in enumerate(rows, start=1):  # noqa: B007 - the last one is the number
            file.write(line_of(row))
    return count


def without(rows: Sequence[AnyRow], numbers: Collection[int]) -> Sequence[AnyRow]:
    """The rows but for those of some numbers; in memory where they were in memory."""
    if isinstance(rows, tuple):
        return tuple(row for row in rows if row.number not in numbers)
    kept = (place for place, row in enumerate(rows) if row.number not in numbers)
    return Some(rows, array("Q", kept))


def line_of(row: AnyRow) -> bytes:
    """A row as a line of a file."""
    return json.dumps(row.to_record(), ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"


def _row(line: bytes) -> AnyRow:
    return from_record(json.loads(line.decode("utf-8", "surrogatepass")))


def number_of(line: bytes) -> int:
    """The row's number, which stands first in its line."""
    begin = line.index(b":") + 1
    return int(line[begin : line.index(b",", begin)])


def _rises(places: Sequence[Any]) -> bool:
    return all(a < b for a, b in itertools.pairwise(places))
