"""Answers that differ from the clear majority: in their form, or in their length."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field

from ft_magics.data.checks.check import MOST_EXAMPLES, RowAt
from ft_magics.data.excerpts import excerpt
from ft_magics.data.findings import Example, Finding, finding
from ft_magics.data.rows import AnyRow
from ft_magics.data.views import View, Views

__all__ = ["Lengths", "Style"]

_FEWEST = 10
"""Rows from which a majority means something."""
_CLEAR = 0.8
"""Share of a clear majority."""

_STOPS = frozenset(".!?…。！？।॥؟۔:;")
_QUOTES = {'"': '"', "“": "”", "„": "“", "«": "»", "「": "」", "'": "'"}
_NO_PROSE = re.compile(r"```|^\s*[{\[<(]|[={}<>\\|$]|\n\s*(?:[-*#>|]|\d+[.)])|\n", re.MULTILINE)
"""Code, JSON, lists, tables, poems: answers whose ends follow rules of their own."""

_FACTOR = 10
"""Times the median from which an answer is very long."""
_FEW = 0.1
"""Share up to which answers are exceptions."""
_LONG_MEDIAN = 15
"""Words of the median answer from which a one-word answer is an exception."""


@dataclass
class _Property:
    """Something that an answer has, lacks, or is not asked for (None)."""

    check: str
    has: Callable[[str], bool | None]
    text: str
    remedy: str
    with_it: int = 0
    without: array[int] = field(default_factory=lambda: array("q"))


class Style:
    """Answers that do not end, begin or stand as most do."""

    def __init__(self, views: Views) -> None:
        self._views = views
        self._properties = [
            _Property(
                "no-full-stop",
                _ends_with_stop,
                "the answer does not end with a full stop, as most do",
                "End it as the others, or the model ends some in mid-sentence.",
            ),
            _Property(
                "small-initial",
                _begins_with_capital,
                "the answer does not begin with a capital letter, as most do",
                "Begin it as the others.",
            ),
            _Property(
                "quoted-answer",
                _is_not_quoted,
                "the whole answer stands in quotes, as most do not",
                "Remove the quotes, unless they are meant.",
            ),
        ]

    def see(self, row: AnyRow) -> None:
        """Look at the first answer, if it is prose."""
        view = self._views(row)
        if view.plain is not None or not view.answers:
            return
        answer = view.answers[0].strip()
        if not answer or _NO_PROSE.search(answer):
            return
        for wanted in self._properties:
            has = wanted.has(answer)
            if has:
                wanted.with_it += 1
            elif has is not None:
                wanted.without.append(row.number)

    def findings(self, row_at: RowAt) -> list[Finding]:
        """A note for each property that a clear majority has and a few lack."""
        return [
            finding(
                p.check, "note", p.without, p.text, p.remedy, examples=_examples(p.without, row_at)
            )
            for p in self._properties
            if p.without
            and p.with_it + len(p.without) >= _FEWEST
            and p.with_it >= _CLEAR * (p.with_it + len(p.without))
        ]


class Lengths:
    """Answers that are very much longer than most, and single words among long answers."""

    def __init__(self, views: Views) -> None:
        self._views = views
        self._numbers = array("q")
        self._characters = array("q")
        self._words = array("q")

    def see(self, row: AnyRow) -> None:
        """Keep the length of the first answer, or of the plain text."""
        view = self._views(row)
        answers = view.answers if view.plain is None else [view.plain]
        if answers:
            self._numbers.append(row.number)
            self._characters.append(len(answers[0]))
            self._words.append(len(view.side_words[0]))

    def findings(self, row_at: RowAt) -> list[Finding]:
        """A note about each sort of exception, if these are few."""
        import numpy as np

        if len(self._numbers) < _FEWEST:
            return []
        numbers, lengths = np.asarray(self._numbers), np.asarray(self._characters)
        counts = np.asarray(self._words)
        median = float(np.median(lengths))
        # A single word as the usual answer makes every sentence "very long".
        usual = max(median, 40.0, 2 * float(np.percentile(lengths, 90)) / _FACTOR)
        long = numbers[lengths > _FACTOR * usual].tolist()
        short = numbers[counts == 1].tolist() if np.median(counts) >= _LONG_MEDIAN else []
        return [
            *_exceptions(
                "very-long",
                long,
                len(numbers),
                f"the answer is more than {_FACTOR} times as long as the median answer",
                "Shorten or split it, unless it is to be that long: it outweighs the others.",
                row_at,
            ),
            *_exceptions(
                "very-short",
                short,
                len(numbers),
                "the answer is a single word, among long ones",
                "Write it out, or say in the question that one word is wanted.",
                row_at,
            ),
        ]


def _exceptions(
    check: str, rows: list[int], of: int, text: str, remedy: str, row_at: RowAt
) -> list[Finding]:
    if not rows or len(rows) > _FEW * of:
        return []
    return [finding(check, "note", rows, text, remedy, examples=_examples(rows, row_at))]


def _examples(rows: array[int] | list[int], row_at: RowAt) -> list[Example]:
    views = (View(row_at(number)) for number in rows[:MOST_EXAMPLES])
    return [
        Example(view.number, excerpt(view.plain or view.answers[0]), title=excerpt(view.question))
        for view in views
    ]


def _ends_with_stop(answer: str) -> bool | None:
    """Of four words or more, with a letter or a stop at the end."""
    if answer[-1] in _STOPS:
        return True
    return False if answer[-1].isalpha() and answer.count(" ") >= 3 else None


def _begins_with_capital(answer: str) -> bool | None:
    first = answer[0]
    if first.isupper():
        return True
    # `iPhone`, `eBay` begin small.
    return False if first.islower() and not answer[1:2].isupper() and " " in answer else None


def _is_not_quoted(answer: str) -> bool | None:
    closing = _QUOTES.get(answer[0])
    inner = answer[1:-1]
    quoted = len(answer) > 2 and answer[-1] == closing
    return not (quoted and answer[0] not in inner and answer[-1] not in inner)
