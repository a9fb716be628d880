"""What the card of a data set shows: counts, tokens, the split, one row token by token."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ft_magics.data.checks import finding_of
from ft_magics.data.dataset import SMALL, Dataset, eval_count
from ft_magics.data.encoding import MASKED, Encoded, encode_rows, encoder_notes
from ft_magics.data.rendering import Tokenizer
from ft_magics.data.rows import Finding, Preference, Row

__all__ = ["DataFacts", "describe"]

_EXAMPLE_TOKENS = 400
"""Longest example row: what a card can show and a person reads."""


@dataclass(frozen=True)
class DataFacts:
    """A data set in numbers, and what was found in it."""

    name: str
    kind: Literal["sft", "preference"]
    rows: int
    train_rows: int
    eval_rows: int
    eval_source: str
    """In words: what the eval loss comes from."""
    tokens: tuple[int, int, int, int] | None
    """Tokens per row before any cut: least, median, 95th percentile, most; of a preference, its
    longer side. None without a tokenizer."""
    max_length: int | None
    """Longest row in tokens; None if nothing is cut."""
    cut_rows: int
    """Rows longer than that."""
    trained_tokens: int
    """Tokens of the train rows that carry loss, cuts considered; 0 without a tokenizer."""
    example: tuple[tuple[str, bool], ...]
    """One row as the model reads it: its tokens' texts, each with whether it carries loss."""
    system: str | None
    findings: tuple[Finding, ...]
    skipped: int
    sha256: str
    version: int


def describe(
    ds: Dataset, tokenizer: Tokenizer | None = None, max_length: int | None = None
) -> DataFacts:
    """Count and measure a data set.

    Args:
        ds: The data set.
        tokenizer: Of the base it is for; without one there are no token counts.
        max_length: Longest row in tokens, as the training will cut it.

    Raises:
        DataError: The tokenizer's chat template refuses rows.
    """
    train, held = ds.split()
    measured = _Measured()
    if tokenizer is not None:
        measured = _measure(ds, {row.number for row in train}, tokenizer, max_length)
    return DataFacts(
        name=ds.name,
        kind=ds.kind,
        rows=len(ds.rows),
        train_rows=len(train),
        eval_rows=len(held),
        eval_source=_eval_words(ds),
        tokens=_spread(measured.lengths),
        max_length=max_length,
        cut_rows=sum(length > (max_length or math.inf) for length in measured.lengths),
        trained_tokens=measured.trained,
        example=measured.example,
        system=ds.system,
        findings=(*ds.findings, *measured.findings),
        skipped=ds.skipped,
        sha256=ds.sha256,
        version=ds.version,
    )


@dataclass(frozen=True)
class _Measured:
    """What only a tokenizer tells."""

    lengths: Sequence[int] = ()
    """Tokens of each row before any cut."""
    trained: int = 0
    example: tuple[tuple[str, bool], ...] = ()
    findings: Sequence[Finding] = ()


def _measure(
    ds: Dataset, train: set[int], tokenizer: Tokenizer, max_length: int | None
) -> _Measured:
    sides = [_sides(row) for row in ds.rows]
    flat = [side for row in sides for side in row]
    encoded = encode_rows(flat, tokenizer, max_length=max_length, system=ds.system)
    step = len(sides[0])
    starts = range(0, len(encoded), step)
    return _Measured(
        [max(len(e.ids) + e.cut for e in encoded[i : i + step]) for i in starts],
        sum(e.trained for e in encoded if e.number in train),
        _example(encoded[::step], tokenizer),
        _token_findings(ds, encoded, tokenizer, max_length),
    )


def _sides(row: Row | Preference) -> list[Row]:
    """The conversations of a row: itself, or a preference with either answer."""
    if isinstance(row, Row):
        return [row]
    return [Row(row.number, (*row.prompt, *side)) for side in (row.chosen, row.rejected)]


def _eval_words(ds: Dataset) -> str:
    count = eval_count(ds.eval, len(ds.rows))
    if count:
        share = "10 % held out" if ds.eval is None else f"{ds.eval} held out"
        return share if not (ds.eval or "").isdecimal() else f"{count} rows held out"
    if ds.eval is None:
        return f"all are trained on (fewer than {SMALL}); golden answers give the eval loss"
    return "none" if ds.eval == "none" else f"the rows of {ds.eval}"


def _spread(lengths: Sequence[int]) -> tuple[int, int, int, int] | None:
    """Least, median, 95th percentile (nearest rank) and most."""
    if not lengths:
        return None
    ranked = sorted(lengths)
    at = [max(0, math.ceil(share * len(ranked)) - 1) for share in (0.5, 0.95)]
    return ranked[0], ranked[at[0]], ranked[at[1]], ranked[-1]


def _token_findings(
    ds: Dataset, encoded: Sequence[Encoded], tokenizer: Tokenizer, max_length: int | None
) -> list[Finding]:
    findings = [Finding("note", None, *note) for note in encoder_notes(tokenizer)]
    cut = list(dict.fromkeys(e.number for e in encoded if e.cut))
    lost = list(dict.fromkeys(e.number for e in encoded if not e.trained))
    if lost:
        what = "nothing is left to learn" + (f" within max_length {max_length}" if cut else "")
        remedy = "Raise max_length, or shorten the questions." if cut else "Look at the template."
        findings.append(finding_of("warning", lost, what, remedy))
    if cut:
        what = f"longer than max_length {max_length}, cut at the end"
        remedy = "Raise max_length, or shorten them."
        findings.append(finding_of("warning", cut, what, remedy))
    typed = _typed_controls(ds, tokenizer)
    if typed:
        names = ", ".join(dict.fromkeys(name for _, name in typed))
        rows = list(dict.fromkeys(number for number, _ in typed))
        what = f"{names} in a text is read as text, not as a control token"
        findings.append(finding_of("note", rows, what, ""))
    return findings


def _typed_controls(ds: Dataset, tokenizer: Tokenizer) -> list[tuple[int, str]]:
    """Control tokens written out in rows: each row's number and the token."""
    names = [t.content for t in tokenizer.added_tokens_decoder.values() if t.special]
    found = []
    for row in ds.rows:
        texts = "\0".join(m.content for side in _sides(row) for m in side.messages)
        found += [(row.number, name) for name in names if name in texts]
    return found


def _example(encoded: Sequence[Encoded], tokenizer: Tokenizer) -> tuple[tuple[str, bool], ...]:
    """The first row that is short enough to be shown, else the beginning of the shortest."""
    short = (e for e in encoded if len(e.ids) <= _EXAMPLE_TOKENS)
    row = next(short, None) or min(encoded, key=lambda e: len(e.ids))
    ids, labels = row.ids[:_EXAMPLE_TOKENS], row.labels[:_EXAMPLE_TOKENS]
    parts: list[tuple[str, bool]] = []
    begin = 0
    for i, label in enumerate(labels):
        last = i + 1 == len(ids) or (labels[i + 1] == MASKED) != (label == MASKED)
        text = _text_between(tokenizer, ids, begin, i + 1)
        # A character may take several tokens; until it is whole they decode to U+FFFD.
        if last or not text.endswith("\ufffd"):
            parts.append((text, label != MASKED))
            begin = i + 1
    return tuple(parts)


def _text_between(tokenizer: Any, ids: Sequence[int], begin: int, end: int) -> str:
    """The text that tokens add to the few before them: alone, some would lose their space."""
    options = {"skip_special_tokens": False, "clean_up_tokenization_spaces": False}
    first = max(0, begin - 1)
    before = str(tokenizer.decode(list(ids[first:begin]), **options)) if begin else ""
    return str(tokenizer.decode(list(ids[first:end]), **options))[len(before) :]
