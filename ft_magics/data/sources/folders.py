"""A folder -> the files of it that are read."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ft_magics.data.sources.file_rows import READABLE, Note, file_kind, suffix_of
from ft_magics.data.sources.splits import chosen_split, split_of
from ft_magics.errors import DataError

__all__ = ["folder_files"]

_ABOUT = re.compile(
    r"(readme|licen[cs]e|changelog|notice|dataset_infos?|dataset_dict|state|croissant)\b", re.I
)
"""Names of files that are about the others."""

_CHATS = re.compile(r"conversations(-\d+)?\.json(\.gz)?")
_INNER = re.compile(r"(data|train|test|valid|val|dev|eval)", re.I)


def folder_files(folder: Path, where: str, note: Note, split: str | None = None) -> list[Path]:
    """The files of a folder that hold the rows, in the order of their names.

    A folder that `datasets` wrote, an export of chats, or files: where files or folders are named
    after splits, those of `train` unless another is named.

    Args:
        folder: The folder.
        where: The cell, for errors.
        note: Told which files are read.
        split: The split that is wanted.

    Raises:
        DataError: There are no such files, or no such split.
    """
    try:
        saved = _saved(folder, where, split)
        files = saved if saved is not None else _found(folder, where, note, split)
    except OSError as error:
        what = f"{folder.name} cannot be read: {error.strerror or error}."
        raise DataError(where, what, "Check its rights.") from None
    if not files:
        return _inside(folder, where, note, split)
    names = [file.name for file in files]
    shown = ", ".join(names[:6]) + (f" and {len(names) - 6:,} more" if len(names) > 6 else "")
    note("files", f"read from {folder.name}: {shown}", "")
    return files


def _inside(folder: Path, where: str, note: Note, split: str | None) -> list[Path]:
    """The files of the one folder within, such as a subset of a data set that was downloaded."""
    there = [f for f in sorted(folder.iterdir()) if f.is_dir() and not f.name.startswith(".")]
    with_rows = [f for f in there if any(map(_is_readable, f.rglob("*")))]
    if len(with_rows) == 1:
        return folder_files(with_rows[0], where, note, split)
    if with_rows:
        names = ", ".join(f.name for f in with_rows[:8])
        what = f"the folder {folder.name} has its files in several folders: {names}."
        raise DataError(where, what, f"Name one of them: {folder.name}/{with_rows[0].name}.")
    what = f"the folder {folder.name} has no files of rows."
    if any(map(_is_readable, folder.iterdir())):
        remedy = 'Plain texts are rows when each is written as {"text": "…"}, one a line.'
        raise DataError(where, f"{what[:-1]}, only plain texts or empty ones.", remedy)
    ends = ", ".join(sorted(READABLE))
    raise DataError(where, what, f"What is read are files that end with {ends}.")


def _saved(folder: Path, where: str, split: str | None) -> list[Path] | None:
    """The files of a folder that `save_to_disk` wrote; None if it is none."""
    splits = _read(folder / "dataset_dict.json").get("splits")
    if isinstance(splits, list):
        names = [name for name in splits if isinstance(name, str) and _is_inside(name)]
        folder = folder / chosen_split(names, split, folder.name, where)
        split = None
    listed = _read(folder / "state.json").get("_data_files")
    if not isinstance(listed, list):
        return None
    if split is not None:
        raise DataError(where, f"{folder.name} has no splits.", "Leave --split out.")
    names = [str(entry.get("filename")) for entry in listed if isinstance(entry, dict)]
    return [folder / name for name in names if _is_inside(name) and (folder / name).is_file()]


def _is_inside(name: str) -> bool:
    """Whether a name that a file tells us stays in its folder."""
    return Path(name).name == name and name not in ("", ".", "..")


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _found(folder: Path, where: str, note: Note, split: str | None) -> list[Path]:
    here = _readable(folder)
    chats = [file for file in here if _CHATS.fullmatch(file.name)]
    if chats and split is None:
        return chats
    inner = [f for f in sorted(folder.iterdir()) if f.is_dir() and _INNER.match(f.name)]
    below = [(split_of(f.name), file) for f in inner for file in _readable(f)]
    named = [(None, file) for file in here] or below
    return _usable(_of_split(named, folder, where, note, split), where, note)


def _readable(folder: Path) -> list[Path]:
    """The folder's files that may hold rows, by their names."""
    return [file for file in sorted(folder.iterdir()) if _is_readable(file)]


def _is_readable(file: Path) -> bool:
    return (
        file.is_file()
        and suffix_of(file) in READABLE
        and not file.name.startswith((".", "_"))
        and not _ABOUT.match(file.name)
    )


_SHARD = re.compile(r"(.+)-\d{5}-of-\d{5}\b")


def _splits(files: Sequence[tuple[str | None, Path]], wanted: str | None) -> list[str]:
    """The split of each file; the hub's own names where several of them mean the same one.

    ultrachat has `train_sft` and `train_gen`, whose rows are the same ones again.
    """
    usual = [split_of(file.name) or outer or "" for outer, file in files]
    shards = [_SHARD.match(file.name) for _, file in files]
    own = [shard[1] if shard else "" for shard in shards]
    pairs = {(a, b) for a, b in zip(usual, own, strict=True) if a and b}
    doubled = len(pairs) > len({a for a, _ in pairs})
    return own if all(own) and (doubled or wanted in own) else usual


def _of_split(
    files: Sequence[tuple[str | None, Path]],
    folder: Path,
    where: str,
    note: Note,
    split: str | None,
) -> list[Path]:
    """The files of the split that is wanted; of files without one, all."""
    by_split: dict[str, list[Path]] = {}
    for name, (_, file) in zip(_splits(files, split), files, strict=True):
        by_split.setdefault(name, []).append(file)
    rest = by_split.get("", [])
    if split is None and rest and "train" not in by_split:
        left = [name for name in by_split if name]
        chosen, found = "", rest
    elif not by_split or (list(by_split) == [""] and split is None):
        return rest
    else:
        names = [name for name in by_split if name]
        wanted = split if split in names else _SAME.get(split or "", split)
        chosen = chosen_split(names, wanted, f"the folder {folder.name}", where)
        left, found = [name for name in by_split if name != chosen], by_split[chosen]
    if left:
        count = sum(len(by_split[name]) for name in left)
        words = "a file" if count == 1 else f"{count} files"
        kinds = ", ".join(name or "no split" for name in left)
        note(
            "splits",
            f"{words} of {kinds} in {folder.name} {'was' if count == 1 else 'were'} not read",
            "",
        )
    return found


_SAME = {"valid": "validation", "val": "validation", "dev": "validation", "eval": "validation"}


def _usable(files: Sequence[Path], where: str, note: Note) -> list[Path]:
    """Without files that are empty or plain prose: among others, those are no reason to stop."""
    usable = []
    for file in files:
        kind = file_kind(file, where)
        prose = suffix_of(file) in (".txt", ".md") and kind == "yaml"
        if prose or kind == "empty":
            what = "is plain text, not rows" if prose else "is empty"
            note("files", f"{file.name} {what}, and was not read", "")
        else:
            usable.append(file)
    return usable
