"""What the checks noticed: which rows, what, an example, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

__all__ = ["Example", "Finding", "Severity", "finding", "row_words"]

Severity = Literal["error", "warning", "note"]

MOST_ROWS = 10_000
"""Row numbers kept with one finding; the rest is only counted."""

_SHOWN = 8
"""Row numbers or ranges named in one line; the rest is counted."""


@dataclass(frozen=True)
class Example:
    """A piece of a row that shows what was found."""

    row: int
    """The row's number."""
    text: str
    """The piece, short, as it stands in the row; white space and controls made visible where they
    are the matter."""
    group: int = 0
    """Examples of one group belong side by side: the two sides of a contradiction."""
    title: str = ""
    """What it answers: the question of two contradicting answers, of each as its row has it."""


@dataclass(frozen=True)
class Finding:
    """Something the checks noticed."""

    check: str
    """The check's name, by which a browser filters: `near-duplicate`, `contradiction` …"""
    severity: Severity
    """An error's rows are left out or stop the run; a warning's are used, but look at them."""
    rows: tuple[int, ...]
    """Numbers of the rows it is about, in order, at most `MOST_ROWS`; empty for the whole set."""
    text: str
    """What it is, without row numbers and without a full stop."""
    remedy: str
    """What to do about it, as a full sentence; may be empty."""
    examples: tuple[Example, ...] = ()
    count: int = 0
    """How many rows it is about, also those that `rows` had no room for."""
    fix: str = ""
    """The name of the safe repair that exists for it, for `--fix`; empty if there is none."""

    @property
    def told(self) -> str:
        """Rows, matter and remedy as sentences: `Rows 3 and 7: near duplicates. Remove …`."""
        text = f"{row_words(self.rows, self.count)}: {self.text}" if self.rows else self.text
        # A text may begin with a file's name, which stays as it is.
        begin = text[:1] if "." in text.partition(" ")[0] else text[:1].upper()
        return f"{begin}{text[1:].rstrip('.')}. {self.remedy}".strip()

    def to_record(self) -> dict[str, Any]:
        """The finding as a JSON object."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Finding:
        """The finding that `to_record` wrote."""
        examples = tuple(Example(**example) for example in record["examples"])
        return cls(**{**record, "rows": tuple(record["rows"]), "examples": examples})


def finding(
    check: str,
    severity: Severity,
    rows: Sequence[int],
    text: str,
    remedy: str,
    *,
    examples: Sequence[Example] = (),
    fix: str = "",
) -> Finding:
    """A finding about these rows, whatever their order and number.

    Args:
        check: As in `Finding`, like the rest.
        severity: `error`, `warning` or `note`.
        rows: Their numbers; empty for the whole set.
        text: What it is.
        remedy: What to do.
        examples: Pieces of rows.
        fix: The safe repair.
    """
    numbers = sorted(set(rows))
    kept = tuple(numbers[:MOST_ROWS])
    return Finding(check, severity, kept, text, remedy, tuple(examples), len(numbers), fix)


def row_words(rows: Sequence[int], count: int = 0) -> str:
    """Row numbers in words: `row 3`, `rows 1, 4-9 and 12`.

    Args:
        rows: The numbers, in order, at least one.
        count: How many there are in all, if `rows` does not hold them all.
    """
    if len(rows) == 1 and count <= 1:
        return f"row {rows[0]}"
    ranges: list[tuple[int, int]] = []
    for number in rows:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    named = ranges[:_SHOWN]
    left = max(count, len(rows)) - sum(last - first + 1 for first, last in named)
    words = [str(first) if first == last else f"{first}-{last}" for first, last in named]
    words += [f"{left:,} more"] if left else []
    return f"rows {', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else f"rows {words[0]}"
