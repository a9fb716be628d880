"""Things of one kind on disk, by name and version; what they hold is not looked at."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ft_magics.errors import NameUnknown, nearest
from ft_magics.files import write_json
from ft_magics.store.disk import numbered, read

__all__ = ["SHELVES", "Shelf", "count_back"]


@dataclass(frozen=True)
class Shelf:
    """The versions of everything of a kind: `HOME/FOLDER/NAME/0003SUFFIX`.

    Attributes:
        home: The folder of all shelves.
        kind: `data`, `golden` or `adapter`.
        word: What a user calls it.
        folder: Name of the shelf's folder.
        suffix: What follows a version's number; empty where a version is a folder.
    """

    home: Path
    kind: str
    word: str
    folder: str
    suffix: str

    def names(self) -> list[str]:
        """The names of all that is here, in alphabetical order."""
        return [name for name in self._entries() if self.versions(name)]

    def _entries(self) -> list[str]:
        try:
            found = [path.name for path in (self.home / self.folder).iterdir()]
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted(name for name in found if not name.startswith("."))

    def versions(self, name: str) -> list[int]:
        """The versions of a name, newest first; none for a name that is not here."""
        return numbered(self.of(name), self.suffix)[::-1]

    def of(self, name: str) -> Path:
        """The folder with all versions of a name."""
        return self.home / self.folder / name

    def path(self, name: str, version: int) -> Path:
        """The file or folder of a version."""
        return self.of(name) / f"{version:04d}{self.suffix}"

    def drop(self, name: str, version: int) -> None:
        """Delete a version."""
        path = self.path(name, version)
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)

    def known(self, name: str, where: str) -> list[int]:
        """The versions of a name that must be here, newest first.

        Raises:
            NameUnknown: It is not.
        """
        # Asked for by name, not by path: a name that leads out of the shelf is not on it. One look
        # at the folder, not one at each name: a listing asks for every adapter.
        found = self.versions(name) if name in self._entries() else []
        if not found:
            hint = nearest(name, self.names())
            raise NameUnknown(where, f"there is no {self.word} '{name}'", hint)
        return found

    def next(self, name: str) -> int:
        """A version number that this name never had, so that a number means one thing for ever."""
        key, numbers = f"{self.folder}/{name}", self._numbers()
        number = max([0, numbers.get(key, 0), *self.versions(name)]) + 1
        write_json(self._numbers_path, {**numbers, key: number})
        return number

    def move(self, old: str, new: str, versions: Iterable[int]) -> None:
        """Give versions another name; those that are not there are left out."""
        goal = self.of(new)
        goal.mkdir(parents=True, exist_ok=True)
        for version in versions:
            path = self.path(old, version)
            if path.exists():
                path.replace(self.path(new, version))
        if not self.versions(old):
            shutil.rmtree(self.of(old), ignore_errors=True)
        key, numbers = f"{self.folder}/{new}", self._numbers()
        highest = max([numbers.get(key, 0), *self.versions(new)])
        write_json(self._numbers_path, {**numbers, key: highest})

    @property
    def _numbers_path(self) -> Path:
        return self.home / "numbers.json"

    def _numbers(self) -> dict[str, int]:
        return read(self._numbers_path) if self._numbers_path.is_file() else {}


SHELVES = {
    "data": ("data set", "data", ""),
    "golden": ("golden set", "golden", ".json"),
    "adapter": ("adapter", "runs", ""),
}
"""Kind -> what a user calls it, its folder, the suffix of a version."""


def count_back(versions: list[int], back: int, what: str, where: str) -> int:
    """The version so many before the newest.

    Args:
        versions: Newest first, at least one.
        back: 0 is the newest.
        what: How to call it in the error.
        where: The cell, for the error.

    Raises:
        NameUnknown: There are not so many.
    """
    if 0 <= back < len(versions):
        return versions[back]
    count = len(versions) - 1
    kept = {0: "No version before it is kept", 1: "One version before it is kept"}
    remedy = kept.get(count, f"{count} versions before it are kept")
    raise NameUnknown(where, f"{what} has no version ~{back}", f"{remedy}.")
