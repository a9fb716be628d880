"""A goal and what can be checked of it; an advice; a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ft_magics.widgets.plain import clean, columns, wrap
from ft_magics.widgets.style import Bundle, bundle, card, esc, head, note
from ft_magics.widgets.tables import rows_html

__all__ = ["AdviceParts", "advice_card"]

_TABLE_BYTES = 9_000
_CODE_CHARACTERS = 2_500
_GOAL_CHARACTERS = 600


@dataclass(frozen=True)
class AdviceParts:
    """What stands on the card, from top to bottom; what is empty is left out."""

    title: str
    chips: Sequence[str] = ()
    goal: str = ""
    verdict: str = ""
    severity: str = "note"
    """`note`, `warning` or `error`: how the verdict is shown."""
    reasons: Sequence[tuple[str, str, str]] = ()
    """What speaks for which way, in a sentence, and its source."""
    settings: Sequence[tuple[str, str, str, str]] = ()
    """Setting, value, why, source; several sources with `; ` between them."""
    rows: Sequence[tuple[str, str]] = ()
    """Name and words."""
    notes: Sequence[str] = ()
    cells: Mapping[str, str] = field(default_factory=dict)
    """Words before a cell -> its text."""


def advice_card(parts: AdviceParts) -> Bundle:
    """An advice, a plan or a goal. Sources are numbered, and listed once at the end.

    Args:
        parts: What is said.
    """
    together = (*parts.reasons, *parts.settings)
    sources = list(dict.fromkeys(s for *_, cited in together for s in _split(cited)))
    reasons = [(way, _cited(text, source, sources)) for way, text, source in parts.reasons]
    settings = [
        (name, value, _cited(why, source, sources)) for name, value, why, source in parts.settings
    ]
    goal = parts.goal[:_GOAL_CHARACTERS]
    return bundle(
        _html(parts, goal, reasons, settings, sources),
        _plain(parts, goal, reasons, settings, sources),
    )


def _html(
    parts: AdviceParts,
    goal: str,
    reasons: list[tuple[str, str]],
    settings: list[tuple[str, str, str]],
    sources: list[str],
) -> str:
    cells = "".join(
        f"<p>{esc(words)}</p><pre><code>{esc(_cut(text))}</code></pre>"
        for words, text in parts.cells.items()
        if text
    )
    return card(
        head(parts.title, parts.chips),
        f'<p class="ft-goal">goal: {esc(goal)}</p>' if goal else "",
        note(parts.verdict, parts.severity) if parts.verdict else "",
        rows_html(("speaks for", "because"), reasons, budget_bytes=_TABLE_BYTES) if reasons else "",
        rows_html(_HEADER, settings, budget_bytes=_TABLE_BYTES) if settings else "",
        rows_html((), parts.rows, budget_bytes=_TABLE_BYTES) if parts.rows else "",
        "".join(f"<p>{esc(text)}</p>" for text in parts.notes),
        cells,
        f"<p>{'<br>'.join(esc(line) for line in _listed(sources))}</p>" if sources else "",
    )


def _plain(
    parts: AdviceParts,
    goal: str,
    reasons: list[tuple[str, str]],
    settings: list[tuple[str, str, str]],
    sources: list[str],
) -> list[str]:
    lines = ["  |  ".join([clean(parts.title), *map(clean, parts.chips)])]
    lines += wrap(f"goal: {goal}") if goal else []
    mark = {"warning": "⚠ ", "error": "✕ "}.get(parts.severity, "")
    lines += ["", *wrap(mark + parts.verdict)] if parts.verdict else []
    lines += ["", *columns(("speaks for", "because"), reasons)] if reasons else []
    lines += ["", *columns(_HEADER, settings)] if settings else []
    lines += ["", *columns([], list(parts.rows))] if parts.rows else []
    for text in parts.notes:
        lines += ["", *wrap(text)]
    for words, text in parts.cells.items():
        if text:
            lines += ["", words, "", *(f"    {x}" for x in clean(_cut(text)).split("\n"))]
    return [*lines, *(["", *(x for s in _listed(sources) for x in wrap(s))] if sources else [])]


_HEADER = ("setting", "value", "why")


def _cited(text: str, source: str, sources: list[str]) -> str:
    numbers = ", ".join(str(sources.index(s) + 1) for s in _split(source))
    return f"{text} [{numbers}]" if numbers else text


def _split(source: str) -> list[str]:
    return source.split("; ") if source else []


def _listed(sources: list[str]) -> list[str]:
    return [f"[{number}] {source}" for number, source in enumerate(sources, start=1)]


def _cut(text: str) -> str:
    return text if len(text) <= _CODE_CHARACTERS else f"{text[:_CODE_CHARACTERS]}\n…"
