"""CSV with a header -> rows."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator

from ft_magics.data.bodies.cells import is_missing, unpacked
from ft_magics.data.bodies.row_problem import Found, RowProblem, clipped
from ft_magics.data.bodies.text_lines import text_lines
from ft_magics.errors import DataError

__all__ = ["DELIMITERS", "csv_rows"]

DELIMITERS = ",;\t|"
"""What may stand between cells, the likeliest first."""

_SEPARATOR = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
"""Excel's own first line, which tells what stands between cells."""

_LONGEST = 1_000_000
"""Characters of the longest row; a quote that is not closed by then never is."""

_PATIENCE = 20
"""How often that far is looked for the end of a quote; after that only `_SHORT` far."""

_SHORT = 10_000

_QUOTED = (
    "Put a text that has commas, quotes or line breaks in quotes, and double the quotes in it."
)


def csv_rows(
    chunks: Iterable[str], where: str, name: str, delimiter: str | None = None
) -> Iterator[Found]:
    """Read CSV; a text in quotes may hold delimiters and line breaks.

    Args:
        chunks: The text in pieces.
        where: The cell or file, for the error.
        name: What problems call it.
        delimiter: What stands between cells; None finds out by the header.

    Yields:
        Each row's fields, or why it could not be read.

    Raises:
        DataError: The header names a column twice.
    """
    lines = _Lines(text_lines(chunks, where))
    header_line, header = _header(lines)
    if header is None:
        return
    told = _SEPARATOR.fullmatch(header)
    if told:
        header_line, header = _header(lines)
        if header is None:
            return
    mark = delimiter or (told[1] if told else _delimiter(header))
    # In a header with blanks after its commas they belong to neither cell.
    spaced = header.count(mark) == header.count(f"{mark} ")
    columns = _columns(header, mark, spaced, f"line {header_line}: the header", where)
    for line, cells in _records(lines, mark, spaced):
        if cells is None:
            text = f"not readable as CSV at line {line} of {name}: a quote that is not closed"
            yield RowProblem(text, _QUOTED, line, 1)
        elif any(cell.strip() for cell in cells):
            if len(cells) != len(columns) and cells[0].lstrip().startswith("#"):
                continue  # a comment
            yield _row(cells, columns, line, name)


class _Lines:
    """Lines that can be put back."""

    def __init__(self, lines: Iterator[tuple[int, str]]) -> None:
        self._lines = lines
        self._back: list[tuple[int, str]] = []
        self.taken: list[tuple[int, str]] = []
        """Lines of the record that is being read."""
        self.limit = _LONGEST
        self.ran_out = False
        """Whether a record wanted more lines than there are, or than it may have."""

    def next(self) -> tuple[int, str] | None:
        return self._back.pop() if self._back else next(self._lines, None)

    def put_back(self, lines: list[tuple[int, str]]) -> None:
        self._back += reversed(lines)

    def record(self) -> Iterator[str]:
        """The lines that a csv reader asks for, to the end of one record."""
        size = 0
        while size <= self.limit and (line := self.next()):
            self.taken.append(line)
            size += len(line[1])
            yield line[1].replace("\0", "\ufffd")
        self.ran_out = bool(self.taken)


def _header(lines: _Lines) -> tuple[int, str | None]:
    """The first line that is neither blank nor a comment, and its number."""
    while line := lines.next():
        text = line[1].strip("\n").replace("\0", "\ufffd")
        comment = text.lstrip().startswith("#") and text.lstrip()[1:2] not in (*DELIMITERS, "")
        if text.strip() and not comment:
            return line[0], text
    return 0, None


def _delimiter(header: str) -> str:
    """What stands between the names of the header, outside of quotes."""
    bare = "".join(header.split('"')[::2])
    return max(DELIMITERS, key=bare.count)


def _columns(header: str, mark: str, spaced: bool, place: str, where: str) -> list[str]:
    # The limit is the whole process's; raising it spoils nothing.
    csv.field_size_limit(max(csv.field_size_limit(), 2 * _LONGEST))
    try:
        (cells,) = csv.reader([header], delimiter=mark, skipinitialspace=spaced)
    except csv.Error as error:
        raise DataError(where, f"{place} is not readable as CSV: {error}.", _QUOTED) from None
    columns = [cell.strip() for cell in cells]
    twice = next((c for c in columns if c and columns.count(c) > 1), None)
    if twice is not None:
        what = f"{place} names the column {clipped(twice)} twice."
        raise DataError(where, what, "Give one of them another name.")
    return columns


def _records(lines: _Lines, delimiter: str, spaced: bool) -> Iterator[tuple[int, list[str] | None]]:
    """Each record's first line and its cells; None if a quote in it is not closed."""
    patience = _PATIENCE
    while True:
        lines.taken, lines.ran_out = [], False
        lines.limit = _LONGEST if patience else _SHORT
        try:
            reader = csv.reader(lines.record(), delimiter=delimiter, skipinitialspace=spaced)
            cells = next(reader, None)
        except csv.Error:
            cells, lines.ran_out = [], True
        if not lines.taken:
            return
        first = lines.taken[0][0]
        if lines.ran_out:
            patience = max(0, patience - 1)
            lines.put_back(lines.taken[1:])
            yield first, None
        else:
            yield first, cells or []


def _row(cells: list[str], columns: list[str], line: int, name: str) -> Found:
    place = f"not readable as CSV at line {line} of {name}"
    if len(cells) < len(columns):
        missing = ", ".join(f"'{column}'" for column in columns[len(cells) :])
        text = f"{place}: {_cells(len(cells))} where the header has {len(columns)}: no {missing}"
        return RowProblem(text, "Write all cells; an empty one still needs its comma.", line, 1)
    if len(cells) > len(columns):
        text = f"{place}: {_cells(len(cells))} where the header has {len(columns)}"
        return RowProblem(text, _QUOTED, line, 1)
    return {
        column: unpacked(column, cell)
        for column, cell in zip(columns, cells, strict=True)
        if column and not is_missing(column, cell)
    }


def _cells(count: int) -> str:
    return f"{count} cell{'s' * (count != 1)}"
