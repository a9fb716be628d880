"""Rows in normal form: what every kind of row becomes, and all that the later stages know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

__all__ = [
    "Finding",
    "Message",
    "Preference",
    "Row",
    "messages_of",
    "system_of",
    "with_system",
]


@dataclass(frozen=True)
class Message:
    """One turn of a conversation."""

    role: str
    """`system`, `user` or `assistant`."""
    content: str
    """The text as written; never stripped."""
    trained: bool = False
    """An assistant turn whose tokens carry loss."""

    def to_record(self) -> dict[str, Any]:
        """The message as a JSON object; `trained` stands in it only where it is true."""
        record: dict[str, Any] = {"role": self.role, "content": self.content}
        return {**record, "trained": True} if self.trained else record

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Message:
        """The message that `to_record` wrote."""
        return cls(record["role"], record["content"], bool(record.get("trained", False)))


@dataclass(frozen=True)
class Row:
    """A conversation to imitate."""

    number: int
    """Its place among the rows as the user wrote them, counted from 1."""
    messages: tuple[Message, ...]

    @property
    def system(self) -> str | None:
        """The row's own system text; None if it has none."""
        return system_of(self.messages)

    def to_record(self) -> dict[str, Any]:
        """The row as a JSON object."""
        return {"number": self.number, "messages": [m.to_record() for m in self.messages]}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Row:
        """The row that `to_record` wrote."""
        return cls(record["number"], messages_of(record["messages"]))


@dataclass(frozen=True)
class Preference:
    """A question with a better and a worse answer."""

    number: int
    """Its place among the rows as the user wrote them, counted from 1."""
    prompt: tuple[Message, ...]
    """Everything that both answers share; ends with a user turn."""
    chosen: tuple[Message, ...]
    """The better continuation; begins and ends with an assistant turn."""
    rejected: tuple[Message, ...]
    """The worse continuation."""

    @property
    def system(self) -> str | None:
        """The row's own system text; None if it has none."""
        return system_of(self.prompt)

    def to_record(self) -> dict[str, Any]:
        """The row as a JSON object."""
        return {
            "number": self.number,
            **{
                field: [m.to_record() for m in getattr(self, field)]
                for field in ("prompt", "chosen", "rejected")
            },
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Preference:
        """The row that `to_record` wrote."""
        prompt, chosen, rejected = (
            messages_of(record[field]) for field in ("prompt", "chosen", "rejected")
        )
        return cls(record["number"], prompt, chosen, rejected)


@dataclass(frozen=True)
class Finding:
    """Something the checks noticed."""

    severity: Literal["error", "warning", "note"]
    """An error's row is left out; a warning's row is used, but look at it."""
    row: int | None
    """The row's number; None for something about the whole set."""
    text: str
    """What it is, without a full stop."""
    remedy: str
    """What to do about it, as a full sentence; may be empty."""


def system_of(messages: Sequence[Message]) -> str | None:
    """The system text that a conversation begins with; None if it has none."""
    return messages[0].content if messages and messages[0].role == "system" else None


def with_system(messages: tuple[Message, ...], system: str | None) -> tuple[Message, ...]:
    """The conversation with a system text before it, unless it has its own or there is none."""
    if system is None or system_of(messages) is not None:
        return messages
    return (Message("system", system), *messages)


def messages_of(records: Sequence[Mapping[str, Any]]) -> tuple[Message, ...]:
    """Messages from their records."""
    return tuple(Message.from_record(record) for record in records)
