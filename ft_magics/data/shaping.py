"""One row's fields -> its normal form. A row's kind is found by its keys."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from ft_magics.data.rows import Message, Preference, Row
from ft_magics.data.turns import Complain, check_order, read_messages, read_text

__all__ = ["KINDS", "Kind", "kind_of", "shape_row", "unused_fields"]


@dataclass(frozen=True)
class Kind:
    """A kind of row."""

    method: Literal["sft", "preference"]
    fields: tuple[str, ...]
    """What a row must have; they also tell the kind."""
    optional: tuple[str, ...]
    """What a row may have besides."""
    shape: Callable[[Mapping[str, Any], int, Complain], Row | Preference | None]


# Kinds that are known by name but not read yet.
_LATER: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"conversations"}), "ShareGPT rows ('conversations')"),
    (frozenset({"instruction", "output"}), "Alpaca rows ('instruction', 'output')"),
    (frozenset({"preferred_output"}), "OpenAI preference rows ('preferred_output')"),
    (frozenset({"text"}), "plain texts ('text')"),
)

# Fields that change what a row means: trained on without them, a row with the label `false` would
# teach the very answer that it calls bad.
_MEANINGFUL = {
    "label": "rows with a 'label' (KTO)",
    "kto_tag": "rows with a 'kto_tag' (KTO)",
    "tools": "rows with 'tools'",
    "functions": "rows with 'functions'",
}

_WAYS = (
    "'user' and 'assistant'; or 'messages'; or 'prompt' and 'completion'; "
    "or 'prompt', 'chosen' and 'rejected'"
)

# What other tools call a field; read without a word.
_SAME = {"response": "completion"}


def kind_of(values: Mapping[str, Any]) -> str | None:
    """The kind whose fields the row has all of; None if there is none.

    Args:
        values: The row's fields.
    """
    keys = {_SAME.get(key, key) for key in values if isinstance(key, str)}
    return next((name for name, kind in KINDS.items() if keys.issuperset(kind.fields)), None)


def shape_row(
    values: Mapping[str, Any], number: int, usual: str | None = None
) -> tuple[Row | Preference | None, list[tuple[str, str]]]:
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

    _refuse_later(values, complain)
    name = kind_of(values)
    if not problems and name is None:
        _tell_missing(values, usual, complain)
    if problems or name is None:
        return None, problems
    kind = KINDS[name]
    for extra in unused_fields(values):
        close = _close(extra, {*kind.optional} - {*values})
        if close:
            complain(f"the field '{extra}' is not known", f"Did you mean '{close}'?")
    row = kind.shape({_SAME.get(k, k): v for k, v in values.items()}, number, complain)
    return (None if problems else row), problems


def unused_fields(values: Mapping[str, Any]) -> list[str]:
    """The fields of a row that its kind does not use; empty if it has no kind."""
    name = kind_of(values)
    if name is None:
        return []
    used = {*KINDS[name].fields, *KINDS[name].optional}
    return [str(key) for key in values if _SAME.get(key, key) not in used]


def _refuse_later(values: Mapping[str, Any], complain: Complain) -> None:
    later = [text for field, text in _MEANINGFUL.items() if values.get(field) not in (None, [])]
    if kind_of(values) is None:
        later += [text for fields, text in _LATER if fields.issubset(values)]
    if later:
        complain(f"{later[0]} are not read yet", f"A row has {_WAYS}.")


def _tell_missing(values: Mapping[str, Any], usual: str | None, complain: Complain) -> None:
    """Say which field is missing, of the kind that the row is likeliest to be."""
    found = ", ".join(f"'{key}'" for key in values) or "nothing"
    keys = [str(key) for key in values]
    if {"role", "content"}.issubset(keys):
        remedy = 'Put the conversation into one row: {"messages": [{"role": …}, …]}.'
        complain("a single message, not a row", remedy)
        return

    def likeness(name: str) -> tuple[bool, float]:
        kind = KINDS[name]
        there = sum(field in keys for field in kind.fields)
        near = sum(bool(_spelt(field, keys)) for field in kind.fields if field not in keys)
        like = (there + 0.9 * near) / len(kind.fields)
        return name == usual and bool(like or "prompt" in {*keys} & {*kind.optional}), like

    best = max(KINDS, key=likeness)
    if not any(likeness(best)):
        complain(f"no field that is known (found {found})", f"A row has {_WAYS}.")
        return
    missing = [field for field in KINDS[best].fields if field not in keys]
    for field in missing:
        meant = _spelt(field, keys)
        remedy = f"Did you mean '{meant}'?" if meant else f"A row has {_WAYS}."
        complain(f"no field '{meant or field}' (found {found})", remedy)


def _spelt(field: str, keys: Iterable[str]) -> str | None:
    """The spelling of a field that one of the keys comes near to."""
    spellings = [field, *(foreign for foreign, name in _SAME.items() if name == field)]
    known = {name for kind in KINDS.values() for name in kind.fields}
    unknown = [key for key in keys if key not in known]
    return next((s for s in spellings if any(_close(key, [s]) for key in unknown)), None)


def _close(written: str, choices: Iterable[str]) -> str | None:
    """The choice that a field was meant to be."""
    # Nearer than for a name typed at a prompt: a row may well have fields of its own.
    near = difflib.get_close_matches(written.lower(), [*choices], n=1, cutoff=0.75)
    return near[0] if near else None


# ---------------------------------------------------------------------- the kinds


def _shape_pair(values: Mapping[str, Any], number: int, complain: Complain) -> Row | None:
    question = read_text(values["user"], "field 'user'", complain)
    answer = read_text(values["assistant"], "field 'assistant'", complain, empty="the answer")
    if question is None or answer is None:
        return None
    turns = (Message("user", question), Message("assistant", answer, trained=True))
    return Row(number, _with_system(turns, values, complain))


def _shape_messages(values: Mapping[str, Any], number: int, complain: Complain) -> Row | None:
    before: list[str] = []
    messages = _read(values["messages"], "messages", complain, before)
    messages = _with_system(messages, values, complain)
    if not before:
        check_order(messages, "messages", complain, ends="assistant")
        answers = [m for m in messages if m.role == "assistant"]
        if answers and not any(m.trained for m in answers):
            complain("every assistant turn has the weight 0", "Give one of them the weight 1.")
    return Row(number, messages)


def _shape_completion(values: Mapping[str, Any], number: int, complain: Complain) -> Row | None:
    before: list[str] = []
    prompt = _prompt(values["prompt"], values, complain, before)
    answer = _answer(values["completion"], "completion", complain, before)
    if not before:
        check_order(prompt, "prompt", complain, ends="user")
        check_order((*prompt, *answer), "completion", complain, ends="assistant")
    return Row(number, (*prompt, *answer))


def _shape_preference(
    values: Mapping[str, Any], number: int, complain: Complain
) -> Preference | None:
    before: list[str] = []
    chosen = _answer(values["chosen"], "chosen", complain, before)
    rejected = _answer(values["rejected"], "rejected", complain, before)
    prompt: tuple[Message, ...] = ()
    if "prompt" in values:
        prompt = _prompt(values["prompt"], values, complain, before)
    shared, chosen, rejected = _common(chosen, rejected)
    if shared and prompt and _plain(shared)[-1:] != _plain(prompt)[-1:]:
        complain("'chosen' begins with another question than 'prompt'", "Keep one of the two.")
        return None
    prompt = max(prompt, _with_system(shared, values, complain), key=len)
    if before:
        return None
    if not prompt:
        complain("no field 'prompt', and the answers share no messages", "Add the 'prompt'.")
        return None
    if not chosen or _plain(chosen) == _plain(rejected):
        complain("'chosen' and 'rejected' are the same", "Remove the row: it prefers nothing.")
        return None
    check_order(prompt, "prompt", complain, ends="user")
    for field, answer in (("chosen", chosen), ("rejected", rejected)):
        check_order((*prompt, *answer), field, complain, ends="assistant")
    return Preference(number, prompt, chosen, rejected)


def _read(value: Any, field: str, complain: Complain, told: list[str]) -> tuple[Message, ...]:
    """Messages; `told` gets a line for each problem, so that no second one is made of the gap."""

    def tell(what: str, remedy: str) -> None:
        told.append(what)
        complain(what, remedy)

    return read_messages(value, field, tell)


def _prompt(
    value: Any, values: Mapping[str, Any], complain: Complain, told: list[str]
) -> tuple[Message, ...]:
    """A question: a text is a user turn. Assistant turns before it carry no loss."""
    if isinstance(value, list | tuple):
        turns = _read(value, "prompt", complain, told)
        turns = tuple(replace(m, trained=False) for m in turns)
    else:
        text = read_text(value, "field 'prompt'", complain)
        told.extend(["prompt"] if text is None else [])
        turns = () if text is None else (Message("user", text),)
    return _with_system(turns, values, complain)


def _answer(value: Any, field: str, complain: Complain, told: list[str]) -> tuple[Message, ...]:
    if isinstance(value, list | tuple):
        return _read(value, field, complain, told)
    text = read_text(value, f"field '{field}'", complain, empty="the answer")
    told.extend([field] if text is None else [])
    return () if text is None else (Message("assistant", text, trained=True),)


def _with_system(
    messages: tuple[Message, ...], values: Mapping[str, Any], complain: Complain
) -> tuple[Message, ...]:
    if values.get("system") is None or not messages:
        return messages
    if messages[0].role == "system":
        complain("two system texts: field 'system' and the first message", "Keep one of them.")
        return messages
    text = read_text(values["system"], "field 'system'", complain)
    return messages if text is None else (Message("system", text), *messages)


def _common(
    chosen: tuple[Message, ...], rejected: tuple[Message, ...]
) -> tuple[tuple[Message, ...], tuple[Message, ...], tuple[Message, ...]]:
    """What both continuations begin with, up to the last shared user turn, and the rest of each.

    Empty unless the answers hold the question themselves (trl's implicit prompts).
    """
    count = 0
    for one, other in zip(_plain(chosen), _plain(rejected), strict=False):
        if one != other:
            break
        count += 1
    while count and chosen[count - 1].role != "user":
        count -= 1
    shared = tuple(replace(m, trained=False) for m in chosen[:count])
    return shared, chosen[count:], rejected[count:]


def _plain(messages: Iterable[Message]) -> list[tuple[str, str]]:
    return [(m.role, m.content) for m in messages]


KINDS: dict[str, Kind] = {
    "preference": Kind("preference", ("chosen", "rejected"), ("prompt", "system"),
                       _shape_preference),
    "messages": Kind("sft", ("messages",), ("system",), _shape_messages),
    "pair": Kind("sft", ("user", "assistant"), ("system",), _shape_pair),
    "completion": Kind("sft", ("prompt", "completion"), ("system",), _shape_completion),
}  # fmt: skip
