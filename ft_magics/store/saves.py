"""Numbered folders of a run, whole or not there: kept steps, and the newest checkpoint."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from ft_magics.files import write_folder, write_json
from ft_magics.store.disk import count_bytes, numbered, read

__all__ = [
    "bound",
    "drop",
    "link_tree",
    "newest_checkpoint",
    "save",
    "save_checkpoint",
    "step_name",
    "sweep",
]

MANIFEST = "manifest.json"
ASIDE = ".damaged"


def step_name(step: int) -> str:
    """The folder name of a step, so that names sort as numbers do."""
    return f"{step:06d}"


def sweep(folder: Path) -> None:
    """Remove what a crash left half written. Only the process at work on a run may do this."""
    for path in folder.glob(".*"):
        shutil.rmtree(path, ignore_errors=True)


def save(folder: Path, step: int, write: Callable[[Path], None]) -> None:
    """Write the folder of a step; the same step written again replaces it."""
    sweep(folder)
    write_folder(folder / step_name(step), write)


def drop(folder: Path, step: int) -> None:
    """Remove the folder of a step."""
    shutil.rmtree(folder / step_name(step), ignore_errors=True)


def bound(folder: Path, most: int, most_bytes: int, never: Iterable[int]) -> list[int]:
    """Drop the oldest steps until few enough are left.

    Args:
        folder: The steps.
        most: How many may stay.
        most_bytes: How much they may weigh together; a full fine-tune's step is as big as its base.
        never: Steps that stay whatever they weigh; the newest does too.

    Returns:
        The steps that were dropped.
    """
    steps = numbered(folder)
    sizes = {step: count_bytes(folder / step_name(step)) for step in steps}
    held = {*never, *steps[-1:]}
    dropped = []
    for step in steps:
        if len(sizes) <= most and sum(sizes.values()) <= most_bytes:
            break
        if step not in held:
            drop(folder, step)
            del sizes[step]
            dropped.append(step)
    return dropped


def save_checkpoint(folder: Path, step: int, write: Callable[[Path], None]) -> None:
    """Write a checkpoint with a manifest of its files; the one before goes once it is there."""

    def whole(staging: Path) -> None:
        write(staging)
        write_json(staging / MANIFEST, _sizes(staging))

    save(folder, step, whole)
    for other in numbered(folder):
        if other != step:
            drop(folder, other)


def newest_checkpoint(folder: Path) -> Path | None:
    """The newest checkpoint that is whole; one that is not is set aside under another name."""
    for step in reversed(numbered(folder)):
        path = folder / step_name(step)
        if _is_whole(path):
            return path
        aside = path.with_name(path.name + ASIDE)
        shutil.rmtree(aside, ignore_errors=True)
        path.replace(aside)
    return None


def _sizes(folder: Path) -> dict[str, int]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in files}


def _is_whole(folder: Path) -> bool:
    if not (folder / MANIFEST).is_file():
        return False
    found = _sizes(folder)
    found.pop(MANIFEST)
    return found == read(folder / MANIFEST)


def link_tree(source: Path, target: Path) -> None:
    """Fill a folder with another's files, sharing their space where the disk can do that.

    Files here are replaced, never written into, so that sharing is safe.
    """
    for path in sorted(source.rglob("*")):
        goal = target / path.relative_to(source)
        if path.is_dir():
            goal.mkdir(exist_ok=True)
            continue
        try:
            goal.hardlink_to(path)
        except OSError:  # another disk, or a file system without links
            shutil.copy2(path, goal)
