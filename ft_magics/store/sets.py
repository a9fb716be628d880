"""One version of a data set or golden set on disk: a JSON file, or a folder with rows beside it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from ft_magics.files import write_folder, write_json
from ft_magics.store.disk import read

__all__ = ["ROWS", "SET", "read_set", "same_set", "write_set"]

ROWS = "rows.jsonl"
SET = "set.json"


def write_set(path: Path, record: dict[str, Any], rows: Path | None) -> None:
    """Write a version.

    Args:
        path: Its file, with a suffix, or its folder.
        record: JSON-able.
        rows: A file that is moved into the folder.
    """
    if path.suffix:
        write_json(path, record)
        return

    def write(staging: Path) -> None:
        write_json(staging / SET, record)
        if rows is not None:
            shutil.move(rows, staging / ROWS)

    write_folder(path, write)


def read_set(path: Path) -> dict[str, Any]:
    """The record of a version.

    Raises:
        FtError: It is damaged.
    """
    record: dict[str, Any] = read(path if path.suffix else path / SET)
    return record


def same_set(kept: dict[str, Any], record: dict[str, Any]) -> bool:
    """Whether a record on disk has this content; JSON knows no tuples, so both go through it."""
    plain = json.loads(json.dumps({**record, "version": 0}))
    return bool(plain == {**kept, "version": 0})
