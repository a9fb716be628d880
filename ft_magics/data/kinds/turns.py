"""Texts and conversations as a row holds them -> messages, with every problem in plain words."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ft_magics.data.kinds.tools import read_calls
from ft_magics.data.rows import Message
from ft_magics.errors import nearest

__all__ = ["Complain", "check_order", "is_trained", "listed", "read_messages", "read_text", "shown"]

ROLES = ("system", "user", "assistant", "tool")
_SAME_ROLES = {"developer": "system", "function": "tool"}
"""Names that OpenAI has, or had, for the same roles."""
_FOREIGN_ROLES = {
    "human": "user",
    "prompter": "user",
    "gpt": "assistant",
    "model": "assistant",
    "bot": "assistant",
    "chatbot": "assistant",
    "ai": "assistant",
}
_ARTICLES = {
    "system": "a system",
    "user": "a user",
    "assistant": "an assistant",
    "tool": "a tool",
}
_TRAINED = {"0": False, "0.0": False, "1": True, "1.0": True}
"""Weights; YAML and CSV hold every value as text."""
_SWITCHES = ("train", "training")
"""Axolotl's fields for what OpenAI calls the weight."""
_TEXT_CALL = re.compile(r"^\s*[\[{]|<\|?(?:tool|function)_?call", re.IGNORECASE)
"""A call that an answer holds as text, as Hermes and ToolACE write it."""
_CALLS = ("tool_calls", "function_call")
_RESTS: dict[str, dict[str, tuple[str, ...]]] = {
    "assistant": {"reasoning": ("reasoning_content", "reasoning", "thinking")},
    "tool": {"name": ("name",), "call_id": ("tool_call_id",)},
}
"""What only some turns have, and what it is called in rows."""

Complain = Callable[[str, str], None]
"""Takes what is wrong and the remedy; a row goes on being read, so that all is told at once."""


def shown(value: Any) -> str:
    """A value as an error names it: `the number 42`, `null`, `a list`."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {value}" if value == value else "not a number (an empty cell)"
    if isinstance(value, str):
        return f"'{value if len(value) <= 24 else value[:24] + '…'}'"
    if isinstance(value, Mapping):
        return "an object"
    return "a list" if isinstance(value, Sequence) else f"a {type(value).__name__}"


def read_text(value: Any, what: str, complain: Complain, *, empty: str = "") -> str | None:
    """A text that can be trained on.

    Args:
        value: What stands in the row: a text, or OpenAI's list of text parts.
        what: The field, for the complaint: `field 'assistant'`.
        complain: Told what is wrong.
        empty: What an empty text would be, `the answer`; unless set, it may be empty.

    Returns:
        The text as it is; None if there was something to complain about.
    """
    value = _joined(value)
    if not isinstance(value, str):
        if part := _foreign_part(value):
            complain(f"{what} holds '{part}'", "Only text is trained. Leave it out: --skip-bad.")
            return None
        remedy = {
            type(None): _NOTHING,
            int: f'Put it in quotes: "{value}".',
            float: f'Put it in quotes: "{value}".' if value == value else _NOTHING,
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


_NOTHING = "Write its text, or remove the row."


def _foreign_part(value: Any) -> str:
    """The type of the first part that is no text, of OpenAI's and Anthropic's lists of parts."""
    parts = value if isinstance(value, list | tuple) else ()
    types = (str(part.get("type", "")) for part in parts if isinstance(part, Mapping))
    return next((kind for kind in types if kind not in ("", "text")), "")


def _joined(value: Any) -> Any:
    """OpenAI's `[{"type": "text", "text": …}]` as one text; anything else as it is."""
    if isinstance(value, list | tuple) and value and all(isinstance(p, Mapping) for p in value):
        texts = [part.get("text") for part in value if part.get("type", "text") == "text"]
        if len(texts) == len(value) and all(isinstance(text, str) for text in texts):
            return "".join(texts)
    return value


def read_messages(value: Any, field: str, complain: Complain) -> tuple[Message, ...]:
    """A list of `{"role": …, "content": …}` as messages; what cannot be read is left out.

    An assistant turn is trained unless its OpenAI `weight` is 0.

    Args:
        value: What stands in the row.
        field: Its name there.
        complain: Told what is wrong, with the message's place counted from 1.
    """
    value = listed(value)
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        remedy = 'Write it as [{"role": "user", "content": "…"}, …].'
        complain(f"field '{field}' is {shown(value)}, not a list of messages", remedy)
        return ()
    if not value:
        complain(f"field '{field}' is an empty list", "Write its messages, or remove the row.")
    if _is_foreign(value, field, complain):
        return ()
    read = (_read_message(item, f"message {i} of '{field}'", complain)
            for i, item in enumerate(value, start=1))  # fmt: skip
    return tuple(message for message in read if message is not None)


def listed(value: Any) -> Any:
    """The list that is written as JSON text; anything else as it is."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        with contextlib.suppress(ValueError, RecursionError):
            return json.loads(value)
    return value


def _is_foreign(value: Sequence[Any], field: str, complain: Complain) -> bool:
    """Whether no item looks like a message, which is told once, not for each of them."""
    if value and all(isinstance(item, str) for item in value):
        remedy = 'Write one text, or messages: {"role": "assistant", "content": "…"}.'
        if field in ("messages", "conversations"):
            remedy = (
                'Write each as {"role": "user", "content": "…"}; or, for the first two alone, pass '
                f"--map user={field}.0,assistant={field}.1."
            )
        complain(f"field '{field}' is a list of texts, and nothing says who speaks", remedy)
        return True
    keys = [*value[0]] if value and isinstance(value[0], Mapping) else []
    if len(value) > 1 and keys and not any("role" in v for v in value if isinstance(v, Mapping)):
        found = ", ".join(f"'{key}'" for key in keys)
        what = f"the messages of '{field}' have no 'role' (found {found})"
        complain(what, "Say who is the user and who the assistant, in 'role' and 'content'.")
        return True
    return False


def _read_message(item: Any, place: str, complain: Complain) -> Message | None:
    if not isinstance(item, Mapping):
        complain(f"{place} is {shown(item)}", 'Write it as {"role": "user", "content": "…"}.')
        return None
    if "value" in item and "content" not in item:
        item = {**item, "content": item["value"]}
    written = next((item[key] for key in _CALLS if item.get(key)), None)
    missing = [k for k in ("role", "content") if k not in item and not (written and k == "content")]
    if missing:
        found = ", ".join(f"'{key}'" for key in item)
        remedies = [_near(key, missing[0]) for key in item if key not in ("role", "content")]
        hint = next((r for r in remedies if r), "A message has 'role' and 'content'.")
        complain(f"{place} has no '{missing[0]}' (found {found or 'nothing'})", hint)
        return None
    role = _read_role(item["role"], place, complain)
    calls = read_calls(written, f"'tool_calls' of {place}", complain) if written else ()
    answer = f"the answer in {place}" if role == "assistant" and not written else ""
    content = item.get("content")
    content = "" if content is None and written else content
    content = read_text(content, f"the content of {place}", complain, empty=answer)
    trained = is_trained(item, place, complain)
    if calls and role not in (None, "assistant"):
        complain(f"{place} calls tools", "Only an assistant turn can.")
    if role is None or content is None or calls is None:
        return None
    rest = _rest(item, role, place, complain)
    return Message(role, content, trained and role == "assistant", calls, **rest)


def is_trained(item: Mapping[str, Any], place: str, complain: Complain) -> bool:
    """Whether a turn carries loss, if it is an answer: by OpenAI's `weight`, or Axolotl's `train`.

    Args:
        item: The turn.
        place: What it is called, for the complaint.
        complain: Told of a weight that is neither 0 nor 1.
    """
    weight = item.get("weight")
    trained = True if weight is None else _TRAINED.get(str(weight))
    if trained is None:
        complain(f"{place} has the weight {shown(weight)}", "It is 1 (trained) or 0 (not).")
    off = any(str(item.get(key)).lower() in ("false", "0") for key in _SWITCHES)
    return bool(trained) and not off


def _rest(item: Mapping[str, Any], role: str, place: str, complain: Complain) -> dict[str, str]:
    """What only some turns have: thoughts before an answer, the function that answers."""
    wanted = _RESTS.get(role, {})
    found = {}
    for field, keys in wanted.items():
        key = next((k for k in keys if item.get(k)), None)
        if key is not None:
            text = read_text(item[key], f"'{key}' of {place}", complain)
            found[field] = text or ""
    return found


def _near(found: str, wanted: str) -> str:
    hint = nearest(str(found), [wanted])
    return hint if hint.startswith("Did you mean") else ""


def _read_role(role: Any, place: str, complain: Complain) -> str | None:
    if isinstance(role, str) and _SAME_ROLES.get(role, role) in ROLES:
        return _SAME_ROLES.get(role, role)
    written = role.strip().lower() if isinstance(role, str) else ""
    if written in ROLES:
        hint = f"Write it as '{written}'."
    elif written in _FOREIGN_ROLES:
        hint = f"Did you mean '{_FOREIGN_ROLES[written]}'?"
    else:
        hint = nearest(written, ROLES)
    complain(f"{place} has the role {shown(role)}", hint)
    return None


def check_order(messages: Sequence[Message], field: str, complain: Complain, *, ends: str) -> None:
    """Complain about the first turn that stands in a wrong place.

    A conversation is an optional system text, then user and assistant by turns; between an
    assistant turn that calls tools and the next one stand the tools' answers.

    Args:
        messages: The conversation; where it is empty the reason has been told already.
        field: Its name in the row.
        complain: Told what is wrong.
        ends: The role of the last turn, `assistant` for a row to train on, `user` for a question
            (a tool's answer may end it too).
    """
    for i, message in enumerate(messages, start=1):
        before = messages[i - 2] if i > 1 else Message("system", "")
        wrong = _misplaced(message, before, i, field)
        if wrong:
            complain(*wrong)
            return
    turns = [m.role for m in messages]
    if ends == "assistant" and turns and "assistant" not in turns:
        complain(f"'{field}' has no assistant turn", "Add the answer that is to be learned.")
    elif turns and turns[-1] not in {ends, "tool" if ends == "user" else ends}:
        remedy = {
            "assistant": "Add its answer, or remove it.",
            "user": "Remove what stands after the last user turn.",
        }[ends]
        complain(f"'{field}' ends with {_ARTICLES[turns[-1]]} turn", remedy)


def _misplaced(message: Message, before: Message, i: int, field: str) -> tuple[str, str] | None:
    """What is wrong with a turn after the one before it, and the remedy."""
    role, place = message.role, f"message {i} of '{field}'"
    if role == "system" and i > 1:
        return f"{place} is a system text", "It can only stand first."
    if role == "assistant" and before.role == "system":
        return f"{place} is an assistant turn that answers nothing", "Put a user turn first."
    if role == "tool":
        if before.role == "tool" or before.tool_calls or _TEXT_CALL.search(before.content):
            return None
        return f"{place} is a tool turn that answers no call", "Put the call before it."
    if role == before.role and role != "system":
        return f"messages {i - 1} and {i} of '{field}' are both {role} turns", "Join them."
    if before.role == "tool" and role != "assistant":
        return f"{place} is a {role} turn after a tool's answer", "Put an assistant turn before it."
    return None
