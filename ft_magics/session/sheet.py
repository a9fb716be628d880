"""The data set that judgements are written to, and the log beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from ft_magics.errors import SettingError
from ft_magics.session.state import Session, current
from ft_magics.spec import check_name
from ft_magics.store.collected import CollectedSet
from ft_magics.store.judgements import Judgements

if TYPE_CHECKING:
    from ft_magics.data import AnyRow

__all__ = ["ORIGIN", "Entry", "Kind", "Outcome", "Sheet"]

Kind = Literal["unpaired", "preference"]
Entry = dict[str, Any]
"""A line of the log: `how` it was judged, its `prompt` and `answers`, and more."""

Record = dict[str, Any]

ORIGIN = "collected"
"""Where such rows come from, on a card."""

_NAMES: dict[Kind, str] = {"unpaired": "votes", "preference": "preferences"}
_KINDS = {"sft": "answers to imitate", "preference": "pairs", "unpaired": "votes"}


@dataclass(frozen=True)
class Outcome:
    """What a judgement did to the set."""

    what: Literal["new", "replaced", "same"]
    number: int
    """Of its row."""
    rows: int
    """How many there are now."""


@dataclass(frozen=True)
class Sheet:
    """A data set of judgements, each on disk before the next."""

    session: Session
    name: str
    kind: Kind
    where: str

    @classmethod
    def of(cls, kind: Kind, collect: str | None, where: str) -> Sheet:
        """The set that judgements of a kind go to.

        Args:
            kind: Of its rows.
            collect: What the user named; votes go to `COLLECT-votes`, as a set has rows of one
                kind.
            where: The cell, for errors.

        Raises:
            SettingError: It is no name.
        """
        if collect is None:
            return cls(current(), _NAMES[kind], kind, where)
        name = f"{collect}-votes" if kind == "unpaired" else collect
        return cls(current(), check_name(name, where), kind, where)

    def check(self) -> None:
        """Refuse to go on if the set that is there has rows of another kind.

        Raises:
            SettingError: It has.
        """
        self._held()

    @property
    def log(self) -> Judgements:
        """What was judged."""
        return Judgements(self.session.store.home, self.name)

    def keep(self, row: AnyRow, entry: Entry) -> Outcome:
        """Keep a row in place of an earlier judgement of the same answers, else as a new one.

        Args:
            row: Its number is not used.
            entry: What the log is to say of it.

        Raises:
            SettingError: The set has rows of another kind.
            DataError: The row cannot be used.
            FtError: The disk refuses it.
        """
        made = self._shaped(row)
        with self.session.store.changing():
            held = self._held()
            lines = self._lines(held)
            place = self._place(lines, made, entry)
            before = None if place is None else _row(lines[place])
            made["number"] = _next_number(lines) if before is None else before["number"]
            at = len(lines) if place is None else place
            lines[at : at + 1] = [_line(made)]
            if made != before:
                self._write(held, lines)
            # After the set: what a crash leaves out of the log is judged again, to the same row.
            self._note({**entry, "row": made["number"], "replaced": before})
        what: Any = "new" if before is None else "same" if made == before else "replaced"
        return Outcome(what, made["number"], len(lines))

    def note(self, entry: Entry, *, drop: bool) -> None:
        """Note a judgement of two answers that makes no row: a tie, a skip.

        Args:
            entry: What the log is to say of it.
            drop: Whether an earlier choice between the two does not hold any more.

        Raises:
            FtError: The disk refuses it.
        """
        with self.session.store.changing():
            self._note({**entry, "replaced": self._take(entry) if drop else None})

    def take_back(self, entry: Entry) -> None:
        """Take the last judgement of two answers back: the set is as it was before it.

        Args:
            entry: What the log is to say of it.

        Raises:
            FtError: The disk refuses it.
        """
        from ft_magics.data.row_file import number_of

        with self.session.store.changing():
            earlier = [e for e in self.log if e["how"] in ("choice", "tie") and _alike(e, entry)]
            # The log first: should the process end in between, the two are judged again, and
            # the new choice replaces the row.
            self._note(entry)
            self._take(entry)
            replaced = earlier[-1]["replaced"] if earlier else None
            if replaced is not None:
                held = self._held()
                self._write(held, sorted([*self._lines(held), _line(replaced)], key=number_of))

    # ------------------------------------------------------------------ rows

    def _shaped(self, row: AnyRow) -> Record:
        """The row in normal form, made by the code that makes every row."""
        from ft_magics import data
        from ft_magics.data.formats import FORMATS

        written = [(1, FORMATS["messages"](row))]
        made = data.make_dataset(self.name, written, origin=ORIGIN, where=self.where)
        return made.rows[0].to_record()

    def _place(self, lines: list[bytes], made: Record, entry: Entry) -> int | None:
        """Where the row is that a judgement replaces."""
        texts = _texts(made)
        if entry["how"] == "edit":
            # A row does not say that it was an edit: the log knows what was written last time.
            edits = [e["edit"] for e in self.log if e["how"] == "edit" and _alike(e, entry)]
            texts = {edits[-1], entry["answers"][0]["text"]} if edits else texts
        return _find(lines, made["prompt"], texts)

    def _take(self, entry: Entry) -> Record | None:
        """Take the row of two answers out of the set; None if there is none."""
        held = self._held()
        lines = self._lines(held)
        place = _find(lines, entry["prompt"], {answer["text"] for answer in entry["answers"]})
        if place is None:
            return None
        row = _row(lines.pop(place))
        self._write(held, lines)
        return row

    # ------------------------------------------------------------------ the set and its log

    def _held(self) -> CollectedSet:
        held = CollectedSet(self.session.store, self.name)
        kind = self.kind if held.record is None else held.record["kind"]
        if kind != self.kind:
            what = f"the data set {self.name} has {_KINDS[kind]}, not {_KINDS[self.kind]}"
            raise SettingError(self.where, what, "Name another set for them: --collect OTHER.")
        return held

    def _lines(self, held: CollectedSet) -> list[bytes]:
        """The rows; those of a set that was typed, with the system text that it gave them."""
        from ft_magics.data.rows import from_record, led

        system = (held.record or {}).get("system")
        if system is None:
            return held.rows()
        rows = (from_record(_row(line)) for line in held.rows())
        return [_line(led(row, system).to_record()) for row in rows]

    def _write(self, held: CollectedSet, lines: list[bytes]) -> None:
        from ft_magics import data
        from ft_magics.data.dataset import whole_digest

        goal = self.session.store.get("goal")
        new = data.Dataset(self.name, self.kind, (), origin=ORIGIN, goal=goal)
        facts: Record = {
            # Each row has the system text that was seen with it, and no other.
            "system": None,
            "origin": ORIGIN,
            "source": "",
            "count": len(lines),
            "sha256": whole_digest(map(_digest, lines), self.kind, None),
            "findings": [],
        }
        held.write(lines, {**(held.record or new.to_records(rows=False)), **facts})

    def _note(self, entry: Entry) -> None:
        self.log.append({"at": datetime.now(UTC).isoformat(), **entry})


def _row(line: bytes) -> Record:
    row: Record = json.loads(line.decode("utf-8", "surrogatepass"))
    return row


def _line(row: Record) -> bytes:
    return json.dumps(row, ensure_ascii=False).encode("utf-8", "surrogatepass")


@lru_cache(maxsize=5_000)
def _digest(line: bytes) -> bytes:
    """The hash of a row; a click changes one row, and those of the others are known."""
    from ft_magics.data.dataset import row_digest
    from ft_magics.data.rows import from_record

    return row_digest(from_record(_row(line)))


def _next_number(lines: list[bytes]) -> int:
    from ft_magics.data.row_file import number_of

    return max(map(number_of, lines), default=0) + 1


def _find(lines: list[bytes], prompt: list[Record], texts: set[str]) -> int | None:
    """The place of the row that judges these texts as answers to this prompt."""
    # Few lines hold the prompt, so that few are read as a whole.
    asked = json.dumps(prompt, ensure_ascii=False).encode("utf-8", "surrogatepass")
    for place, line in enumerate(lines):
        if asked in line and (row := _row(line))["prompt"] == prompt and _texts(row) == texts:
            return place
    return None


def _texts(row: Record) -> set[str]:
    """The texts that a row judges; none where it judges more than one message, or a tool call."""
    sides = [row["completion"]] if "completion" in row else [row["chosen"], row["rejected"]]
    if any(len(side) > 1 or side[0].get("tool_calls") for side in sides):
        return set()
    return {side[0]["content"] for side in sides}


def _alike(entry: Entry, other: Entry) -> bool:
    """Whether two entries judge the same answers to the same prompt."""
    texts = ({answer["text"] for answer in e["answers"]} for e in (entry, other))
    return bool(entry["prompt"] == other["prompt"] and next(texts) == next(texts))
