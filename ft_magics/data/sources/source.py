"""`--from`: a file, a folder, a data set on the hub or a variable -> numbered rows, in a stream."""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ft_magics.data.bodies import Found
from ft_magics.data.findings import Finding, Severity, finding
from ft_magics.data.sources.field_map import has_field, read_map, renamed
from ft_magics.data.sources.file_rows import READABLE, Note, Part, file_part, suffix_of
from ft_magics.data.sources.folders import folder_files
from ft_magics.data.sources.variables import variable_rows
from ft_magics.errors import DataError, nearest

__all__ = ["Source", "has_field", "open_source", "read_map", "renamed"]

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?")

_SEVERITY: dict[str, Severity] = {"encoding": "warning"}


@dataclass
class Source:
    """Where rows come from. Nothing of it is in memory but what is being read."""

    title: str
    """What is shown and kept: the file's own name, the hub id, `a DataFrame`; never a full path."""
    origin: str = ""
    """More about it, for those who want to know: the split, the number of files."""
    total_bytes: int = 0
    """Its size; 0 where it is not known."""
    done_bytes: int = 0
    """How much of it was read."""
    notes: list[Finding] = field(default_factory=list)
    """What was noticed; complete when all rows are read."""
    parts: Sequence[Part] = ()
    """Its files, or the one thing that it is."""

    def rows(self) -> Iterator[tuple[int, Found]]:
        """Each row's number, counted from 1 over all files, and its fields or what is wrong.

        A number is missing where something was left out, which the notes tell.

        Raises:
            DataError: A file cannot be read, or not to its end.
        """
        number = before = self.done_bytes = 0
        for part in self.parts:

            def told(done: int, before: int = before) -> None:
                self.done_bytes = before + done

            for found in part.rows(told):
                number += 1
                if found is not None:
                    yield number, found
            before += part.size
            self.done_bytes = before

    def note(self, check: str, text: str, remedy: str) -> None:
        """Keep something that was noticed, once, however often the rows are read."""
        made = finding(check, _SEVERITY.get(check, "note"), [], text, remedy)
        if made not in self.notes:
            self.notes.append(made)


def open_source(
    what: Any, where: str, *, split: str | None = None, subset: str | None = None
) -> Source:
    """Find out what a source is and how it is read; nothing but its begin is read yet.

    Args:
        what: A file or folder (text or `Path`), a hub id, or a variable of the notebook: a
            DataFrame, an arrow table, a `datasets` data set, an iterable of objects.
        where: The cell, for errors.
        split: The split, of a source that has several; on the hub also a slice, `train[:1000]`.
        subset: The configuration, of a data set on the hub.

    Raises:
        DataError: There is no such source, it is none, or it has no such split.
    """
    if not isinstance(what, str | Path):
        title, read = variable_rows(what, where, split)
        return Source(title, parts=[Part(title, 0, lambda told: read())])
    name = str(what).strip()
    if not name:
        raise DataError(where, "the source has no name.", "Write --from FILE.")
    try:
        path = Path(name).expanduser()
        is_folder, is_file = path.is_dir(), path.is_file()
    except (OSError, ValueError, RuntimeError):
        path, is_folder, is_file = Path(name), False, False
    if is_file or is_folder:
        if subset is not None:
            remedy = "Leave --subset out; it is for data sets on the hub."
            raise DataError(where, f"{path.name} has no subsets.", remedy)
        return _folder(path, where, split) if is_folder else _file(path, where, split)
    _refuse_address(name, where)
    if not isinstance(what, Path) and _is_hub_id(name, path):
        return _hub(name, where, split, subset)
    raise _missing(name, path, where)


def _file(path: Path, where: str, split: str | None) -> Source:
    source = Source(path.name)
    source.parts = [file_part(path, where, source.note, split)]
    source.total_bytes = source.parts[0].size
    return source


def _folder(path: Path, where: str, split: str | None) -> Source:
    source = Source(path.resolve().name or "a folder")
    note: Note = source.note
    files = folder_files(path, where, note, split)
    source.parts = [file_part(file, where, note) for file in files]
    source.total_bytes = sum(part.size for part in source.parts)
    source.origin = f"{len(files)} file{'s' * (len(files) != 1)}" + (
        f", split {split}" if split else ""
    )
    return source


def _hub(name: str, where: str, split: str | None, subset: str | None) -> Source:
    from ft_magics.data.sources.hub_rows import hub_rows

    chosen, read = hub_rows(name, where, split, subset)
    origin = f"hub, split {chosen}" + (f", subset {subset}" if subset else "")
    return Source(name, origin, parts=[Part(name, 0, lambda told: read())])


def _is_hub_id(name: str, path: Path) -> bool:
    """Whether a name that is no file here can be one on the hub."""
    if not _HUB_ID.fullmatch(name) or suffix_of(path) in READABLE:
        return False
    # In a folder that is there a name is that of a file; so is `faq.jsnl` beside `faq.jsonl`.
    if "/" in name:
        return not path.parent.is_dir()
    return not (path.suffix and difflib.get_close_matches(name, _readable(path.parent), cutoff=0.8))


def _refuse_address(name: str, where: str) -> None:
    if re.match(r"[a-z][a-z0-9+]*://", name, re.IGNORECASE):
        remedy = "Download it and name the file; a data set on the hub is named org/name."
        raise DataError(where, f"'{name[:80]}' is an address.", remedy)


def _missing(name: str, path: Path, where: str) -> DataError:
    shown = name if len(name) <= 120 else f"…{name[-119:]}"
    if not _is_folder(path.parent):
        folder = path.parent.name or str(path.parent)
        return DataError(where, f"there is no folder '{folder}' for '{shown}'.", "Check its path.")
    hint = nearest(path.name, _readable(path.parent)) or "Check its path."
    return DataError(where, f"there is no file '{shown}'.", hint)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _readable(folder: Path) -> list[str]:
    """Names of the files and folders there that could be meant."""
    try:
        there = itertools.islice(folder.iterdir(), 1000)
        names = [f.name for f in there if f.is_dir() or suffix_of(f) in READABLE]
        return [name for name in names if not name.startswith(".")]
    except (OSError, ValueError):
        return []
