"""`finetune`: from what a user wrote to a run in the queue."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ft_magics.errors import SettingError
from ft_magics.session.assignment import Task
from ft_magics.session.objects import PlanView
from ft_magics.session.plan_table import measured, setting_lines
from ft_magics.session.preparing import prepare
from ft_magics.session.run import Run
from ft_magics.session.start import follow, same_run, start
from ft_magics.session.state import Session, current
from ft_magics.session.task import make_task
from ft_magics.settings import read_settings
from ft_magics.spec import FinetuneSpec, check_name

if TYPE_CHECKING:
    from ft_magics.data import Dataset

__all__ = ["finetune", "run", "runs", "wait"]


def finetune(
    name: str,
    *,
    rows: str | Iterable[Mapping[str, Any]] | None = None,
    wait: bool = False,
    fresh: bool = False,
    continue_: bool = False,
    plan: bool = False,
    where: str | None = None,
    **settings: Any,
) -> Run | PlanView:
    """Train an adapter, or every weight, in the background.

    Args:
        name: What the result is called.
        rows: Rows to train on, when `data` names none: JSONL text or mappings.
        wait: Block until the run is over, and fail if it fails.
        fresh: Train even if a finished run of this name has the same content.
        continue_: Start from the newest result of this name.
        plan: Only resolve every setting, with its reason; nothing is trained.
        where: The cell, for errors.
        **settings: `FinetuneSpec`'s fields; `data` may be a `Dataset`.

    Returns:
        The run, at once; the finished run where nobody can answer or with `wait`. With `plan`,
        what would be done.

    Raises:
        SettingError: A name or value is refused.
        NameUnknown: A data set, golden set or adapter is not there.
        RunError: The name is taken by a run in progress, or (when waiting) the run failed.
    """
    session = current()
    where = where or f"finetune {name}"
    check_name(name, where)
    given = settings.get("data")
    inline = rows is not None
    if given is not None and not isinstance(given, str):
        data: Dataset | None = given
        settings["data"] = given.name
    else:
        data = None
    spec, notices = read_settings(FinetuneSpec, settings, where)
    spec = _max_steps_of_environment(spec, where)
    for text in notices:
        session.front_end.notice(text)
    task = make_task(session, name, spec, data, rows, continue_, where)
    if plan:
        return _plan(session, task)
    found = same_run(session, name, task, fresh=fresh or continue_, where=where)
    if found is not None and not found.active:
        session.front_end.show(found).close()
        return found
    started = found or start(session, name, task, inline=inline)
    return follow(session, started, wait=wait)


def _plan(session: Session, task: Task) -> PlanView:
    """Everything a run would do, resolved by what would do it."""
    from ft_magics import data, training

    prepared = prepare(session, task, session.front_end.notice)
    plan, base = prepared.plan, prepared.loaded.base.facts
    rate = measured(session, base.device, base.name)
    lengths = [len(side.ids) for row in prepared.train for side in data.sides_of(row)]
    return PlanView(
        task.name,
        plan,
        len(prepared.train),
        len(prepared.eval),
        setting_lines(plan, whole=True),
        training.estimate_time(plan, base, lengths, rate),
        str(session.store.get("goal") or task.data.goal or ""),
    )


def _max_steps_of_environment(spec: FinetuneSpec, where: str) -> FinetuneSpec:
    """FT_MAX_STEPS shortens every run: for trying a notebook out, and for CI."""
    text = os.environ.get("FT_MAX_STEPS")
    if not text:
        return spec
    if not text.isdecimal() or int(text) < 1:
        raise SettingError(where, f"FT_MAX_STEPS is {text!r}", "It must be a whole number.")
    return dataclasses.replace(spec, max_steps=min(spec.max_steps or int(text), int(text)))


def run(name: str, where: str | None = None) -> Run:
    """A run by name: of this kernel, or rebuilt from disk.

    Raises:
        NameUnknown: There is none of that name.
    """
    return current().run(name, where or f"run {name}")


def runs() -> list[Run]:
    """Every run kept here, by name."""
    session = current()
    return [session.run(name) for name in session.store.run_names()]


def wait(name: str | None = None, *, timeout_s: float | None = None) -> Run | None:
    """Wait for one run, or for all in progress.

    Returns:
        The run waited for; the last of all; None when none was in progress.

    Raises:
        RunError: A run failed.
        TimeoutError: It is still running; it goes on.
    """
    session = current()
    waited = [session.run(name, "wait")] if name else session.active()
    for one in waited:
        handle = session.front_end.show(one) if session.front_end.can_answer else None
        try:
            one.wait(timeout_s)
        finally:
            if handle is not None:
                handle.close()
    return waited[-1] if waited else None
