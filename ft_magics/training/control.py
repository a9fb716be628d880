"""What a user may say to a run in progress: pause, resume, stop, now. Standard library only."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Literal

from ft_magics.leaving import halt, resting

__all__ = ["Control", "StopNow"]

Wanted = Literal["run", "pause", "stop", "now"]


class StopNow(BaseException):
    """Leaves the step in progress at once.

    A BaseException, so that no `except Exception` on the way out of a forward or backward pass
    takes it for an error.
    """


class Control:
    """The wishes of other threads, as the training thread reads them between and within steps.

    `now` outranks `stop`, which outranks `pause`; neither of the first two can be taken back.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._paused = False
        self._ending: Literal["", "stop", "now"] = ""

    def __repr__(self) -> str:
        return f"Control({self.wanted})"

    @property
    def wanted(self) -> Wanted:
        """What the run should do: `run`, `pause`, `stop` or `now`."""
        return self._ending or ("pause" if self._paused else "run")

    @property
    def ending(self) -> bool:
        """Whether the run was asked to end, by `stop` or `now`."""
        return bool(self._ending)

    def pause(self) -> None:
        """Wait after the step in progress until `resume`, `stop` or `now`."""
        self._change(paused=True)

    def resume(self) -> None:
        """Go on after `pause`."""
        self._change(paused=False)

    def stop(self) -> None:
        """End after the step in progress, and save."""
        self._change(ending="stop")

    def now(self) -> None:
        """End at once, within the step; nothing new is saved."""
        self._change(ending="now")

    def check(self) -> None:
        """Called from inside a step: leave it if that was asked for.

        Raises:
            StopNow: `now` was called.
        """
        halt()
        if self._ending == "now":
            raise StopNow

    def hold(self, on_pause: Callable[[], None], on_resume: Callable[[], None]) -> None:
        """Called between steps: sleep for as long as the run is paused.

        Args:
            on_pause: Called once, before the sleep; not at all if the run is not paused.
            on_resume: Called when the run goes on, not when it was asked to end.
        """
        if self.wanted != "pause":
            return
        on_pause()
        with resting(), self._changed:
            # A condition sleeps until somebody speaks: no polling while a run is paused for hours.
            self._changed.wait_for(lambda: self.wanted != "pause")
        if not self.ending:
            on_resume()

    def _change(self, paused: bool | None = None, ending: Literal["", "stop", "now"] = "") -> None:
        with self._changed:
            if paused is not None:
                self._paused = paused
            if ending and self._ending != "now":
                self._ending = ending
            self._changed.notify_all()
