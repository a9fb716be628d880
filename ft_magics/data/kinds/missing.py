"""What is said of a row that is of no kind: which field is missing, and the `--map` that helps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ft_magics.data.kinds.chat import SINGLE
from ft_magics.data.kinds.kind import Kind
from ft_magics.data.kinds.misspelt import NAMES, Guess, likeliest
from ft_magics.data.kinds.turns import Complain

__all__ = ["as_map", "tell_missing"]

_WAYS = (
    "'user' and 'assistant'; or 'messages'; or 'prompt' and 'completion'; "
    "or 'prompt', 'chosen' and 'rejected'"
)

_QUESTIONS = (
    "question", "query", "instruction", "prompt", "user", "human", "problem", "input", "inputs",
    "user_input", "input_text", "inputs_pretokenized", "source", "src", "article", "document", "q",
)  # fmt: skip
_ANSWERS = (
    "answer", "response", "output", "completion", "assistant", "solution", "bot", "gpt", "outputs",
    "target", "targets", "tgt", "model_output", "output_text", "targets_pretokenized", "summary",
    "highlights", "answers", "instances", "label", "a",
)  # fmt: skip
_CONTEXTS = ("context", "passage", "input")
_DEFINITIONS = ("definition",)
"""Fields that are often used for what no kind has, the likeliest first."""

_INSIDE = ("text", "value", "output", "content")
"""Where the text of an answer stands that is an object: SQuAD's, TriviaQA's, Self-Instruct's."""

_ABOUT: tuple[tuple[frozenset[str], str, str], ...] = (
    (frozenset({"prompt", "completions", "labels"}),
     "a row for a reward model of single steps ('completions' with 'labels')",
     "Write the good steps as one 'completion', or the row as 'prompt', 'chosen' and 'rejected'."),
    (frozenset({"response_0", "response_1"}),
     "two answers, and a field that says which is better",
     "Write them as 'chosen' and 'rejected', in Python."),
    (frozenset({"conversation_a", "conversation_b"}),
     "two conversations, and a field that says which is better",
     "Write them as 'chosen' and 'rejected', in Python."),
)  # fmt: skip
"""Kinds of rows that are well known, but not trained on here as they are."""


def tell_missing(
    values: Mapping[str, Any],
    kinds: Mapping[str, Kind],
    usual: str | None,
    complain: Complain,
) -> None:
    """Say which field is missing, of the kind that the row is likeliest to be.

    Args:
        values: The row's fields.
        kinds: All kinds.
        usual: The kind of most rows beside it.
        complain: Told what is wrong.
    """
    keys = [str(key) for key in values]
    found = ", ".join(f"'{key}'" for key in keys) or "nothing"
    if {"role", "content"}.issubset(keys) or {"from", "value"}.issubset(keys):
        complain("a single message, not a row", SINGLE)
        return
    about = next(((what, how) for names, what, how in _ABOUT if names.issubset(keys)), None)
    if about:
        complain(*about)
        return
    guess = likeliest(values, kinds, usual)
    known = None
    if not guess or not all(right for right, _ in guess.values()):
        known = _turns(values) or _pair(values) or _inner(values, kinds)
    if known:
        fields = [f"'{path.partition('.')[0]}'" for path in known.values()]
        listed = " and ".join(dict.fromkeys(fields))
        what = f"no kind of row has the field{'s' * (' and ' in listed)} {listed}"
        complain(what, f"Pass {as_map(known)}.")
    elif set(keys) == {"prompt"} and usual is None:
        remedy = "Add the 'completion', or 'chosen' and 'rejected'."
        complain("a question without its answer: the only field is 'prompt'", remedy)
    elif guess:
        _tell_fields(guess, found, complain)
    else:
        rename = "--map user=…,assistant=… gives fields these names."
        complain(f"no field that is known (found {found})", f"A row has {_WAYS}. {rename}")


def _tell_fields(guess: Guess, found: str, complain: Complain) -> None:
    """Say what is missing of a kind, and the one `--map` that gives all of it."""
    names = {right: key for right, key in guess.values() if right and key}
    for field, (right, _) in guess.items():
        remedy = f"Did you mean '{right}'? Rename it, or pass {as_map(names)}."
        ways = f"A row has {_WAYS}."
        complain(f"no field '{right or field}' (found {found})", remedy if right else ways)


def as_map(names: Mapping[str, str]) -> str:
    """The flag that gives fields these names.

    Args:
        names: New name -> old name.
    """
    written = (
        f"{new}={old}" if re.fullmatch(r"[^\s,\"'=]+", old) else f"{new}='{old}'"
        for new, old in names.items()
    )
    pairs = ",".join(written)
    return f'--map "{pairs}"' if "'" in pairs else f"--map {pairs}"


# ---------------------------------------------------------------------- well-known names


def _pair(values: Mapping[str, Any]) -> dict[str, str] | None:
    """The names for a question with its answer, under whatever names they are known."""
    names: dict[str, str | None]
    by_name = {_bare(key): key for key in values if isinstance(key, str)}
    asked = next((by_name[n] for n in _QUESTIONS if _text(values, by_name.get(n))), None)
    rest = [by_name[n] for n in _ANSWERS if n in by_name and by_name[n] != asked]
    said = next((path for key in rest if (path := _path(key, values[key]))), None)
    if asked is None or said is None or (_bare(said) == "label" and _bare(asked) != "prompt"):
        return None
    more = (by_name[n] for n in _CONTEXTS if n in by_name and by_name[n] not in (asked, said))
    context = next((key for key in more if isinstance(values[key], str | None)), None)
    first = next((by_name[n] for n in _DEFINITIONS if n in by_name), None)
    if first is not None:
        names = {"instruction": first, "input": asked, "output": said}
    elif context is not None or asked == "instruction":
        names = {"instruction": asked, "input": context, "output": said}
    elif asked == "prompt":
        names = {"prompt": asked, "completion": said}
    else:
        names = {"user": asked, "assistant": said}
    return {new: old for new, old in names.items() if old is not None and new != old}


def _bare(key: str) -> str:
    return re.sub(r"[\s_-]+", "_", key.strip().lower())


def _text(values: Mapping[str, Any], key: str | None) -> bool:
    return key is not None and isinstance(values[key], str)


def _path(key: str, value: Any, depth: int = 0) -> str | None:
    """Where the text stands in a field; None if there is none."""
    if isinstance(value, str) or (value is None and not depth):
        return key
    if depth > 2:
        return None
    if isinstance(value, Mapping):
        inner = next((name for name in _INSIDE if name in value), None)
        return inner and _path(f"{key}.{inner}", value[inner], depth + 1)
    if isinstance(value, Sequence) and value and not isinstance(value, str):
        return _path(f"{key}.0", value[0], depth + 1)
    return None


def _turns(values: Mapping[str, Any]) -> dict[str, str] | None:
    """The name for the one field that holds turns."""
    found = dict(_lists(values, ""))
    if len(found) != 1:
        return None
    [(path, name)] = found.items()
    return {name: path}


def _lists(values: Mapping[str, Any], before: str) -> Iterable[tuple[str, str]]:
    for key, value in values.items():
        if isinstance(value, Mapping) and not before:
            yield from _lists(value, f"{key}.")
        elif key in NAMES or not isinstance(value, list | tuple):
            continue
        elif value and isinstance(value[0], Mapping):
            for name, needed in _OF_TURNS.items():
                if needed <= value[0].keys():
                    yield f"{before}{key}", name


_OF_TURNS = {"messages": {"role", "content"}, "conversations": {"from", "value"}}


def _inner(values: Mapping[str, Any], kinds: Mapping[str, Kind]) -> dict[str, str] | None:
    """The names for a row that stands in one field of another."""
    for key, value in values.items():
        if not isinstance(value, Mapping):
            continue
        for kind in kinds.values():
            if kind.fields != ("text",) and value.keys() >= {*kind.fields}:
                fields = [f for f in (*kind.fields, *kind.optional) if value.get(f) is not None]
                return {field: f"{key}.{field}" for field in fields}
    return None
