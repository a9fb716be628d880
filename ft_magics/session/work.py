"""The work of a run: base, rows, plan, training, golden answers, card. One run at a time."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ft_magics.errors import FtError
from ft_magics.events import BaseChecked, GoldenAnswered, PhaseBegan, RunEnded
from ft_magics.files import write_json
from ft_magics.session.assignment import parent_folder
from ft_magics.session.cards import model_card
from ft_magics.session.certifying import refuse_other_prompt, write_certificate
from ft_magics.session.chips import chips
from ft_magics.session.preparing import Prepared, prepare, warn
from ft_magics.session.proof import check_base

if TYPE_CHECKING:
    from ft_magics.data import GoldenSet
    from ft_magics.data.encoding.certificate import Certificate
    from ft_magics.models import Base
    from ft_magics.session.run import Run
    from ft_magics.session.state import Loaded, Session
    from ft_magics.training import Outcome

__all__ = ["work"]

log = logging.getLogger("ft_magics")


def work(session: Session, run: Run) -> None:
    """Do a run from its turn to its end. Every failure becomes the run's own."""
    try:
        if not run.begin():
            return
        outcome, prepared = _train(session, run)
        # Whatever the run did to the base would show here, before anything is asked of it again.
        run.emit(BaseChecked(unchanged=check_base(prepared.loaded)))
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
    if parent is not None:
        refuse_other_prompt(parent, base.tokenizer, f"--after {task.spec.after or task.name}")
    run.folder.update_record(plan=prepared.plan.to_dict(), base=base.facts.to_dict())
    warn(run, prepared)
    run.emit(PhaseBegan(text="preparing the training", chips=chips(task, prepared.plan)))
    run.hooks = training.Hooks(
        emit=run.emit,
        control=run.control,
        save=_saver(run, base, prepared.certificate),
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


def _saver(
    run: Run, base: Base, certificate: Certificate
) -> Callable[[int, Callable[[Path], None]], None]:
    """Keeps a step with the base it is for and the certificate of what it was trained on.

    The base, since shapes alone do not tell two of them apart.
    """
    identity = {"base_fingerprint": base.facts.fingerprint, "base_name": base.facts.name}

    def save(step: int, write: Callable[[Path], None]) -> None:
        def whole(folder: Path) -> None:
            write(folder)
            write_json(folder / "ft_magics.json", identity)
            write_certificate(folder, certificate)

        run.save(step, whole)

    return save


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
    run.folder.write_card(model_card(run.folder, run.monitor, task))


def _ask_golden(session: Session, run: Run, golden: GoldenSet, loaded: Loaded, step: int) -> None:
    from ft_magics.session.evaluate import answer_golden
    from ft_magics.session.resolve import Target, load_slot

    target = Target(run.name, loaded.choice, folder=run.folder, path=run.folder.adapter)
    slot = load_slot(loaded, target)
    assert run.task is not None
    systems = run.task.systems
    system = next(iter(systems)) if len(systems) == 1 else None
    for model, answers in answer_golden(
        loaded, golden, {"base": None, run.name: slot}, system, stop=run.control
    ).items():
        run.emit(GoldenAnswered(step=step, model=model, answers=tuple(map(dict, answers))))
