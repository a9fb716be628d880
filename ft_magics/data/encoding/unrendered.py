"""What a row holds and the chat template leaves out: training on it would teach something else.

A text that was not found, and a field that a template may not know, are only suspected; the proof
is that the rendering stays the same when they are changed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ft_magics.data.encoding.conversation import Conversation, changed, parts_of
from ft_magics.data.encoding.rendering import Rendered, Renderer
from ft_magics.data.rows import Message, ToolCall
from ft_magics.errors import DataError

__all__ = ["Unrendered", "unrendered"]

_TOOLS = "Choose a base made for tools, or remove the field."
_REMEDIES = {
    "tools": _TOOLS,
    "tool_calls": _TOOLS,
    "tool": "Choose a base made for tools, or remove these turns.",
    "reasoning": "Choose a base that thinks before it answers, or remove the field.",
    "system": "Put its text into the first user turn, or choose another base.",
    "content": "It stands beside a call: remove it, or choose another base.",
}
_OTHERWISE = "Bring the turns into the order that the base wants, or choose another base."

_WORD = "qzxk"
"""Begins words that no template and no row writes."""


Hidden = tuple[str, ...]


@dataclass(frozen=True)
class Unrendered:
    """A field of a row that the template leaves out."""

    field: str
    """`tools`, `tool_calls`, `reasoning`, `content` (beside a call), or a turn's role."""
    index: int | None
    """Which message; None for the functions."""

    @property
    def problem(self) -> tuple[str, str]:
        """What is wrong and what to do, as `Problems` tell it."""
        what = f"the chat template of this base does not render '{self.field}'"
        return what, _REMEDIES.get(self.field, _OTHERWISE)


def unrendered(
    renderer: Renderer, conversation: Conversation, rendered: Rendered
) -> list[Unrendered]:
    """All that the template leaves out of a conversation.

    Args:
        renderer: The template.
        conversation: What was rendered.
        rendered: What became of it.
    """
    messages = conversation.messages
    spanned = {(span.index, span.part) for span in rendered.spans}
    if conversation.plain and len(spanned) == len(messages):
        return []

    def same(other: Conversation) -> bool:
        try:
            return renderer.text(other) == rendered.text
        except DataError:
            return False

    found = [
        Unrendered(_field(message, part[1]), part[0])
        for index, message in enumerate(messages)
        for part, text in parts_of(message, index)
        if text.strip()
        and part not in spanned
        and same(replace(conversation, messages=changed(messages, _longer(part))))
    ]
    found += [] if conversation.plain else _fields_left_out(renderer, conversation, same)
    return list(dict.fromkeys(found))


def _longer(wanted: Any) -> Callable[[Any, str], str]:
    return lambda part, text: text + _WORD if part == wanted else text


def _field(message: Message, part: str) -> str:
    if part != "content":
        return "tool_calls" if part.startswith("call") else part
    return "content" if message.tool_calls else message.role


def _fields_left_out(
    renderer: Renderer, conversation: Conversation, same: Callable[[Conversation], bool]
) -> Iterator[Unrendered]:
    """Arguments and functions: in another rendering they are words that are looked for."""
    words = iter(f"{_WORD}{n}k" for n in range(1_000_000))
    messages, wanted = _with_words(conversation.messages, words)
    tools = [(tool, *_tool_with_words(tool, words)) for tool in conversation.tools]
    tried = replace(conversation, messages=messages, tools=[text for _, text, _ in tools])
    try:
        text = renderer.text(tried)
    except DataError:
        text = ""  # it looks into what it gets: each is tried by itself
    for index, number, hidden in wanted:
        if all(word in text for word in hidden):
            continue
        calls = list(conversation.messages[index].tool_calls)
        calls[number] = messages[index].tool_calls[number]
        others = list(conversation.messages)
        others[index] = replace(others[index], tool_calls=tuple(calls))
        if same(replace(conversation, messages=others)):
            yield Unrendered("tool_calls", index)
    for place, (_, other, hidden) in enumerate(tools):
        if all(word in text for word in hidden):
            continue
        alone = [other if i == place else tool for i, tool in enumerate(conversation.tools)]
        if text or same(replace(conversation, tools=alone)):
            yield Unrendered("tools", None)


def _with_words(
    messages: Sequence[Message], words: Iterator[str]
) -> tuple[list[Message], list[tuple[int, int, Hidden]]]:
    """The messages with one argument more in each call; which call got which words."""
    made: list[Message] = []
    wanted: list[tuple[int, int, Hidden]] = []
    for index, message in enumerate(messages):
        calls = []
        for number, call in enumerate(message.tool_calls):
            more = (next(words), next(words))
            calls.append(_with_argument(call, more))
            wanted.append((index, number, more))
        made.append(replace(message, tool_calls=tuple(calls)))
    return made, wanted


def _with_argument(call: ToolCall, more: tuple[str, str]) -> ToolCall:
    arguments = {**json.loads(call.arguments or "{}"), more[0]: more[1]}
    return replace(call, arguments=json.dumps(arguments, ensure_ascii=False))


def _tool_with_words(tool: str, words: Iterator[str]) -> tuple[str, Hidden]:
    """A function with a word more in its name and description, and one parameter more."""
    whole = json.loads(tool)
    nested = isinstance(whole.get("function"), Mapping)
    function = dict(whole["function"] if nested else whole)
    hidden = []
    for field in ("name", "description"):
        if isinstance(function.get(field), str) and function[field]:
            hidden.append(next(words))
            function[field] += hidden[-1]
    parameters = function.get("parameters")
    if isinstance(parameters, Mapping) and isinstance(parameters.get("properties"), Mapping):
        hidden.append(next(words))
        more = {hidden[-1]: {"type": "string", "description": "d"}}
        properties = {**parameters["properties"], **more}
        function["parameters"] = {**parameters, "properties": properties}
    changed_tool = {**whole, "function": function} if nested else function
    return json.dumps(changed_tool, ensure_ascii=False), tuple(hidden)
