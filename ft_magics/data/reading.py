"""Text as a user writes it -> JSON objects with row numbers, or plain words about what is wrong."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Literal

from ft_magics.errors import DataError

__all__ = ["RowProblem", "body_kind", "read_rows"]

BodyKind = Literal["empty", "json", "dialogue", "csv", "yaml"]

_DIALOGUE = re.compile(r"(system|user|assistant|human|bot)\s*:", re.IGNORECASE)
_CSV_CELL = re.compile(r'\s*("[^"]*"|[A-Za-z_][\w .-]*)\s*')
_GAP = re.compile(r"(?:[\s,]+|#[^\n]*)+")
_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_NOISE = re.compile(rf"(?P<text>{_STRING.pattern})|(?P<note>(?<=\n)[ \t]*#[^\n]*)|(?P<comma>,)")
_END = re.compile(r"(?:\s|#[^\n]*\n)*[}\]]")
_LONGEST = 1_000_000
"""Characters of the longest row that is written over lines without indent."""

_CURLY_QUOTES = "“”„«»‘’"


@dataclass(frozen=True)
class RowProblem:
    """Why a piece of the text could not be read as a row."""

    text: str
    """What is wrong, with its line and column among the rows, without a full stop."""
    remedy: str
    """What to do about it."""
    line: int
    """Line of the rows' text, counted from 1."""
    column: int
    """Column in that line, counted from 1."""


class _DoubledField(ValueError):
    """One field stands twice in an object; JSON itself would silently keep the last."""


def body_kind(text: str) -> BodyKind:
    """What a body looks like, by its first line that is neither blank nor a `#` comment.

    Args:
        text: A cell's body or a file.

    Returns:
        `empty`; `json` if it begins with `{` or `[`; `dialogue` if with `user:` or another role;
        `csv` if with a header of names and commas; else `yaml`.
    """
    lines = (line.strip() for line in text.lstrip("\ufeff").splitlines())
    first = next((line for line in lines if line and not line.startswith("#")), "")
    if not first:
        return "empty"
    if first[0] in "{[":
        return "json"
    if _DIALOGUE.match(first):
        return "dialogue"
    cells = first.split(",")
    if len(cells) > 1 and all(_CSV_CELL.fullmatch(cell) for cell in cells):
        return "csv"
    return "yaml"


def read_rows(text: str, where: str) -> list[tuple[int, dict[str, Any] | RowProblem]]:
    """Read JSONL, or a JSON array of objects, as people write it.

    Objects may run over several lines; blank lines, `#` lines and trailing commas are skipped.
    A row that cannot be read does not hide those after it.

    Args:
        text: The rows.
        where: The cell or file, for the error.

    Returns:
        For each row its number, counted from 1, and its object or what is wrong with it.

    Raises:
        DataError: The text is of a kind that is not read: dialogue, CSV, YAML.
    """
    kind = body_kind(text)
    if kind == "empty":
        return []
    if kind != "json":
        name = {"dialogue": "dialogue lines", "csv": "CSV", "yaml": "YAML or plain text"}[kind]
        raise DataError(
            where,
            f"the rows look like {name}; what is read is JSONL or a JSON array. "
            'Write one object a line: {"user": "…", "assistant": "…"}',
        )
    return list(enumerate(_Reader(text.lstrip("\ufeff")).rows(), start=1))


class _Reader:
    """One pass over a text, from object to object."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.decoder = json.JSONDecoder(object_pairs_hook=_object)
        # Looking far ahead costs time; a text that is bad throughout gets it only so often.
        self.patience = 20

    def rows(self) -> list[dict[str, Any] | RowProblem]:
        found: list[dict[str, Any] | RowProblem] = []
        at = self._past_gap(0)
        while at < len(self.text):
            if self.text[at] in "[]":  # the brackets of an array around the rows
                at += 1
            elif self.text[at] == "{":
                row, at = self._object_at(at)
                found.append(row)
            else:
                found.append(self._stray(at))
                at = self._line_end(at)
            at = self._past_gap(at)
        return found

    def _past_gap(self, at: int) -> int:
        gap = _GAP.match(self.text, at)
        return gap.end() if gap else at

    def _line_end(self, at: int) -> int:
        end = self.text.find("\n", at)
        return len(self.text) if end < 0 else end

    def _object_at(self, start: int) -> tuple[dict[str, Any] | RowProblem, int]:
        """The object that begins here, and where to go on."""
        end = self._next_row(start)
        # Read without the text behind it: a failed parse counts the lines of all it was given.
        piece = self.text[start:end]
        found = self._parsed(piece) or self._parsed(lenient := _without_noise(piece))
        if found:
            return found[0], start + found[1]
        # What looked like the next row may be the inside of this one, written without indent.
        found = self._parsed(self.text[start : start + _LONGEST])
        if found is None and self.patience:
            self.patience -= 1
            found = self._parsed(_without_noise(self.text[start : start + _LONGEST]))
        if found:
            return found[0], start + found[1]
        return self._told(lenient, start), end

    def _parsed(self, text: str) -> tuple[dict[str, Any], int] | None:
        """The object that a text begins with, and its length; None if it cannot be read."""
        try:
            return self.decoder.raw_decode(text)
        except (ValueError, RecursionError):
            return None

    def _told(self, piece: str, start: int) -> RowProblem:
        """Why a piece cannot be read."""
        try:
            self.decoder.raw_decode(piece)
        except json.JSONDecodeError as error:
            what, remedy = _plain_words(error, piece)
            return self._problem(start + min(error.pos, len(piece.rstrip())), what, remedy)
        except _DoubledField as error:
            what = f"field '{error}' stands twice in one object"
            return self._problem(start, what, "Keep one of them.")
        except (ValueError, RecursionError) as error:
            # A number of thousands of digits, or objects nested thousands deep.
            return self._problem(start, str(error), "Write a row's values as plain text.")
        raise AssertionError("a piece that can be read was not")  # pragma: no cover

    def _next_row(self, start: int) -> int:
        """Where the next row begins: a `{` on a later line, indented no deeper than this one."""
        indent = start - (self.text.rfind("\n", 0, start) + 1)
        later = re.compile(rf"\n[ \t]{{0,{indent}}}(?=\{{)").search(self.text, start)
        return later.end() if later else len(self.text)

    def _stray(self, at: int) -> RowProblem:
        shown = self.text[at : self._line_end(at)].strip()
        shown = shown if len(shown) <= 24 else shown[:24] + "…"
        remedy = 'Write each row as an object: {"user": "…", "assistant": "…"}'
        return self._problem(at, f"'{shown}' is not an object in braces", remedy)

    def _problem(self, at: int, what: str, remedy: str) -> RowProblem:
        line = self.text.count("\n", 0, at) + 1
        column = at - (self.text.rfind("\n", 0, at) + 1) + 1
        text = f"not readable as JSON at line {line}, column {column} of the rows: {what}"
        return RowProblem(text, remedy, line, column)


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


def _plain_words(error: json.JSONDecodeError, text: str) -> tuple[str, str]:
    """A JSON error and its remedy, for someone who does not know the parser's words."""
    rest = text[error.pos :].lstrip()
    if not rest and error.msg.startswith("Expecting"):
        return "the object does not end", "Close it with }."
    if rest[:1] == "'":
        return "single quotes", "JSON wants double quotes: \"user\", not 'user'."
    if rest and rest[0] in _CURLY_QUOTES:
        return f"the curly quote {rest[0]}", 'JSON wants straight double quotes: "user".'
    word = re.match(r"(True|False|None|nan|undefined)\b", rest)
    if word:
        right = {"True": "true", "False": "false"}.get(word[0], "null")
        return f"{word[0]} is not a JSON value", f"Write {right}."
    for begin, words in _WORDS.items():
        if error.msg.startswith(begin):
            return words
    return f"{error.msg[:1].lower()}{error.msg[1:]}", "Check the quotes, commas and braces there."


_WORDS: dict[str, tuple[str, str]] = {
    "Expecting property name": ("a field name is missing", 'Field names stand in quotes: "user".'),
    "Illegal trailing comma": ("a comma too many", "Remove it."),
    "Expecting ':'": ("no colon after the field name", 'Write it as "user": "…".'),
    "Expecting ','": (
        "a comma is missing, or a quote within a text",
        'Put a comma between fields, and write a quote within a text as \\".',
    ),
    "Expecting value": ("a value is missing or has no quotes", 'Texts stand in quotes: "…".'),
    "Unterminated string": ("a text without its closing quote", 'End it with ".'),
    "Invalid control character": (
        "a line break or tab within a text",
        "Write it as \\n or \\t, or close the quote on its line.",
    ),
    "Invalid \\": ("a lone backslash", "Write it twice: \\\\."),
}
