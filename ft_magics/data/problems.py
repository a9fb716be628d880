"""What is told about a whole set: bad rows in few lines, and what repeats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from ft_magics.data.rows import Finding, Row

__all__ = ["Problems", "finding_of", "grouped", "row_words", "set_findings", "skipped_findings"]

Problems = Mapping[int, Sequence[tuple[str, str]]]
"""For each bad row's number what is wrong with it, and the remedies."""

Severity = Literal["error", "warning", "note"]

_ALONE = 3
"""Up to this many rows with the same problem are told one by one."""

_SHOWN = 8
"""Row numbers or ranges named in one line; the rest is counted."""


def grouped(problems: Problems) -> list[str]:
    """Problems as an error tells them: a line for each, the same one of many rows told once.

    Args:
        problems: For each row number what is wrong with it.

    Returns:
        Lines such as `row 3: the answer is empty (field 'assistant'). Write it, or remove …`, in
        the order of the rows.
    """
    return [
        f"{row_words(rows)}: {what}. {remedy}".rstrip() for rows, what, remedy in _same(problems)
    ]


def skipped_findings(problems: Problems) -> list[Finding]:
    """The same as findings, for rows that are left out."""
    return [
        finding_of("error", rows, f"{what}; left out", remedy)
        for rows, what, remedy in _same(problems)
    ]


def finding_of(severity: Severity, rows: Sequence[int], text: str, remedy: str) -> Finding:
    """A finding in one row, or in several that its text then names.

    Args:
        severity: As in `Finding`.
        rows: Their numbers, in order, at least one.
        text: What it is, without a full stop.
        remedy: What to do about it.
    """
    if len(rows) == 1:
        return Finding(severity, rows[0], text, remedy)
    return Finding(severity, None, f"{row_words(rows)}: {text}", remedy)


def _same(problems: Problems) -> list[tuple[list[int], str, str]]:
    """Each problem with its rows; a problem that only a few rows have stands at each of them."""
    found: dict[tuple[str, str], list[int]] = {}
    for number, told in problems.items():
        for problem in dict.fromkeys(told):
            found.setdefault(problem, []).append(number)
    lines = [
        (part, what, remedy)
        for (what, remedy), rows in found.items()
        for part in ([[row] for row in rows] if len(rows) <= _ALONE else [rows])
    ]
    return sorted(lines, key=lambda line: line[0][0])


def row_words(rows: Sequence[int]) -> str:
    """Row numbers in words: `row 3`, `rows 1, 4-9 and 12`.

    Args:
        rows: The numbers, in order, at least one.
    """
    if len(rows) == 1:
        return f"row {rows[0]}"
    ranges: list[tuple[int, int]] = []
    for number in rows:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    named = ranges[:_SHOWN]
    left = sum(last - first + 1 for first, last in ranges[_SHOWN:])
    words = [str(first) if first == last else f"{first}-{last}" for first, last in named]
    words += [f"{left} more"] if left else []
    return f"rows {', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else f"rows {words[0]}"


def set_findings(rows: Sequence[Any]) -> list[Finding]:
    """What is worth a look in rows that are all usable.

    Args:
        rows: Rows or preferences.
    """
    return [*_repeats(rows), *_empty_questions(rows)]


def _repeats(rows: Sequence[Any]) -> list[Finding]:
    first: dict[Any, int] = {}
    repeats: list[tuple[int, int]] = []
    for row in rows:
        content = row.messages if isinstance(row, Row) else (row.prompt, row.chosen, row.rejected)
        before = first.setdefault(content, row.number)
        if before != row.number:
            repeats.append((row.number, before))
    if not repeats:
        return []
    shown = ", ".join(f"row {number} = row {before}" for number, before in repeats[:_SHOWN])
    more = f" and {len(repeats) - _SHOWN} more" if len(repeats) > _SHOWN else ""
    text = f"{len(repeats)} {_rows(len(repeats))} an earlier one exactly ({shown}{more})"
    return [Finding("warning", None, text, "Remove them, unless they are to weigh more.")]


def _rows(count: int) -> str:
    return "row repeats" if count == 1 else "rows repeat"


def _empty_questions(rows: Sequence[Any]) -> list[Finding]:
    empty = [
        row.number
        for row in rows
        for turns in [row.messages if isinstance(row, Row) else row.prompt]
        if any(m.role == "user" and not m.content.strip() for m in turns)
    ]
    if not empty:
        return []
    return [finding_of("warning", empty, "the question is empty", "Write it, unless it is meant.")]
