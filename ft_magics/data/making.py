"""Rows as a user gives them -> a checked data set; every problem is told at once."""

from __future__ import annotations

import itertools
import json
import random
import re
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ft_magics.data.bodies import read_rows
from ft_magics.data.dataset import Dataset
from ft_magics.data.findings import Finding
from ft_magics.data.fixes import Change, Fixed, fix_names, mend_rows
from ft_magics.data.problems import skipped_findings
from ft_magics.data.row_file import RowFile, Some, write_rows
from ft_magics.data.rows import AnyRow, led
from ft_magics.data.shaper import Read, Shaper
from ft_magics.errors import DataError, SettingError
from ft_magics.spec import NAME_PATTERN

__all__ = ["Ask", "examined", "make_dataset", "row_source"]

_NO_ROWS = 'there are no rows to use. Write one a line: {"user": "…", "assistant": "…"}'


@dataclass(frozen=True)
class Ask:
    """What a user asked for, beside the rows themselves."""

    system: str | None = None
    """System text for the rows that have none of their own."""
    eval: str | int | None = None
    """What is held out, as in `Dataset.eval`."""
    skip_bad: bool = False
    """Leave bad rows out, and say so in the findings, in place of failing."""
    fix: Collection[str] = ()
    """Safe repairs to make, by name."""
    map: Mapping[str, str] | None = None
    """Fields to rename: new name -> old name."""
    limit: int | None = None
    """At most so many rows."""
    shuffle: int | None = None
    """Seed of a new order; None keeps the order."""
    goal: str | None = None
    """As in `Dataset`."""


def make_dataset(
    name: str,
    rows: str | Iterable[Any],
    ask: Ask | None = None,
    *,
    before: Dataset | None = None,
    origin: str = "",
    notes: Sequence[Finding] = (),
    keep: Path | None = None,
    where: str = "",
    **asked: Any,
) -> Dataset:
    """Read, check and normalise rows.

    Args:
        name: What the data set is called.
        rows: Rows as text; or objects, or a DataFrame; or pairs of `(number, object)` as a
            source gives them, when `origin` is set.
        ask: What else was asked for.
        before: A data set that the rows are added to.
        origin: As in `Dataset`.
        notes: What the reading of a source noticed.
        keep: A file for the rows, which are then never in memory together; None keeps them there.
        where: The cell, for errors.
        **asked: Fields of `Ask`, in place of one.

    Raises:
        DataError: Rows that cannot be used, all of them at once; or no rows at all.
        SettingError: `eval` or another setting is not understood.
    """
    ask = ask or Ask(**asked)
    where = where or f"data set {name}"
    shelf = _Shelf(keep)
    try:
        return _make(name, rows, ask, before, origin, notes, shelf, where)
    except BaseException:
        shelf.clear()
        raise


def _make(
    name: str,
    rows: Any,
    ask: Ask,
    before: Dataset | None,
    origin: str,
    notes: Sequence[Finding],
    shelf: _Shelf,
    where: str,
) -> Dataset:
    read, source = (iter(rows), "") if origin else row_source(rows, where)
    shaper = Shaper(read, ask.map, before, mend="turns" in ask.fix, where=where)
    wanted = shaper.rows()
    if ask.limit is not None and ask.shuffle is None:
        wanted = itertools.islice(wanted, ask.limit)
    made = shelf.put(wanted)
    bad = shaper.log.problems
    if bad and not ask.skip_bad:
        # Rows that were typed are better mended; those of a file are often someone else's.
        good = f"{len(made):,} good row{'s' * (len(made) != 1)}"
        way = f"--skip-bad goes on with the {good}." if origin and made else ""
        raise DataError(where, shaper.log.lines(), way)
    if not made:
        raise DataError(where, [*shaper.log.lines(), _NO_ROWS])
    made = shelf.put(_ordered(made, ask)) if ask.shuffle is not None else made
    system = ask.system
    if before is not None:
        made, system = shelf.put(_appended(before, made, ask.system)), _shared(before, ask.system)
        source = "\n".join(filter(None, (before.source.rstrip("\n"), source)))
    held_out = _check_eval(ask.eval, len(made), where)
    told = [*notes, *skipped_findings(bad), *shaper.notes()]
    kind: Any = shaper.method
    ds = Dataset(name, kind, made, system, held_out, source, origin, ask.goal, tuple(told))
    ds = replace(ds, skipped=shaper.log.count)
    return _examined(ds, ask, shelf, shaper.changes)


class _Shelf:
    """Where rows are put while a set is made: in memory, or in one file after another."""

    def __init__(self, keep: Path | None) -> None:
        self._keep = keep
        self._at = 0

    def put(self, rows: Iterable[AnyRow]) -> Sequence[AnyRow]:
        """Take the rows, one by one."""
        if self._keep is None:
            return tuple(rows)
        self._at += 1
        path = self._keep.with_name(f"{self._keep.name}.{self._at}")
        write_rows(path, rows)
        # The step before is read to its end by now.
        self._keep.with_name(f"{self._keep.name}.{self._at - 1}").unlink(missing_ok=True)
        return RowFile(path)

    def clear(self) -> None:
        """Leave nothing behind."""
        if self._keep is not None:
            for path in self._keep.parent.glob(f"{self._keep.name}.*"):
                with suppress(FileNotFoundError):
                    path.unlink()


def row_source(rows: str | Iterable[Any], where: str) -> tuple[Iterator[Read], str]:
    """Rows with their numbers, and their text as it is kept.

    Args:
        rows: As `make_dataset` takes them.
        where: The cell, for errors.
    """
    if isinstance(rows, str):
        return iter(read_rows(rows, where)), rows
    if hasattr(rows, "to_dict") and hasattr(rows, "columns"):  # a DataFrame, without pandas
        rows = rows.to_dict("records")
    objects = [rows] if isinstance(rows, Mapping) else list(rows)
    lines = (
        json.dumps(dict(row) if isinstance(row, Mapping) else row, ensure_ascii=False, default=str)
        for row in objects
    )
    return iter(enumerate(objects, start=1)), "\n".join(lines)


def _ordered(rows: Sequence[AnyRow], ask: Ask) -> Iterable[AnyRow]:
    """The rows in another order, as many as are wanted."""
    places = array("Q", range(len(rows)))
    random.Random(ask.shuffle).shuffle(places)
    return Some(rows, places[: ask.limit] if ask.limit is not None else places)


def _shared(before: Dataset, system: str | None) -> str | None:
    """The system text of a set that rows are added to; None where the two parts differ."""
    return before.system if system in (None, before.system) else None


def _appended(before: Dataset, rows: Iterable[AnyRow], system: str | None) -> Iterator[AnyRow]:
    """The rows of both, each with its own part's system text where the parts differ."""
    if _shared(before, system) == before.system:
        yield from itertools.chain(before.rows, rows)
    else:
        yield from (led(row, before.system) for row in before.rows)
        yield from (led(row, system) for row in rows)


def examined(ds: Dataset) -> Dataset:
    """A data set of rows in normal form, with what the checks find in them now."""
    ds = replace(ds, findings=(), known_sha256="")
    return _examined(ds, Ask(), _Shelf(None), ())


def _examined(ds: Dataset, ask: Ask, shelf: _Shelf, mended: Sequence[Change]) -> Dataset:
    """The data set with what the checks found in it, mended as far as was asked."""
    found = _findings(ds)
    changes = list(map(asdict, mended))
    if ask.fix:
        fixed = Fixed([])
        ds = replace(ds, rows=shelf.put(mend_rows(ds.rows, fix_names(ask.fix, found), fixed)))
        changes += map(asdict, fixed.changes)
        found = _findings(ds)
    findings = sorted((*ds.findings, *found), key=lambda f: _RANK[f.severity])
    return replace(ds, findings=tuple(findings), changes=tuple(changes), known_sha256=ds.sha256)


_RANK = {"error": 0, "warning": 1, "note": 2}


def _findings(ds: Dataset) -> list[Finding]:
    """What is worth a look in rows that are all usable."""
    from ft_magics.data.checks import eval_overlap, overlap_finding, run_checks, standard_checks

    found = run_checks(ds.rows, standard_checks(ds.kind), ds.row)
    train, held = ds.split()
    overlap = eval_overlap(train, held) if held else []
    return [*overlap_finding(overlap, "eval row", ds.row), *found]


def _check_eval(wanted: Any, rows: int, where: str) -> str | None:
    """What is held out, as text.

    Raises:
        SettingError: It is none of the forms, or it would leave no row to train on.
    """
    if wanted is None:
        return None
    text = str(wanted).strip()
    if re.fullmatch(r"\d+(\.\d+)?%", text) and 0 < float(text[:-1]) < 100:
        return text
    if text.isdecimal():
        if int(text) >= rows:
            remedy = "Hold out fewer, or write --eval none."
            raise SettingError(where, f"--eval {text} leaves nothing of {rows} rows", remedy)
        return text
    if not NAME_PATTERN.fullmatch(text):
        remedy = "Write a share (10%), a number of rows (20), none, or a data set's name."
        raise SettingError(where, f"--eval is {text!r}", remedy)
    return "none" if text.lower() == "none" else text
