"""What the checks found, in a card: by severity, each with its rows, its remedy and its examples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from ft_magics.data.findings import row_words
from ft_magics.widgets.plain import clean, columns, shorten, wrap
from ft_magics.widgets.style import esc, left_out_text, sign, weight, within, words

if TYPE_CHECKING:
    from ft_magics.data.findings import Example, Finding

__all__ = ["MARKS", "by_severity", "findings_html", "findings_text", "summary"]

MARKS = {"error": ("no", "✕"), "warning": ("hm", "⚠"), "note": ("dim", "·")}
"""Sign and character of each severity, the worst first."""

_EXAMPLES = 4
_EXAMPLE_CHARACTERS = 220
_LEAST_BYTES = 420
"""Room that is kept for each finding that is still to come, before examples are shown."""

_OPEN = 2
"""Up to so many findings show their examples at once; of more they are folded."""

_ALWAYS_OPEN = frozenset({"contradiction"})
"""Only side by side can a reader tell which answer is right."""


def by_severity(findings: Sequence[Finding]) -> list[Finding]:
    """The findings, the worst first; those of one severity in their order."""
    order = list(MARKS)
    return sorted(findings, key=lambda f: order.index(f.severity))


def summary(findings: Sequence[Finding]) -> str:
    """How many there are of each severity: `1 error, 3 warnings`; empty for none."""
    counts = {name: sum(f.severity == name for f in findings) for name in MARKS}
    return ", ".join(f"{n:,} {name}{'' if n == 1 else 's'}" for name, n in counts.items() if n)


def findings_html(findings: Sequence[Finding], budget_bytes: int) -> str:
    """The findings as a table; where there is little room examples go first, then findings.

    Args:
        findings: What was found.
        budget_bytes: Room in a saved output.
    """
    if not findings:
        return ""
    ranked = by_severity(findings)
    unfold = sum(bool(f.examples) for f in ranked) <= _OPEN
    rows: list[str] = []
    spent = 0
    for i, found in enumerate(ranked):
        row = _row(found, _examples(found, unfold or found.check in _ALWAYS_OPEN))
        if spent + weight(row) + _LEAST_BYTES * (len(ranked) - i - 1) > budget_bytes:
            row = _row(found, "")
        spent += weight(row)
        rows.append(row)
    kept, hidden = within(rows, budget_bytes)
    body = ""
    for severity, group in groupby(zip(ranked, kept, strict=False), lambda pair: pair[0].severity):
        title = summary([f for f in ranked if f.severity == severity])
        body += f'<tr><th scope="rowgroup">{words(esc(title))}</th></tr>'
        body += "".join(row for _, row in group)
    more = f"<p>{left_out_text(hidden, 'finding')}</p>" if hidden else ""
    return f'<table class="ft-list ft-found"><tbody>{body}</tbody></table>{more}'


def _row(found: Finding, examples: str) -> str:
    kind, _ = MARKS[found.severity]
    text = found.text[:1].upper() + found.text[1:].rstrip(".")
    where = f" <small>{esc(row_words(found.rows, found.count))}</small>" if found.rows else ""
    remedy = esc(found.remedy)
    if found.fix:
        remedy = f"{remedy} <code>--fix {esc(found.fix)}</code>".strip()
    told = f"<br><span>{remedy}</span>" if remedy else ""
    mark = sign(kind, found.severity)
    content = f"{mark} <strong>{esc(text)}</strong>{where}{told}{examples}"
    return f'<tr><td data-f="{esc(found.check)}">{words(content)}</td></tr>'


def _examples(found: Finding, unfold: bool) -> str:
    if not found.examples:
        return ""
    shown = list(_shown(found.examples))
    number = sum(len(group) for group in shown)
    title = f"{number} example{'' if number == 1 else 's'}"
    body = "".join(map(_group, shown))
    return f"<details{' open' if unfold else ''}><summary>{title}</summary>{body}</details>"


def _shown(examples: Sequence[Example]) -> Iterator[list[Example]]:
    """The first few, in their groups; examples without one stand alone."""
    groups: dict[tuple[int, int], list[Example]] = {}
    for i, example in enumerate(examples):
        groups.setdefault((example.group, 0 if example.group else i), []).append(example)
    left = _EXAMPLES
    for group in groups.values():
        if left <= 0:
            return
        yield group[:_EXAMPLES]
        left -= len(group)


def _group(group: Sequence[Example]) -> str:
    """Examples that belong together side by side, under what they have in common."""
    shared = _shared(group)
    head = _title(shared) if shared else ""
    cells = "".join(
        f'<td dir="auto">{"" if shared or not e.title else _title(e.title)}'
        f"{words(f'<small>row {e.row}</small> {_text(e)}')}</td>"
        for e in group
    )
    return f'{head}<table class="ft-pair"><tbody><tr>{cells}</tr></tbody></table>'


def _shared(group: Sequence[Example]) -> str:
    """The title that all have; empty where they differ."""
    titles = {example.title for example in group}
    return titles.pop() if len(titles) == 1 else ""


def _title(text: str) -> str:
    return f'<p dir="auto">{esc(shorten(text, _EXAMPLE_CHARACTERS))}</p>'


def _text(example: Example) -> str:
    return esc(_cut(example.text)).replace("\n", "<br>")


def _cut(text: str) -> str:
    """The beginning; not as one line, because white space may be what it shows."""
    limit = _EXAMPLE_CHARACTERS
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def findings_text(findings: Sequence[Finding], budget_bytes: int) -> list[str]:
    """The findings as lines, the worst first, each with its first example.

    Args:
        findings: What was found.
        budget_bytes: Room in a saved output.
    """
    ranked = by_severity(findings)
    blocks = ["\n".join(_block(found)) for found in ranked]
    kept, hidden = within(blocks, budget_bytes)
    lines = "\n".join(kept).split("\n") if kept else []
    return [*lines, *([left_out_text(hidden, "finding")] if hidden else [])]


def _block(found: Finding) -> list[str]:
    fix = f" (--fix {found.fix})" if found.fix else ""
    lines = columns([], [(MARKS[found.severity][1], found.told + fix)])
    for group in list(_shown(found.examples))[:1]:
        shared = _shared(group)
        if shared:
            lines += wrap(shorten(clean(shared), 120), indent="     ")
        for example in group[:3]:
            text = " ".join(clean(_cut(example.text)).splitlines())
            if example.title and not shared:
                text = f"{shorten(clean(example.title), 60)} → {text}"
            lines += wrap(f"row {example.row}: {shorten(text, 120)}", indent="     ")
    return lines
