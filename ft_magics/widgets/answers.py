"""One question, answered by one model or by several side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ft_magics.widgets.plain import clean, wrap
from ft_magics.widgets.style import Bundle, bundle, card, esc, lines, sign, weight, words

__all__ = ["Column", "answers_card"]

# Room for the answers and for the question, in HTML and text together; the frame has the rest.
_ANSWERS_BYTES = 17_000
_QUESTION_BYTES = 4_000


@dataclass(frozen=True)
class Column:
    """One model's answer."""

    title: str
    """The model as the user named it: `base`, `ollie`, `ollie@84`."""
    text: str
    note: str = ""
    """What to know about it: `step 40 of 120, still training`."""
    streaming: bool = False
    """More text is coming."""
    passed: bool | None = None
    """Whether it passed its checks; None when there are none."""


def answers_card(question: str, columns: Sequence[Column]) -> Bundle:
    """A question and its answers; they stand side by side where there is room.

    Args:
        question: What was asked.
        columns: The answers. While one streams, a block marks its end and lines are kept free.
    """
    room = _ANSWERS_BYTES // max(1, len(columns))
    rows = "".join(_column(c, room) for c in columns)
    live = " ft-live" if any(c.streaming for c in columns) else ""
    said = lines(_cut(question, _QUESTION_BYTES))
    asked = f'<p class="ft-q" dir="auto"><strong>{said}</strong></p>'
    html = card(asked, f'<table class="ft-cols{live}"><tbody>{rows}</tbody></table>')
    return bundle(html, _plain(question, columns, room))


def _column(column: Column, room: int) -> str:
    said = f" · {esc(column.note)}" if column.note else ""
    text = lines(_cut(column.text, room))
    if column.streaming:
        text += '<span class="ft-cur" role="img" aria-label="still writing"></span>'
    elif not column.text:
        text = '<span class="ft-dim">(no text)</span>'
    if column.passed is not None:
        text = f"{sign('ok' if column.passed else 'no')} {text}"
    return (
        f'<tr><th scope="row">{esc(column.title)}{said}</th><td dir="auto">{words(text)}</td></tr>'
    )


def _cut(text: str, room: int) -> str:
    """As much of a text as there is room for in HTML and text, in bytes."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        part = text[:middle]
        fits = weight(lines(part)) + weight(part) <= room
        low, high = (middle, high) if fits else (low, middle - 1)
    if low == len(text):
        return text
    return f"{text[:low].rstrip()} … ({len(text) - low:,} more characters)"


def _plain(question: str, columns: Sequence[Column], room: int) -> list[str]:
    told = wrap(_cut(question, _QUESTION_BYTES))
    for column in columns:
        said = f" · {clean(column.note)}" if column.note else ""
        mark = {True: "✓ ", False: "✕ ", None: ""}[column.passed]
        text = _cut(column.text, room) + (" ▌" if column.streaming else "")
        told += [
            "",
            f"{clean(column.title)}{said}",
            *wrap(mark + (text or "(no text)"), indent="  "),
        ]
    return told
