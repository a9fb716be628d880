"""Delete and rename, and taking back these and replacements. The caller holds the home's lock."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ft_magics.errors import RunError, SettingError
from ft_magics.store.journal import Change, Journal
from ft_magics.store.runs import RunFolder
from ft_magics.store.shelf import Shelf

__all__ = ["delete", "rename", "take_back"]


def delete(shelf: Shelf, journal: Journal, name: str) -> None:
    """Move all versions of a name into the trash.

    Raises:
        NameUnknown: It is not there.
        RunError: A kernel is at work on it.
    """
    where = f"delete {name}"
    versions = shelf.known(name, where)
    _idle(shelf, name, versions, where)
    number = journal.new_folder()
    # Noted first: should the process end in between, what is in the trash can be brought back.
    journal.add(Change("delete", shelf.kind, name, tuple(versions), trash=number))
    shelf.of(name).replace(journal.folder(number) / name)


def rename(shelf: Shelf, journal: Journal, old: str, new: str) -> None:
    """Give all versions of a name another one.

    Raises:
        NameUnknown: The old name is not there.
        SettingError: The new one is.
        RunError: A kernel is at work on it.
    """
    where = f"rename {old}"
    versions = shelf.known(old, where)
    if new in shelf.names():
        remedy = "Choose another name, or delete that one first."
        raise SettingError(where, f"the {shelf.word} '{new}' is there already", remedy)
    _idle(shelf, old, versions, where)
    journal.add(Change("rename", shelf.kind, old, tuple(versions), new_name=new))
    shelf.move(old, new, versions)


def take_back(shelves: Mapping[str, Shelf], journal: Journal) -> str:
    """Undo the newest change.

    Returns:
        What was taken back, in words.

    Raises:
        FtError: There is nothing to take back.
        RunError: A kernel is at work on what would be taken back.
    """
    change = journal.last()
    told = _UNDO[change.what](shelves[change.kind], journal, change)
    journal.take_off()
    return told


def _undo_delete(shelf: Shelf, journal: Journal, change: Change) -> str:
    made_since = shelf.versions(change.name)
    trash = journal.folder(change.trash)
    thrown = Shelf(trash, shelf.kind, shelf.word, "", shelf.suffix)
    shelf.of(change.name).mkdir(parents=True, exist_ok=True)
    for version in thrown.versions(change.name):
        thrown.path(change.name, version).replace(shelf.path(change.name, version))
    told = f"the {shelf.word} {change.name} is back"
    if not made_since:
        return told
    return f"{told} as {change.name}~{len(made_since)}; the one made since stays the newest"


def _undo_rename(shelf: Shelf, journal: Journal, change: Change) -> str:
    _idle(shelf, change.new_name, shelf.versions(change.new_name), "undo")
    shelf.move(change.new_name, change.name, change.versions)
    return f"the {shelf.word} {change.new_name} is called {change.name} again"


def _undo_replace(shelf: Shelf, journal: Journal, change: Change) -> str:
    _idle(shelf, change.name, change.versions, "undo")
    for version in change.versions:
        path = shelf.path(change.name, version)
        if path.exists():
            path.replace(journal.folder(journal.new_folder()) / path.name)
    return f"the {shelf.word} {change.name} is the one before again"


_UNDO: dict[str, Callable[[Shelf, Journal, Change], str]] = {
    "delete": _undo_delete,
    "rename": _undo_rename,
    "replace": _undo_replace,
}


def _idle(shelf: Shelf, name: str, versions: list[int] | tuple[int, ...], where: str) -> None:
    """Refuse to move a run away from under the process that writes to it."""
    if shelf.kind != "adapter":
        return
    paths = [shelf.path(name, version) for version in versions]
    if any(RunFolder(path).active for path in paths if path.is_dir()):
        remedy = f"Stop it first: %ft stop {name}."
        raise RunError(where, f"a kernel is at work on {name}", remedy)
