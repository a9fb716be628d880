"""One look at a row that all checks share: its question, its answers, all its texts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property

from ft_magics.data.rows import AnyRow, Message, Preference, Row, Unpaired
from ft_magics.data.sameness import words

__all__ = ["View", "Views", "conversation_words", "exact_key", "text_of"]

_DIGIT = re.compile(r"\d")

_MARK = "\x02"
"""Stands before each turn of a joined conversation, with its role's first letter."""


class View:
    """What checks ask of one row; worked out once, when first asked."""

    def __init__(self, row: AnyRow) -> None:
        self.row = row
        self.number = row.number
        self.plain = row.text if isinstance(row, Row) else None
        self.prompt, self.sides = _parts(row)

    @cached_property
    def messages(self) -> tuple[Message, ...]:
        """All turns; those of every side."""
        return (*self.prompt, *(message for side in self.sides for message in side))

    @cached_property
    def answers(self) -> list[str]:
        """The text that ends each side; empty for a plain text."""
        return [side[-1].content for side in self.sides if side]

    @cached_property
    def question(self) -> str:
        """The last user turn before the answers."""
        return next((m.content for m in reversed(self.prompt) if m.role == "user"), "")

    @cached_property
    def whole(self) -> str:
        """Every text of the row, a line or more for each."""
        if self.plain is not None:
            return self.plain
        return "\n".join([_with_calls(message) for message in self.messages])

    @cached_property
    def has_digit(self) -> bool:
        """Whether there is any digit, without which there is no number of any kind."""
        return _DIGIT.search(self.whole) is not None

    @cached_property
    def prompt_words(self) -> list[str]:
        """The words of all that stands before the answers, each turn marked by its role."""
        return conversation_words(self.prompt)

    @cached_property
    def side_words(self) -> list[list[str]]:
        """The words of each side; of a plain text, its words."""
        if self.plain is not None:
            return [words(self.plain)]
        return [
            words(_with_calls(side[0])) if len(side) == 1 else conversation_words(side)
            for side in self.sides
        ]


class Views:
    """Gives the view of a row; the checks of one pass share it, so it is made once."""

    def __init__(self) -> None:
        self._last: View | None = None

    def __call__(self, row: AnyRow) -> View:
        """The view of this row.

        Args:
            row: Any row; asked for again, the same view is given.
        """
        if self._last is None or self._last.row is not row:
            self._last = View(row)
        return self._last


def text_of(messages: Iterable[Message]) -> str:
    """A conversation as one text, each turn marked by its role."""
    return "\n".join([f"{_MARK}{m.role[:1]} {_with_calls(m)}" for m in messages])


def conversation_words(messages: Iterable[Message]) -> list[str]:
    """The words of a conversation, each turn marked by its role."""
    parts: list[str] = []
    for message in messages:
        parts.append(_MARK + message.role[:1])
        parts += words(_with_calls(message))
    return parts


def exact_key(view: View) -> int:
    """A hash of all that a row trains on; equal rows have the same, wherever they stand."""
    label = view.row.label if isinstance(view.row, Unpaired) else None
    sides = tuple(text_of(side) for side in view.sides)
    return hash((text_of(view.prompt), sides, view.plain, label, view.row.tools))


def _with_calls(message: Message) -> str:
    if not message.tool_calls:
        return message.content
    calls = (f"{call.name}({call.arguments})" for call in message.tool_calls)
    return "\n".join([message.content, *calls])


def _parts(row: AnyRow) -> tuple[tuple[Message, ...], tuple[tuple[Message, ...], ...]]:
    if isinstance(row, Preference):
        return row.prompt, (row.chosen, row.rejected)
    if isinstance(row, Unpaired):
        return row.prompt, (row.completion,)
    turns = row.messages
    for place in range(len(turns) - 1, -1, -1):
        if turns[place].role == "assistant":
            return turns[:place], (turns[place : place + 1],)
    return turns, ()
