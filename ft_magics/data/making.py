"""Rows as a user gives them -> a checked data set; every problem is told at once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ft_magics.data.checks import Problems, grouped, set_findings, skipped_findings
from ft_magics.data.dataset import Dataset
from ft_magics.data.reading import RowProblem, read_rows
from ft_magics.data.rows import Finding, Preference
from ft_magics.data.shaping import KINDS, kind_of, shape_row, unused_fields
from ft_magics.errors import DataError, SettingError
from ft_magics.spec import NAME_PATTERN

__all__ = ["make_dataset", "row_source"]

_NO_ROWS = 'there are no rows to use. Write one a line: {"user": "…", "assistant": "…"}'


def make_dataset(
    name: str,
    rows: str | Iterable[Mapping[str, Any]],
    *,
    system: str | None = None,
    eval: str | int | None = None,
    skip_bad: bool = False,
    where: str = "",
) -> Dataset:
    """Read, check and normalise rows.

    Args:
        name: What the data set is called.
        rows: JSONL or a JSON array; or objects, or a DataFrame.
        system: System text for the rows that have none of their own.
        eval: What is held out, as in `Dataset.eval`.
        skip_bad: Leave bad rows out, and say so in the findings, in place of failing.
        where: The cell, for errors.

    Raises:
        DataError: Rows that cannot be used, all of them at once; or no rows at all.
        SettingError: `eval` is not understood.
    """
    where = where or f"data set {name}"
    read, source = row_source(rows, where)
    good, problems, notes = _shape_all(read)
    if problems and not skip_bad:
        raise DataError(where, grouped(problems))
    if not good:
        raise DataError(where, [*grouped(problems), _NO_ROWS])
    held_out = _check_eval(eval, len(good), where)
    kind: Any = "preference" if isinstance(good[0], Preference) else "sft"
    findings = (*skipped_findings(problems), *set_findings(good), *notes)
    return Dataset(name, kind, tuple(good), system, held_out, source, findings, len(problems))


def row_source(
    rows: str | Iterable[Mapping[str, Any]], where: str
) -> tuple[list[tuple[int, Any]], str]:
    """Rows with their numbers, and their text as it is kept.

    Args:
        rows: As `make_dataset` takes them.
        where: The cell, for errors.
    """
    if isinstance(rows, str):
        return list(read_rows(rows, where)), rows
    if hasattr(rows, "to_dict") and hasattr(rows, "columns"):  # a DataFrame, without pandas
        rows = rows.to_dict("records")
    objects = [rows] if isinstance(rows, Mapping) else list(rows)
    lines = (
        json.dumps(dict(row) if isinstance(row, Mapping) else row, ensure_ascii=False, default=str)
        for row in objects
    )
    return list(enumerate(objects, start=1)), "\n".join(lines)


def _shape_all(
    read: Sequence[tuple[int, Any]],
) -> tuple[list[Any], Problems, list[Finding]]:
    """Rows in normal form, the problems of the others, and notes on fields that are not used."""
    kinds = [kind for _, row in read if isinstance(row, Mapping) and (kind := kind_of(row))]
    usual = max(set(kinds), key=lambda kind: (kinds.count(kind), kind), default=None)
    method = KINDS[usual].method if usual else None
    good: list[Any] = []
    problems: dict[int, list[tuple[str, str]]] = {}
    unused: dict[str, int] = {}
    for number, values in read:
        if isinstance(values, RowProblem):
            problems[number] = [(values.text, values.remedy)]
        elif not isinstance(values, Mapping):
            remedy = 'Write it as {"user": "…", "assistant": "…"}.'
            problems[number] = [(f"a {type(values).__name__} is not a row", remedy)]
        elif (kind := kind_of(values)) and KINDS[kind].method != method:
            problems[number] = [_stranger(KINDS[kind].method)]
        else:
            row, told = shape_row(values, number, usual)
            if row is None:
                problems[number] = told
                continue
            good.append(row)
            for field in unused_fields(values):
                unused[field] = unused.get(field, 0) + 1
    notes = [
        Finding(
            "note", None, f"the field '{field}' is not used ({count} row{'s' * (count > 1)})", ""
        )
        for field, count in sorted(unused.items())
    ]
    return good, problems, notes


def _stranger(method: str) -> tuple[str, str]:
    """What is wrong with a row that is trained in another way than most."""
    words = {
        "preference": "a preference row among SFT rows",
        "sft": "an SFT row among preference rows",
    }
    return words[method], "Give it a data set of its own."


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
