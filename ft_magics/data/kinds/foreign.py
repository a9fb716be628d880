"""Rows as other tools write them: Alpaca, ShareGPT, OpenAI's preferences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ft_magics.data.kinds.chat import shape_conversation
from ft_magics.data.kinds.kind import Fields, Kind
from ft_magics.data.kinds.preference import shape_preference
from ft_magics.data.kinds.tools import read_calls
from ft_magics.data.kinds.turns import Complain, check_order, read_messages, read_text, shown
from ft_magics.data.rows import Message, Preference, Row
from ft_magics.errors import nearest

__all__ = ["KINDS", "PREFERENCES"]

# ---------------------------------------------------------------------- Alpaca


def _shape_alpaca(fields: Fields) -> Row | None:
    turns = _alpaca_prompt(fields)
    answer = fields.answer("output")
    return shape_conversation(fields, (*turns, *answer), "output")


def _alpaca_prompt(fields: Fields) -> tuple[Message, ...]:
    """Earlier turns, and the instruction with its input.

    Source: LLaMA-Factory's data README joins the two by a line break, and trains the answers of
    the `history` too.
    """
    instruction = fields.text("instruction")
    extra = fields.text("input") if fields.values.get("input") else ""
    if instruction is None or extra is None:
        return ()
    question = f"{instruction}\n{extra}" if instruction and extra else instruction or extra
    return (*_history(fields), Message("user", question))


def _history(fields: Fields) -> list[Message]:
    pairs = fields.values.get("history") or []
    if not isinstance(pairs, Sequence) or isinstance(pairs, str):
        fields.complain(f"field 'history' is {shown(pairs)}", 'Write it as [["…", "…"], …].')
        return []
    turns = []
    for i, pair in enumerate(pairs, start=1):
        if not isinstance(pair, Sequence) or isinstance(pair, str) or len(pair) != 2:
            fields.complain(f"turn {i} of 'history' is no pair", 'Write it as ["…", "…"].')
            continue
        asked = read_text(pair[0], f"the question of turn {i} of 'history'", fields.complain)
        place = f"turn {i} of 'history'"
        said = read_text(pair[1], place, fields.complain, empty="the answer")
        if asked is not None and said is not None:
            turns += [Message("user", asked), Message("assistant", said, trained=True)]
    return turns


def _shape_alpaca_preference(fields: Fields) -> Preference | None:
    turns = tuple(replace(m, trained=False) for m in _alpaca_prompt(fields))
    prompt = fields.led(turns)
    return shape_preference(fields, prompt, fields.answer("chosen"), fields.answer("rejected"))


# ---------------------------------------------------------------------- ShareGPT

_TAGS = {
    "system": "system",
    "human": "user",
    "user": "user",
    "gpt": "assistant",
    "assistant": "assistant",
    "chatgpt": "assistant",
    "model": "assistant",
    "bing": "assistant",
    "bard": "assistant",
    "observation": "tool",
    "tool": "tool",
    "function_response": "tool",
    "function_call": "call",
    "tool_call": "call",
}


def _shape_sharegpt(fields: Fields) -> Row | None:
    return shape_conversation(fields, _turns(fields, "conversations"), "conversations")


def _turns(fields: Fields, name: str) -> tuple[Message, ...]:
    """Turns with `from` and `value`; those with `role` and `content` are read as messages."""
    value = fields.values[name]
    if isinstance(value, Mapping):
        value = [value]
    of_tags = isinstance(value, Sequence) and not isinstance(value, str)
    if not of_tags or not any(isinstance(v, Mapping) and "from" in v for v in value):
        return read_messages(value, name, fields.complain)
    places = (f"turn {i} of '{name}'" for i in range(1, len(value) + 1))
    read = [_turn(v, place, fields.complain) for v, place in zip(value, places, strict=True)]
    return _joined([message for message in read if message is not None])


def _turn(item: Any, place: str, complain: Complain) -> Message | None:
    if not isinstance(item, Mapping) or "from" not in item or "value" not in item:
        complain(f"{place} has no 'from' and 'value'", 'Write {"from": "human", "value": "…"}.')
        return None
    tag = item["from"].strip().lower() if isinstance(item["from"], str) else ""
    if tag not in _TAGS:
        complain(f"{place} is from {shown(item['from'])}", nearest(tag, _TAGS))
        return None
    role = _TAGS[tag]
    if role == "call":
        calls = read_calls(item["value"], place, complain)
        return None if calls is None else Message("assistant", "", True, calls)
    empty = "the answer" if role == "assistant" else ""
    text = read_text(item["value"], f"the value of {place}", complain, empty=empty)
    weight = item.get("weight")
    trained = role == "assistant" and weight not in (0, "0")
    return None if text is None else Message(role, text, trained=trained)


def _joined(messages: list[Message]) -> tuple[Message, ...]:
    """With a call that follows its turn's text put into that turn."""
    joined: list[Message] = []
    for message in messages:
        before = joined[-1] if joined else None
        if message.tool_calls and before and before.role == "assistant" and not before.tool_calls:
            joined[-1] = replace(before, tool_calls=message.tool_calls)
        else:
            joined.append(message)
    return tuple(joined)


def _shape_sharegpt_preference(fields: Fields) -> Preference | None:
    prompt = fields.led(tuple(replace(m, trained=False) for m in _turns(fields, "conversations")))
    sides = [
        _turns(fields, side) if isinstance(fields.values[side], Mapping | list | tuple)
        else fields.answer(side)
        for side in ("chosen", "rejected")
    ]  # fmt: skip
    return shape_preference(fields, prompt, *sides)


# ---------------------------------------------------------------------- OpenAI's preferences


def _shape_openai_preference(fields: Fields) -> Preference | None:
    value = fields.values["input"]
    if not isinstance(value, Mapping) or "messages" not in value:
        fields.complain("field 'input' has no 'messages'", 'Write {"messages": [{"role": …}, …]}.')
        return None
    inner = {k: v for k, v in value.items() if k in ("messages", "tools", "functions")}
    fields.values = {**fields.values, **inner}
    prompt = tuple(replace(m, trained=False) for m in fields.messages("messages"))
    chosen, rejected = fields.answer("preferred_output"), fields.answer("non_preferred_output")
    if not fields.told:
        check_order(prompt, "input", fields.complain, ends="user")
    return None if fields.told else shape_preference(fields, prompt, chosen, rejected)


_ALPACA = ("input", "system", "history", "tools")
_SHAREGPT = ("system", "tools", "functions")

PREFERENCES: dict[str, Kind] = {
    "openai-preference": Kind(
        "preference", ("input", "preferred_output", "non_preferred_output"), ("system",),
        _shape_openai_preference),
    "sharegpt-preference": Kind(
        "preference", ("conversations", "chosen", "rejected"), _SHAREGPT,
        _shape_sharegpt_preference),
    "alpaca-preference": Kind(
        "preference", ("instruction", "chosen", "rejected"), _ALPACA, _shape_alpaca_preference),
}  # fmt: skip

KINDS: dict[str, Kind] = {
    "sharegpt": Kind("sft", ("conversations",), (*_SHAREGPT, "label"), _shape_sharegpt),
    "alpaca": Kind("sft", ("instruction", "output"), (*_ALPACA, "label"), _shape_alpaca),
}
