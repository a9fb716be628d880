"""A home: data sets, golden sets and runs by name and version, and small state."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ft_magics.errors import NameUnknown
from ft_magics.files import locked, write_atomic, write_folder, write_json
from ft_magics.spec import check_name
from ft_magics.store import undo
from ft_magics.store.adapter_copy import copier
from ft_magics.store.disk import passing, read, writing
from ft_magics.store.journal import Change, Journal
from ft_magics.store.owner import write_owner
from ft_magics.store.runs import OWNER, RunFolder, write_record
from ft_magics.store.sets import ROWS, read_set, same_set, write_set
from ft_magics.store.shelf import SHELVES, Shelf, count_back

__all__ = ["MOST_VERSIONS_BEFORE", "Store"]

MOST_VERSIONS_BEFORE = 5
STATE = "state.json"


class Store:
    """Everything that is kept in one home folder. Nothing is made before it is needed.

    Several kernels may use one home: each change holds a lock, and readers see whole files.

    Args:
        home: The folder itself, `.ft`.
    """

    def __init__(self, home: Path) -> None:
        self.home = Path(home)
        self._journal = Journal(self.home)
        self._shelves = {kind: Shelf(self.home, kind, *rest) for kind, rest in SHELVES.items()}
        self._runs = self._shelves["adapter"]

    def __repr__(self) -> str:
        return f"Store({self.home})"

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the home's lock while something is changed; what the disk refuses is one line."""
        with writing(self.home):
            if not (self.home / ".gitignore").is_file():
                write_atomic(self.home / ".gitignore", "*\n")
            with locked(self.home / ".lock", timeout_s=30):
                yield

    # ------------------------------------------------------------------ data and golden sets

    def save_set(
        self, kind: str, name: str, record: dict[str, Any], rows: Path | None = None
    ) -> int:
        """Keep a data set or golden set; the five versions before stay.

        Args:
            kind: `data` or `golden`.
            name: What it is called.
            record: JSON-able; its `version` is set here.
            rows: The file with the rows of a data set; it is moved, or deleted if the version
                that is kept already has this content.

        Returns:
            Its version. The same content as that of the newest version makes no new one.

        Raises:
            SettingError: The name cannot be kept.
            FtError: The disk refuses it.
        """
        shelf = self._shelves[kind]
        check_name(name, f"{shelf.word} {name}")
        with self.changing():
            before = shelf.versions(name)
            if before and same_set(read_set(shelf.path(name, before[0])), record):
                if rows is not None:
                    rows.unlink(missing_ok=True)
                return before[0]
            number = shelf.next(name)
            write_set(shelf.path(name, number), {**record, "version": number}, rows)
            if before:
                self._journal.add(Change("replace", kind, name, (number,)))
            for old in before[MOST_VERSIONS_BEFORE:]:
                shelf.drop(name, old)
        return number

    def rows_file(self, name: str, back: int = 0) -> Path:
        """The file with the rows of a data set; arguments and errors as in `load_set`."""
        return self._version("data", name, back) / ROWS

    @contextlib.contextmanager
    def new_file(self) -> Iterator[Path]:
        """A path for a file that is to be kept here; what is left there afterwards is deleted.

        Raises:
            FtError: The disk refuses it.
        """
        with self.changing():
            folder = self.home / "tmp"
            folder.mkdir(exist_ok=True)
        with passing(folder) as path:
            yield path

    def load_set(self, kind: str, name: str, back: int = 0) -> dict[str, Any]:
        """Get what was kept, with its `version`.

        Args:
            kind: `data` or `golden`.
            name: What it is called.
            back: Versions before the newest one.

        Raises:
            NameUnknown: There is none of that name, or not so many versions.
            FtError: It is damaged.
        """
        return read_set(self._version(kind, name, back))

    def _version(self, kind: str, name: str, back: int) -> Path:
        shelf, where = self._shelves[kind], f"{kind}:{name}"
        version = count_back(shelf.known(name, where), back, f"the {shelf.word} '{name}'", where)
        return shelf.path(name, version)

    def set_names(self, kind: str) -> list[str]:
        """The names of all data sets or golden sets."""
        return self._shelves[kind].names()

    # ------------------------------------------------------------------ runs

    def new_run(
        self,
        name: str,
        record: dict[str, Any],
        data_jsonl: str,
        golden_jsonl: str,
        write_rows: Callable[[Path], object] | None = None,
    ) -> RunFolder:
        """Make the folder of a run; this process is at work on it from now on.

        Args:
            name: What it is called; versions before stay.
            record: JSON-able: spec, base, data, parent, versions of libraries.
            data_jsonl: The rows as they were written.
            golden_jsonl: The golden questions as they were written; may be empty.
            write_rows: Writes the rows in normal form to the file it is given.

        Raises:
            SettingError: The name cannot be kept.
            FtError: The disk refuses it.
        """

        def write(staging: Path) -> None:
            write_record(staging, record)
            write_atomic(staging / "data.jsonl", data_jsonl)
            if golden_jsonl:
                write_atomic(staging / "golden.jsonl", golden_jsonl)
            if write_rows is not None:
                write_rows(staging / ROWS)
            write_owner(staging / OWNER)

        return self._add_run(name, write)

    def import_adapter(self, name: str, folder: Path) -> RunFolder:
        """Copy an adapter (PEFT's layout), or full weights, that was made elsewhere.

        Args:
            name: What it is called from now on; versions before stay.
            folder: Where it lies. Pickles and subfolders are not taken along.

        Raises:
            AdapterError: There are no weights in safetensors format.
            SettingError: The name cannot be kept.
            FtError: The disk refuses it.
        """
        return self._add_run(name, copier(name, Path(folder)))

    def run(self, name: str, back: int = 0, *, with_result: bool = False) -> RunFolder:
        """A run by name.

        Args:
            name: What it is called.
            back: How many before the newest one.
            with_result: Count only runs that have an adapter.

        Raises:
            NameUnknown: There is none of that name, none with an adapter, or not so many.
        """
        where = f"adapter:{name}"
        folders = {v: self._folder(name, v) for v in self._runs.known(name, where)}
        versions = [v for v in folders if not with_result or folders[v].adapter is not None]
        if not versions:
            what = f"'{name}' has no adapter yet"
            raise NameUnknown(where, what, f"See how its run goes: %ft show {name}.")
        return folders[count_back(versions, back, f"'{name}'", where)]

    def run_names(self) -> list[str]:
        """The names of all runs, those of imported adapters too."""
        return self._runs.names()

    def versions(self, name: str) -> list[int]:
        """The versions that are kept of a run, newest first."""
        return self._runs.versions(name)

    def prune(self, name: str) -> list[int]:
        """Drop old versions of a run; five before the newest stay.

        Those with an adapter are counted by themselves too, so that a series of failed runs does
        not push out the adapter that works.

        Returns:
            The versions that were dropped; never one that some kernel is at work on.
        """
        with self.changing():
            return self._prune(name)

    def _prune(self, name: str) -> list[int]:
        folders = [self._folder(name, version) for version in self._runs.versions(name)]
        made = [folder for folder in folders if folder.adapter is not None]
        most = MOST_VERSIONS_BEFORE + 1
        kept = {folder.version for folder in (*folders[:most], *made[:most])}
        dropped = [f for f in folders[most:] if f.version not in kept and not f.active]
        for folder in dropped:
            shutil.rmtree(folder.path, ignore_errors=True)
        return [folder.version for folder in dropped]

    def _add_run(self, name: str, write: Callable[[Path], None]) -> RunFolder:
        check_name(name, f"run {name}")
        with self.changing():
            replaces = bool(self._runs.versions(name))
            number = self._runs.next(name)
            write_folder(self._runs.path(name, number), write)
            if replaces:
                self._journal.add(Change("replace", "adapter", name, (number,)))
                self._prune(name)
        return self._folder(name, number)

    def _folder(self, name: str, version: int) -> RunFolder:
        return RunFolder(self._runs.path(name, version))

    # ------------------------------------------------------------------ small state

    def get(self, key: str, default: Any = None) -> Any:
        """A small thing that is kept: the goal, the base model, the adapter in use."""
        return self._state().get(key, default)

    def set(self, key: str, value: Any) -> None:
        """Keep a small thing; None forgets it.

        Raises:
            FtError: The disk refuses it.
        """
        with self.changing():
            state = {**self._state(), key: value}
            write_json(self.home / STATE, {k: v for k, v in state.items() if v is not None})

    def _state(self) -> dict[str, Any]:
        path = self.home / STATE
        return read(path) if path.is_file() else {}

    # ------------------------------------------------------------------ delete, rename, undo

    def delete(self, kind: str, name: str) -> None:
        """Delete all versions of a thing of a kind (`data`, `golden`, `adapter`) until `undo`.

        Raises:
            NameUnknown: There is none of that name.
            RunError: A kernel is at work on it.
        """
        with self.changing():
            undo.delete(self._shelves[kind], self._journal, name)

    def rename(self, kind: str, old: str, new: str) -> None:
        """Give all versions of a thing another name; `undo` takes it back.

        Raises:
            NameUnknown: There is none of the old name.
            SettingError: The new name is taken, or cannot be kept.
            RunError: A kernel is at work on it.
        """
        check_name(new, f"rename {old}")
        with self.changing():
            undo.rename(self._shelves[kind], self._journal, old, new)

    def undo(self) -> str:
        """Take back the last delete, rename or replacement; what it was, in words.

        Raises:
            FtError: There is nothing to take back.
            RunError: A kernel is at work on what would be taken back.
        """
        with self.changing():
            return undo.take_back(self._shelves, self._journal)
