"""The folder of one run: what it was made from, what happened, what came out."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from ft_magics.errors import NameUnknown, RunError
from ft_magics.events import Evaluated, Event, RunEnded, RunQueued
from ft_magics.files import locked, write_atomic, write_folder, write_json
from ft_magics.store import saves
from ft_magics.store.disk import numbered, read, writing
from ft_magics.store.event_log import EventLog
from ft_magics.store.owner import is_alive, is_own, write_owner

__all__ = ["ACTIVE", "RunFolder", "write_record"]

ACTIVE = frozenset({"queued", "running", "paused"})
RECORD, OWNER, LOCK = "record.json", "owner.pid", ".lock"
MOST_STEPS = 20
# A LoRA's step weighs some 20 MB; a full fine-tune's as much as its base.
MOST_STEP_BYTES = 4 << 30


@lru_cache(maxsize=256)
def _read_record(path: Path, inode: int, changed_ns: int, length: int) -> dict[str, Any]:
    """Read a record once, until the file is another; a listing asks each run several times."""
    found: dict[str, Any] = read(path)
    return found


def write_record(folder: Path, record: dict[str, Any]) -> None:
    """Write the record of a new run.

    Args:
        folder: Its folder.
        record: JSON-able; when it was made is added.
    """
    write_json(folder / RECORD, {**record, "made_at_s": time.time()})


class RunFolder:
    """A version of a run on disk. Several may be open on one folder, in several processes.

    Args:
        path: `…/runs/NAME/0003`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._log = EventLog(path / "events.jsonl")
        self._saving = threading.Lock()
        self._eval_losses: dict[int, float] | None = None

    def __repr__(self) -> str:
        return f"RunFolder({self.name}, version {self.version})"

    @property
    def name(self) -> str:
        """What the user calls it."""
        return self.path.parent.name

    @property
    def version(self) -> int:
        """Counted from 1; a run of the same name made later has a higher one."""
        return int(self.path.name)

    # ------------------------------------------------------------------ what it was made from

    @property
    def record(self) -> dict[str, Any]:
        """What the run was made from and what is known of it. Read it, and `update_record` it.

        Raises:
            FtError: It is damaged.
            NameUnknown: The run was deleted meanwhile.
        """
        try:
            facts = (self.path / RECORD).stat()
        except FileNotFoundError:
            what = f"version {self.version} is no longer there"
            raise NameUnknown(f"run {self.name}", what, "See %ft list, or %ft undo.") from None
        return _read_record(self.path / RECORD, facts.st_ino, facts.st_mtime_ns, facts.st_size)

    def update_record(self, **values: Any) -> None:
        """Set entries of the record; the others stay, also those that another kernel sets.

        Raises:
            FtError: The disk refuses it.
        """
        with writing(self.path / RECORD), locked(self.path / LOCK, timeout_s=30):
            write_json(self.path / RECORD, {**self.record, **values})

    @property
    def made_at_s(self) -> float:
        """When it was made, Unix time in seconds."""
        return float(self.record.get("made_at_s") or 0.0)

    # ------------------------------------------------------------------ what happens

    def emit(self, event: Event) -> None:
        """Add an event; any thread may call. With `RunQueued` this process takes the run over.

        Raises:
            RunError: Another process is at work on it.
            FtError: The disk refuses it.
        """
        if isinstance(event, RunQueued):
            self._claim()
        if isinstance(event, Evaluated) and self._eval_losses is not None:
            self._eval_losses[event.step] = event.eval_loss
        with writing(self._log.path):
            self._log.append(event)
        if isinstance(event, RunEnded):
            self._let_go(event.state)

    def events(self) -> Iterator[Event]:
        """All that happened, in order; a line that a crash cut off is left out."""
        return iter(self._log)

    @property
    def state(self) -> str:
        """queued, running, paused, finished, stopped, interrupted or failed.

        The first three only as long as the process that is at work on it lives.
        """
        state = self._log.last_state()
        if state is None:
            if self.adapter is not None:
                return "finished"
            state = "queued"
        if state in ACTIVE and not is_alive(self.path / OWNER, self._log.written_s()):
            return "interrupted"
        return state

    @property
    def active(self) -> bool:
        """Whether some kernel is at work on it, or will be."""
        return self.state in ACTIVE

    def _claim(self) -> None:
        owner = self.path / OWNER
        with writing(owner), locked(self.path / LOCK, timeout_s=30):
            if self.active and not is_own(owner):
                raise RunError(
                    f"run {self.name}",
                    "another kernel is at work on it",
                    "Stop it there, or train under another name.",
                )
            write_owner(owner)

    def _let_go(self, state: str) -> None:
        (self.path / OWNER).unlink(missing_ok=True)
        if state == "finished":
            # Nothing is left to go on with, and optimizer states weigh twice their weights.
            for step in numbered(self.path / "checkpoints"):
                saves.drop(self.path / "checkpoints", step)

    # ------------------------------------------------------------------ what comes out

    def save_step(self, step: int, write: Callable[[Path], None]) -> None:
        """Keep the weights of a step: whole, or not at all.

        The newest twenty stay, and never fewer than the newest and the best (the lowest eval
        loss among the kept ones).

        Args:
            step: Optimizer steps taken.
            write: Fills an empty folder.

        Raises:
            FtError: The disk refuses it.
        """
        folder = self.path / "steps"
        with self._saving, writing(folder):
            saves.save(folder, step, write)
            best = self._best_kept()
            never = [s for s in (self.record.get("result_step"), best) if s is not None]
            saves.bound(folder, MOST_STEPS, MOST_STEP_BYTES, never)

    def steps(self) -> list[int]:
        """The steps that are kept, in order."""
        return numbered(self.path / "steps")

    def step_folder(self, step: int) -> Path:
        """The folder of a kept step: an adapter in PEFT's layout, or full weights."""
        return self.path / "steps" / saves.step_name(step)

    def _best_kept(self) -> int | None:
        if self._eval_losses is None:
            found = (e for e in self.events() if isinstance(e, Evaluated))
            self._eval_losses = {e.step: e.eval_loss for e in found}
        losses = {s: v for s, v in self._eval_losses.items() if math.isfinite(v)}
        scored = [step for step in self.steps() if step in losses]
        return min(scored, key=lambda step: (losses[step], step), default=None)

    def save_checkpoint(self, step: int, write: Callable[[Path], None]) -> None:
        """Keep what a resume needs: whole, or the one before stays. Only the newest is kept.

        Raises:
            FtError: The disk refuses it.
        """
        folder = self.path / "checkpoints"
        with self._saving, writing(folder):
            saves.save_checkpoint(folder, step, write)

    def checkpoint(self) -> Path | None:
        """The newest checkpoint that is whole; a damaged one is set aside."""
        return saves.newest_checkpoint(self.path / "checkpoints")

    def finish(self, step: int) -> None:
        """From now on the name means this kept step.

        Raises:
            RunError: The step was not kept.
            FtError: The disk refuses it.
        """
        source = self.step_folder(step)
        if not source.is_dir():
            kept = ", ".join(map(str, self.steps())) or "none"
            raise RunError(f"run {self.name}", f"step {step} was not kept", f"Kept: {kept}.")
        # Told first: should the process end in mid-swap, `adapter` finds the step itself.
        self.update_record(result_step=step)
        with self._saving, writing(self.path / "adapter"):
            write_folder(self.path / "adapter", lambda goal: saves.link_tree(source, goal))

    @property
    def adapter(self) -> Path | None:
        """The folder of what the name means; None as long as there is no result."""
        folder = self.path / "adapter"
        if folder.is_dir():
            return folder
        step = self.record.get("result_step")
        if step is None or not self.step_folder(step).is_dir():
            return None
        return self.step_folder(step)

    def write_card(self, text: str) -> None:
        """Write the model card, in Markdown.

        Raises:
            FtError: The disk refuses it.
        """
        with writing(self.path / "README.md"):
            write_atomic(self.path / "README.md", text)
