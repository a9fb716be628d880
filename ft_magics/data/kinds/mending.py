"""Safe repairs of a conversation that cannot be used as it is, before it is read.

Nothing that could be trained is invented, and what is dropped answers nothing or is not answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["mended_turns"]

_LISTS = ("messages", "conversations", "conversation", "prompt")
_ROLES = {
    "human": "user",
    "prompter": "user",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "model": "assistant",
    "bot": "assistant",
    "chatbot": "assistant",
    "ai": "assistant",
}
_JOINED = ("user", "assistant")


def mended_turns(values: Mapping[str, Any]) -> tuple[dict[str, Any], str, str] | None:
    """A row with its turns in order.

    Roles get their usual names; neighbouring turns of one speaker become one, with a blank line
    between; an answer before the first question, and a question after the last answer, go.

    Args:
        values: The row's fields.

    Returns:
        The fields, and the turns before and after as text; None if there is nothing to mend.
    """
    for field in _LISTS:
        turns = values.get(field)
        if isinstance(turns, list | tuple) and turns and all(map(_is_turn, turns)):
            better = _mended([_named(turn) for turn in turns], whole=field != "prompt")
            if better != list(turns) and better:
                return {**values, field: better}, _text(turns), _text(better)
    return None


def _is_turn(turn: Any) -> bool:
    return isinstance(turn, Mapping) and isinstance(turn.get(_keys(turn)[0]), str)


def _keys(turn: Mapping[str, Any]) -> tuple[str, str]:
    """What the speaker and the text are called."""
    return ("from", "value") if "from" in turn else ("role", "content")


def _named(turn: Mapping[str, Any]) -> dict[str, Any]:
    key = _keys(turn)[0]
    # ShareGPT's own tags are right where they stand.
    plain = turn[key].strip().lower()
    return {**turn, key: plain if key == "from" else _ROLES.get(plain, plain)}


def _speaker(turn: Mapping[str, Any]) -> str:
    plain = str(turn[_keys(turn)[0]])
    return _ROLES.get(plain, plain)


def _mended(turns: list[dict[str, Any]], *, whole: bool) -> list[dict[str, Any]]:
    joined: list[dict[str, Any]] = []
    for turn in turns:
        speaker = _speaker(turn)
        first = not joined or (len(joined) == 1 and _speaker(joined[0]) == "system")
        if speaker == "assistant" and first:
            continue
        if (
            joined
            and speaker in _JOINED
            and _speaker(joined[-1]) == speaker
            and _both(joined, turn)
        ):
            text = _keys(turn)[1]
            joined[-1] = {**joined[-1], text: f"{joined[-1][text]}\n\n{turn[text]}"}
        else:
            joined.append(turn)
    while whole and joined and _speaker(joined[-1]) == "user":
        joined.pop()
    return joined


def _both(joined: list[dict[str, Any]], turn: dict[str, Any]) -> bool:
    """Whether two turns are plain texts, so that they can be one."""
    plain = ({"role", "content"}, {"from", "value"})
    return all(
        set(one) in plain and isinstance(one[_keys(one)[1]], str) for one in (joined[-1], turn)
    )


def _text(turns: Any) -> str:
    lines = []
    for turn in turns:
        speaker, text = _keys(turn)
        said = str(turn.get(text) if turn.get(text) is not None else "")
        lines.append(f"{turn[speaker]}: {said if len(said) <= 300 else said[:299] + '…'}")
    return "\n".join(lines)
