"""One question, answered by one model or by several side by side."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from ft_magics.widgets.plain import clean, wrap
from ft_magics.widgets.style import Bundle, bundle, card, esc, lines, note, sign, weight, words

__all__ = ["Column", "answers_card", "answers_key", "cut", "proof_html", "proof_text"]

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
    proof: str = ""
    """What is known of the base behind it: `unchanged since it was loaded`."""
    sound: bool = True
    """False where `proof` is a warning."""


def answers_key(question: str, system: str | None, columns: Sequence[Column]) -> str:
    """What the answers are found by: another text has another key; empty while one is written."""
    if not columns or any(c.streaming for c in columns):
        return ""
    whole = [question, system, [[c.title, c.text] for c in columns]]
    return hashlib.sha256(json.dumps(whole).encode()).hexdigest()[:12]


def answers_card(
    question: str, columns: Sequence[Column], key: str = "", warning: str = ""
) -> Bundle:
    """A question and its answers; they stand side by side where there is room.

    In a live notebook `JudgeButtons` stand below each answer.

    Args:
        question: What was asked.
        columns: The answers. While one streams, a block marks its end and lines are kept free.
        key: What `answers_key` gave.
        warning: That a base is not what was loaded, with the remedy.
    """
    room = _ANSWERS_BYTES // max(1, len(columns))
    rows = "".join(_column(c, room) for c in columns)
    live = " ft-live" if any(c.streaming for c in columns) else ""
    said = lines(cut(question, _QUESTION_BYTES))
    asked = f'<p class="ft-q" dir="auto"><strong>{said}</strong></p>'
    found = f' data-ft-answers="{esc(key)}"' if key else ""
    table = f'<table class="ft-cols{live}"{found}><tbody>{rows}</tbody></table>'
    html = card(asked, note(warning, "warning") if warning else "", table)
    return bundle(html, _plain(question, columns, room, warning))


def _column(column: Column, room: int) -> str:
    said = f" · {esc(column.note)}" if column.note else ""
    said = proof_html(column.proof, sound=column.sound) + said
    text = lines(cut(column.text, room))
    if column.streaming:
        text += '<span class="ft-cur" role="img" aria-label="still writing"></span>'
    elif not column.text:
        text = '<span class="ft-dim">(no text)</span>'
    if column.passed is not None:
        text = f"{sign('ok' if column.passed else 'no')} {text}"
    return (
        f'<tr><th scope="row">{esc(column.title)}{said}</th><td dir="auto">{words(text)}</td></tr>'
    )


def proof_html(proof: str, *, sound: bool) -> str:
    """What stands beside a model's name: quietly that its base is proven, or a warning.

    Args:
        proof: The words; empty for none.
        sound: False for a warning.
    """
    if not proof:
        return ""
    why = "no weight has been written or replaced" if sound else "a weight was written or replaced"
    mark = "" if sound else f"{sign('hm')} "
    return f' · <span title="{why}">{mark}{esc(proof)}</span>'


def proof_text(proof: str, *, sound: bool) -> str:
    """The same as text: ` · unchanged since it was loaded`."""
    return f" · {'' if sound else '⚠ '}{clean(proof)}" if proof else ""


def cut(text: str, room: int) -> str:
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


def _plain(question: str, columns: Sequence[Column], room: int, warning: str) -> list[str]:
    told = wrap(cut(question, _QUESTION_BYTES))
    told += ["", *wrap(f"⚠ {warning}")] if warning else []
    for column in columns:
        said = f" · {clean(column.note)}" if column.note else ""
        said = proof_text(column.proof, sound=column.sound) + said
        mark = {True: "✓ ", False: "✕ ", None: ""}[column.passed]
        text = cut(column.text, room) + (" ▌" if column.streaming else "")
        told += [
            "",
            f"{clean(column.title)}{said}",
            *wrap(mark + (text or "(no text)"), indent="  "),
        ]
    return told
