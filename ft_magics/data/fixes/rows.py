"""Safe repairs of whole sets of rows; the original stays with the caller."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field

from ft_magics.data.findings import Finding
from ft_magics.data.fixes import texts
from ft_magics.data.rows import AnyRow, Message, Preference, Row, Unpaired
from ft_magics.data.views import View, exact_key, text_of
from ft_magics.errors import SettingError, nearest

__all__ = [
    "FIXES",
    "MOST_CHANGES",
    "Change",
    "Fix",
    "Fixed",
    "fix_names",
    "fix_rows",
    "mend_rows",
    "repaired",
]

MOST_CHANGES = 200
"""Changes kept to be shown; all are counted."""

_MOST_ROUNDS = 6
"""One repair may show what another one mends; this many rounds come to rest."""


@dataclass(frozen=True)
class Fix:
    """A repair that is safe to make without asking about each row."""

    name: str
    """As a finding names it, and as a user does."""
    text: str
    """What it does, for help."""
    mend: Callable[[str], str] | None = None
    """The repair of one text; None for one that removes rows."""
    plain: bool = True
    """Whether it is made in plain texts, too; their ends may be meant."""


@dataclass(frozen=True)
class Change:
    """What a repair did to one text of a row."""

    row: int
    """The row's number."""
    fix: str
    """The repair's name."""
    before: str
    """The text as it was; of a removed row, all its texts."""
    after: str
    """The text as it is; empty for a removed row."""


@dataclass(frozen=True)
class Fixed:
    """Repaired rows, and what was done."""

    rows: list[AnyRow]
    """In their order, with their numbers."""
    changes: list[Change] = field(default_factory=list)
    """The first `MOST_CHANGES`."""
    counts: Counter[str] = field(default_factory=Counter)
    """For each repair how many changes it made."""

    @property
    def count(self) -> int:
        """How many changes were made in all."""
        return self.counts.total()


_ALL = (
    # Made while the rows are read: without it there would be no row to mend.
    Fix("turns", "join turns of one speaker, drop a question without its answer"),
    Fix("encoding", "restore characters read in the wrong encoding", texts.mend_encoding),
    Fix("line-ends", "write all line ends as \\n", texts.unify_line_ends),
    Fix("hidden-characters", "remove control and zero-width characters", texts.remove_hidden),
    Fix("white-space", "strip white space around texts", texts.strip_white_space, plain=False),
    Fix("code-fences", "close a code fence left open", texts.close_fence, plain=False),
    Fix("equal-sides", "remove preference rows with two equal answers"),
    Fix("duplicates", "remove rows that repeat an earlier one exactly"),
)

FIXES: dict[str, Fix] = {fix.name: fix for fix in _ALL}
"""All repairs by name, in the order in which they are made."""


def fix_rows(
    rows: Iterable[AnyRow], names: Collection[str], findings: Iterable[Finding] = ()
) -> Fixed:
    """Repair rows.

    Args:
        rows: Of any kind; they stay as they are.
        names: The repairs to make; or names of checks, which stand for their findings' repairs.
        findings: Of these rows.

    Returns:
        The repaired rows, and what was done.

    Raises:
        SettingError: A name that is neither a repair nor a check with one.
    """
    done = Fixed([])
    done.rows.extend(mend_rows(rows, fix_names(names, findings), done))
    return done


def mend_rows(rows: Iterable[AnyRow], chosen: Collection[str], done: Fixed) -> Iterator[AnyRow]:
    """Repair rows one by one, so that they need not stand in memory.

    Args:
        rows: Of any kind; they stay as they are.
        chosen: The repairs, by name.
        done: Told of each change; its `rows` stay as they are.
    """
    mends = [fix for fix in FIXES.values() if fix.name in chosen and fix.mend is not None]
    seen: set[int] = set()
    for row in rows:
        mended = _mended(row, mends, done) if mends else row
        key = exact_key(View(mended)) if "duplicates" in chosen else 0
        if "equal-sides" in chosen and sides_equal(mended):
            _note(done, Change(row.number, "equal-sides", View(mended).whole, ""))
        elif "duplicates" in chosen and key in seen:
            _note(done, Change(row.number, "duplicates", View(mended).whole, ""))
        else:
            seen.add(key)
            yield mended


def fix_names(names: Collection[str], findings: Iterable[Finding] = ()) -> set[str]:
    """The repairs that names stand for.

    Args:
        names: Of repairs, or of checks.
        findings: In which the checks' repairs are named.

    Raises:
        SettingError: A name that is neither.
    """
    of_check: dict[str, set[str]] = {}
    for told in findings:
        if told.fix:
            of_check.setdefault(told.check, set()).add(told.fix)
    chosen: set[str] = set()
    for name in names:
        if name not in FIXES and name not in of_check:
            remedy = nearest(name, [*FIXES, *of_check])
            raise SettingError("--fix", f"no repair '{name}'", remedy)
        chosen |= {name} if name in FIXES else of_check[name]
    return chosen


def repaired(fix: str, row: AnyRow) -> list[tuple[str, str]]:
    """The texts of a row that a repair would change, before and after.

    Args:
        fix: Its name.
        row: Any.
    """
    mend, plain = FIXES[fix].mend, FIXES[fix].plain
    if mend is None:
        return []
    if isinstance(row, Row) and row.text is not None:
        found = [row.text] if plain else []
    else:
        found = [m.content for m in View(row).messages if m.role != "tool"]
    pairs = ((text, _mend_text(mend, text)) for text in found)
    return [(before, after) for before, after in pairs if before != after]


def sides_equal(row: AnyRow) -> bool:
    """Whether it is a preference row whose answers are the same but for white space around."""
    if not isinstance(row, Preference):
        return False
    one, other = (
        text_of([dataclasses.replace(m, content=m.content.strip()) for m in side])
        for side in (row.chosen, row.rejected)
    )
    return one == other


def _mended(row: AnyRow, fixes: list[Fix], done: Fixed) -> AnyRow:
    if isinstance(row, Row):
        if row.text is not None:
            text = _mend_all(row.number, row.text, [fix for fix in fixes if fix.plain], done)
            return row if text == row.text else dataclasses.replace(row, text=text)
        parts = {"messages": row.messages}
    elif isinstance(row, Unpaired):
        parts = {"prompt": row.prompt, "completion": row.completion}
    else:
        parts = {"prompt": row.prompt, "chosen": row.chosen, "rejected": row.rejected}
    new = {name: _mend_turns(row.number, turns, fixes, done) for name, turns in parts.items()}
    return row if new == parts else dataclasses.replace(row, **new)  # type: ignore[arg-type]


def _mend_turns(
    row: int, turns: tuple[Message, ...], fixes: list[Fix], done: Fixed
) -> tuple[Message, ...]:
    new = [_mend_all(row, m.content, fixes, done) if m.role != "tool" else m.content for m in turns]
    if all(text == m.content for text, m in zip(new, turns, strict=True)):
        return turns
    return tuple(
        m if text == m.content else dataclasses.replace(m, content=text)
        for text, m in zip(new, turns, strict=True)
    )


def _mend_all(row: int, text: str, fixes: list[Fix], done: Fixed) -> str:
    for _ in range(_MOST_ROUNDS):
        start = text
        for fix in fixes:
            after = _mend_text(fix.mend, text) if fix.mend is not None else text
            if after != text:
                _note(done, Change(row, fix.name, text, after))
            text = after
        if text == start:
            break
    return text


def _mend_text(mend: Callable[[str], str], text: str) -> str:
    """A repair that leaves nothing to see is none."""
    after = mend(text)
    return after if after.strip() or not text.strip() else text


def _note(done: Fixed, change: Change) -> None:
    done.counts[change.fix] += 1
    if len(done.changes) < MOST_CHANGES:
        done.changes.append(change)
