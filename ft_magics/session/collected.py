"""Sets that were collected, opened: the checks that a click left out are made now."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ft_magics.errors import FtError
from ft_magics.store.collected import file_sha256, is_checked, keep_checked

if TYPE_CHECKING:
    from pathlib import Path

    from ft_magics.data import Dataset
    from ft_magics.session.state import Session

__all__ = ["opened"]


def opened(session: Session, name: str, back: int) -> Dataset:
    """A data set that was collected, with what the checks find in it.

    A click only adds its row, so that it takes as long with a thousand rows as with ten; whoever
    opens the set next has all of them checked, once.

    Args:
        session: Where it is kept.
        name: What it is called.
        back: Versions before the newest one.
    """
    from ft_magics.data import Dataset
    from ft_magics.data.making import examined
    from ft_magics.session.dataset import with_overlaps

    file = session.store.rows_file(name, back)
    record = session.store.load_set("data", name, back)
    rows, rows_sha256 = _read(file)
    kept = Dataset.from_records(record, rows)
    if is_checked(record, rows_sha256):
        return kept
    made = replace(with_overlaps(session, examined(kept)), version=kept.version)
    # A home that cannot be written to is checked each time.
    with contextlib.suppress(FtError), session.store.changing():
        keep_checked(file.parent, made.to_records(rows=False), rows_sha256)
    return made


def _read(file: Path) -> tuple[Any, str]:
    """The rows, and the hash of the file they came from; somebody may be clicking meanwhile."""
    from ft_magics.data import RowFile
    from ft_magics.session.state import IN_MEMORY

    while True:
        before = file_sha256(file)
        rows: Any = RowFile(file)
        rows = tuple(rows) if len(rows) <= IN_MEMORY else rows
        if file_sha256(file) == before:
            return rows, before
