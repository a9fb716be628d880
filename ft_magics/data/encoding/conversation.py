"""Messages and functions in the words of a chat template, with each of their texts changed or not.

What a template is given is what transformers documents: calls as `{"type": "function",
"function": {"name", "arguments"}}` with the arguments as an object, reasoning under both names
that templates read, functions as JSON schemas.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ft_magics.data.rows import Message, ToolCall

__all__ = [
    "Conversation",
    "Part",
    "changed",
    "filled",
    "parts_of",
    "template_messages",
    "template_tools",
]

Part = tuple[int, str]
"""A text of a conversation: which message, and `content`, `reasoning`, or a call's `call 0`."""


@dataclass(frozen=True)
class Conversation:
    """What a template renders."""

    messages: Sequence[Message]
    tools: Sequence[str] = ()
    """As in `Row`."""
    ask: bool = False
    """With the generation prompt."""

    @property
    def plain(self) -> bool:
        """Whether it is of contents alone."""
        return not self.tools and not any(m.tool_calls or m.reasoning for m in self.messages)

    def before(self, index: int) -> Conversation:
        """What the model is asked before it writes a message."""
        return Conversation(self.messages[:index], self.tools, ask=True)


def template_messages(messages: Sequence[Message], *, as_text: bool) -> list[dict[str, Any]]:
    """Messages as a chat template reads them.

    Args:
        messages: The conversation.
        as_text: The arguments of calls as JSON text, for a template that cannot take objects.
    """
    return [_template_message(m, as_text) for m in messages]


def _template_message(message: Message, as_text: bool) -> dict[str, Any]:
    made: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.reasoning:
        made |= {"reasoning_content": message.reasoning, "thinking": message.reasoning}
    if message.tool_calls:
        made["tool_calls"] = [_template_call(call, as_text) for call in message.tool_calls]
    if message.name:
        made["name"] = message.name
    if message.call_id:
        made["tool_call_id"] = message.call_id
    return made


def _template_call(call: ToolCall, as_text: bool) -> dict[str, Any]:
    arguments = call.arguments if as_text else json.loads(call.arguments or "{}")
    head = {"type": "function", **({"id": call.id} if call.id else {})}
    return {**head, "function": {"name": call.name, "arguments": arguments}}


def template_tools(tools: Sequence[str]) -> list[Any] | None:
    """Functions as a chat template reads them; None if there are none."""
    return [json.loads(tool) for tool in tools] or None


def parts_of(message: Message, index: int) -> list[tuple[Part, str]]:
    """A message's texts in the order in which a model writes them; not those of arguments."""
    parts = [((index, "reasoning"), message.reasoning)] if message.reasoning else []
    if message.content or not (message.tool_calls or message.reasoning):
        parts.append(((index, "content"), message.content))
    return parts + [((index, f"call {i}"), c.name) for i, c in enumerate(message.tool_calls)]


def changed(messages: Sequence[Message], change: Callable[[Part, str], str]) -> list[Message]:
    """The messages with each of their texts changed."""
    made = []
    for index, message in enumerate(messages):
        new = {part[1]: change(part, text) for part, text in parts_of(message, index)}
        calls = tuple(
            replace(call, name=new[f"call {i}"]) for i, call in enumerate(message.tool_calls)
        )
        content = new.get("content", message.content)
        reasoning = new.get("reasoning", message.reasoning)
        made.append(replace(message, content=content, reasoning=reasoning, tool_calls=calls))
    return made


def filled(conversation: Conversation, fill: Callable[[str], str]) -> Conversation:
    """The conversation with every text in it changed, those in arguments and functions too."""
    messages = [
        replace(
            m,
            tool_calls=tuple(
                replace(c, arguments=_refill(c.arguments, fill)) for c in m.tool_calls
            ),
        )
        for m in changed(conversation.messages, lambda _, text: fill(text))
    ]
    tools = [_refill(tool, fill) for tool in conversation.tools]
    return replace(conversation, messages=messages, tools=tools)


def _refill(text: str, fill: Callable[[str], str]) -> str:
    def inside(value: Any) -> Any:
        if isinstance(value, str):
            return fill(value)
        if isinstance(value, Mapping):
            return {fill(key): inside(item) for key, item in value.items()}
        return [inside(item) for item in value] if isinstance(value, list) else value

    return json.dumps(inside(json.loads(text or "{}")), ensure_ascii=False)
