"""The session of a kernel: where things are kept, what is loaded, what runs."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ft_magics.errors import NameUnknown, nearest
from ft_magics.session.front_end import FrontEnd, StaticFrontEnd
from ft_magics.store import Store, find_home, forgets_disk
from ft_magics.store.collected import MARK

if TYPE_CHECKING:
    from ft_magics.data import Dataset, GoldenSet
    from ft_magics.models import Base, BaseFacts
    from ft_magics.serving import Server
    from ft_magics.session.objects import Answers
    from ft_magics.session.prefer import Preferring
    from ft_magics.session.run import Run

__all__ = [
    "DEFAULT_MODEL",
    "Loaded",
    "ModelChoice",
    "Session",
    "current",
    "open_home",
    "set_front_end",
]

DEFAULT_MODEL = "smollm2-135m"

IN_MEMORY = 2000
"""Rows of a data set that are held in memory; more are read from their file."""


@dataclass(frozen=True)
class ModelChoice:
    """A base model as the user asked for it."""

    name: str
    revision: str | None = None
    dtype: str = "auto"
    trust_remote_code: bool = False

    @property
    def title(self) -> str:
        """What is shown: of a folder or file its own name, as saved outputs hold no path."""
        path = Path(self.name).expanduser()
        return path.name if path.exists() else self.name

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form, kept with runs."""
        return {
            "name": self.name,
            "revision": self.revision,
            "dtype": self.dtype,
            "trust_remote_code": self.trust_remote_code,
        }


@dataclass
class Loaded:
    """A base model in memory, and what answers with it and its adapters."""

    choice: ModelChoice
    base: Base
    server: Server


@dataclass
class Session:
    """Everything one kernel holds. The bases are the process's own; the rest belongs to a home."""

    store: Store
    front_end: FrontEnd = field(default_factory=StaticFrontEnd)
    runs: dict[str, Run] = field(default_factory=dict)
    """The newest run of each name that this kernel started."""
    last_answers: Answers | None = None
    """What the last prompt showed: what a vote without a name is about."""
    preferring: Preferring | None = None
    """The blind comparison that was opened last."""

    # ------------------------------------------------------------------ models

    def choice(self, name: str | None = None, **options: Any) -> ModelChoice:
        """The model that was asked for, else the one of `%ft model`, else the default."""
        if name is not None:
            given = {k: v for k, v in options.items() if v is not None}
            return ModelChoice(name, **given)
        kept = self.store.get("model")
        return ModelChoice(**kept) if kept else ModelChoice(DEFAULT_MODEL)

    def is_loaded(self, choice: ModelChoice) -> bool:
        """Whether the base is in memory already."""
        return choice in _bases

    def load(self, choice: ModelChoice) -> Loaded:
        """The base in memory; loaded on first use, and shared by every run and prompt.

        Raises:
            ModelError: It cannot be found, read or trusted.
        """
        with _loading:
            if choice not in _bases:
                from ft_magics import models
                from ft_magics.serving import Server

                base = models.load(
                    choice.name,
                    revision=choice.revision,
                    dtype=choice.dtype,
                    trust_remote_code=choice.trust_remote_code,
                    notify=self.front_end.notice,
                    progress=self.front_end.progress,
                )
                _bases[choice] = Loaded(choice, base, Server(base))
            return _bases[choice]

    def facts(self, choice: ModelChoice) -> BaseFacts:
        """What is known of a base: of the loaded one, else from its files; no weights are read.

        Raises:
            ModelError: It cannot be found or trusted.
        """
        if choice in _bases:
            return _bases[choice].base.facts
        from ft_magics import models

        return models.peek(
            choice.name,
            revision=choice.revision,
            dtype=choice.dtype,
            trust_remote_code=choice.trust_remote_code,
            notify=self.front_end.notice,
            progress=self.front_end.progress,
        )

    def tokenizer(self, choice: ModelChoice) -> Any:
        """The tokenizer alone: no weights are read for it.

        Raises:
            ModelError: It cannot be found, read or trusted.
        """
        if choice in _bases:
            return _bases[choice].base.tokenizer
        with _loading:
            if choice not in _tokenizers:
                from ft_magics import models

                _tokenizers[choice] = models.load_tokenizer(
                    choice.name,
                    revision=choice.revision,
                    trust_remote_code=choice.trust_remote_code,
                    notify=self.front_end.notice,
                    progress=self.front_end.progress,
                )
            return _tokenizers[choice]

    def loaded(self) -> list[Loaded]:
        """Every base in memory."""
        return list(_bases.values())

    def free(self) -> int:
        """Forget every base that no run uses; how many were forgotten."""
        if self.active():
            return 0
        count = len(_bases)
        _bases.clear()
        _tokenizers.clear()
        return count

    # ------------------------------------------------------------------ things by name

    def dataset(self, name: str, where: str) -> Dataset:
        """A data set that is kept here.

        Raises:
            NameUnknown: There is none of that name.
        """
        from ft_magics.data import Dataset, RowFile

        record = self._set("data", name, where)
        written, _, back = name.partition("~")
        if MARK in record:
            from ft_magics.session.collected import opened

            return opened(self, written, int(back or 0))
        rows: Any = RowFile(self.store.rows_file(written, int(back or 0)))
        # Few rows are quicker from memory, and stay what they are whatever happens to the file.
        return Dataset.from_records(record, tuple(rows) if len(rows) <= IN_MEMORY else rows)

    def golden(self, name: str, where: str) -> GoldenSet:
        """A golden set that is kept here.

        Raises:
            NameUnknown: There is none of that name.
        """
        from ft_magics.data import GoldenSet

        return GoldenSet.from_records(self._set("golden", name, where))

    def _set(self, kind: str, written: str, where: str) -> dict[str, Any]:
        name, _, back = written.partition("~")
        names = self.store.set_names(kind)
        if name not in names:
            magic = {"data": "%%dataset", "golden": "%%golden"}[kind]
            word = {"data": "data set", "golden": "golden set"}[kind]
            hint = nearest(name, names) or f"Define it in a cell that begins with {magic} {name}."
            raise NameUnknown(where, f"there is no {word} '{name}'", hint)
        return self.store.load_set(kind, name, int(back or 0))

    # ------------------------------------------------------------------ runs

    def active(self) -> list[Run]:
        """Runs of this kernel that are queued, running or paused, in the order of their turn."""
        return [run for run in self.runs.values() if run.active]

    def run(self, name: str, where: str = "") -> Run:
        """A run by name: of this kernel, else rebuilt from disk.

        Raises:
            NameUnknown: There is none of that name.
        """
        if name in self.runs:
            return self.runs[name]
        from ft_magics.session.run import Run

        if name not in self.store.run_names():
            hint = nearest(name, {*self.store.run_names(), *self.runs})
            raise NameUnknown(where, f"there is no run '{name}'", hint or "See %ft list.")
        return Run.from_folder(self.store.run(name))


_bases: dict[ModelChoice, Loaded] = {}
_tokenizers: dict[ModelChoice, Any] = {}
_loading = threading.RLock()
_session: Session | None = None
_front_end: FrontEnd = StaticFrontEnd()
_asked_home: str | None = None


def current() -> Session:
    """The session of this kernel; a new one when the home folder has been moved.

    A run in progress keeps its own folder, so it goes on undisturbed.
    """
    global _session
    home = Path(find_home(_asked_home))
    if _session is None or _session.store.home != home:
        _session = Session(Store(home), _front_end)
        lost = forgets_disk(home)
        if lost:
            _front_end.notice(lost)
    return _session


def open_home(home: str | os.PathLike[str] | None) -> None:
    """Keep things in this folder from now on; None goes back to the default."""
    global _asked_home
    _asked_home = os.fspath(home) if home else None


def set_front_end(front_end: FrontEnd | None) -> None:
    """Fill the port; None empties it."""
    global _front_end
    _front_end = front_end or StaticFrontEnd()
    if _session is not None:
        _session.front_end = _front_end
