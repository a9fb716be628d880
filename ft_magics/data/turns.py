"""Texts and conversations as a row holds them -> messages, with every problem in plain words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ft_magics.data.rows import Message
from ft_magics.errors import nearest

__all__ = ["Complain", "check_order", "read_messages", "read_text", "shown"]

ROLES = ("system", "user", "assistant")
_FOREIGN_ROLES = {
    "human": "user",
    "prompter": "user",
    "gpt": "assistant",
    "model": "assistant",
    "bot": "assistant",
    "ai": "assistant",
    "developer": "system",
}
_ARTICLES = {"system": "a system", "user": "a user", "assistant": "an assistant"}
_CALLS = ("tool_calls", "function_call")

Complain = Callable[[str, str], None]
"""Takes what is wrong and the remedy; a row goes on being read, so that all is told at once."""


def shown(value: Any) -> str:
    """A value as an error names it: `the number 42`, `null`, `a list`."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return f"'{value if len(value) <= 24 else value[:24] + '…'}'"
    if isinstance(value, Mapping):
        return "an object"
    return "a list" if isinstance(value, Sequence) else f"a {type(value).__name__}"


def read_text(value: Any, what: str, complain: Complain, *, empty: str = "") -> str | None:
    """A text that can be trained on.

    Args:
        value: What stands in the row.
        what: The field, for the complaint: `field 'assistant'`.
        complain: Told what is wrong.
        empty: What an empty text would be, `the answer`; unless set, it may be empty.

    Returns:
        The text as it is; None if there was something to complain about.
    """
    if not isinstance(value, str):
        remedy = {
            type(None): "Write its text, or remove the row.",
            int: f'Put it in quotes: "{value}".',
            float: f'Put it in quotes: "{value}".',
            list: "Only plain text is read.",
        }.get(type(value), "Write it as text in quotes.")
        complain(f"{what} is {shown(value)}, not text", remedy)
        return None
    if empty and not value.strip():
        complain(f"{empty} is empty ({what})", "Write it, or remove the row.")
        return None
    try:
        value.encode()
    except UnicodeEncodeError:
        complain(f"{what} holds half of a character (a lone surrogate)", "Write the character.")
        return None
    return value


def read_messages(value: Any, field: str, complain: Complain) -> tuple[Message, ...]:
    """A list of `{"role": …, "content": …}` as messages; what cannot be read is left out.

    An assistant turn is trained unless its OpenAI `weight` is 0.

    Args:
        value: What stands in the row.
        field: Its name there.
        complain: Told what is wrong, with the message's place counted from 1.
    """
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        remedy = 'Write it as [{"role": "user", "content": "…"}, …].'
        complain(f"field '{field}' is {shown(value)}, not a list of messages", remedy)
        return ()
    if not value:
        complain(f"field '{field}' is an empty list", "Write its messages, or remove the row.")
    read = (_read_message(item, f"message {i} of '{field}'", complain)
            for i, item in enumerate(value, start=1))  # fmt: skip
    return tuple(message for message in read if message is not None)


def _read_message(item: Any, place: str, complain: Complain) -> Message | None:
    if not isinstance(item, Mapping):
        complain(f"{place} is {shown(item)}", 'Write it as {"role": "user", "content": "…"}.')
        return None
    missing = [key for key in ("role", "content") if key not in item]
    calls = next((key for key in _CALLS if item.get(key)), None)
    if calls:
        complain(f"{place} has '{calls}'", "Tool calls are not trained yet; remove the row.")
        return None
    if missing:
        found = ", ".join(f"'{key}'" for key in item)
        remedies = [_near(key, missing[0]) for key in item if key not in ("role", "content")]
        hint = next((r for r in remedies if r), "A message has 'role' and 'content'.")
        complain(f"{place} has no '{missing[0]}' (found {found or 'nothing'})", hint)
        return None
    role = _read_role(item["role"], place, complain)
    answer = f"the answer in {place}" if role == "assistant" else ""
    content = read_text(item["content"], f"the content of {place}", complain, empty=answer)
    weight = item.get("weight")
    if weight is not None and weight not in (0, 1):
        complain(f"{place} has the weight {shown(weight)}", "It is 1 (trained) or 0 (not).")
    if role is None or content is None:
        return None
    return Message(role, content, trained=role == "assistant" and weight != 0)


def _near(found: str, wanted: str) -> str:
    hint = nearest(str(found), [wanted])
    return hint if hint.startswith("Did you mean") else ""


def _read_role(role: Any, place: str, complain: Complain) -> str | None:
    if role in ROLES:
        return str(role)
    written = role.strip().lower() if isinstance(role, str) else ""
    if written in ROLES:
        hint = f"Write it as '{written}'."
    elif written in _FOREIGN_ROLES:
        hint = f"Did you mean '{_FOREIGN_ROLES[written]}'?"
    elif written in ("tool", "function"):
        hint = "Tool calls are not trained yet; remove the row."
    else:
        hint = nearest(written, ROLES)
    complain(f"{place} has the role {shown(role)}", hint)
    return None


def check_order(messages: Sequence[Message], field: str, complain: Complain, *, ends: str) -> None:
    """Complain about the first turn that stands in a wrong place.

    A conversation is an optional system text, then user and assistant by turns.

    Args:
        messages: The conversation; where it is empty the reason has been told already.
        field: Its name in the row.
        complain: Told what is wrong.
        ends: The role of the last turn, `assistant` for a row to train on, `user` for a question.
    """
    turns = [m.role for m in messages]
    for i, role in enumerate(turns, start=1):
        before = turns[i - 2] if i > 1 else "system"
        place = f"message {i} of '{field}'"
        if role == "system" and i > 1:
            complain(f"{place} is a system text", "It can only stand first.")
            return
        if role == "assistant" and before == "system":
            complain(f"{place} is an assistant turn that answers nothing", "Put a user turn first.")
            return
        if role == before and role != "system":
            complain(f"messages {i - 1} and {i} of '{field}' are both {role} turns", "Join them.")
            return
    if ends == "assistant" and turns and "assistant" not in turns:
        complain(f"'{field}' has no assistant turn", "Add the answer that is to be learned.")
    elif turns and turns[-1] != ends:
        remedy = {
            "assistant": "Add its answer, or remove it.",
            "user": "Remove what stands after the last user turn.",
        }[ends]
        complain(f"'{field}' ends with {_ARTICLES[turns[-1]]} turn", remedy)
