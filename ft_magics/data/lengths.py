"""How long rows are in tokens, what a greatest length takes from them, and their histogram."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from ft_magics.data.dataset import Dataset
from ft_magics.data.encoding import MASKED, Encoded, encoder_notes, try_rows
from ft_magics.data.encoding.rendering import Tokenizer
from ft_magics.data.findings import Example, Finding, finding
from ft_magics.data.problems import Problems
from ft_magics.data.rows import AnyRow, conversations

__all__ = ["MOST_ROWS", "SAMPLE_ROWS", "Histogram", "Measured", "histogram", "measure", "spread"]

MOST_ROWS = 5_000
"""Up to this many rows each is measured."""

SAMPLE_ROWS = 2_000
"""Of more rows so many are measured, spread evenly: shares within about two percent."""

_BATCH_ROWS = 500
_BARS = 28
_LEAST_BARS = 12
_EXAMPLES = 3
_AROUND_TOKENS = 14
"""Tokens shown before and after a cut."""

_STEP = 64
"""A length that keeps everything is rounded up to a multiple of this."""


@dataclass(frozen=True)
class Histogram:
    """How many rows are how long; bar i counts those above start + i·width, up to one width more."""

    width: int
    """Tokens from one bar to the next."""
    counts: tuple[int, ...]
    rest: int = 0
    """Rows longer than the last bar."""
    start: int = 0
    """Tokens at the first bar's beginning."""

    @property
    def end(self) -> int:
        """Tokens at the last bar's end."""
        return self.start + self.width * len(self.counts)


@dataclass
class Measured:
    """What only a tokenizer tells of a data set's rows; numbers only, so that many fit."""

    places: array[int] = field(default_factory=lambda: array("Q"))
    """Which rows were measured, by their place from 0; not those that the template refuses."""
    lengths: array[int] = field(default_factory=lambda: array("Q"))
    """Tokens of each before any cut; of a preference, its longer side."""
    trained_tokens: int = 0
    cut_rows: int = 0
    lost_tokens: int = 0
    findings: list[Finding] = field(default_factory=list)


def spread(lengths: Sequence[int]) -> tuple[int, int, int, int] | None:
    """Least, median, 95th percentile (nearest rank) and most; None of nothing."""
    if not lengths:
        return None
    ranked = sorted(lengths)
    middle, high = (ranked[max(0, math.ceil(p * len(ranked)) - 1)] for p in (0.5, 0.95))
    return ranked[0], middle, high, ranked[-1]


def histogram(lengths: Sequence[int], max_length: int | None = None) -> Histogram | None:
    """Count lengths in about thirty bars; a border lies at `max_length` where that can be.

    A few rows that are much longer than all others do not press the rest into one bar: they are
    only counted.

    Args:
        lengths: In tokens.
        max_length: The longest row that is kept whole.

    Returns:
        None of nothing.
    """
    if not lengths:
        return None
    ranked = sorted(lengths)
    most, usual = ranked[-1], ranked[math.ceil(0.99 * len(ranked)) - 1]
    end = most if most <= 2 * usual else 2 * usual
    # The line is drawn where it is near; else it is told in words.
    inside = max_length if max_length and (max_length < most or max_length <= 1.6 * end) else None
    if inside:
        end = max(end, math.ceil(1.12 * inside))
    least = ranked[0] - 1 if ranked[0] > 0.3 * end else 0
    width = _width(end - least, inside)
    start = max(0, min(least, end - _LEAST_BARS * width) // width * width)
    bars = max(1, -(-(end - start) // width))
    counts = [0] * (bars + 1)
    for length in lengths:
        counts[min(bars, max(0, length - 1 - start) // width)] += 1
    return Histogram(width, tuple(counts[:bars]), counts[bars], start)


def _width(end: int, inside: int | None) -> int:
    """Tokens in a bar: what divides `inside`, if anything near does, else a round number."""
    wanted = max(1, math.ceil(end / _BARS))
    fitting = [w for w in range(wanted // 2 + 1, 2 * wanted) if inside and inside % w == 0]
    if fitting:
        return min(fitting, key=lambda w: (abs(w - wanted), w))
    size: int = 10 ** (len(str(wanted)) - 1)
    return next(step * size for step in (1, 2, 5, 10) if step * size >= wanted)


def measure(
    ds: Dataset,
    held: frozenset[int],
    train_rows: int,
    tokenizer: Tokenizer,
    max_length: int | None,
    context_length: int = 0,
) -> Measured:
    """Encode the rows, or a sample of them, in batches, and keep the counts.

    Rows that the chat template refuses, or does not render whole, become findings.

    Args:
        ds: The data set.
        held: Numbers of the rows that are not trained on.
        train_rows: How many are.
        tokenizer: Of the base.
        max_length: Longest row in tokens; None cuts nothing.
        context_length: Longest text that the base can read; 0 where it is not known.
    """
    total = len(ds.rows)
    places: Sequence[int] = range(total)
    if total > MOST_ROWS:
        places = [i * (total - 1) // (SAMPLE_ROWS - 1) for i in range(SAMPLE_ROWS)]
    sampled = len(places) < total
    found = Measured()
    names = [t.content for t in tokenizer.added_tokens_decoder.values() if t.special]
    seen = _Seen(tokenizer, max_length, context_length, sampled)
    for place, row, sides in _encoded(ds, places, tokenizer, seen.refused):
        found.places.append(place)
        found.lengths.append(max(len(side.ids) for side in sides))
        kept = [_trained(side.labels[:max_length]) for side in sides]
        lost = sum(side.trained for side in sides) - sum(kept)
        found.lost_tokens += lost
        found.trained_tokens += 0 if row.number in held and not sampled else sum(kept)
        found.cut_rows += seen.take(row, sides, kept, lost)
        seen.typed += [(row.number, name) for name in _typed(row, names)]
    if sampled and found.places:
        found.trained_tokens = round(found.trained_tokens / len(found.places) * train_rows)
    found.findings = seen.findings(max(found.lengths, default=0), found.lost_tokens)
    return found


def _encoded(
    ds: Dataset,
    places: Sequence[int],
    tokenizer: Tokenizer,
    refused: dict[int, list[tuple[str, str]]],
) -> Iterator[tuple[int, AnyRow, list[Encoded]]]:
    """Each row's place, the row, and its encoded conversations, whole; others go to `refused`."""
    wanted = iter(places)
    while batch := list(islice(wanted, _BATCH_ROWS)):
        rows = [ds.rows[place] for place in batch]
        sides = [conversations(row) for row in rows]
        tried = try_rows((s for row in sides for s in row), tokenizer, system=ds.system)
        refused.update(tried.refused)
        encoded = iter(tried.rows)
        for place, row, own in zip(batch, rows, sides, strict=True):
            known = [one for one in islice(encoded, len(own)) if one is not None]
            if len(known) == len(own):
                yield place, row, known


def _trained(labels: Sequence[int]) -> int:
    return sum(label != MASKED for label in labels)


def _typed(row: AnyRow, names: Sequence[str]) -> list[str]:
    """Control tokens that are written out in a row's texts."""
    texts = "\0".join(m.content for side in conversations(row) for m in side.messages)
    return [name for name in names if name in texts]


def _together(problems: Problems) -> list[tuple[list[int], str, str]]:
    """Each problem once, with all its rows and its remedy."""
    rows: dict[tuple[str, str], list[int]] = {}
    for number, told in problems.items():
        for problem in dict.fromkeys(told):
            rows.setdefault(problem, []).append(number)
    return [(numbers, what, remedy) for (what, remedy), numbers in rows.items()]


class _Seen:
    """What is remembered of rows while they pass by, and the findings made of it."""

    def __init__(
        self, tokenizer: Tokenizer, max_length: int | None, context_length: int, sampled: bool
    ) -> None:
        self.tokenizer: Any = tokenizer
        self.max_length = max_length
        self.context_length = context_length
        self.where = f"in a sample of {SAMPLE_ROWS:,} rows, " if sampled else ""
        self.refused: dict[int, list[tuple[str, str]]] = {}
        self.over: list[int] = []
        self.lost: list[int] = []
        self.typed: list[tuple[int, str]] = []
        self.worst: list[tuple[int, Example]] = []

    def take(self, row: AnyRow, sides: Sequence[Encoded], kept: Sequence[int], lost: int) -> bool:
        """Look at a row; whether it is cut."""
        if not all(kept):
            self.lost.append(row.number)
        limit = self.max_length
        if limit is None or all(len(side.ids) <= limit for side in sides):
            return False
        self.over.append(row.number)
        least = self.worst[-1][0] if len(self.worst) == _EXAMPLES else -1
        if lost > least:
            side = max(sides, key=lambda side: len(side.ids))
            self.worst.append((lost, Example(row.number, self._cut_words(side, limit, lost))))
            self.worst = sorted(self.worst, key=lambda pair: -pair[0])[:_EXAMPLES]
        return True

    def _cut_words(self, side: Encoded, limit: int, lost: int) -> str:
        """The place of the cut: `… prefers ✂ Amazon boxes … (40 of 120 answer tokens lost)`."""
        before, after = (
            " ".join(str(self.tokenizer.decode(list(ids), skip_special_tokens=True)).split())
            for ids in (
                side.ids[max(0, limit - _AROUND_TOKENS) : limit],
                side.ids[limit : limit + _AROUND_TOKENS],
            )
        )
        return f"… {before} ✂ {after} … ({lost:,} of {side.trained:,} answer tokens lost)"

    def findings(self, longest: int, lost_tokens: int) -> list[Finding]:
        """What is to be told."""
        notes = encoder_notes(self.tokenizer)
        told = [
            finding("not-rendered", "error", rows, f"{self.where}{text}", remedy)
            for rows, text, remedy in _together(self.refused)
        ]
        told += [finding("chat-template", "note", (), text, remedy) for text, remedy in notes]
        if self.lost:
            inside = f" within max_length {self.max_length}" if self.over else ""
            remedy = "Raise max_length, or shorten the questions."
            told.append(
                finding(
                    "nothing-trained",
                    "warning",
                    self.lost,
                    f"{self.where}nothing is left to learn{inside}",
                    remedy if self.over else "Look at the template.",
                )
            )
        if self.over:
            told.append(self._too_long(longest, lost_tokens))
        if self.typed:
            names = ", ".join(dict.fromkeys(name for _, name in self.typed))
            rows = [number for number, _ in self.typed]
            text = f"{self.where}{names} in a text is read as text, not as a control token"
            told.append(finding("typed-control", "note", rows, text, ""))
        return told

    def _too_long(self, longest: int, lost_tokens: int) -> Finding:
        keep = -(-longest // _STEP) * _STEP
        end = f", {lost_tokens:,} tokens of the answers are lost" if lost_tokens else ""
        return finding(
            "over-long",
            "warning" if lost_tokens else "note",
            self.over,
            f"{self.where}longer than max_length {self.max_length}, cut at the end{end}",
            self._remedy(keep),
            examples=[example for _, example in self.worst],
        )

    def _remedy(self, keep: int) -> str:
        most = self.context_length
        if not most or keep <= most:
            return f"max_length {keep} would keep them whole; or shorten them."
        more = f", max_length {most} keeps more of them" if (self.max_length or 0) < most else ""
        return f"This base reads at most {most:,} tokens: shorten or split them{more}."
