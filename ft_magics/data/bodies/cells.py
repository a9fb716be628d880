"""Cells that are only text, of CSV and YAML: the objects written in them, and empty ones."""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Mapping
from typing import Any

__all__ = ["is_missing", "unpacked"]

_OBJECTS = frozenset({"messages", "conversations", "conversation", "tools", "history"})
"""Fields that are never text."""

_TURNS = frozenset(
    {
        "prompt",
        "completion",
        "response",
        "chosen",
        "rejected",
        "input",
        "preferred_output",
        "non_preferred_output",
    }
)
"""Fields that are text or messages: an answer may well be JSON, and stays the text it is."""

_NEEDED = frozenset(
    {
        "user",
        "assistant",
        "prompt",
        "completion",
        "response",
        "chosen",
        "rejected",
        "text",
        "messages",
        "conversations",
        "instruction",
        "output",
    }
)
"""Fields that a row needs: an empty one is told as empty, not as missing."""


_ARRAY_GAP = re.compile(r"\}\n\s*\{")


def is_missing(key: str, value: str) -> bool:
    """Whether an empty cell means that the row does not have this field.

    Args:
        key: The column.
        value: What stands in its cell.
    """
    return not value.strip() and key not in _NEEDED


def unpacked(key: str, value: str) -> Any:
    """The list or object that is written in a cell of a field that can hold one.

    `messages`, `conversations`, `tools` and `history` are read wherever they can be; `prompt`,
    `completion`, `chosen`, `rejected` and the like only if they hold messages: an answer that is
    JSON is a text.

    Args:
        key: The field.
        value: Its text.

    Returns:
        A list or object; the text itself where it is none.
    """
    if (key not in _OBJECTS and key not in _TURNS) or value.lstrip()[:1] not in ("[", "{"):
        return value
    found = _parsed(value)
    if not isinstance(found, list | dict):
        return value
    return found if key in _OBJECTS or _holds_messages(found) else value


def _parsed(value: str) -> Any:
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        pass
    # pandas writes a list as Python does, with single quotes; an array without commas, where the
    # line breaks of texts are escaped and so can be no others.
    value = _ARRAY_GAP.sub("}, {", value)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.literal_eval(value.strip())
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return None


def _holds_messages(found: list[Any] | dict[Any, Any]) -> bool:
    if isinstance(found, dict):
        return (
            found.keys() >= {"role", "content"}
            or found.keys() >= {"from", "value"}
            or (isinstance(found.get("messages"), list))
        )
    return bool(found) and all(isinstance(i, Mapping) and _is_message(i) for i in found)


def _is_message(item: Mapping[Any, Any]) -> bool:
    return "role" in item or {"from", "value"} <= item.keys()
