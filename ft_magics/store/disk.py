"""Reading and writing with errors that a user can act on."""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ft_magics.errors import FtError
from ft_magics.files import read_json

__all__ = ["count_bytes", "numbered", "passing", "read", "writing"]

_REMEDY = "Free some space, or keep things elsewhere: %config FtMagics.home = 'FOLDER'."


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the disk refuses into one line with a remedy.

    Raises:
        FtError: The disk is full, read-only or not there.
    """
    try:
        yield
    except TimeoutError:
        raise FtError(str(path), "another kernel is writing to it", "Try again.") from None
    except OSError as error:
        what = f"cannot be written: {error.strerror or error}"
        raise FtError(str(path), what, _REMEDY) from error


def read(path: Path) -> Any:
    """Read a JSON file of ours.

    Raises:
        FtError: Something else than us changed it, so that it is no longer JSON.
    """
    try:
        return read_json(path)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        what = f"is damaged: {error}"
        raise FtError(str(path), what, "Take it from a backup, or delete it.") from None


def numbered(folder: Path, suffix: str = "") -> list[int]:
    """The numbers that are names in a folder, lowest first; hidden and other names are left out.

    Args:
        folder: May be missing.
        suffix: What follows each number: `.json`.
    """
    try:
        names = [path.name for path in folder.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    stems = [name.removesuffix(suffix) for name in names if name.endswith(suffix)]
    return sorted(int(stem) for stem in stems if stem.isdecimal())


@contextlib.contextmanager
def passing(folder: Path) -> Iterator[Path]:
    """A path that nobody else has, for a file that is soon moved away.

    Args:
        folder: Where it lies. What is left there under this name is deleted afterwards.
    """
    path = folder / secrets.token_hex(8)
    try:
        yield path
    finally:
        for left in folder.glob(f"{path.name}*"):
            left.unlink(missing_ok=True)


def count_bytes(folder: Path) -> int:
    """Bytes of all files in a folder; one that vanishes meanwhile counts nothing."""
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            total += path.stat().st_size if path.is_file() else 0
    return total
