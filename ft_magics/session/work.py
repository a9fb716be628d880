"""The work of a run: base, rows, plan, training, golden answers, card. One run at a time."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ft_magics.errors import FtError, RunError
from ft_magics.events import GoldenAnswered, Notice, PhaseBegan, RunEnded
from ft_magics.files import write_json
from ft_magics.session.cards import model_card

if TYPE_CHECKING:
    from ft_magics.data import Dataset, Encoded, GoldenSet, Row
    from ft_magics.models import Base
    from ft_magics.session.run import Run
    from ft_magics.session.state import Loaded, ModelChoice, Session
    from ft_magics.spec import FinetuneSpec
    from ft_magics.store import RunFolder
    from ft_magics.training import Outcome, Plan

__all__ = ["Prepared", "Task", "eval_rows_of", "parent_folder", "prepare", "task_system", "work"]

log = logging.getLogger("ft_magics")


@dataclass
class Task:
    """Everything a run needs, resolved from names when its cell ran."""

    name: str
    spec: FinetuneSpec
    data: Dataset
    golden: GoldenSet | None
    train_rows: tuple[Row, ...]
    eval_rows: tuple[Row, ...]
    choice: ModelChoice
    parent: RunFolder | None = None
    parent_step: int | None = None
    """A kept step of the parent; None starts from its result."""
    checkpoint: Path | None = None
    plan: dict[str, Any] | None = None
    """The plan of the run that is gone on with, whatever would be chosen today."""


@dataclass
class Prepared:
    """A task whose base is loaded and whose rows are token ids."""

    loaded: Loaded
    plan: Plan
    train: list[Encoded]
    eval: list[Encoded]


def eval_rows_of(session: Session, data: Dataset, golden: GoldenSet | None, where: str) -> Any:
    """The rows to train on and the rows to score.

    A small data set is trained on whole (a held-out fact is never learned); its eval loss comes
    from golden questions that carry an answer.
    """
    train, scored = data.split()
    if data.eval and data.eval in session.store.set_names("data"):
        scored = session.dataset(data.eval, where).rows
    if not scored and data.eval is None and golden is not None:
        scored = golden.eval_rows(data.system)
    return tuple(train), tuple(scored)


def prepare(session: Session, task: Task, tell: Callable[[str], None]) -> Prepared:
    """Load the base, make token ids, resolve every setting.

    Args:
        session: Where the base is kept in memory.
        task: What is to be done.
        tell: Called with what is being done, in words.

    Raises:
        FtError: Something that cannot work, with the remedy.
    """
    from ft_magics import data, models, training

    if not session.is_loaded(task.choice):
        tell("loading the base model")
    loaded = session.load(task.choice)
    tell("encoding the rows")
    tokenizer, system = loaded.base.tokenizer, task.data.system
    whole = data.encode_rows(task.train_rows, tokenizer, system=system)
    lengths = [len(encoded.ids) for encoded in whole]
    plan = (
        training.Plan.from_dict(task.plan)
        if task.plan
        else training.plan(
            task.spec,
            lengths=lengths,
            eval_rows=len(task.eval_rows),
            base=loaded.base.facts,
            device=models.device(),
            where=f"%%finetune {task.name}",
        )
    )

    def encoded(rows: tuple[Row, ...]) -> list[Encoded]:
        return data.encode_rows(rows, tokenizer, max_length=plan.max_length, system=system)

    return Prepared(loaded, plan, encoded(task.train_rows), encoded(task.eval_rows))


def work(session: Session, run: Run) -> None:
    """Do a run from its turn to its end. Every failure becomes the run's own."""
    try:
        if not run.begin():
            return
        outcome, prepared = _train(session, run)
        if outcome.step:
            _finish(session, run, outcome, prepared)
        run.end(RunEnded(state=outcome.state, step=outcome.step, best_step=outcome.best_step))
    except FtError as error:
        run.end(RunEnded(state="failed", step=run.monitor.step, error=str(error)))
    except BaseException as error:
        log.debug("run %s failed", run.name, exc_info=True)
        (run.folder.path / "traceback.txt").write_text(traceback.format_exc())
        text = f"{type(error).__name__}: {error}. The traceback is in traceback.txt of the run."
        run.end(RunEnded(state="failed", step=run.monitor.step, error=text))
    finally:
        run.hooks = None


def _train(session: Session, run: Run) -> tuple[Outcome, Prepared]:
    from ft_magics import training

    task = run.task
    assert task is not None
    parent = parent_folder(task)
    prepared = prepare(session, task, lambda text: run.emit(PhaseBegan(text=text)))
    base = prepared.loaded.base
    run.folder.update_record(plan=prepared.plan.to_dict(), base=base.facts.to_dict())
    _warn_of_cut_rows(run, prepared)
    if prepared.plan.strategy == "full":
        size = f"{base.facts.bytes / 1e6:.0f} MB"
        text = (
            f"The tuned weights are a second set: {size} in memory beside the base's, and on disk"
        )
        run.emit(Notice(text=text, severity="fact"))
    run.emit(PhaseBegan(text="preparing the training"))
    run.hooks = training.Hooks(
        emit=run.emit,
        control=run.control,
        save=_saver(run, base),
        step_lock=run.step_lock,
        save_checkpoint=run.folder.save_checkpoint,
    )
    job = training.Job(
        name=run.name,
        plan=prepared.plan,
        train=prepared.train,
        eval=prepared.eval,
        folder=run.folder.path / "scratch",
        parent=parent,
        checkpoint=task.checkpoint,
    )
    return training.train(job, base, run.hooks), prepared


def _warn_of_cut_rows(run: Run, prepared: Prepared) -> None:
    cut = sum(encoded.cut > 0 for encoded in prepared.train)
    if cut:
        rows = "1 row is" if cut == 1 else f"{cut} rows are"
        text = f"{rows} longer than max_length {prepared.plan.max_length} and cut at the end"
        run.emit(Notice(text=text, severity="warning"))


def _saver(run: Run, base: Base) -> Callable[[int, Callable[[Path], None]], None]:
    """Keeps a step together with the base it is for: shapes alone do not tell two bases apart."""
    identity = {"base_fingerprint": base.facts.fingerprint, "base_name": base.facts.name}

    def save(step: int, write: Callable[[Path], None]) -> None:
        def whole(folder: Path) -> None:
            write(folder)
            write_json(folder / "ft_magics.json", identity)

        run.save(step, whole)

    return save


def parent_folder(task: Task) -> Path | None:
    """The adapter that a second stage starts from.

    Raises:
        RunError: The run it waited for left no adapter.
    """
    if task.parent is None:
        return None
    if task.parent_step is not None:
        return task.parent.step_folder(task.parent_step)
    if task.parent.adapter is None:
        name = task.parent.name
        raise RunError(f"--after {name}", f"{name} left no adapter", f"See %ft show {name}.")
    return task.parent.adapter


def _finish(session: Session, run: Run, outcome: Outcome, prepared: Prepared) -> None:
    """The name now means the best step: on disk, in memory, examined, described."""
    step = outcome.best_step if outcome.best_step is not None else outcome.step
    run.folder.finish(step)
    run.folder.update_record(
        result_step=step,
        last_loss=run.monitor.loss,
        trainable_parameters=run.monitor.trainable_parameters,
    )
    task = run.task
    assert task is not None
    if task.golden is not None:
        run.emit(PhaseBegan(text="asking the golden questions"))
        _ask_golden(session, run, task.golden, prepared.loaded, step)
    run.folder.write_card(model_card(run.folder, run.monitor, task.data))


def _ask_golden(session: Session, run: Run, golden: GoldenSet, loaded: Loaded, step: int) -> None:
    from ft_magics.session.evaluate import answer_golden
    from ft_magics.session.resolve import Target, load_slot

    target = Target(run.name, loaded.choice, folder=run.folder, path=run.folder.adapter)
    slot = load_slot(loaded, target)
    system = task_system(run)
    for model, answers in answer_golden(
        loaded, golden, {"base": None, run.name: slot}, system, stop=run.control
    ).items():
        run.emit(GoldenAnswered(step=step, model=model, answers=tuple(map(dict, answers))))


def task_system(run: Run) -> str | None:
    """The system text the run trained, when it was one for all rows."""
    systems = (run.folder.record.get("data") or {}).get("systems") or []
    return systems[0] if len(systems) == 1 else None
