"""One row's fields -> its normal form. A row's kind is found by its keys."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from ft_magics.data.kinds import chat, foreign, preference
from ft_magics.data.kinds.kind import Fields, Kind
from ft_magics.data.rows import AnyRow

__all__ = ["KINDS", "kind_of", "method_of", "shape_row", "unused_fields"]

KINDS: dict[str, Kind] = {
    # The most specific first: a row is of the first kind whose fields it has.
    **foreign.PREFERENCES,
    **preference.KINDS,
    **chat.KINDS,
    **foreign.KINDS,
    **chat.TEXT,
}

_WAYS = (
    "'user' and 'assistant'; or 'messages'; or 'prompt' and 'completion'; "
    "or 'prompt', 'chosen' and 'rejected'"
)

# What other tools call a field; read without a word.
_SAME = {"response": "completion", "conversation": "conversations"}

_LABELS = ("label", "kto_tag")
"""A row of one of these fields is not to be imitated: it says whether its answer is good."""

_KNOWN_PAIRS = {
    ("question", "answer"): "user=question,assistant=answer",
    ("query", "response"): "user=query,assistant=response",
    ("input", "output"): "user=input,assistant=output",
    ("instruction", "response"): "output=response",
    ("instruction", "completion"): "output=completion",
    ("source", "target"): "user=source,assistant=target",
    ("question", "response"): "user=question,assistant=response",
    ("prompt", "answer"): "completion=answer",
    ("prompt", "output"): "completion=output",
}
"""Fields that are often used for what no kind has, and the `--map` that makes them readable."""


def kind_of(values: Mapping[str, Any]) -> str | None:
    """The kind whose fields the row has all of; None if there is none.

    A field that is null counts only where no kind fits without it: a table has each column in
    each row.

    Args:
        values: The row's fields.
    """
    filled = _named(key for key, value in values.items() if value is not None)
    found = _kind_with(filled)
    return found or _kind_with(_named(values))


def _named(keys: Iterable[Any]) -> frozenset[str]:
    return frozenset(_SAME.get(key, key) for key in keys if isinstance(key, str))


@lru_cache(maxsize=4096)
def _kind_with(keys: frozenset[str]) -> str | None:
    return next((name for name, kind in KINDS.items() if keys.issuperset(kind.fields)), None)


def method_of(values: Mapping[str, Any]) -> str | None:
    """How a row is trained, `sft`, `preference` or `unpaired`; None if it is of no kind.

    Args:
        values: The row's fields.
    """
    name = kind_of(values)
    if name is None:
        return None
    kind = KINDS[name]
    return "unpaired" if kind.method == "sft" and _label_of(kind, values) else kind.method


def _label_of(kind: Kind, values: Mapping[str, Any]) -> str | None:
    """The field that says whether the row's answer is good."""
    if "label" not in kind.optional:
        return None
    return next((field for field in _LABELS if values.get(field) is not None), None)


def shape_row(
    values: Mapping[str, Any], number: int, usual: str | None = None
) -> tuple[AnyRow | None, list[tuple[str, str]]]:
    """Bring one row into normal form.

    Args:
        values: The row's fields.
        number: Its number, counted from 1.
        usual: The kind of most rows beside it, for the guess at what a misspelt one is.

    Returns:
        The row, or None; and all problems, each with its remedy. A row with problems is not to be
        used.
    """
    problems: list[tuple[str, str]] = []

    def complain(what: str, remedy: str) -> None:
        problems.append((what, remedy))

    name = kind_of(values)
    if name is None:
        _tell_missing(values, usual, complain)
        return None, problems
    kind = KINDS[name]
    for extra in unused_fields(values):
        close = _close(extra, {*kind.optional} - {*values} - {*_LABELS})
        if close:
            complain(f"the field '{extra}' is not known", f"Did you mean '{close}'?")
    fields = Fields(
        {_SAME.get(k, k): v for k, v in values.items() if v is not None or k in kind.fields},
        number,
        complain,
    )
    label = _label_of(kind, values)
    shape = preference.labelled(kind.shape, label) if label else kind.shape
    row = shape(fields)
    return (None if problems else row), problems


def unused_fields(values: Mapping[str, Any]) -> list[str]:
    """The fields of a row that its kind does not use; empty if it has no kind."""
    name = kind_of(values)
    if name is None:
        return []
    used = {*KINDS[name].fields, *KINDS[name].optional}
    used |= {*_LABELS} if "label" in used else set()
    given = [key for key, value in values.items() if value is not None]
    return [str(key) for key in given if _SAME.get(key, key) not in used]


def _tell_missing(values: Mapping[str, Any], usual: str | None, complain: Any) -> None:
    """Say which field is missing, of the kind that the row is likeliest to be."""
    found = ", ".join(f"'{key}'" for key in values) or "nothing"
    keys = [str(key) for key in values]
    if {"role", "content"}.issubset(keys):
        remedy = 'Put the conversation into one row: {"messages": [{"role": …}, …]}.'
        complain("a single message, not a row", remedy)
        return
    known = next((way for pair, way in _KNOWN_PAIRS.items() if {*pair}.issubset(keys)), None)
    if known:
        complain(f"no kind of row has the fields {found}", f"Pass --map {known}.")
        return
    best = max(KINDS, key=lambda name: _likeness(name, keys, usual))
    if not any(_likeness(best, keys, usual)):
        complain(f"no field that is known (found {found})", f"A row has {_WAYS}.")
        return
    for field in KINDS[best].fields:
        if field not in keys:
            _tell_field(field, keys, found, complain)


def _tell_field(field: str, keys: list[str], found: str, complain: Any) -> None:
    meant, written = _spelt(field, keys)
    rename = f"Did you mean '{meant}'? Rename it, or pass --map {meant}={written}."
    remedy = rename if meant else f"A row has {_WAYS}."
    complain(f"no field '{meant or field}' (found {found})", remedy)


def _likeness(name: str, keys: list[str], usual: str | None) -> tuple[bool, float]:
    kind = KINDS[name]
    there = sum(field in keys for field in kind.fields)
    near = sum(bool(_spelt(field, keys)[0]) for field in kind.fields if field not in keys)
    like = (there + 0.9 * near) / len(kind.fields)
    return name == usual and bool(like or "prompt" in {*keys} & {*kind.optional}), like


def _spelt(field: str, keys: Iterable[str]) -> tuple[str | None, str | None]:
    """The spelling of a field that one of the keys comes near to, and that key."""
    spellings = [field, *(foreign for foreign, name in _SAME.items() if name == field)]
    known = {name for kind in KINDS.values() for name in kind.fields}
    for spelling in spellings:
        for key in keys:
            if key not in known and _close(key, [spelling]):
                return spelling, key
    return None, None


def _close(written: str, choices: Iterable[str]) -> str | None:
    """The choice that a field was meant to be."""
    # Nearer than for a name typed at a prompt: a row may well have fields of its own.
    near = difflib.get_close_matches(written.lower(), [*choices], n=1, cutoff=0.75)
    return near[0] if near else None
