"""The frame of every card, and the few pieces of HTML that all cards share.

The colours follow the page without knowing its theme. Ink and ground come from JupyterLab's
variables; where there are none (VS Code, Colab, nbviewer) the ink is the page's own and the ground
shows through. Every other colour is mixed with the ink, so it darkens on a light page and brightens
on a dark one, also in a theme nobody has thought of.

A code host strips `<style>` and inline SVG, and so does JupyterLab for a notebook that is not
trusted yet. So the HTML below the style is plain: a table is a table, a chip is `<code>`, a verdict
is a `<blockquote>`, a trained token is a `<mark>`. What makes sense only with the stylesheet has no
text of its own (its words are attributes, shown by `attr()`) and vanishes with it; the curve has a
second, self-contained picture (an `<img>`, which both let through) that only the stylesheet hides.
An `image/svg+xml` entry beside `text/html` would not help: all of them prefer the HTML.

There are no ids, so that two cards on a page never meet.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Mapping, Sequence

from ft_magics.widgets.plain import clean
from ft_magics.widgets.stylesheet import SCOPE, style_for

__all__ = [
    "LIMIT_BYTES",
    "Bundle",
    "bundle",
    "card",
    "esc",
    "facts",
    "head",
    "left_out_text",
    "lines",
    "listing",
    "note",
    "sign",
    "weight",
    "within",
    "words",
]

Bundle = dict[str, str]
"""A mime bundle: `text/html` and `text/plain`."""

LIMIT_BYTES = 30_000
"""Largest output in a saved notebook, so that a pull request's diff stays readable."""

# Front ends typeset what stands between dollar signs unless a class forbids it.
_NO_MATHS = "tex2jax_ignore mathjax_ignore"

_SIGNS = {
    "ok": ("✓", "passed"),
    "no": ("✕", "failed"),
    "hm": ("⚠", "warning"),
    "dim": ("·", "not checked"),
}


def esc(text: object) -> str:
    """Text that came from a row, a model or a user, as HTML."""
    return html.escape(clean(str(text)), quote=True)


def lines(text: str) -> str:
    """Text as HTML whose line breaks also stay where the stylesheet is stripped."""
    return esc(text).replace("\n", "<br>")


def card(*parts: str) -> str:
    """The whole HTML of one output."""
    body = "".join(parts)
    return f'<div class="{SCOPE} {_NO_MATHS}"><style>{style_for(body)}</style>{body}</div>'


def bundle(body: str, plain: Iterable[str]) -> Bundle:
    """HTML and text of one output."""
    return {"text/html": body, "text/plain": "\n".join(plain).rstrip("\n")}


def head(name: str, chips: Sequence[str] = (), status: str = "") -> str:
    """A card's first line: its name, short facts, and on the right how it stands."""
    words = [f"<strong>{esc(name)}</strong>", *(f"<code>{esc(c)}</code>" for c in chips)]
    if status:
        words.append(f"<span>{esc(status)}</span>")
    return f'<div class="ft-head">{" ".join(words)}</div>'


def facts(
    rows: Mapping[str, str], *, left: bool = False, hover: Mapping[str, str] | None = None
) -> str:
    """A small table of names and values.

    Args:
        rows: What is shown, in order.
        left: Values stand left, for words; numbers stand right.
        hover: The raw value of a row, shown on hover.
    """
    raw = hover or {}
    shown = (
        f'<tr><th scope="row">{esc(name)}</th>'
        f"<td{_attribute('title', raw.get(name, ''))}>{words(esc(value)) if left else esc(value)}</td></tr>"
        for name, value in rows.items()
    )
    return f'<table class="ft-facts{" ft-left" if left else ""}">{"".join(shown)}</table>'


def words(content: str) -> str:
    """A cell's words as HTML, on the left also where the stylesheet is stripped.

    Front ends set the cells of an unstyled table to the right, which is for numbers.
    """
    return f'<div align="left">{content}</div>'


def listing(
    header: str, rows: Iterable[str], budget_bytes: int, *, noun: str = "", kind: str = ""
) -> str:
    """A table that is cut where a saved output has no more room, and says so.

    Args:
        header: The header's cells as HTML; empty for none.
        rows: The rows as HTML.
        budget_bytes: Room for all rows.
        noun: What a row is, for `and 3 more questions`.
        kind: A class of its own.
    """
    kept, left_out = within(rows, budget_bytes)
    top = f"<thead><tr>{header}</tr></thead>" if header else ""
    more = f"<p>{left_out_text(left_out, noun)}</p>" if left_out else ""
    return (
        f'<div class="ft-wide"><table class="{f"ft-list {kind}".strip()}">{top}'
        f"<tbody>{''.join(kept)}</tbody></table></div>{more}"
    )


def left_out_text(number: int, noun: str = "") -> str:
    """`and 3 more questions`."""
    return f"and {number:,} more {noun}{'s' if noun and number > 1 else ''}".rstrip()


def note(text: str, severity: str = "note", *, tall: bool = False, only: bool = False) -> str:
    """One or two sentences with a coloured edge; a sign tells the severity without the colour.

    Args:
        text: The words.
        severity: `note`, `warning` or `error`.
        tall: Two lines of height are kept, because words are still to come.
        only: It is the whole card.
    """
    classes = [
        f"ft-{severity}" if severity in ("warning", "error") else "",
        "ft-tall" if tall else "",
        "ft-only" if only else "",
    ]
    mark = {"warning": sign("hm") + " ", "error": sign("no", "error") + " "}.get(severity, "")
    named = _attribute("class", " ".join(filter(None, classes)))
    return f"<blockquote{named}>{mark}{esc(text)}</blockquote>"


def sign(kind: str, words: str = "") -> str:
    """A sign with its words for those who do not see it: `ok`, `no`, `hm` or `dim`."""
    shape, meaning = _SIGNS[kind]
    said = esc(words or meaning)
    return f'<span class="ft-{kind}" role="img" aria-label="{said}" title="{said}">{shape}</span>'


def _attribute(name: str, value: str) -> str:
    return f' {name}="{esc(value)}"' if value else ""


def weight(text: str) -> int:
    """Bytes a text takes in a saved notebook, where it is a JSON string."""
    return len(json.dumps(text, ensure_ascii=False).encode())


def within(parts: Iterable[str], budget_bytes: int) -> tuple[list[str], int]:
    """As many parts as a saved output has room for.

    Args:
        parts: HTML or text, in order.
        budget_bytes: Room for all of them.

    Returns:
        Those that fit, and how many were left out.
    """
    kept: list[str] = []
    left_out = 0
    for part in parts:
        budget_bytes -= weight(part)
        if budget_bytes < 0 or left_out:
            left_out += 1
        else:
            kept.append(part)
    return kept, left_out
