"""What a kind of row is, and what its fields are read with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from ft_magics.data.kinds.tagged import read_turns
from ft_magics.data.kinds.tools import read_tools
from ft_magics.data.kinds.transcripts import read_prompt
from ft_magics.data.kinds.turns import Complain, read_text
from ft_magics.data.rows import AnyRow, Message

__all__ = ["Fields", "Kind", "plain"]


@dataclass
class Fields:
    """A row's fields while it is read; `told` stops a second complaint about the same gap."""

    values: Mapping[str, Any]
    number: int
    _complain: Complain
    told: bool = False
    _spoken: bool = False
    """Whether the prompt ends with `Assistant:`, so that a blank stands before the answer."""

    def complain(self, what: str, remedy: str) -> None:
        """Note what is wrong with the row."""
        self.told = True
        self._complain(what, remedy)

    def text(self, field: str, *, empty: str = "") -> str | None:
        """A field that must be a text; None after a complaint."""
        return read_text(self.values[field], f"field '{field}'", self.complain, empty=empty)

    def messages(self, field: str) -> tuple[Message, ...]:
        """A field that must be a list of messages."""
        return read_turns(self.values[field], field, self.complain)

    def prompt(self, field: str) -> tuple[Message, ...]:
        """A question: a text is a user turn. Assistant turns in it carry no loss."""
        if isinstance(self.values[field], list | tuple):
            return plain(self.messages(field))
        text = self.text(field)
        turns = read_prompt(text or "")
        self._spoken = bool(turns)
        return plain(turns) if turns or text is None else (Message("user", text),)

    def answer(self, field: str) -> tuple[Message, ...]:
        """An answer: a text is a trained assistant turn."""
        value = self.values[field]
        one = isinstance(value, Mapping) and ("role" in value or "from" in value)
        if one or isinstance(value, list | tuple):
            return self.messages(field)
        text = self.text(field, empty="the answer")
        text = text.strip() if text is not None and self._spoken else text
        return () if text is None else (Message("assistant", text, trained=True),)

    def led(self, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        """The conversation with the row's own `system` text before it.

        An empty one is none: other tools fill the field where there is nothing to say.
        """
        if self.values.get("system") in (None, "") or not messages:
            return messages
        text = self.text("system")
        if text is not None and not text.strip():
            return messages
        if messages[0].role == "system":
            if messages[0].content != text:
                what = "two system texts: field 'system' and the first message"
                self.complain(what, "Keep one of them, or pass --map unused=system.")
            return messages
        return messages if text is None else (Message("system", text), *messages)

    def tools(self) -> tuple[str, ...]:
        """The functions that the row offers."""
        if self.values.get("tools"):
            return read_tools(self.values["tools"], "field 'tools'", self.complain)
        functions = self.values.get("functions")
        return read_tools(functions, "field 'functions'", self.complain) if functions else ()


@dataclass(frozen=True)
class Kind:
    """A kind of row."""

    method: Literal["sft", "preference", "unpaired"]
    fields: tuple[str, ...]
    """What a row must have; they also tell the kind."""
    optional: tuple[str, ...]
    """What a row may have besides."""
    shape: Callable[[Fields], AnyRow | None]
    """Brings its fields into normal form; complaints go to the fields."""


def plain(messages: Iterable[Message]) -> tuple[Message, ...]:
    """Messages as they are compared: whether one carries loss is left out."""
    return tuple(replace(message, trained=False) for message in messages)
