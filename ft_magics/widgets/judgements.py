"""What was judged: one row that was kept, and a blind comparison as it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ft_magics.widgets.answers import cut
from ft_magics.widgets.plain import clean, columns, wrap
from ft_magics.widgets.style import Bundle, bundle, card, esc, head, lines, note, words
from ft_magics.widgets.tables import rows_html

__all__ = ["BlindState", "blind_card", "kept_card"]

# Room for both answers, and for question and system text, in HTML and text together.
_ANSWER_BYTES = 8_000
_QUESTION_BYTES = 4_000

HOW = (
    "Which answer is better? Write %ft vote 1 or %ft vote 2; tie and skip in place of the number if "
    "neither is; back takes the last choice back, end names the models."
)
"""How a pair is judged by word."""


@dataclass(frozen=True)
class BlindState:
    """A blind comparison at one moment. Only a finished one has names."""

    judged: int
    total: int
    words: str
    """The score."""
    question: str = ""
    system: str = ""
    answers: tuple[str, str] | None = None
    """Left and right; None while they are being written."""
    left_open: bool = False
    """Whether it was left before its end, and can be gone on with."""
    counts: Sequence[tuple[str, int]] = ()
    """What was chosen how often; only of a finished one."""
    next_cell: str = ""
    """The line of the cell that trains on the choices."""
    problem: str = ""
    """Why no more answers come, or what to know of them."""


def kept_card(said: str, next_cell: str) -> Bundle:
    """A judgement that was kept, and what to do with it.

    Args:
        said: What became of it.
        next_cell: The line of the cell that trains on it.
    """
    told = f"{said}; train on them: " if next_cell else said
    code = f"<code>{esc(next_cell)}</code>" if next_cell else ""
    return bundle(
        card(f'<p style="padding-top:11px">{esc(told)}{code}</p>'), wrap(told + next_cell)
    )


def blind_card(state: BlindState, key: str = "") -> Bundle:
    """A blind comparison: the pair to be judged, or the score with names.

    In a live notebook a `PreferView` stands in its place.

    Args:
        state: How it stands.
        key: What a live view finds it by; empty for one that is over.
    """
    done = bool(state.counts) or state.left_open
    where = f"{state.judged if done else state.judged + 1} of {state.total}"
    top = head("Blind comparison", [where])
    problem = note(state.problem, "warning") if state.problem else ""
    body = _result(state) if done else _pair(state)
    place = f'<div data-ft-prefer="{esc(key)}">{body}</div>' if key else body
    told = [f"Blind comparison  |  {where}"]
    told += ["", *wrap(f"⚠ {state.problem}")] if state.problem else []
    return bundle(card(top, problem, place), [*told, "", *_plain(state, done=done)])


def _pair(state: BlindState) -> str:
    said = lines(cut(state.question, _QUESTION_BYTES))
    system = cut(state.system, _QUESTION_BYTES)
    rows = "".join(
        f'<tr><th scope="row">{number}</th><td dir="auto">{words(_html(text))}</td></tr>'
        for number, text in enumerate(_texts(state), start=1)
    )
    return "".join(
        (
            f'<p class="ft-q" dir="auto"><strong>{said}</strong></p>',
            f'<p dir="auto">System text: {lines(system)}</p>' if system else "",
            f'<table class="ft-cols"><tbody>{rows}</tbody></table>',
            f"<p>{esc(HOW)}</p>",
            f"<p>{esc(state.words)}</p>",
        )
    )


def _texts(state: BlindState) -> tuple[str, ...]:
    return state.answers or ("… is being written", "… is being written")


def _html(text: str) -> str:
    shown = lines(cut(text, _ANSWER_BYTES))
    return shown or '<span class="ft-dim">(no text)</span>'


def _result(state: BlindState) -> str:
    table = rows_html(("", "times"), [(name, str(n)) for name, n in state.counts if n], "lr")
    code = f"<code>{esc(state.next_cell)}</code>"
    return "".join(
        (
            note(state.words),
            table if any(n for _, n in state.counts) else "",
            f"<p>Train on the choices: {code}</p>" if state.next_cell else "",
        )
    )


def _plain(state: BlindState, *, done: bool) -> list[str]:
    if done:
        told = wrap(state.words)
        rows = [(name, str(n)) for name, n in state.counts if n]
        told += ["", *columns((), rows, "lr")] if rows else []
        return told + (
            ["", *wrap(f"Train on the choices: {state.next_cell}")] * bool(state.next_cell)
        )
    told = wrap(cut(state.question, _QUESTION_BYTES))
    told += wrap(f"System text: {cut(state.system, _QUESTION_BYTES)}") if state.system else []
    for number, text in enumerate(_texts(state), start=1):
        shown = clean(cut(text, _ANSWER_BYTES)) or "(no text)"
        told += ["", str(number), *wrap(shown, indent="  ")]
    return [*told, "", *wrap(HOW), *wrap(state.words)]
