"""Data sets: rows in normal form under a name, and the split."""

from __future__ import annotations

import hashlib
import heapq
import json
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from ft_magics.data.findings import Finding
from ft_magics.data.row_file import RowFile, Some
from ft_magics.data.rows import AnyRow, Message, Preference, Row, content_of, from_record

if TYPE_CHECKING:
    import pandas

__all__ = [
    "SMALL",
    "Dataset",
    "digest",
    "digest_of",
    "eval_count",
    "row_digest",
    "whole_digest",
]

SMALL = 50
"""Below this many rows everything is trained on: a fact that is held out is never learned."""

HELD_OUT = 0.1
"""Share held out from `SMALL` rows on."""


@dataclass(frozen=True)
class Dataset:
    """Rows to train on."""

    name: str
    kind: Literal["sft", "preference", "unpaired"]
    rows: Sequence[AnyRow]
    """A tuple, or rows that are read from a file when they are asked for."""
    system: str | None = None
    """System text of the rows that have none; None leaves it to the model's chat template."""
    eval: str | None = None
    """What is held out: `10%`, `20` (rows), `none`, a data set's name; None chooses by size."""
    source: str = ""
    """The rows as the user wrote them; empty for rows that came from elsewhere."""
    origin: str = ""
    """The file, hub id or variable that the rows came from; empty for rows that were typed."""
    goal: str | None = None
    """What the notebook was for when the rows were written."""
    findings: tuple[Finding, ...] = ()
    skipped: int = 0
    """Bad rows that were left out because the user said so."""
    changes: tuple[dict[str, Any], ...] = ()
    """What `--fix` mended, as far as there was room: `{"row", "fix", "before", "after"}`."""
    version: int = 0
    """Counted from 1 by the store; 0 for one that is not kept."""
    known_sha256: str = field(default="", compare=False, repr=False)
    """The hash, where it has been made before."""

    @cached_property
    def sha256(self) -> str:
        """Of the normal form: the same rows and system text, however written, have the same."""
        return self.known_sha256 or whole_digest(self._digests, self.kind, self.system)

    @cached_property
    def _digests(self) -> list[bytes]:
        """The hash of each row, in order: one pass over the rows for all that needs it."""
        return list(map(row_digest, self.rows))

    @cached_property
    def systems(self) -> set[str | None]:
        """The system texts that are trained with; None is the chat template's own."""
        chats = (row for row in self.rows if not isinstance(row, Row) or row.text is None)
        own = {row.system for row in chats}
        return {self.system if text is None else text for text in own}

    def row(self, number: int) -> AnyRow:
        """The row of a number.

        Raises:
            ValueError: There is none.
        """
        if isinstance(self.rows, RowFile):
            return self.rows[self.rows.index_of(number)]
        if number not in self._places:
            raise ValueError(number)
        return self.rows[self._places[number]]

    @cached_property
    def _places(self) -> dict[int, int]:
        return {row.number: place for place, row in enumerate(self.rows)}

    def split(self) -> tuple[Sequence[AnyRow], Sequence[AnyRow]]:
        """The rows to train on and the rows held out, both in their order.

        The same rows are held out each time, spread by a hash of their content, so that a row
        added elsewhere moves few others.

        Returns:
            Train rows and eval rows; the second is empty where nothing is held out, and where
            another data set is named for it.
        """
        held = set(self._held)
        if not held:
            return self.rows, ()
        places = range(len(self.rows))
        train = Some(self.rows, array("Q", (i for i in places if i not in held)))
        scored = Some(self.rows, array("Q", sorted(held)))
        return (train, scored) if isinstance(self.rows, RowFile) else (tuple(train), tuple(scored))

    @cached_property
    def _held(self) -> list[int]:
        """The places of the rows that are held out."""
        count = eval_count(self.eval, len(self.rows))
        if not count:
            return []
        spread = ((digest, i) for i, digest in enumerate(self._digests))
        return [i for _, i in heapq.nsmallest(count, spread)]

    def to_records(self, *, rows: bool = True) -> dict[str, Any]:
        """Everything as one JSON object; `from_records` gives an equal data set.

        Args:
            rows: Put the rows in; else they must be given to `from_records`.
        """
        record = {
            "name": self.name,
            "kind": self.kind,
            "system": self.system,
            "eval": self.eval,
            "source": self.source,
            "origin": self.origin,
            "goal": self.goal,
            "skipped": self.skipped,
            "changes": list(self.changes),
            "version": self.version,
            "sha256": self.sha256,
            "count": len(self.rows),
            "findings": [finding.to_record() for finding in self.findings],
        }
        return {**record, "rows": [r.to_record() for r in self.rows]} if rows else record

    @classmethod
    def from_records(
        cls, record: Mapping[str, Any], rows: Sequence[AnyRow] | None = None
    ) -> Dataset:
        """The data set that `to_records` wrote.

        Args:
            record: What it wrote.
            rows: The rows, if they are not in the record.
        """
        if rows is None:
            rows = tuple(map(from_record, record["rows"]))
        return cls(
            record["name"],
            record["kind"],
            rows,
            record["system"],
            record["eval"],
            record["source"],
            record["origin"],
            record["goal"],
            tuple(map(Finding.from_record, record["findings"])),
            record["skipped"],
            tuple(record["changes"]),
            record["version"],
            known_sha256=record["sha256"],
        )

    def to_pandas(self) -> pandas.DataFrame:
        """A table with a line for each row; texts where each side is one turn, else messages."""
        import pandas

        return pandas.DataFrame([_table_line(row) for row in self.rows])

    def __repr__(self) -> str:
        count = f"{len(self.rows)} row{'' if len(self.rows) == 1 else 's'}"
        return f"Dataset({self.name!r}, {self.kind}, {count})"


def eval_count(wanted: str | None, rows: int) -> int:
    """How many rows are held out.

    Args:
        wanted: As in `Dataset.eval`.
        rows: How many there are.
    """
    if wanted is None:
        return round(rows * HELD_OUT) if rows >= SMALL else 0
    if wanted.endswith("%"):
        share = float(wanted[:-1]) / 100
        return min(max(1, round(rows * share)), rows - 1) if share else 0
    return min(int(wanted), rows - 1) if wanted.isdecimal() else 0


def digest(value: Any) -> str:
    """The sha256 of a JSON value, however its objects are ordered, in hex."""
    return _digest(value).hex()


def digest_of(rows: Iterable[AnyRow], kind: str, system: str | None) -> str:
    """The sha256 of rows, one by one, so that they need not stand in memory.

    Args:
        rows: In their order.
        kind: As in `Dataset`.
        system: As in `Dataset`.
    """
    return whole_digest(map(row_digest, rows), kind, system)


def row_digest(row: AnyRow) -> bytes:
    """The sha256 of one row, whatever its number."""
    return _digest(content_of(row))


def whole_digest(digests: Iterable[bytes], kind: str, system: str | None) -> str:
    """The sha256 of rows from those of each, as `digest_of` makes it of the rows themselves."""
    whole = hashlib.sha256(_canonical([kind, system]))
    for digest in digests:
        whole.update(digest)
    return whole.hexdigest()


def _digest(value: Any) -> bytes:
    return hashlib.sha256(_canonical(value)).digest()


def _canonical(value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass") + b"\n"


def _table_line(row: AnyRow) -> dict[str, Any]:
    if isinstance(row, Row):
        if row.text is not None:
            return {"row": row.number, "text": row.text}
        turns = row.messages[1:] if row.system is not None else row.messages
        line = {"row": row.number, "system": row.system}
        if [m.role for m in turns] == ["user", "assistant"] and not row.tools:
            return {**line, "user": turns[0].content, "assistant": turns[1].content}
        return {**line, "messages": _turns(turns)}
    prompt = row.prompt[1:] if row.system is not None else row.prompt
    sides = {"prompt": prompt}
    if isinstance(row, Preference):
        sides |= {"chosen": row.chosen, "rejected": row.rejected}
    else:
        sides |= {"completion": row.completion}
    cells = {
        name: turns[0].content if len(turns) == 1 else _turns(turns)
        for name, turns in sides.items()
    }
    label = {} if isinstance(row, Preference) else {"label": row.label}
    return {"row": row.number, "system": row.system, **cells, **label}


def _turns(messages: Iterable[Message]) -> list[dict[str, Any]]:
    turns = (message.to_record() for message in messages)
    return [{k: v for k, v in turn.items() if k != "trained"} for turn in turns]
