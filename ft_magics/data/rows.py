"""Rows in normal form: what every kind of row becomes, and all that the later stages know."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

__all__ = [
    "AnyRow",
    "Message",
    "Preference",
    "Row",
    "ToolCall",
    "Unpaired",
    "content_of",
    "conversations",
    "from_record",
    "led",
    "messages_of",
    "system_of",
    "with_system",
]


@dataclass(frozen=True)
class ToolCall:
    """A function that an assistant turn calls."""

    name: str
    """Of the function."""
    arguments: str
    """A JSON object, as text."""
    id: str = ""
    """What the tool's answer refers to; empty if none was given."""


@dataclass(frozen=True)
class Message:
    """One turn of a conversation."""

    role: str
    """`system`, `user`, `assistant` or `tool`."""
    content: str
    """The text as written; never stripped. Empty for a turn that only calls tools."""
    trained: bool = False
    """An assistant turn whose tokens carry loss."""
    tool_calls: tuple[ToolCall, ...] = ()
    """Of an assistant turn: what it calls, after its text."""
    reasoning: str = ""
    """Of an assistant turn: what it thinks before it answers (`reasoning_content`, `thinking`)."""
    name: str = ""
    """Of a `tool` turn: the function that answers."""
    call_id: str = ""
    """Of a `tool` turn: the call it answers (`tool_call_id`)."""

    def to_record(self) -> dict[str, Any]:
        """The message as a JSON object; what is empty or false is left out."""
        record: dict[str, Any] = {"role": self.role, "content": self.content}
        if self.tool_calls:
            record["tool_calls"] = [
                {"name": c.name, "arguments": c.arguments, **({"id": c.id} if c.id else {})}
                for c in self.tool_calls
            ]
        rest = ("reasoning", "name", "call_id", "trained")
        return record | {field: value for field in rest if (value := getattr(self, field))}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Message:
        """The message that `to_record` wrote."""
        calls = tuple(ToolCall(**call) for call in record.get("tool_calls", ()))
        return cls(**{**record, "tool_calls": calls})


@dataclass(frozen=True)
class Row:
    """A conversation to imitate, or a plain text to go on in."""

    number: int
    """Its place among the rows as the user wrote them, counted from 1."""
    messages: tuple[Message, ...]
    """Empty for a plain text."""
    tools: tuple[str, ...] = ()
    """Functions the model may call: each a JSON object, as text."""
    text: str | None = None
    """A whole text, already in the form the model is to read; every token of it is trained."""

    @property
    def system(self) -> str | None:
        """The row's own system text; None if it has none."""
        return system_of(self.messages)

    def to_record(self) -> dict[str, Any]:
        """The row as a JSON object."""
        if self.text is not None:
            return {"number": self.number, "text": self.text}
        return {"number": self.number, "messages": _records(self.messages), **_tools(self)}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Row:
        """The row that `to_record` wrote."""
        messages = messages_of(record.get("messages", ()))
        return cls(record["number"], messages, _tools_of(record), record.get("text"))


@dataclass(frozen=True)
class Preference:
    """A question with a better and a worse answer."""

    number: int
    """Its place among the rows as the user wrote them, counted from 1."""
    prompt: tuple[Message, ...]
    """Everything that both answers share; ends with a user or a tool turn."""
    chosen: tuple[Message, ...]
    """The better continuation; begins and ends with an assistant turn."""
    rejected: tuple[Message, ...]
    """The worse continuation."""
    tools: tuple[str, ...] = ()
    """As in `Row`."""

    @property
    def system(self) -> str | None:
        """The row's own system text; None if it has none."""
        return system_of(self.prompt)

    def to_record(self) -> dict[str, Any]:
        """The row as a JSON object."""
        sides = {f: _records(getattr(self, f)) for f in ("prompt", "chosen", "rejected")}
        return {"number": self.number, **sides, **_tools(self)}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Preference:
        """The row that `to_record` wrote."""
        prompt, chosen, rejected = (
            messages_of(record[field]) for field in ("prompt", "chosen", "rejected")
        )
        return cls(record["number"], prompt, chosen, rejected, _tools_of(record))


@dataclass(frozen=True)
class Unpaired:
    """A question with one answer, and whether it is a good one (KTO's rows)."""

    number: int
    """Its place among the rows as the user wrote them, counted from 1."""
    prompt: tuple[Message, ...]
    """Ends with a user or a tool turn."""
    completion: tuple[Message, ...]
    """The answer; begins and ends with an assistant turn."""
    label: bool
    """Whether the answer is desired."""
    tools: tuple[str, ...] = ()
    """As in `Row`."""

    @property
    def system(self) -> str | None:
        """The row's own system text; None if it has none."""
        return system_of(self.prompt)

    def to_record(self) -> dict[str, Any]:
        """The row as a JSON object."""
        sides = {f: _records(getattr(self, f)) for f in ("prompt", "completion")}
        return {"number": self.number, **sides, "label": self.label, **_tools(self)}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Unpaired:
        """The row that `to_record` wrote."""
        prompt, completion = (messages_of(record[field]) for field in ("prompt", "completion"))
        return cls(record["number"], prompt, completion, record["label"], _tools_of(record))


AnyRow = Row | Preference | Unpaired


def from_record(record: Mapping[str, Any]) -> AnyRow:
    """The row of any kind whose `to_record` gave this."""
    if "chosen" in record:
        return Preference.from_record(record)
    return Unpaired.from_record(record) if "label" in record else Row.from_record(record)


def content_of(row: AnyRow) -> dict[str, Any]:
    """A row without its number: a comment or a bad row before it does not make it another."""
    return {key: value for key, value in row.to_record().items() if key != "number"}


def conversations(row: AnyRow) -> list[Row]:
    """The whole conversations that a row holds: its own, or the prompt with either answer.

    Args:
        row: A row of any kind.

    Returns:
        One row; two for a preference, the chosen answer first.
    """
    if isinstance(row, Row):
        return [row]
    sides = (row.chosen, row.rejected) if isinstance(row, Preference) else (row.completion,)
    return [Row(row.number, (*row.prompt, *side), row.tools) for side in sides]


def system_of(messages: Sequence[Message]) -> str | None:
    """The system text that a conversation begins with; None if it has none."""
    return messages[0].content if messages and messages[0].role == "system" else None


def led(row: AnyRow, system: str | None) -> AnyRow:
    """A row with a system text before it, unless it has its own.

    Args:
        row: A row of any kind.
        system: The text; None leaves the row as it is.
    """
    if isinstance(row, Row):
        return replace(row, messages=with_system(row.messages, system))
    return replace(row, prompt=with_system(row.prompt, system))


def with_system(messages: tuple[Message, ...], system: str | None) -> tuple[Message, ...]:
    """The conversation with a system text before it, unless it has its own or there is none.

    A plain text, which has no messages, stays without.
    """
    if system is None or not messages or system_of(messages) is not None:
        return messages
    return (Message("system", system), *messages)


def messages_of(records: Iterable[Mapping[str, Any]]) -> tuple[Message, ...]:
    """Messages from their records."""
    return tuple(Message.from_record(record) for record in records)


def _records(messages: Iterable[Message]) -> list[dict[str, Any]]:
    return [message.to_record() for message in messages]


def _tools(row: AnyRow) -> dict[str, Any]:
    return {"tools": [json.loads(tool) for tool in row.tools]} if row.tools else {}


def _tools_of(record: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(json.dumps(tool, ensure_ascii=False) for tool in record.get("tools", ()))
