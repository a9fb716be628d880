"""Who was made from whom among the adapters kept here; found again after a rename."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from ft_magics.errors import NameUnknown
from ft_magics.store import RunFolder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ft_magics.session.state import Session

__all__ = ["Kin"]


class Kin:
    """The runs of a home, looked through once: made for one question, thrown away after it.

    Args:
        session: Where they are kept.
    """

    def __init__(self, session: Session) -> None:
        self._store = session.store
        self._newest: dict[str, RunFolder | None] = {}

    @cached_property
    def names(self) -> list[str]:
        """The names of all runs."""
        return self._store.run_names()

    def newest(self, name: str) -> RunFolder | None:
        """What a name means: its newest run with an adapter; None as long as there is none."""
        if name not in self._newest:
            try:
                self._newest[name] = self._store.run(name, 0, with_result=True)
            except NameUnknown:
                self._newest[name] = None
        return self._newest[name]

    def latest(self, name: str) -> RunFolder:
        """The newest run of a name, with an adapter or without."""
        return self._store.run(name)

    def versions(self, name: str) -> list[RunFolder]:
        """All runs of a name, newest first."""
        if name not in self.names:
            return []
        folder = self.latest(name).path.parent
        return [RunFolder(folder / f"{v:04d}") for v in self._store.versions(name)]

    def find(self, facts: Mapping[str, Any]) -> RunFolder | None:
        """A run by what a child has kept of it.

        A version number is never used twice under a name, but a rename carries it to another name.
        The key goes along, and two runs with the same key are the same adapter.

        Args:
            facts: `lineage.parent_facts`.

        Returns:
            The run; None when it is no longer kept.
        """
        name, key = facts["name"], facts.get("key")
        for folder in self.versions(name):
            if folder.version == facts["version"] and folder.record.get("key") == key:
                return folder
        alike = self._by_key.get(key, []) if key else []
        renamed = [folder for folder in alike if folder.version == facts["version"]]
        return next(iter(renamed or alike), None)

    @cached_property
    def _by_key(self) -> dict[str, list[RunFolder]]:
        found: dict[str, list[RunFolder]] = {}
        for name in self.names:
            for folder in self.versions(name):
                key = folder.record.get("key")
                if key and folder.adapter is not None:
                    found.setdefault(key, []).append(folder)
        return found

    def parent(self, folder: RunFolder) -> RunFolder | None:
        """The run that this one started from; None for a first stage, or when it is gone."""
        facts = folder.record.get("parent")
        return self.find(facts) if facts else None

    def children(self, name: str) -> list[RunFolder]:
        """What stands on any version of an adapter, by name; later versions of itself do not count."""
        made = [self.newest(other) or self.latest(other) for other in self.names if other != name]
        parents = [(folder, self.parent(folder)) for folder in made]
        return [folder for folder, parent in parents if parent is not None and parent.name == name]

    def reference(self, folder: RunFolder) -> str:
        """How a user names a run now: `ollie`, `ollie~1`."""
        made = [one.version for one in self.versions(folder.name) if one.adapter is not None]
        back = made.index(folder.version) if folder.version in made else 0
        return f"{folder.name}~{back}" if back else folder.name
