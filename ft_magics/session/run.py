"""A training run as a user holds it: state, curve, stop, wait, adapter."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ft_magics.errors import RunError
from ft_magics.events import Event, RunEnded, StepKept
from ft_magics.monitor import RunState
from ft_magics.session.objects import Shown
from ft_magics.training.control import Control

if TYPE_CHECKING:
    import pandas as pd

    from ft_magics.session.ancestry import Lineage
    from ft_magics.session.assignment import Task
    from ft_magics.store import RunFolder
    from ft_magics.training import Hooks

__all__ = ["ACTIVE", "Run"]

ACTIVE = frozenset({"queued", "running", "paused"})


class Run(Shown):
    """One training run: in this kernel, or rebuilt from its folder.

    Attributes:
        name: What the user called it.
        folder: Where everything it is made of is kept.
        monitor: The state that views show, fed by events alone.
        control: Pause, stop and resume, as the training thread reads them.
        step_lock: Held while an optimizer step changes the weights.
        hooks: What the training thread was given, while it trains.
    """

    def __init__(self, name: str, folder: RunFolder, task: Task | None = None) -> None:
        self.name = name
        self.folder = folder
        self.task = task
        self.monitor = RunState(name=name)
        self.control = Control()
        self.step_lock = threading.Lock()
        self.hooks: Hooks | None = None
        self._done = threading.Event()
        self._after: list[Callable[[], None]] = []
        self._guard = threading.RLock()
        self._begun = False
        self._lineage: Lineage | None = None

    @classmethod
    def from_folder(cls, folder: RunFolder) -> Run:
        """Rebuild a run from disk: the replay of its events."""
        run = cls(folder.name, folder)
        run.monitor = RunState.replay(folder.events())
        run.monitor.name = folder.name
        run.monitor.state = folder.state
        run._done.set()
        return run

    # ------------------------------------------------------------------ what it is

    @property
    def state(self) -> str:
        """Queued running paused finished stopped interrupted failed."""
        return self.monitor.state

    @property
    def active(self) -> bool:
        """Whether this kernel is at work on it, or will be."""
        return not self._done.is_set()

    @property
    def weights(self) -> Callable[[], tuple[dict[str, Any], dict[str, Any]]] | None:
        """Gives a clone of the current LoRA tensors and their config; None before and after."""
        return self.hooks.weights if self.hooks else None

    @property
    def adapter(self) -> Path | None:
        """The folder of the finished adapter in plain PEFT layout; None before."""
        return self.folder.adapter

    @property
    def lineage(self) -> Lineage:
        """Where it comes from; while it is at work, as it was when that was first asked."""
        from ft_magics.session.ancestry import lineage_of
        from ft_magics.session.state import current

        if self._lineage is None or not self.active:
            self._lineage = lineage_of(current(), self.folder)
        return self._lineage

    @property
    def history(self) -> pd.DataFrame:
        """One line per step with `step`, `loss` and, where it was measured, `eval_loss`.

        A preference run's metrics stand beside them under trl's names, `rewards/chosen` and
        `eval_rewards/chosen`.
        """
        import pandas as pd

        seen = self.monitor
        series = {"eval_loss": seen.eval_points, **seen.metrics}
        series |= {f"eval_{name}": points for name, points in list(seen.eval_metrics.items())}
        merged = pd.DataFrame(list(seen.train_points), columns=["step", "loss"])
        for name, points in series.items():
            more = pd.DataFrame(list(points), columns=["step", name])
            merged = merged.merge(more, on="step", how="outer")
        return merged.sort_values("step", ignore_index=True)

    def __repr__(self) -> str:
        m = self.monitor
        at = f", step {m.step} of {m.total_steps}" if m.total_steps else ""
        return f"Run({self.name}: {self.state}{at})"

    # ------------------------------------------------------------------ what happens to it

    def emit(self, event: Event) -> None:
        """Keep an event on disk, then show it."""
        try:
            self.folder.emit(event)
        finally:
            # Also when the disk is full: who looks must not see a run that never ends.
            self.monitor.apply(event)

    def save(self, step: int, write: Callable[[Path], None]) -> None:
        """Keep the adapter of a step, whole or not at all."""
        self.folder.save_step(step, write)

    def wait(self, timeout_s: float | None = None) -> Run:
        """Wait until the run is over.

        Args:
            timeout_s: Longest wait in seconds; None waits as long as it takes.

        Returns:
            The run itself.

        Raises:
            RunError: It failed.
            TimeoutError: It is still running; it goes on.
        """
        end = None if timeout_s is None else time.monotonic() + timeout_s
        while not self._done.wait(0.1):
            if end is not None and time.monotonic() > end:
                raise TimeoutError(f"{self.name} is still {self.state} after {timeout_s:g} s")
        if self.state == "failed":
            raise RunError(f"run {self.name}", self.monitor.error or "it failed")
        return self

    def wait_quietly(self) -> None:
        """Wait until the run is over, however it ended."""
        # Short waits: a wait without a time-out cannot be interrupted on every platform.
        while not self._done.wait(0.1):
            pass

    def stop(self) -> None:
        """Stop after the step in progress and save; nothing happens to a run that is over.

        A run that waits for its turn is over at once.
        """
        self.control.stop()
        with self._guard:
            if self.active and not self._begun:
                self.end(RunEnded(state="stopped", step=0))

    def begin(self) -> bool:
        """Its turn has come. False if it was stopped before."""
        with self._guard:
            self._begun = True
            return self.active

    def pause(self) -> None:
        """Wait after the step in progress until `resume`."""
        self.control.pause()

    def resume(self) -> None:
        """Go on after `pause`."""
        self.control.resume()

    def when_ended(self, callback: Callable[[], None]) -> None:
        """Call this when the run is over (at once if it is), in the training thread."""
        with self._guard:
            if self.active:
                self._after.append(callback)
                return
        callback()

    def end(self, event: RunEnded) -> None:
        """The run is over: tell everybody who waits."""
        try:
            self.emit(event)
        finally:
            with self._guard:
                self._done.set()
                after, self._after = self._after, []
        for callback in after:
            callback()

    def keep_step(self) -> int:
        """Keep the current step as `NAME@STEP`.

        Returns:
            The step.

        Raises:
            RunError: The run is not in a state that has weights to keep.
        """
        if self.weights is None:
            raise RunError(f"run {self.name}", "no step has been taken", "Try again in a moment.")
        tensors, config = self.weights()
        step = self.monitor.step

        def write(folder: Path) -> None:
            import json

            from safetensors.torch import save_file

            save_file(tensors, folder / "adapter_model.safetensors", metadata={"format": "pt"})
            (folder / "adapter_config.json").write_text(json.dumps(config, indent=2))

        self.save(step, write)
        self.emit(StepKept(step=step, reason="asked"))
        return step
