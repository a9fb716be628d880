"""One row's fields -> its normal form. A row's kind is found by its keys."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from ft_magics.data.kinds import chat, foreign, preference
from ft_magics.data.kinds.kind import Fields, Kind
from ft_magics.data.kinds.missing import tell_missing
from ft_magics.data.kinds.misspelt import SAME, close_name, own_name, own_names
from ft_magics.data.kinds.turns import Complain
from ft_magics.data.rows import AnyRow

__all__ = ["KINDS", "kind_of", "method_of", "shape_row", "unused_fields"]

KINDS: dict[str, Kind] = {
    # The most specific first: a row is of the first kind whose fields it has.
    **foreign.PREFERENCES,
    **preference.PROMPTED,
    **foreign.CONVERSATIONS,
    **preference.KINDS,
    **chat.KINDS,
    **foreign.KINDS,
    **chat.TEXT,
}

_LABELS = ("label", "kto_tag")
"""A row of one of these fields is not to be imitated: it says whether its answer is good."""

_CONTEXTS = ("context", "passage")
"""What the instruction of an Alpaca row is about, under names of other tools."""

_MEDIA = ("image", "video", "audio")
"""What a tag in a text, such as `<image>`, stands for."""


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
    return frozenset(SAME.get(key, key) for key in keys if isinstance(key, str))


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
        tell_missing(values, KINDS, usual, complain)
        return None, problems
    kind = KINDS[name]
    for extra in unused_fields(values):
        _check_extra(extra, values, kind, complain)
    given = {k: v for k, v in values.items() if v is not None or SAME.get(k, k) in kind.fields}
    fields = Fields(own_names(given), number, complain)
    label = _label_of(kind, values)
    shape = preference.labelled(kind.shape, label) if label else kind.shape
    row = shape(fields)
    if row is not None:
        _check_media(values, row, complain)
    return (None if problems else row), problems


def _check_extra(extra: str, values: Mapping[str, Any], kind: Kind, complain: Complain) -> None:
    """Complain of a field that is not used, if it was meant to be."""
    close = close_name(extra, tuple(sorted({*kind.optional} - {*values} - {*_LABELS})))
    if close:
        complain(f"the field '{extra}' is not known", f"Did you mean '{close}'?")
    elif extra in _CONTEXTS and "input" in kind.optional and not values.get("input"):
        remedy = f"Pass --map input={extra} (or --map unused={extra} to leave it out)."
        if values[extra] != "":
            complain(f"the field '{extra}' is not known", remedy)


def _check_media(values: Mapping[str, Any], row: AnyRow, complain: Complain) -> None:
    """Complain of a row that asks about something that is no text."""
    for kind in _MEDIA:
        named = [key for key in (kind, f"{kind}s") if values.get(key)]
        if named and (named[-1] != kind or f"<{kind}>" in json.dumps(row.to_record())):
            remedy = "Only text is trained. Leave such rows out: --skip-bad."
            complain(f"the row is about what is in field '{named[-1]}'", remedy)


def unused_fields(values: Mapping[str, Any]) -> list[str]:
    """The fields of a row that its kind does not use; empty if it has no kind."""
    name = kind_of(values)
    if name is None:
        return []
    used = {*KINDS[name].fields, *KINDS[name].optional}
    used |= {*_LABELS} if "label" in used else set()
    given = [key for key, value in values.items() if value is not None]
    unused = [str(key) for key in given if own_name(key, values) not in used]
    return [*unused, *_unused_in_turns(values)]


_IN_TURNS = ("messages", "conversations", "prompt", "completion", "chosen", "rejected")


def _unused_in_turns(values: Mapping[str, Any]) -> list[str]:
    """The names of speakers: no chat template has a place for them."""
    for field in _IN_TURNS:
        turns = values.get(field)
        for turn in turns if isinstance(turns, list | tuple) else ():
            named = isinstance(turn, Mapping) and turn.get("name")
            if named and turn.get("role") in ("system", "developer", "user", "assistant"):
                return [f"{field}.name"]
    return []
