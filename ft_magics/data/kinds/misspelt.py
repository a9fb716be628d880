"""Names of fields: other tools' for the same ones, and misspelt ones."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from ft_magics.data.kinds.kind import Kind

__all__ = ["NAMES", "SAME", "Guess", "close_name", "likeliest", "own_name", "own_names"]

SAME = {
    "response": "completion",
    "conversation": "conversations",
    "system_prompt": "system",
    "system_message": "system",
}
"""What other tools call a field; read without a word, unless the row has the field itself."""

NAMES = frozenset(
    {
        "user", "assistant", "messages", "conversations", "prompt", "completion", "chosen",
        "rejected", "instruction", "output", "text", "input",
    }
)  # fmt: skip
"""Fields that mean what they say, and are no misspelt others."""

Guess = Mapping[str, tuple[str | None, str | None]]
"""For each field that is missing the spelling that was meant, and the key that stands for it."""

_Shape = tuple[tuple[str, str], ...]
"""A row's keys, each with what its value is: that is all that a guess goes by."""
_OF_LISTS = ("messages", "conversations")


def own_names(values: Mapping[Any, Any]) -> dict[Any, Any]:
    """A row's fields under the names that they have here.

    Args:
        values: The row's fields.
    """
    names = {key: own_name(key, values) for key in values}
    # What is null gives way to a field that has its name from another tool.
    first = sorted(values, key=lambda key: values[key] is not None)
    return {names[key]: values[key] for key in first}


def own_name(key: Any, values: Mapping[Any, Any]) -> Any:
    """The name that a field has here: another tool's is left where the row has both.

    Args:
        key: The field.
        values: The row's fields.
    """
    same = SAME.get(key, key)
    return key if same != key and values.get(same) is not None else same


def likeliest(values: Mapping[str, Any], kinds: Mapping[str, Kind], usual: str | None) -> Guess:
    """What is missing of the kind that a row is likeliest to be.

    Args:
        values: The row's fields.
        kinds: All kinds.
        usual: The kind of most rows beside it.

    Returns:
        Empty if the row is like none.
    """
    shape = tuple((str(key), _sort(value)) for key, value in values.items())
    known = tuple((name, kind.fields, kind.optional) for name, kind in kinds.items())
    return _likeliest(shape, known, usual)


def _sort(value: Any) -> str:
    if value is None or isinstance(value, str):
        return "text" if value is not None else "null"
    if not isinstance(value, list | tuple):
        return "else"
    return "turns" if any(isinstance(item, Mapping) for item in value) else "list"


_Known = tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]


@lru_cache(maxsize=4096)
def _likeliest(shape: _Shape, kinds: _Known, usual: str | None) -> Guess:
    filled = {key: sort != "null" or None for key, sort in shape}
    keys = {own_name(key, filled) for key in filled}
    best: Guess = {}
    most = (False, 0.0)
    for name, fields, optional in kinds:
        guess = {field: _spelt(field, shape) for field in fields if field not in keys}
        near = sum(right is not None for right, _ in guess.values())
        like = (len(fields) - len(guess) + 0.9 * near) / len(fields)
        rank = (name == usual and bool(like or "prompt" in keys.intersection(optional)), like)
        if rank > most:
            best, most = guess, rank
    return best


def _spelt(field: str, shape: _Shape) -> tuple[str | None, str | None]:
    """The spelling of a field that just one key comes near to, and that key."""
    for spelling in (field, *(foreign for foreign, name in SAME.items() if name == field)):
        near = [k for k, sort in shape if _fits(field, sort) and close_name(k, (spelling,))]
        # Of `response_0` and `response_1` neither is the response.
        if len(near) == 1 and near[0] not in (*SAME, *NAMES):
            return spelling, near[0]
    return None, None


def _fits(field: str, sort: str) -> bool:
    """Whether a value could be that of a field, so that its name may be a misspelt one."""
    return sort in ("text", "null", "turns") or (sort == "list" and field in _OF_LISTS)


@lru_cache(maxsize=65_536)
def close_name(written: str, choices: tuple[str, ...]) -> str | None:
    """The choice that a field was meant to be.

    Args:
        written: What stands in the row.
        choices: The names that there are.
    """
    # Nearer than for a name typed at a prompt: a row may well have fields of its own.
    near = difflib.get_close_matches(written.lower(), choices, n=1, cutoff=0.75)
    return near[0] if near else None
