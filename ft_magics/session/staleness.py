"""What has changed since an adapter was made; and what an edit makes stale, told at once."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ft_magics.errors import FtError
from ft_magics.session.kin import Kin
from ft_magics.store.collected import MARK
from ft_magics.store.sets import SET, read_set

if TYPE_CHECKING:
    from ft_magics.session.state import Session
    from ft_magics.store import RunFolder

__all__ = ["Reason", "Staleness", "data_sha256", "stale", "telling"]

MOST_NAMES = 5
"""Adapters that a notice names; the rest is counted."""


@dataclass(frozen=True)
class Reason:
    """One thing that has changed since an adapter was made."""

    kind: str
    """`data`, `eval`, `cell`, `golden`, `exam`, `base` or `parent`."""
    words: str
    """`data catgpt changed`."""
    parent: str = ""
    """The parent that is another now."""

    @property
    def spreads(self) -> bool:
        """Whether it makes the weights another, so that what was made from them is stale too."""
        return self.kind != "exam"


def stale(session: Session, folder: RunFolder) -> str:
    """What changed since an adapter was made, in a few words; empty when nothing did."""
    return Staleness(session).words(folder)


class Staleness:
    """Holds adapters against what the notebook says now; made for one listing.

    Everything is looked up once for a listing, and what a version of a data set holds is read
    once for as long as its file stays the same.

    Args:
        session: Where everything is kept.
        kin: Its runs, if they were looked through already.
    """

    def __init__(self, session: Session, kin: Kin | None = None) -> None:
        self._session = session
        self._kin = kin or Kin(session)
        self._known: dict[Path, list[Reason]] = {}
        self._sets: dict[str, list[str]] = {}
        self._hashes: dict[tuple[str, str], str | None] = {}

    def words(self, folder: RunFolder) -> str:
        """All that changed: `data catgpt changed; polite was trained anew`."""
        return "; ".join(reason.words for reason in self.of(folder))

    def of(self, folder: RunFolder) -> list[Reason]:
        """Everything that has changed since an adapter was made."""
        if folder.path not in self._known:
            # A circle, which only a damaged home has, ends here.
            self._known[folder.path] = []
            self._known[folder.path] = [
                *self._of_rows(folder),
                *self._of_golden(folder.record),
                *self._of_base(folder.record),
            ]
            self._known[folder.path] += self._of_parent(folder, self._known[folder.path])
        return self._known[folder.path]

    def _of_rows(self, folder: RunFolder) -> Iterator[Reason]:
        data = folder.record.get("data") or {}
        if data.get("inline"):
            latest = self._kin.latest(folder.name)
            theirs = (latest.record.get("data") or {}).get("sha256")
            if latest.version > folder.version and theirs != data.get("sha256"):
                yield Reason("cell", "its rows changed")
        elif self._changed("data", data):
            yield Reason("data", f"data {data['name']} changed")
        scored = data.get("eval") or {}
        if self._changed("data", scored):
            yield Reason("eval", f"eval data {scored['name']} changed")

    def _of_golden(self, record: dict[str, Any]) -> Iterator[Reason]:
        golden = record.get("golden") or {}
        if not self._changed("golden", golden):
            return
        text = f"golden {golden['name']} changed"
        # Its questions were taken out of the rows, or its answers chose the best step.
        if (record.get("data") or {}).get("golden_rows") or golden.get("scores"):
            yield Reason("golden", text)
            return
        asked = record.get("evaluation") or {}
        if asked.get("golden") != golden["name"] or self._changed("golden", asked, "golden"):
            yield Reason("exam", f"{text} since it was examined")

    def _of_base(self, record: dict[str, Any]) -> Iterator[Reason]:
        """Only where it is known without loading the base."""
        from ft_magics.session.state import ModelChoice

        model, base = record.get("model"), record.get("base") or {}
        choice = ModelChoice(**model) if model else None
        if choice is None or not base.get("fingerprint") or not self._session.is_loaded(choice):
            return
        if self._session.facts(choice).fingerprint != base["fingerprint"]:
            yield Reason("base", f"the base {choice.title} is another now")

    def _of_parent(self, folder: RunFolder, own: list[Reason]) -> list[Reason]:
        facts = folder.record.get("parent")
        if not facts:
            return []
        found = self._kin.find(facts)
        name = found.name if found is not None else facts["name"]
        if name == folder.name:
            # It goes on from a version before itself, with rows of its own.
            old = found is not None and not own and self._spread(found)
            return [Reason("parent", "the one it goes on from is stale", name)] if old else []
        if found is None:
            what = "was trained anew" if name in self._kin.names else "was deleted"
            return [Reason("parent", f"{name} {what}", name)]
        newest = self._kin.newest(name)
        if newest is not None and not _same(newest, found) and not _chosen(folder):
            return [Reason("parent", f"{name} was trained anew", name)]
        return [Reason("parent", f"{name} is stale", name)] if self._spread(found) else []

    def _spread(self, folder: RunFolder) -> bool:
        return any(reason.spreads for reason in self.of(folder))

    # ------------------------------------------------------------------ what the notebook says now

    def _changed(self, kind: str, kept: dict[str, Any], field: str = "name") -> bool:
        """Whether a set that is still there holds something else than a run has kept of it."""
        name = kept.get(field)
        if not name or not kept.get("sha256"):
            return False
        if kind not in self._sets:
            self._sets[kind] = self._session.store.set_names(kind)
        if name not in self._sets[kind]:
            return False
        now = self._sha256(kind, name)
        return now is not None and now != kept["sha256"]

    def _sha256(self, kind: str, name: str) -> str | None:
        if (kind, name) not in self._hashes:
            try:
                read = data_sha256 if kind == "data" else _golden_sha256
                self._hashes[kind, name] = read(self._session, name)
            except (FtError, OSError):
                # Damaged or gone meanwhile: whoever uses it is told.
                self._hashes[kind, name] = None
        return self._hashes[kind, name]


def _same(newest: RunFolder, found: RunFolder) -> bool:
    key = found.record.get("key")
    return newest.path == found.path or bool(key and newest.record.get("key") == key)


def _chosen(folder: RunFolder) -> bool:
    """Whether the user named a version before the newest: `--after ollie~1`."""
    return "~" in str((folder.record.get("spec") or {}).get("after") or "")


def data_sha256(session: Session, name: str) -> str:
    """The hash of a data set's rows as they are now.

    Raises:
        NameUnknown: There is none of that name.
        FtError: It is damaged.
    """
    file = session.store.rows_file(name).with_name(SET)
    facts = file.stat()
    known = _read_sha256(file, facts.st_ino, facts.st_mtime_ns, facts.st_size)
    return known or session.dataset(name, "").sha256


@lru_cache(maxsize=1024)
def _read_sha256(file: Path, inode: int, changed_ns: int, length: int) -> str:
    """What the record of a set says of its rows; empty where rows may be newer than their record."""
    record = read_set(file.parent)
    return "" if MARK in record else str(record["sha256"])


def _golden_sha256(session: Session, name: str) -> str:
    return session.golden(name, "").sha256


# ---------------------------------------------------------------- told at the moment of editing


@contextlib.contextmanager
def telling(session: Session) -> Iterator[None]:
    """Tell in one line what became stale in a `with` block; nothing where nothing did."""
    if not session.store.run_names():
        yield
        return
    before = _listed(session)
    yield
    after = _listed(session)
    new = {name: reasons for name, reasons in after.items() if reasons and not before.get(name)}
    if new:
        session.front_end.notice(_told(new))


def _listed(session: Session) -> dict[str, list[Reason]]:
    staleness = Staleness(session)
    kin = staleness._kin
    made = {name: kin.newest(name) for name in kin.names}
    return {name: staleness.of(folder) for name, folder in made.items() if folder is not None}


_BEFORE = {
    "data": "made from the rows before",
    "eval": "chosen by the eval rows before",
    "cell": "made from the rows before",
    "golden": "made beside the golden questions before",
    "exam": "examined by the golden questions before",
    "base": "made on another base",
}


def _told(new: dict[str, list[Reason]]) -> str:
    """`ollie was made from the rows before, polite from ollie: see %ft list`."""
    groups: dict[str, list[str]] = {}
    for name, reasons in sorted(new.items(), key=lambda item: item[1][0].kind == "parent"):
        first = reasons[0]
        how = f"made from {first.parent}" if first.kind == "parent" else _BEFORE[first.kind]
        groups.setdefault(how, []).append(name)
    parts = []
    for how, names in groups.items():
        more = len(names) - MOST_NAMES
        shown = names if more <= 0 else [*names[:MOST_NAMES], f"{more} more"]
        listed = shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
        parts.append(f"{listed} {'was' if len(names) == 1 else 'were'} {how}")
    return f"{'; '.join(parts)}. See %ft list."
