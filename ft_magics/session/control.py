"""`stop`, `pause`, `resume`: by name, or the run in progress."""

from __future__ import annotations

from ft_magics.errors import RunError
from ft_magics.session.run import Run
from ft_magics.session.start import train_again
from ft_magics.session.state import current

__all__ = ["pause", "resume", "stop"]


def stop(name: str | None = None, *, wait: bool = True, where: str = "stop") -> Run:
    """Stop a run after the step in progress, and save it.

    Args:
        name: The run; the one in progress unless named.
        wait: Return when it has stopped and is saved.
        where: The cell, for errors.

    Raises:
        RunError: None is in progress.
        NameUnknown: There is none of that name.
    """
    run = _in_progress(name, where)
    run.stop()
    if wait:
        run.wait_quietly()
    return run


def pause(name: str | None = None, *, where: str = "pause") -> Run:
    """Let a run wait after the step in progress; `resume` lets it go on."""
    run = _in_progress(name, where)
    run.pause()
    return run


def resume(name: str | None = None, *, where: str = "resume") -> Run:
    """Go on with a paused run, or with an interrupted or stopped one from its last save.

    Raises:
        RunError: There is nothing to go on with.
        NameUnknown: There is none of that name.
    """
    if name is None:
        return train_again(_in_progress(None, where).name, where=where)
    return train_again(name, where=where)


def _in_progress(name: str | None, where: str) -> Run:
    session = current()
    active = session.active()
    if name is None:
        if not active:
            raise RunError(where, "no run is in progress", "See %ft list.")
        return active[0]
    run = session.run(name, where)
    if not run.active:
        raise RunError(where, f"{name} is {run.state}, not in progress", "See %ft list.")
    return run
