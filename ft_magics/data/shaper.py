"""Rows as they were read -> normal form, one by one; what is wrong with the others is kept."""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ft_magics.data.bodies import RowProblem
from ft_magics.data.dataset import Dataset
from ft_magics.data.findings import Finding, finding
from ft_magics.data.fixes import MOST_CHANGES, Change
from ft_magics.data.kinds import kind_of, method_of, shape_row, unused_fields
from ft_magics.data.kinds.mending import mended_turns
from ft_magics.data.problems import ProblemLog
from ft_magics.data.rows import AnyRow
from ft_magics.errors import SettingError, nearest

__all__ = ["Read", "Shaper"]

_PEEKED = 1000
"""Rows that are looked at to find what most of a set are."""

Read = tuple[int, Any]
"""A row's number, and its fields or what is wrong with it."""


class Shaper:
    """One pass over rows as they were read: those in normal form, and what is wrong with others.

    Args:
        read: Numbers from 1, each with a row's fields or what is wrong with it.
        names: Fields to rename: new name -> old name.
        before: A data set that the rows are added to: it decides what they are, and from which
            number they count on.
        mend: Bring turns into order where a row cannot be used without.
        where: The cell, for the error.

    Raises:
        SettingError: `names` has a field that no row has.

    Attributes:
        log: The rows that cannot be used.
        changes: What was mended, as far as there is room.
        method: What most of the rows are: `sft`, `preference` or `unpaired`.
    """

    def __init__(
        self,
        read: Iterator[Read],
        names: Mapping[str, str] | None,
        before: Dataset | None,
        *,
        mend: bool = False,
        where: str = "",
    ) -> None:
        self.log = ProblemLog()
        self.changes: list[Change] = []
        self._mend = mend
        self._unused: dict[str, array[int]] = {}
        begin = list(itertools.islice(read, _PEEKED))
        _check_names(begin, names or {}, where)
        every = itertools.chain(begin, read)
        self._read = ((number, _renamed(row, names)) for number, row in every)
        self._offset = 0 if before is None else max((r.number for r in before.rows), default=0)
        self._peeked = list(itertools.islice(self._read, _PEEKED))
        kinds = [k for _, row in self._peeked if isinstance(row, Mapping) and (k := kind_of(row))]
        self._usual = max(set(kinds), key=lambda kind: (kinds.count(kind), kind), default=None)
        methods = [m for _, r in self._peeked if isinstance(r, Mapping) and (m := method_of(r))]
        usual = max(set(methods), key=lambda m: (methods.count(m), m), default="sft")
        self.method = before.kind if before is not None else usual

    def rows(self) -> Iterator[AnyRow]:
        """The good rows."""
        for number, values in itertools.chain(self._peeked, self._read):
            number += self._offset
            row, told = self._shape(values, number)
            if row is None and isinstance(values, Mapping):
                row = self._mended(values, number)
                if row is not None and not self._mend:
                    row, told = None, [(what, f"{how} --fix turns does it.") for what, how in told]
            if row is None:
                self.log.add(number, told)
                continue
            yield row
            for name in unused_fields(values):
                self._unused.setdefault(name, array("Q")).append(number)

    def _mended(self, values: Mapping[str, Any], number: int) -> AnyRow | None:
        """The row with its turns brought into order; None if that does not help."""
        better = mended_turns(values)
        if better is None:
            return None
        row, _ = self._shape(better[0], number)
        if row is not None and self._mend and len(self.changes) < MOST_CHANGES:
            self.changes.append(Change(number, "turns", better[1], better[2]))
        return row

    def _shape(self, values: Any, number: int) -> tuple[AnyRow | None, list[tuple[str, str]]]:
        if isinstance(values, RowProblem):
            return None, [(values.text, values.remedy)]
        if not isinstance(values, Mapping):
            remedy = 'Write it as {"user": "…", "assistant": "…"}.'
            kind = type(values).__name__
            article = "an" if kind[0] in "aeiou" else "a"
            return None, [(f"{article} {kind} is not a row", remedy)]
        method = method_of(values)
        if method and method != self.method:
            what = f"{_WORDS[method]} row among {_WORDS[self.method].split(' ', 1)[1]} rows"
            return None, [(what, "Give it a data set of its own.")]
        return shape_row(values, number, self._usual)

    def notes(self) -> list[Finding]:
        """Fields that are not used."""
        return [
            finding("unused-field", "note", rows, f"the field '{name}' is not used", "")
            for name, rows in sorted(self._unused.items())
        ]


_WORDS = {"preference": "a preference", "sft": "an SFT", "unpaired": "a labelled"}


def _check_names(begin: Sequence[Read], names: Mapping[str, str], where: str) -> None:
    """Refuse a `--map` that names a field which none of the rows has.

    Raises:
        SettingError: There is no such field; among the first rows of a long set this is no reason
            yet, unless they are of no kind without it.
    """
    from ft_magics.data.sources import has_field

    rows = [row for _, row in begin if isinstance(row, Mapping)]
    lost = next((old for old in names.values() if not any(has_field(r, old) for r in rows)), None)
    if lost is None or not rows:
        return
    if len(begin) < _PEEKED or not any(kind_of(_renamed(row, names)) for row in rows):
        found = list(dict.fromkeys(str(key) for row in rows for key in row))
        raise SettingError(where, f"--map names '{lost}', which no row has", nearest(lost, found))


def _renamed(row: Any, names: Mapping[str, str] | None) -> Any:
    if not names or not isinstance(row, Mapping):
        return row
    from ft_magics.data.sources import renamed

    return renamed(row, names)
