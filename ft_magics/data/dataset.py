"""Data sets: rows in normal form under a name, and the split."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from ft_magics.data.rows import Finding, Message, Preference, Row

if TYPE_CHECKING:
    import pandas

__all__ = ["SMALL", "Dataset", "digest", "eval_count"]

SMALL = 50
"""Below this many rows everything is trained on: a fact that is held out is never learned."""

HELD_OUT = 0.1
"""Share held out from `SMALL` rows on."""


@dataclass(frozen=True)
class Dataset:
    """Rows to train on."""

    name: str
    kind: Literal["sft", "preference"]
    rows: tuple[Row, ...] | tuple[Preference, ...]
    system: str | None = None
    """System text of the rows that have none; None leaves it to the model's chat template."""
    eval: str | None = None
    """What is held out: `10%`, `20` (rows), `none`, a data set's name; None chooses by size."""
    source: str = ""
    """The rows as the user wrote them."""
    findings: tuple[Finding, ...] = ()
    skipped: int = 0
    """Bad rows that were left out because the user said so."""
    version: int = 0
    """Counted from 1 by the store; 0 for one that is not kept."""

    @cached_property
    def sha256(self) -> str:
        """Of the normal form: the same rows and system text, however written, have the same."""
        return digest([[_content(row) for row in self.rows], self.kind, self.system])

    @property
    def systems(self) -> set[str | None]:
        """The system texts that are trained with; None is the chat template's own."""
        own = (row.system for row in self.rows)
        return {self.system if text is None else text for text in own}

    def split(self) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """The rows to train on and the rows held out, both in their order.

        The same rows are held out each time, spread by a hash of their content, so that a row
        added elsewhere moves few others.

        Returns:
            Train rows and eval rows; the second is empty where nothing is held out, and where
            another data set is named for it.
        """
        count = eval_count(self.eval, len(self.rows))
        if not count:
            return self.rows, ()
        spread = sorted(range(len(self.rows)), key=lambda i: digest(_content(self.rows[i])))
        held = set(spread[:count])
        return (
            tuple(row for i, row in enumerate(self.rows) if i not in held),
            tuple(row for i, row in enumerate(self.rows) if i in held),
        )

    def to_records(self) -> dict[str, Any]:
        """Everything as one JSON object; `from_records` gives an equal data set."""
        return {
            "name": self.name,
            "kind": self.kind,
            "system": self.system,
            "eval": self.eval,
            "source": self.source,
            "skipped": self.skipped,
            "version": self.version,
            "findings": [asdict(finding) for finding in self.findings],
            "rows": [row.to_record() for row in self.rows],
        }

    @classmethod
    def from_records(cls, record: Mapping[str, Any]) -> Dataset:
        """The data set that `to_records` wrote."""
        read: Any = {"sft": Row.from_record, "preference": Preference.from_record}[record["kind"]]
        return cls(
            record["name"],
            record["kind"],
            tuple(read(row) for row in record["rows"]),
            record["system"],
            record["eval"],
            record["source"],
            tuple(Finding(**finding) for finding in record["findings"]),
            record["skipped"],
            record["version"],
        )

    def to_pandas(self) -> pandas.DataFrame:
        """A table with a line for each row; texts where each side is one turn, else messages."""
        import pandas

        return pandas.DataFrame([_table_line(row) for row in self.rows])

    def __repr__(self) -> str:
        return f"Dataset({self.name!r}, {self.kind}, {len(self.rows)} rows)"


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
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _content(row: Row | Preference) -> dict[str, Any]:
    """A row without its number: a comment or a bad row before it does not make it another."""
    return {key: value for key, value in row.to_record().items() if key != "number"}


def _table_line(row: Row | Preference) -> dict[str, Any]:
    if isinstance(row, Row):
        turns = row.messages[1:] if row.system is not None else row.messages
        line = {"row": row.number, "system": row.system}
        if len(turns) == 2:
            return {**line, "user": turns[0].content, "assistant": turns[1].content}
        return {**line, "messages": _turns(turns)}
    prompt = row.prompt[1:] if row.system is not None else row.prompt
    sides = {"prompt": prompt, "chosen": row.chosen, "rejected": row.rejected}
    cells = {
        field: turns[0].content if len(turns) == 1 else _turns(turns)
        for field, turns in sides.items()
    }
    return {"row": row.number, "system": row.system, **cells}


def _turns(messages: tuple[Message, ...]) -> list[dict[str, str]]:
    return [{"role": m.role, "content": m.content} for m in messages]
