"""Turns as ShareGPT has them, `{"from": "human", "value": "…"}`, or as pairs -> messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ft_magics.data.kinds.tools import read_calls
from ft_magics.data.kinds.turns import Complain, is_trained, listed, read_messages, read_text, shown
from ft_magics.data.rows import Message
from ft_magics.errors import nearest

__all__ = ["read_turns"]

_TAGS = {
    "system": "system",
    "human": "user",
    "user": "user",
    "prompter": "user",
    "gpt": "assistant",
    "assistant": "assistant",
    "chatgpt": "assistant",
    "model": "assistant",
    "bot": "assistant",
    "ai": "assistant",
    "bing": "assistant",
    "bard": "assistant",
    "observation": "tool",
    "tool": "tool",
    "tool_response": "tool",
    "function_response": "tool",
    "function_call": "call",
    "tool_call": "call",
}
_PAIR = {"input", "output"}


def read_turns(value: Any, field: str, complain: Complain) -> tuple[Message, ...]:
    """A list of turns as messages, each of whatever form; what cannot be read is left out.

    Args:
        value: What stands in the row: turns with `from` and `value`, with `role` and `content`, or
            pairs of `input` and `output` as Capybara has them.
        field: Its name there.
        complain: Told what is wrong, with the turn's place counted from 1.
    """
    value = listed([value] if isinstance(value, Mapping) else value)
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        return read_messages(value, field, complain)
    if value and all(isinstance(v, Mapping) and _is_pair(v) for v in value):
        return _pairs(value, field, complain)
    if not any(isinstance(v, Mapping) and _is_tagged(v) for v in value):
        return read_messages(value, field, complain)
    read = [_turn(v, f"turn {i} of '{field}'", complain) for i, v in enumerate(value, start=1)]
    return _joined([message for message in read if message is not None])


def _is_pair(item: Mapping[str, Any]) -> bool:
    return item.keys() >= _PAIR and not {"role", "from"} & item.keys()


def _is_tagged(item: Mapping[str, Any]) -> bool:
    if "from" not in item or "role" in item:
        return False
    return bool({"value", "content"} & item.keys()) or _tag(item) in _TAGS


def _tag(item: Mapping[str, Any]) -> str:
    written = item["from"]
    return written.strip().lower().replace("-", "_") if isinstance(written, str) else ""


def _turn(item: Any, place: str, complain: Complain) -> Message | None:
    if isinstance(item, Mapping) and "content" in item and "value" not in item:
        item = {**item, "value": item["content"]}
    if not isinstance(item, Mapping) or "from" not in item or "value" not in item:
        complain(f"{place} has no 'from' and 'value'", 'Write {"from": "human", "value": "…"}.')
        return None
    tag = _tag(item)
    if tag not in _TAGS:
        complain(f"{place} is from {shown(item['from'])}", nearest(tag, _TAGS))
        return None
    role = _TAGS[tag]
    trained = is_trained(item, place, complain)
    if role == "call":
        calls = read_calls(item["value"], place, complain)
        return None if calls is None else Message("assistant", "", trained, calls)
    empty = "the answer" if role == "assistant" else ""
    text = read_text(item["value"], f"the value of {place}", complain, empty=empty)
    return None if text is None else Message(role, text, trained=trained and role == "assistant")


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


def _pairs(
    value: Sequence[Mapping[str, Any]], field: str, complain: Complain
) -> tuple[Message, ...]:
    turns = []
    for i, pair in enumerate(value, start=1):
        asked = read_text(pair["input"], f"the input of turn {i} of '{field}'", complain)
        place = f"the output of turn {i} of '{field}'"
        said = read_text(pair["output"], place, complain, empty="the answer")
        if asked is not None and said is not None:
            turns += [Message("user", asked), Message("assistant", said, trained=True)]
    return tuple(turns)
