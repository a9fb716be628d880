"""Rows of one kind taken as rows of another, as far as they hold what that needs."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import overload

from ft_magics.data.row_file import Some
from ft_magics.data.rows import AnyRow, Preference, Row, Unpaired

__all__ = ["RECASTS", "recast"]


class _Turned(Sequence[AnyRow]):
    """Rows made from others when they are asked for.

    Args:
        rows: Where they come from; a row may give several.
        turns: Each makes one of the rows that a row gives.
    """

    def __init__(self, rows: Sequence[AnyRow], turns: Sequence[Callable[[AnyRow], AnyRow]]) -> None:
        self._rows = rows
        self._turns = turns

    def __len__(self) -> int:
        return len(self._rows) * len(self._turns)

    @overload
    def __getitem__(self, index: int) -> AnyRow: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[AnyRow]: ...
    def __getitem__(self, index: int | slice) -> AnyRow | Sequence[AnyRow]:
        if isinstance(index, slice):
            return tuple(self[i] for i in range(len(self))[index])
        row, turn = divmod(range(len(self))[index], len(self._turns))
        return self._turns[turn](self._rows[row])

    def __iter__(self) -> Iterator[AnyRow]:
        return (turn(row) for row in self._rows for turn in self._turns)


def recast(rows: Sequence[AnyRow], kind: str, to: str) -> Sequence[AnyRow]:
    """Rows as another kind: the chosen answers to imitate, and so on.

    Args:
        rows: All of one kind.
        kind: Theirs: `sft`, `preference` or `unpaired`.
        to: The kind that is wanted.

    Returns:
        The rows themselves where it is theirs already; in memory where they were in memory.

    Raises:
        KeyError: The pair of kinds is not among `RECASTS`.
    """
    if kind == to:
        return rows
    turns, held = RECASTS[kind, to], isinstance(rows, tuple)
    if (kind, to) == ("unpaired", "sft"):
        good = array(
            "Q", (i for i, row in enumerate(rows) if isinstance(row, Unpaired) and row.label)
        )
        rows = Some(rows, good)
    made = _Turned(rows, turns)
    return tuple(made) if held else made


def _chosen(row: AnyRow) -> Row:
    assert isinstance(row, Preference)
    return Row(row.number, (*row.prompt, *row.chosen), row.tools)


def _completed(row: AnyRow) -> Row:
    assert isinstance(row, Unpaired)
    turns = (replace(m, trained=m.role == "assistant") for m in row.completion)
    return Row(row.number, (*row.prompt, *turns), row.tools)


def _good(row: AnyRow) -> Unpaired:
    assert isinstance(row, Preference)
    return Unpaired(row.number, row.prompt, row.chosen, True, row.tools)


def _bad(row: AnyRow) -> Unpaired:
    assert isinstance(row, Preference)
    return Unpaired(row.number, row.prompt, row.rejected, False, row.tools)


RECASTS: dict[tuple[str, str], Sequence[Callable[[AnyRow], AnyRow]]] = {
    ("preference", "sft"): (_chosen,),
    ("preference", "unpaired"): (_good, _bad),
    ("unpaired", "sft"): (_completed,),
}
"""Which kinds can be taken as which: a pair holds an answer to imitate and two labelled ones; a
label alone says nothing of what would have been better."""
