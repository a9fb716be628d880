"""A JSON file whose rows stand in one list within an object: `{"version": 1, "data": [ … ]}`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ft_magics.data.bodies import Found, RowProblem
from ft_magics.data.bodies.json_rows import GAP, JsonRows
from ft_magics.errors import DataError, nearest

__all__ = ["json_file_rows"]

_HEAD = 131_072
"""Characters by which it is judged; a single row is shorter."""

_LONGEST = 4_000_000
"""Characters of the longest value beside the list."""

_LOST: Any = object()

_STRING = r'"(?:[^"\\]|\\.)*"'
_LIST = re.compile(
    rf"\{{\s*(?:{_STRING}\s*:\s*(?:{_STRING}|[-+.\w]+|\{{[^{{}}]*\}})\s*,\s*)*"
    rf"(?P<key>{_STRING})\s*:\s*\[\s*\{{"
)
"""The begin of an object: short values, then a list of objects."""

_COLUMNS = re.compile(
    rf"\{{\s*{_STRING}\s*:\s*\{{\s*\"0\"\s*:|\{{\s*\"0\"\s*:\s*\{{"
    rf"|\{{\s*\"columns\"\s*:\s*\[\s*\"|\{{\s*\"schema\"\s*:\s*\{{\s*\"fields\"\s*:"
    rf"|\[\s*\[\s*(?:{_STRING}|[-+.\w]+)\s*,"
)
"""How a table begins as pandas writes it, oriented by columns, index, split, table or values."""

_CUT_HEAD = 4096
"""Characters that this needs to see."""

_BEGIN = re.compile(r"\[\s*\{")

_OF_A_ROW = frozenset(
    {
        "messages", "conversations", "conversation", "prompt", "completion", "response", "chosen",
        "rejected", "tools", "functions", "history", "input", "output", "preferred_output",
        "non_preferred_output", "chat_messages", "turns", "dialog", "dialogue", "segments",
        "instances", "contents", "prediction", "annotations", "answers", "completions",
    }
)  # fmt: skip
"""Lists of objects that are one row's own."""

Note = Callable[[str, str, str], None]


def json_file_rows(
    chunks: Iterable[str],
    title: str,
    where: str,
    split: str | None,
    note: Note,
    *,
    whole: bool = True,
) -> Iterator[Found]:
    """The rows of a JSON file: objects one after another, an array, or a list in one object.

    Args:
        chunks: The file's text in pieces.
        title: What the file is called.
        where: The cell, for errors.
        split: Which list, of an object with several.
        note: Told of lists that are left out.
        whole: Whether an object may be around all rows; False for a file of one row a line.

    Yields:
        Each row, or why it could not be read.

    Raises:
        DataError: There is no such list, or there are several and none was named; or the file is
            a table by columns.
    """
    reader = _Wrapped(chunks, title, where, split, note)
    reader.refuse_columns()
    if whole and reader.is_wrapped():
        yield from reader.listed()
        return
    if split is not None:
        raise DataError(where, f"{title} has no splits.", "Leave --split out.")
    yield from reader.rows()


class _Wrapped(JsonRows):
    """The one reader, which also knows its way through an object around the rows."""

    def __init__(
        self, chunks: Iterable[str], title: str, where: str, split: str | None, note: Note
    ) -> None:
        super().__init__(chunks, title)
        self._where = where
        self._split = split
        self._note = note
        self._lists: list[str] = []
        self._any = json.JSONDecoder()

    def refuse_columns(self) -> None:
        """Refuse what pandas' `to_json` writes unless it is told to write rows."""
        if self.past_gap():
            self.see(_CUT_HEAD)
            if _COLUMNS.match(self.text, self.at):
                what = f"{self.name} is a table by columns or without their names, not rows."
                remedy = 'In pandas: to_json(path, orient="records", lines=True).'
                raise DataError(self._where, what, remedy)

    def is_wrapped(self) -> bool:
        """Whether the file is one object with a list of rows in it."""
        if not self.past_gap() or self.text[self.at] != "{":
            return False
        self.see(_HEAD)
        found = _LIST.match(self.text, self.at, self.at + _HEAD)
        if not found or _unquoted(found["key"]) in _OF_A_ROW:
            return False
        try:
            _, end = self._any.raw_decode(self.text, self.at)
        except (ValueError, RecursionError):
            # Larger than a row: the list goes on. Else it is a row that cannot be read.
            return not self.ended or "\n{" not in self.text[found.end() :]
        length = end - self.at
        self.see(length + _HEAD)
        gap = GAP.match(self.text, self.at + length)
        following = gap.end() if gap else self.at + length
        return self.text[following : following + 1] != "{"

    def listed(self) -> Iterator[Found]:
        """The rows of the list that is wanted."""
        self.at += 1
        while self.past_gap() and self.text[self.at] != "}":
            key = self._value()
            if not isinstance(key, str) or not self.past_gap() or self.text[self.at] != ":":
                yield self._lost()
                return
            self.at += 1
            if not self.past_gap():
                break
            if self._begins_list():
                yield from self._list(key)
            elif self._value() is _LOST:
                yield self._lost()
                return
        self.at += 1
        yield from self.rows()  # there should be no more
        if self._split is not None and self._split not in self._lists:
            what = f"{self.name} has no list '{self._split}'."
            raise DataError(self._where, what, nearest(self._split, self._lists))

    def _lost(self) -> RowProblem:
        return self.problem(self.at, "the object around the rows breaks off", "Mend it there.")

    def _begins_list(self) -> bool:
        self.see(4096)
        return _BEGIN.match(self.text, self.at) is not None

    def _list(self, key: str) -> Iterator[Found]:
        self._lists.append(key)
        wanted = self._is_wanted(key)
        self.at += 1
        while self.past_gap() and self.text[self.at] != "]":
            row = self.object_here() if self.text[self.at] == "{" else self.stray()
            if wanted:
                yield row
        self.at += 1

    def _is_wanted(self, key: str) -> bool:
        """Whether these rows are read: the split that was named, else `train`, else the first."""
        if self._split is not None:
            return key == self._split
        if len(self._lists) == 1:
            return True
        if self._lists[0] == "train":
            self._note("splits", f"{self.name}: the list '{key}' was not read", "")
            return False
        names = " and ".join(f"'{name}'" for name in self._lists)
        what = f"{self.name} has several lists of rows: {names}."
        raise DataError(self._where, what, f"Name one: --split {key}.")

    def _value(self) -> Any:
        """Any value here; `_LOST` if it cannot be read."""
        while True:
            try:
                value, end = self._any.raw_decode(self.text, self.at)
            except (ValueError, RecursionError):
                if len(self.text) - self.at > _LONGEST or not self.more():
                    return _LOST
                continue
            length = end - self.at
            if end == len(self.text) and self.more():
                continue  # a number may go on
            self.at += length
            return value


def _unquoted(key: str) -> str:
    try:
        return str(json.loads(key))
    except ValueError:
        return key
