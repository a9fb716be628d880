"""A conversation as it stays in a notebook, and the state that its live view is drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ft_magics.widgets.answers import cut
from ft_magics.widgets.plain import clean, wrap
from ft_magics.widgets.style import Bundle, bundle, card, esc, head, lines, note, weight

__all__ = ["ChatReply", "ChatState", "ChatTurn", "chat_card"]

# Room for what was said, in HTML and text together; the frame has the rest.
_TURNS_BYTES = 21_000
_QUESTION_BYTES = 3_000
_REPLIES_BYTES = 12_000


@dataclass(frozen=True)
class ChatReply:
    """One model's answer."""

    model: str
    text: str
    note: str = ""
    """What to know about it: `step 40 of 120, still training`."""
    state: str = "done"
    """`waiting`, `streaming` or `done`."""
    judged: str = ""
    """`good`, `bad`, `better`, `edited` or empty."""
    kept: str = ""
    """Where the judgement is: `kept as row 3 of votes`."""


@dataclass(frozen=True)
class ChatTurn:
    """A question and its answers."""

    number: int
    """Of this turn alone: what stands under a button stays what it was."""
    question: str
    replies: tuple[ChatReply, ...]
    comparable: bool = False
    """Whether one of the answers can be called the better."""


@dataclass(frozen=True)
class ChatState:
    """All that a view of a conversation shows."""

    models: tuple[str, ...]
    """Who answers next."""
    turns: tuple[ChatTurn, ...] = ()
    system: str | None = None
    """The system text of the next answer."""
    systems: tuple[str, ...] = ()
    """The system texts that were trained."""
    given: bool = False
    """Whether the user set the system text."""
    settings: dict[str, Any] = field(default_factory=dict)
    answering: bool = False
    phase: str = ""
    """What is done before the first word: `loading the base model`."""
    notice: str = ""
    draft: str = ""
    """A question that came back unanswered."""
    can_bring_back: bool = False
    """Whether a conversation was put away."""

    @property
    def choosing(self) -> bool:
        """Whether a system text must be chosen first."""
        return not self.given and len(self.systems) > 1


def chat_card(state: ChatState, key: str = "") -> Bundle:
    """What was said, the newest where there is not room for all.

    In a live notebook `ChatView` takes its place.

    Args:
        state: The conversation.
        key: What the live view finds it by; empty where there is none.
    """
    kept, hidden = _within(state.turns)
    parts = [f"<p>The {hidden} turns before are not shown.</p>"] if hidden else []
    parts += [_turn(turn) for turn in kept]
    said = [line for turn in kept for line in _turn_text(turn)]
    if not kept:
        words = _how(state.models)
        parts, said = [note(words)], wrap(words)
    top = head("chat", state.models)
    place = f' data-ft-chat="{esc(key)}"' if key else ""
    html = card(f'<div class="ft-static"{place}>{top}{"".join(parts)}</div>')
    names = ", ".join(map(clean, state.models))
    left_out = [f"(the {hidden} turns before are not shown)", ""] if hidden else []
    return bundle(html, [f"chat  |  {names}", "", *left_out, *said])


def _how(models: Sequence[str]) -> str:
    names = " ".join(models)
    return (
        "Nothing has been said yet. Run the cell in JupyterLab to talk here; elsewhere ask with "
        f"%%prompt {names}."
    )


def _within(turns: Sequence[ChatTurn]) -> tuple[list[ChatTurn], int]:
    """The newest turns that there is room for, and how many were left out."""
    kept: list[ChatTurn] = []
    room = _TURNS_BYTES
    for turn in reversed(turns):
        room -= weight(_turn(turn)) + weight("\n".join(_turn_text(turn)))
        if room < 0:
            break
        kept.insert(0, turn)
    return kept, len(turns) - len(kept)


def _turn(turn: ChatTurn) -> str:
    room = _REPLIES_BYTES // max(1, len(turn.replies))
    question = lines(cut(turn.question, _QUESTION_BYTES))
    asked = f'<p class="ft-ask" dir="auto"><strong>{question}</strong></p>'
    rows = "".join(
        f'<tr><th scope="row"><b>{esc(reply.model)}</b>{esc(_said(reply))}</th>'
        f'<td dir="auto"><div align="left">{_text_html(reply, room)}</div></td></tr>'
        for reply in turn.replies
    )
    return f'{asked}<table class="ft-said"><tbody>{rows}</tbody></table>'


def _text_html(reply: ChatReply, room: int) -> str:
    if not reply.text:
        return '<span class="ft-dim">(no text)</span>'
    return lines(cut(reply.text, room))


def _said(reply: ChatReply) -> str:
    """What stands behind the model's name."""
    judged = {"good": "✓ good", "bad": "✕ bad", "better": "✓ the better one"}
    said = filter(None, (reply.note, judged.get(reply.judged, reply.judged)))
    return "".join(f" · {words}" for words in said)


def _turn_text(turn: ChatTurn) -> list[str]:
    room = _REPLIES_BYTES // max(1, len(turn.replies))
    told = wrap(f"> {cut(turn.question, _QUESTION_BYTES)}")
    for reply in turn.replies:
        title = clean(reply.model + _said(reply))
        told += ["", title, *wrap(cut(reply.text, room) or "(no text)", indent="  ")]
    return [*told, ""]
