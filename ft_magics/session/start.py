"""Start a run, follow it, go on with it; or find that it has been done already."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ft_magics.errors import NameUnknown, RunError
from ft_magics.events import RunQueued
from ft_magics.session.assignment import Task
from ft_magics.session.chips import chips
from ft_magics.session.lineage import parent_key, record_of, run_key
from ft_magics.session.run import Run
from ft_magics.session.state import Session, current
from ft_magics.session.task import task_of_record
from ft_magics.session.turns import submit

if TYPE_CHECKING:
    from ft_magics.store import RunFolder

__all__ = ["follow", "same_run", "start", "train_again"]


def same_run(session: Session, name: str, task: Task, *, fresh: bool, where: str) -> Run | None:
    """The run in progress or finished that has this very content.

    Raises:
        RunError: A run of this name is in progress with other content.
    """
    key = run_key(task.spec, task.data, task.golden, task.choice, parent_key(task))
    held = session.runs.get(name)
    if held is not None and held.active:
        if held.folder.record.get("key") == key and not fresh:
            session.front_end.notice(f"{name} is in progress with this very content")
            return held
        if not fresh:
            raise RunError(
                where,
                f"{name} is {held.state} with other content",
                "Wait for it (%ft wait), stop it (%ft stop), or add --fresh to replace it.",
            )
        held.control.now()
        held.wait_quietly()
    if fresh:
        return None
    try:
        newest = session.store.run(name)
    except NameUnknown:
        return None
    done = newest.state == "finished" and newest.adapter is not None
    if done and newest.record.get("key") == key and _same_base(session, task, newest):
        session.front_end.notice(f"{name}: unchanged; --fresh trains again")
        return session.run(name)
    return None


def _same_base(session: Session, task: Task, folder: RunFolder) -> bool:
    """Whether the base is still the one that was trained on; a folder's content may change."""
    made_on = folder.record.get("base") or {}
    if made_on.get("source") in ("hub", "built-in") and not session.is_loaded(task.choice):
        return True
    return session.load(task.choice).base.facts.fingerprint == made_on.get("fingerprint")


def start(session: Session, name: str, task: Task, *, inline: bool) -> Run:
    """Make a run's folder and put the run into the queue."""
    from ft_magics.data import write_rows

    key = run_key(task.spec, task.data, task.golden, task.choice, parent_key(task))
    folder = session.store.new_run(
        name,
        record_of(task, name, key, inline=inline, goal=session.store.get("goal")),
        task.data.source,
        task.golden.source if task.golden else "",
        lambda path: write_rows(path, task.data.rows),
    )
    return _launch(session, Run(name, folder, task))


def _launch(session: Session, run: Run) -> Run:
    """Queue a run that has its folder and its task."""
    task = run.task
    assert task is not None
    behind = [other.name for other in session.active()]
    goal = str(run.folder.record.get("goal") or "")
    waits_for = behind[-1] if behind else ""
    # First the event: it claims the folder, and is refused while another kernel is at work on it.
    run.emit(
        RunQueued(name=run.name, behind=waits_for, chips=chips(task), goal=goal, method=task.method)
    )
    session.runs[run.name] = run
    if behind:
        session.front_end.notice(f"{run.name} waits for {behind[-1]}")
    submit(session, run)
    return run


def follow(session: Session, run: Run, *, wait: bool) -> Run:
    """Show the run; block where nobody can answer, and fail with it."""
    blocking = wait or os.environ.get("FT_WAIT") == "1" or not session.front_end.can_answer
    handle = session.front_end.show(run)
    if not blocking:
        run.when_ended(handle.close)
        return run
    try:
        run.wait_quietly()
    except KeyboardInterrupt:
        # Interrupting its own cell stops the run, and saves it.
        run.stop()
        run.wait_quietly()
        raise
    finally:
        # Drawn by the waiting cell's own thread, so that the card lands under this cell.
        handle.close()
    return run.wait()


def train_again(name: str, *, where: str = "resume") -> Run:
    """Go on with a paused run, or with one that was interrupted or stopped, from its last save.

    Raises:
        NameUnknown: There is none of that name.
        RunError: There is nothing to go on with.
    """
    session = current()
    run = session.run(name, where)
    if run.active:
        run.resume()
        return run
    checkpoint = run.folder.checkpoint()
    if checkpoint is None:
        raise RunError(
            where,
            f"{name} is {run.state} and has no saved state to go on from",
            "Train on from its adapter with --continue, or anew with --fresh.",
        )
    task = task_of_record(session, run.folder, where)
    task.checkpoint, task.plan = checkpoint, run.folder.record.get("plan")
    again = Run(name, run.folder, task)
    again.monitor = run.monitor
    return follow(session, _launch(session, again), wait=False)
