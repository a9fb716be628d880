"""JSON as people write it -> objects: one reader for a cell and for files larger than memory."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from ft_magics.data.bodies.json_words import plain_words
from ft_magics.data.bodies.row_problem import Found, RowProblem, clipped

__all__ = ["GAP", "JsonRows"]

GAP = re.compile(r"(?:[\s,\ufeff\0]+|#[^\n]*)+")
"""What may stand between rows: blanks, commas, comments, the mark of a file that was joined on, and
the zeros that a crash leaves at the end of a file."""

_STRING = r'"(?:[^"\\\n]|\\.)*"'
_NOISE = re.compile(rf"(?P<text>{_STRING})|(?P<note>(?<=\n)[ \t]*#[^\n]*)|(?P<comma>,)")
_END = re.compile(r"(?:\s|#[^\n]*\n)*[}\]]")
_BRACKET = re.compile(rf"{_STRING}|(?<=\n)[ \t]*#[^\n]*|([{{}}\[\]])")
_ROW_ENDS = re.compile(r"[ \t\r,\]]*(?:[\n{\[#]|\Z)")
_LINE_ENDS = re.compile(r"[ \t\r]*\n")
_FIRST_KEY = re.compile(rf"\{{\s*({_STRING})\s*:")
_NO_JSON = re.compile(r'\s*(?:#.*|(?![\s\-"\'{}\[\],:\d]|(?:true|false|null)\b).*)?', re.DOTALL)
_LIKE_JSON = re.compile(r'"\s*:|[}\]],?\s*$')

_NEAR = 65_536
"""Characters that are looked at to find where a row that cannot be read ends."""

_LONGEST = 1_000_000
"""Characters of the longest row that is mended."""

_HUGEST = 16_000_000
"""Characters of the longest row that is read; a text's end that never comes is not waited for."""

_CUT = 16
"""An error so near the end of what was read so far may only mean that the rest is missing."""


class _DoubledField(ValueError):
    """One field stands twice in an object; JSON itself would silently keep the last."""


class JsonRows:
    """One pass over a text, from object to object, holding little more than one of them.

    Objects may run over several lines; blank lines, `#` lines and trailing commas are skipped, and
    so are the brackets of an array around the rows. What cannot be read does not hide what comes
    after it.

    Args:
        chunks: The text in pieces, cut anywhere.
        name: What problems call it.
    """

    def __init__(self, chunks: Iterable[str], name: str = "the rows") -> None:
        self.name = name
        self.text = ""
        self.at = 0
        self.ended = False
        self._chunks = iter(chunks)
        self._line, self._column = 1, 1  # of the first character of `text`
        self._decoder = json.JSONDecoder(object_pairs_hook=_object)
        # Looking far ahead costs time; a text that is bad throughout gets it only so often.
        self._patience = 20

    def rows(self) -> Iterator[Found]:
        """Each row's fields, or why it could not be read."""
        while self.past_gap():
            char = self.text[self.at]
            if char == "{":
                yield self.object_here()
            elif char in "[]":  # the brackets of an array around the rows
                self.at += 1
            else:
                yield self.stray()

    # ------------------------------------------------------------------ the window

    def more(self) -> bool:
        """Read on: twice as much as is left, so that a long row is not tried too often."""
        if self.ended:
            return False
        lines = self.text.count("\n", 0, self.at)
        last = self.text.rfind("\n", 0, self.at)
        self._line += lines
        self._column = self.at - last if lines else self._column + self.at
        parts = [self.text[self.at :]]
        wanted, got = max(len(parts[0]), 1), 0
        while got < wanted:
            chunk = next(self._chunks, None)
            if chunk is None:
                self.ended = True
                break
            parts.append(chunk)
            got += len(chunk)
        self.text, self.at = "".join(parts), 0
        return got > 0

    def see(self, count: int) -> None:
        """Have at least so many characters ahead, unless the text ends before."""
        while len(self.text) - self.at < count and self.more():
            pass

    def past_gap(self) -> bool:
        """Go to the next thing that is not a gap; false at the end."""
        while True:
            gap = GAP.match(self.text, self.at)
            start, self.at = self.at, gap.end() if gap else self.at
            if self.at < len(self.text):
                return True
            last = self.text[max(start, self.text.rfind("\n", start) + 1) :]
            if not self.more():
                return False
            if "#" in last:  # a comment goes on
                self.past_line()

    def past_line(self) -> None:
        """Go to the end of this line."""
        while (end := self.text.find("\n", self.at)) < 0:
            self.at = len(self.text)
            if not self.more():
                return
        self.at = end

    # ------------------------------------------------------------------ one row

    def object_here(self) -> Found:
        """The object that begins here; goes on to what follows it."""
        while True:
            try:
                row, self.at = self._decoder.raw_decode(self.text, self.at)
                return row
            except json.JSONDecodeError as error:
                short = len(self.text) - self.at < _HUGEST
                if not (_is_cut(error, self.text) and short and self.more()):
                    return self._mended()
            except (ValueError, RecursionError):
                return self._mended()

    def stray(self) -> RowProblem:
        """What stands here in place of an object; goes on to the end of its line."""
        self.see(_CUT * 2)
        shown = clipped(self.text[self.at : self.at + 64].partition("\n")[0])
        remedy = 'Write each row as an object: {"user": "…", "assistant": "…"}'
        problem = self.problem(self.at, f"{shown} is not an object in braces", remedy)
        self.past_line()
        return problem

    def problem(self, at: int, what: str, remedy: str) -> RowProblem:
        """A problem at a place in the window."""
        lines = self.text.count("\n", 0, at)
        last = self.text.rfind("\n", 0, at)
        line, column = self._line + lines, at - last if lines else self._column + at
        text = f"not readable as JSON at line {line}, column {column} of {self.name}: {what}"
        return RowProblem(text, remedy, line, column)

    def _mended(self) -> Found:
        """The object here in spite of its trailing commas and comments, or what is wrong."""
        self.see(_NEAR)
        end = self._piece_end(_NEAR)
        if end is None:
            self.see(_LONGEST)
            end = self._piece_end(_LONGEST) or min(len(self.text), self.at + _LONGEST)
        # Read without the text behind it: a failed parse counts the lines of all it was given.
        piece = self.text[self.at : end]
        found = self._parsed(lenient := _without_noise(piece)) or self._far()
        if found:
            self.at += found[1]
            return found[0]
        own = _own_length(piece)
        problem = self._told(lenient[:own])
        self.at += own
        return problem

    def _piece_end(self, limit: int) -> int | None:
        """Where what begins here seems to end, within so many characters; None if beyond."""
        later = self._next_row.search(self.text, self.at, self.at + limit)
        stop = later.end() if later else min(len(self.text), self.at + limit)
        closed = _closing(self.text, self.at, stop)
        if twin := self._twin(closed or stop):
            return twin
        return closed or (stop if later or (stop == len(self.text) and self.ended) else None)

    def _twin(self, stop: int) -> int | None:
        """Where the next row begins on this line: rows mostly begin with the same field."""
        key = _FIRST_KEY.match(self.text, self.at, stop)
        if key is None:
            return None
        before = r"(?:\}[\s,]*|[\"\]\w]\s*,\s*)"
        twin = re.compile(rf"{before}(?=\{{\s*{re.escape(key[1])}\s*:)")
        found = twin.search(self.text, self.at, stop)
        return found.end() if found else None

    @property
    def _next_row(self) -> re.Pattern[str]:
        """What the next row begins with: a `{` on a later line, indented no deeper than this."""
        line = self.text.rfind("\n", 0, self.at) + 1
        indent = self.at - line + (0 if line else self._column - 1)
        return re.compile(rf"\n[ \t]{{0,{min(indent, 1000)}}}(?=\{{)")

    def _far(self) -> tuple[dict[str, Any], int] | None:
        """Try more and more: what looked like the next row may be the inside of this one."""
        size = 4096
        while self._patience and size <= _LONGEST:
            self.see(size)
            piece = _without_noise(self.text[self.at : self.at + size])
            try:
                return self._decoder.raw_decode(piece)
            except json.JSONDecodeError as error:
                if not _is_cut(error, piece) or self.at + size > len(self.text):
                    break
            except (ValueError, RecursionError):
                break
            size *= 4
        self._patience = max(0, self._patience - 1)
        return None

    def _parsed(self, text: str) -> tuple[dict[str, Any], int] | None:
        """The object that a text begins with, and its length; None if it cannot be read."""
        try:
            return self._decoder.raw_decode(text)
        except (ValueError, RecursionError):
            return None

    def _told(self, piece: str) -> RowProblem:
        """Why a piece cannot be read."""
        try:
            self._decoder.raw_decode(piece)
        except json.JSONDecodeError as error:
            what, remedy = plain_words(error, piece)
            return self.problem(self.at + min(error.pos, len(piece.rstrip())), what, remedy)
        except _DoubledField as error:
            what = f"field {clipped(str(error))} stands twice in one object"
            return self.problem(self.at, what, "Keep one of them.")
        except (ValueError, RecursionError) as error:
            # A number of thousands of digits, or objects nested thousands deep.
            return self.problem(self.at, str(error), "Write a row's values as plain text.")
        raise AssertionError("a piece that can be read was not")  # pragma: no cover


def _is_cut(error: json.JSONDecodeError, text: str) -> bool:
    """Whether the error may be only the end of what was read so far."""
    return error.msg.startswith("Unterminated") or len(text) - error.pos <= _CUT


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        raise _DoubledField(next(name for name in names if names.count(name) > 1))
    return values


def _without_noise(text: str) -> str:
    """The same text with blanks for trailing commas and comment lines, outside of strings."""

    def blank(match: re.Match[str]) -> str:
        found = match.group()
        keep = match["text"] or (match["comma"] and not _END.match(text, match.end()))
        return found if keep else " " * len(found)

    return _NOISE.sub(blank, text)


def _closing(text: str, start: int, stop: int) -> int | None:
    """Where the brace that opens here is closed, if what follows looks like the end of a row."""
    open_brackets: list[str] = []
    for found in _BRACKET.finditer(text, start, stop):
        bracket = found[1]
        if bracket is None:
            continue
        if bracket in "{[":
            open_brackets.append(bracket)
            continue
        if bracket == "}":  # a `[` that stays open within is what cannot be read
            while open_brackets and open_brackets[-1] == "[":
                open_brackets.pop()
        if open_brackets and open_brackets[-1] == ("[" if bracket == "]" else "{"):
            open_brackets.pop()
        if not open_brackets:
            line = _LINE_ENDS.match(text, found.end(), stop)
            end = line.end() if line else found.end()
            return end if line or _ROW_ENDS.match(text, end, stop) else None
    return None


def _own_length(piece: str) -> int:
    """How much of a piece belongs to its row: lines of plain text after it are on their own."""
    first, newline, rest = piece.partition("\n")
    if not newline:
        return len(piece)
    length = len(piece)
    for line in reversed(rest.splitlines(keepends=True)):
        if not _NO_JSON.fullmatch(line) or _LIKE_JSON.search(line) or line.count('"') % 2:
            return length
        length -= len(line)
    return len(first) + 1
