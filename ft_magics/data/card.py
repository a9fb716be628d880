"""What the card of a data set shows: counts, token lengths, the split, one row token by token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Literal

from ft_magics.data.dataset import SMALL, Dataset, eval_count
from ft_magics.data.encoding import TokenPiece, token_view
from ft_magics.data.encoding.rendering import Tokenizer
from ft_magics.data.findings import Finding
from ft_magics.data.lengths import MOST_ROWS, Histogram, Measured, histogram, measure, spread
from ft_magics.data.masking import masked_row, secret_rows
from ft_magics.data.rows import AnyRow, conversations

if TYPE_CHECKING:
    from ft_magics.data.fixes import DiffLine

__all__ = ["PAGE_ROWS", "DataFacts", "describe"]

PAGE_ROWS = 10
"""Rows on one page of a card."""

_MOST_HELD = 10_000
"""Numbers of held out rows that are kept; the rest is only counted."""

_EXAMPLE_TOKENS = 160
"""Longest example row that is shown whole: what a person reads."""

_EXAMPLE_PIECES = 320
"""What is shown of one that is longer."""


@dataclass(frozen=True)
class DataFacts:
    """A data set in numbers, and what was found in it."""

    name: str
    kind: Literal["sft", "preference", "unpaired"]
    rows: int
    train_rows: int
    eval_rows: int
    eval_source: str
    """In words: what the eval loss comes from."""
    held: tuple[int, ...]
    """Numbers of the rows that are held out, in order; of very many only the first."""
    tokens: tuple[int, int, int, int] | None
    """Tokens per row before any cut: least, median, 95th percentile, most; of a preference, its
    longer side. None without a tokenizer."""
    histogram: Histogram | None
    """How many rows are how long; None without a tokenizer."""
    measured: int
    """Rows that the token counts come from; 0 without a tokenizer."""
    sampled: bool
    """Whether those are a sample of very many."""
    max_length: int | None
    """Longest row in tokens; None if nothing is cut."""
    cut_rows: int
    """Measured rows longer than that."""
    lost_tokens: int
    """Tokens with loss that the cut takes from the measured rows."""
    trained_tokens: int
    """Tokens of the train rows that carry loss, cuts considered; 0 without a tokenizer. An
    estimate where only a sample was measured."""
    example: tuple[TokenPiece, ...]
    """One row as the model reads it."""
    first: tuple[AnyRow, ...]
    """The first page of rows."""
    system: str | None
    goal: str | None
    findings: tuple[Finding, ...]
    skipped: int
    origin: str
    sha256: str
    version: int
    changes: tuple[DiffLine, ...] = ()
    """What `--fix` mended, line by line."""


def describe(
    ds: Dataset,
    tokenizer: Tokenizer | None = None,
    max_length: int | None = None,
    context_length: int = 0,
) -> DataFacts:
    """Count and measure a data set, of any size in bounded memory.

    Above 5,000 rows the token counts come from 2,000 rows, spread evenly over all.

    Args:
        ds: The data set.
        tokenizer: Of the base it is for; without one there are no token counts.
        max_length: Longest row in tokens, as the training will cut it.
        context_length: Longest text that the base can read; 0 where it is not known.
    """
    train, held = ds.split()
    numbers = tuple(row.number for row in islice(held, _MOST_HELD))
    found, example = Measured(), ()  # type: tuple[Measured, tuple[TokenPiece, ...]]
    if tokenizer is not None and len(ds.rows):
        told = max_length, context_length
        found = measure(ds, frozenset(numbers), len(train), tokenizer, *told)
        example = _example(ds, found, tokenizer, max_length)
    return DataFacts(
        name=ds.name,
        kind=ds.kind,
        rows=len(ds.rows),
        train_rows=len(train),
        eval_rows=len(held),
        eval_source=_eval_words(ds),
        held=numbers,
        tokens=spread(found.lengths),
        histogram=histogram(found.lengths, max_length),
        measured=len(found.lengths),
        sampled=tokenizer is not None and len(ds.rows) > MOST_ROWS,
        max_length=max_length,
        cut_rows=found.cut_rows,
        lost_tokens=found.lost_tokens,
        trained_tokens=found.trained_tokens,
        example=example,
        first=_first(ds),
        system=ds.system,
        goal=ds.goal,
        findings=(*ds.findings, *found.findings),
        skipped=ds.skipped,
        origin=ds.origin,
        sha256=ds.sha256,
        version=ds.version,
        changes=_changes(ds),
    )


def _changes(ds: Dataset) -> tuple[DiffLine, ...]:
    if not ds.changes:
        return ()
    from ft_magics.data.fixes import Change, diff_lines

    return tuple(diff_lines(Change(**change) for change in ds.changes))


def _eval_words(ds: Dataset) -> str:
    count = eval_count(ds.eval, len(ds.rows))
    if count:
        share = "10 % held out" if ds.eval is None else f"{ds.eval} held out"
        counted = f"{count} row{'' if count == 1 else 's'} held out"
        return counted if (ds.eval or "").isdecimal() else share
    if ds.eval is None and ds.kind != "sft":
        return f"all are trained on (fewer than {SMALL}); --eval 20% would hold some out"
    if ds.eval is None:
        return f"all are trained on (fewer than {SMALL}); golden answers give the eval loss"
    return "none" if ds.eval == "none" else f"the rows of {ds.eval}"


def _first(ds: Dataset) -> tuple[AnyRow, ...]:
    """The first rows, as they may be saved."""
    secret = secret_rows(ds.findings)
    rows = (ds.rows[place] for place in range(min(PAGE_ROWS, len(ds.rows))))
    return tuple(masked_row(row) if row.number in secret else row for row in rows)


def _example(
    ds: Dataset, found: Measured, tokenizer: Tokenizer, max_length: int | None
) -> tuple[TokenPiece, ...]:
    """The first row that is short enough to be shown, else the beginning of the shortest."""
    if not found.places:
        return ()
    row = ds.rows[_short_place(found.places, found.lengths)]
    row = masked_row(row) if row.number in secret_rows(ds.findings) else row
    row = conversations(row)[0]
    pieces = token_view(row, tokenizer, max_length=max_length, system=ds.system)
    return tuple(pieces[:_EXAMPLE_PIECES])


def _short_place(places: Sequence[int], lengths: Sequence[int]) -> int:
    pairs = zip(places, lengths, strict=True)
    short = next((place for place, length in pairs if length <= _EXAMPLE_TOKENS), None)
    if short is not None:
        return short
    return min(zip(lengths, places, strict=True))[1]
