"""The work of a run: base, rows, plan, training, golden answers, card. One run at a time."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ft_magics.errors import FtError, RunError
from ft_magics.events import GoldenAnswered, Notice, PhaseBegan, RunEnded
from ft_magics.files import write_json
from ft_magics.session.cards import model_card
from ft_magics.session.certifying import certified, refuse_other_prompt, write_certificate
from ft_magics.session.chips import chips

if TYPE_CHECKING:
    from ft_magics.data import AnyRow, Dataset, Encoded, GoldenSet, Row
    from ft_magics.data.encoding.certificate import Certificate
    from ft_magics.models import Base
    from ft_magics.session.run import Run
    from ft_magics.session.state import Loaded, ModelChoice, Session
    from ft_magics.spec import FinetuneSpec
    from ft_magics.store import RunFolder
    from ft_magics.training import Outcome, Plan

__all__ = [
    "Prepared",
    "Task",
    "asked_rows",
    "eval_rows_of",
    "parent_folder",
    "prepare",
    "task_system",
    "work",
]

log = logging.getLogger("ft_magics")


@dataclass
class Task:
    """Everything a run needs, resolved from names when its cell ran."""

    name: str
    spec: FinetuneSpec
    data: Dataset
    golden: GoldenSet | None
    train_rows: Sequence[Row]
    eval_rows: Sequence[Row]
    choice: ModelChoice
    golden_rows: tuple[int, ...] = ()
    """Numbers of the rows that are golden questions and were taken out of training."""
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
    certificate: Certificate
    """Of the rows to train on, before any of them is cut."""


def eval_rows_of(
    session: Session, data: Dataset, golden: GoldenSet | None, spec: FinetuneSpec, where: str
) -> dict[str, Any]:
    """The rows to train on, the rows to score, and those that are left out.

    A small data set is trained on whole (a held-out fact is never learned); its eval loss comes
    from golden questions that carry an answer. A row that is itself a golden question is taken
    out: to learn the questions of an exam by heart proves nothing.

    Returns:
        Fields of `Task`: `train_rows`, `eval_rows`, `golden_rows`.
    """
    from ft_magics.data.row_file import without

    train, scored = data.split()
    if data.eval and data.eval in session.store.set_names("data"):
        scored = session.dataset(data.eval, where).rows
    if not scored and data.eval is None and golden is not None:
        scored = golden.eval_rows(data.system)
    out: tuple[int, ...] = ()
    if golden is not None and not spec.train_on_golden:
        out = asked_rows(train, golden)
        train = without(train, set(out)) if out else train
    return {"train_rows": train, "eval_rows": scored, "golden_rows": out}


def asked_rows(rows: Sequence[AnyRow], golden: GoldenSet) -> tuple[int, ...]:
    """The numbers of rows that are golden questions, exactly or nearly."""
    from ft_magics.data.checks import golden_overlap

    questions = [(q.number, q.messages) for q in golden.questions]
    return tuple(sorted({number for number, _, _ in golden_overlap(rows, questions)}))


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
    where = f"%%finetune {task.name}"
    whole = certified(task.train_rows, tokenizer, system, where)
    lengths = [len(encoded.ids) for encoded in whole.rows]
    plan = (
        training.Plan.from_dict(task.plan)
        if task.plan
        else training.plan(
            task.spec,
            lengths=lengths,
            eval_rows=len(task.eval_rows),
            base=loaded.base.facts,
            device=models.device(),
            trained_tokens=sum(encoded.trained for encoded in whole.rows),
            second_stage=task.parent is not None,
            where=where,
        )
    )

    most = plan.max_length
    train = [row.shortened(most) for row in whole.rows]
    scored = data.encode_rows(task.eval_rows, tokenizer, max_length=most, system=system)
    return Prepared(loaded, plan, train, scored, whole.certificate)


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
    if parent is not None:
        refuse_other_prompt(parent, base.tokenizer, f"--after {task.spec.after or task.name}")
    run.folder.update_record(plan=prepared.plan.to_dict(), base=base.facts.to_dict())
    _warn_of_golden_rows(run)
    _warn_of_cut_rows(run, prepared)
    for found in prepared.certificate.problems:
        if found.severity == "warning":
            run.emit(Notice(text=found.told, severity="warning"))
    if prepared.plan.strategy == "full":
        size = f"{base.facts.bytes / 1e6:.0f} MB in memory"
        text = f"The tuned weights are a second set: {size} beside the base's, and on disk"
        run.emit(Notice(text=text, severity="fact"))
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


def _warn_of_golden_rows(run: Run) -> None:
    numbers = run.task.golden_rows if run.task else ()
    if numbers:
        from ft_magics.data.findings import row_words

        are = "is a golden question" if len(numbers) == 1 else "are golden questions"
        text = f"{row_words(numbers)} {are}: taken out of training"
        run.emit(Notice(text=text[:1].upper() + text[1:], severity="fact"))


def _warn_of_cut_rows(run: Run, prepared: Prepared) -> None:
    cut = sum(encoded.cut > 0 for encoded in prepared.train)
    if cut:
        rows = "1 row is" if cut == 1 else f"{cut} rows are"
        text = f"{rows} longer than max_length {prepared.plan.max_length} and cut at the end"
        run.emit(Notice(text=text, severity="warning"))


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
