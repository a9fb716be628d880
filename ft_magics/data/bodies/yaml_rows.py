"""YAML -> rows; every scalar is the text as it is written: `no`, `1.10` and dates stay text."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from typing import Any

from ft_magics.data.bodies.cells import is_missing, unpacked
from ft_magics.data.bodies.row_problem import Found, RowProblem, clipped
from ft_magics.data.bodies.text_lines import text_lines
from ft_magics.errors import DataError

__all__ = ["yaml_rows"]

_MOST_PARTS = 100_000
"""Values of one row; a few aliases of aliases would make billions."""

_LONGEST = 1_000_000
"""Characters of the longest row."""

_DEEPEST = 100
"""Levels of one row."""

_ITEM = re.compile(r"[ \t]*-(?=\s|$)")
_MARK = re.compile(r"(---|\.\.\.)(?=\s|$)")
_LIKE = "Write each row as '- user: …', with its other fields below, indented alike."
_PLAIN = (
    "the rows look like plain text; what is read is JSONL or a JSON array, YAML, CSV, or a "
    "dialogue of lines `user: …`, `assistant: …`."
)


class _Refused(ValueError):
    """Why a node is no row; holds what, remedy, and the node's line in its piece."""


def yaml_rows(chunks: Iterable[str], where: str, name: str) -> Iterator[Found]:
    """Read a list of mappings, or several documents, or one mapping, which is one row.

    Each item of the list is read by itself: what is wrong with one does not hide the others.

    Args:
        chunks: The text in pieces.
        where: The cell or file, for the error.
        name: What problems call it.

    Yields:
        Each row's fields, or why it could not be read.

    Raises:
        DataError: The whole is one plain text.
    """
    anchors: dict[str, Any] = {}
    pieces = _pieces(text_lines(chunks, where), where)
    first = next(pieces, None)
    if first is None:
        return
    second = next(pieces, None)
    if second is None and _is_prose(first[1]):
        raise DataError(where, _PLAIN, 'Write one object a line: {"user": "…", "assistant": "…"}')
    for line, piece in (first, *([second] if second else [])):
        yield from _rows(line, piece, anchors, name)
    for line, piece in pieces:
        yield from _rows(line, piece, anchors, name)


def _pieces(lines: Iterable[tuple[int, str]], where: str) -> Iterator[tuple[int, str]]:
    """The items of a list, or the documents, each with the number of its first line."""
    begin, piece, indent, size = 0, list[str](), -1, 0
    for number, line in lines:
        bare = line.strip()
        if not piece and (not bare or bare.startswith(("#", "%"))):
            continue
        mark = _MARK.match(line)
        item = _ITEM.match(line)
        depth = item.end() - 1 if item else -1
        if piece and (mark or (item and depth <= indent)):
            yield begin, "".join(piece)
            piece, size = [], 0
        if mark:
            line = f"{' ' * 3}{line[3:]}"
            item, indent = _ITEM.match(line), -1
            if not line.strip() or line.lstrip().startswith("#"):
                continue
        if not piece:
            begin, indent = number, (item.end() - 1 if item else -1)
        piece.append(line)
        size += len(line)
        if size > _LONGEST:
            what = f"line {begin}: one row of YAML is longer than {_LONGEST:,} characters."
            raise DataError(where, what, "Write the rows as a list, each behind a dash.")
    if piece:
        yield begin, "".join(piece)


def _is_prose(piece: str) -> bool:
    """Whether a text is a scalar, not a list or mapping, as far as it can be read."""
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.nodes import ScalarNode

    try:
        return isinstance(_composed(piece, {}), ScalarNode)
    except (YAMLError, RecursionError, ValueError):
        return not re.search(r"^[ \t]*(- |[\w\"'-]+[ \t]*:(\s|$))", piece, re.MULTILINE)


def _rows(line: int, piece: str, anchors: dict[str, Any], name: str) -> Iterator[Found]:
    from ruamel.yaml.error import MarkedYAMLError, YAMLError
    from ruamel.yaml.nodes import SequenceNode

    def problem(at: int, what: str, remedy: str) -> RowProblem:
        text = f"not readable as YAML at line {line + at} of {name}: {what}"
        return RowProblem(text, remedy, line + at, 1)

    try:
        node = _composed(piece, anchors)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = min(mark.line if mark else 0, piece.rstrip().count("\n"))
        yield problem(at, *_plain_words(error))
        return
    except (YAMLError, RecursionError, ValueError, AttributeError) as error:
        what = str(error).partition("\n")[0] or type(error).__name__
        yield problem(0, what, "Write a text with odd characters in quotes.")
        return
    for item in node.value if isinstance(node, SequenceNode) else [node] if node else []:
        try:
            yield _fields(item)
        except _Refused as refused:
            what, remedy, at = refused.args
            yield problem(at, what, remedy)


def _composed(piece: str, anchors: dict[str, Any]) -> Any:
    """The piece as nodes, None if there are none. Anchors of the pieces before are known, new ones are kept."""
    from ruamel.yaml import YAML
    from ruamel.yaml.events import DocumentEndEvent, StreamEndEvent
    from ruamel.yaml.parser import ParserError

    yaml = YAML(typ="safe", pure=True)
    _, parser = yaml.get_constructor_parser(io.StringIO(piece))
    try:
        parser.get_event()  # the stream's begin
        if parser.check_event(StreamEndEvent):
            return None
        parser.get_event()  # the document's
        composer = yaml.composer
        composer.anchors = anchors
        composer.warn_double_anchors = False
        node = composer.compose_node(None, None)
        if not parser.check_event(DocumentEndEvent):  # pragma: no cover
            raise ParserError(None, None, "more than one value", parser.peek_event().start_mark)
        # What cannot be read after the value shows only here.
        parser.get_event()
        parser.peek_event()
        return node
    finally:
        parser.dispose()


def _fields(node: Any) -> dict[str, Any]:
    """A mapping's fields.

    Raises:
        _Refused: It is no mapping, or too large when its aliases are written out.
    """
    from ruamel.yaml.nodes import MappingNode, ScalarNode

    if not isinstance(node, MappingNode):
        shown = clipped(str(node.value)) if isinstance(node, ScalarNode) else "a list"
        raise _Refused(f"{shown} is not a row of fields", _LIKE, node.start_mark.line)
    budget = [_MOST_PARTS]
    fields = _value(node, budget, 0)
    return {
        key: unpacked(key, value) if isinstance(value, str) else value
        for key, value in fields.items()
        if not (isinstance(value, str) and not value and is_missing(key, value))
    }


def _value(node: Any, budget: list[int], depth: int) -> Any:
    """A node's value, every scalar as it is written."""
    from ruamel.yaml.nodes import MappingNode, SequenceNode

    budget[0] -= 1
    if budget[0] < 0 or depth > _DEEPEST:
        what = "too many values, or too many levels"
        raise _Refused(what, "Write the row out, without aliases.", node.start_mark.line)
    if isinstance(node, SequenceNode):
        return [_value(item, budget, depth + 1) for item in node.value]
    if not isinstance(node, MappingNode):
        return node.value
    own: dict[str, Any] = {}
    merged: dict[str, Any] = {}
    for key, value in node.value:
        name = _value(key, budget, depth + 1)
        if name == "<<" and isinstance(value, MappingNode):
            merged |= _value(value, budget, depth + 1)
        elif not isinstance(name, str):
            raise _Refused("a field name that is not text", _LIKE, key.start_mark.line)
        elif name in own:
            what = f"field {clipped(name)} stands twice in one object"
            raise _Refused(what, "Keep one of them.", key.start_mark.line)
        else:
            own[name] = _value(value, budget, depth + 1)
    return merged | own


def _plain_words(error: Any) -> tuple[str, str]:
    """What the parser complains about, for someone who does not know its words."""
    problem = str(error.problem or error.context or "it does not go on as it began")
    for words, told in _WORDS.items():
        if words in problem:
            return told
    return problem.partition("\n")[0], "Check the indent, and put texts with `: ` in quotes."


_WORDS = {
    "mapping values are not allowed": (
        "a colon within a text",
        'Put the text in quotes: user: "one: two".',
    ),
    "found character '\\t'": ("a tab in the indent", "Indent with blanks."),
    "could not find expected ':'": (
        "a line that is neither `name: text` nor the rest of a text",
        "Put texts of several lines below `name: |`, indented.",
    ),
    "expected <block end>": (
        "the indent does not fit, or a quote within a text",
        "Indent all fields of a row alike, and put a text that begins with a quote in quotes.",
    ),
    "undefined alias": ("an alias that names nothing", "Put a text that begins with * in quotes."),
    "found unexpected end of stream": ("a quote that is not closed", "Close it."),
    "cannot start any token": (
        "a text that begins with a sign of YAML's own",
        "Put it in quotes.",
    ),
}
