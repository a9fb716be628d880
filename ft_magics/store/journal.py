"""What can be taken back: a journal of the last changes, and the trash they fill."""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from ft_magics.errors import FtError
from ft_magics.files import write_json
from ft_magics.store.disk import count_bytes, numbered, read

__all__ = ["Change", "Journal"]

MOST_CHANGES = 20
# Full fine-tunes weigh as much as their base: the trash must not fill the disk unseen.
MOST_TRASH_BYTES = 8 << 30


@dataclass(frozen=True)
class Change:
    """Something that `undo` can take back."""

    what: str
    """`delete`, `rename` or `replace`."""
    kind: str
    """`data`, `golden` or `adapter`."""
    name: str
    """The name before the change."""
    versions: tuple[int, ...]
    """The versions that were deleted or renamed, or the one that was put before the others."""
    new_name: str = ""
    """For a rename."""
    trash: int = 0
    """Number of the trash folder that holds what was deleted; 0 for none."""


class Journal:
    """The last changes, newest last. Who changes it holds the home's lock.

    Args:
        home: The folder of `journal.json` and `trash/`.
    """

    def __init__(self, home: Path) -> None:
        self.path = home / "journal.json"
        self.trash = home / "trash"

    def last(self) -> Change:
        """The newest change.

        Raises:
            FtError: There is none.
        """
        changes = self._changes()
        if not changes:
            raise FtError("undo", "there is nothing to take back", "See what is kept: %ft list.")
        return changes[-1]

    def add(self, change: Change) -> None:
        """Note a change; the oldest ones and their trash go."""
        self._write([*self._changes(), change])

    def take_off(self) -> None:
        """Forget the newest change: it was taken back."""
        self._write(self._changes()[:-1])

    def new_folder(self) -> int:
        """Make an empty trash folder; its number."""
        number = max(numbered(self.trash), default=0) + 1
        self.folder(number).mkdir(parents=True)
        return number

    def folder(self, number: int) -> Path:
        """A trash folder."""
        return self.trash / f"{number:04d}"

    def _changes(self) -> list[Change]:
        if not self.path.is_file():
            return []
        entries = [Change(**{**e, "versions": tuple(e["versions"])}) for e in read(self.path)]
        there = set(numbered(self.trash))
        return [entry for entry in entries if not entry.trash or entry.trash in there]

    def _write(self, changes: list[Change]) -> None:
        write_json(self.path, [asdict(c) for c in changes[-MOST_CHANGES:]])
        # What undo itself set aside belongs to no change; it too stays for a while.
        sizes = {n: count_bytes(self.folder(n)) for n in numbered(self.trash)}
        for number in list(sizes)[:-1]:
            if len(sizes) <= MOST_CHANGES and sum(sizes.values()) <= MOST_TRASH_BYTES:
                break
            shutil.rmtree(self.folder(number), ignore_errors=True)
            del sizes[number]
