"""A dialogue in plain lines, `user: …`, `assistant: …` -> one row for each conversation."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ft_magics.data.bodies.row_problem import Found, RowProblem
from ft_magics.data.bodies.text_lines import text_lines
from ft_magics.errors import DataError

__all__ = ["ROLE", "dialogue_rows"]

ROLE = re.compile(r"(system|user|assistant|human|bot)\s*:", re.IGNORECASE)
"""What a turn begins with, at the begin of its line."""

_SAME = {"human": "user", "bot": "assistant"}
_LABEL = re.compile(r"([A-Za-z]{2,12})\s*:")
_LONGEST = 16_000_000
"""Characters of the longest conversation."""

_NAMES = ("system", "user", "assistant", "human", "bot")


@dataclass
class _Turn:
    role: str
    line: int
    parts: list[str]

    @property
    def text(self) -> str:
        """The turn's text: blank lines around it are not its own, those within are."""
        return "".join(self.parts).strip("\n").rstrip()


@dataclass
class _Conversation:
    turns: list[_Turn] = field(default_factory=list)
    typo: tuple[int, str, str] | None = None
    """The first line that looks like a role which is misspelt: its number, label, and role."""


def dialogue_rows(chunks: Iterable[str], where: str, name: str) -> Iterator[Found]:
    """Read conversations; a new one begins at a blank line followed by `system:` or `user:`.

    Other blank lines, and lines without a role, belong to the text. A system text alone is not a
    conversation yet: a blank line after it does not end it.

    Args:
        chunks: The text in pieces.
        where: The cell or file, for the error.
        name: What problems call it.

    Yields:
        For each conversation `{"messages": [{"role": …, "content": …}, …]}`, or why it is none.

    Raises:
        DataError: One of them does not end.
    """
    conversation = _Conversation()
    blank, indent, size = False, -1, 0
    for number, line in text_lines(chunks, where):
        if indent < 0:
            if not line.strip() or line.lstrip().startswith("#"):
                continue  # above the dialogue
            indent = len(line) - len(line.lstrip())
        bare = line.lstrip(" \t") if len(line) - len(line.lstrip(" \t")) <= indent else line
        found = ROLE.match(bare)
        if found is None:
            _go_on(conversation, number, line)
        else:
            role = _SAME.get(found[1].lower(), found[1].lower())
            if blank and role != "assistant" and _is_begun(conversation):
                yield _row(conversation, name)
                conversation, size = _Conversation(), 0
            conversation.turns.append(_Turn(role, number, [bare[found.end() :].lstrip(" \t")]))
        blank = not line.strip()
        size += len(line)
        _refuse_endless(size, number, where)
    if conversation.turns:
        yield _row(conversation, name)


def _refuse_endless(size: int, line: int, where: str) -> None:
    if size > _LONGEST:
        what = f"line {line}: a conversation is longer than {_LONGEST:,} characters."
        raise DataError(where, what, "Begin another one with a blank line and 'user:'.")


def _is_begun(conversation: _Conversation) -> bool:
    return any(turn.role != "system" for turn in conversation.turns)


def _go_on(conversation: _Conversation, number: int, line: str) -> None:
    """One more line of the last turn."""
    if conversation.turns:
        conversation.turns[-1].parts.append(line)
    label = _LABEL.match(line)
    if label and conversation.typo is None:
        meant = difflib.get_close_matches(label[1].lower(), _NAMES, n=1, cutoff=0.75)
        if meant:
            conversation.typo = (number, label[1], meant[0])


def _row(conversation: _Conversation, name: str) -> Found:
    turns = conversation.turns

    def problem(line: int, what: str, remedy: str) -> RowProblem:
        text = f"not readable as a dialogue at line {line} of {name}: {what}"
        return RowProblem(text, remedy, line, 1)

    if conversation.typo and "assistant" not in {turn.role for turn in turns}:
        line, label, meant = conversation.typo
        return problem(line, f"'{label}:' is not a role", f"Did you mean '{meant}:'?")
    empty = next((turn for turn in turns if not turn.text), None)
    if empty:
        return problem(empty.line, f"the {empty.role} turn is empty", "Write its text.")
    if turns[0].role == "assistant":
        remedy = "Put a line 'user: …' before it."
        return problem(turns[0].line, "an assistant turn that answers nothing", remedy)
    return {"messages": [{"role": turn.role, "content": turn.text} for turn in turns]}
