"""From a task to token ids and a plan; and what the user should know of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ft_magics.errors import RunError
from ft_magics.events import Notice
from ft_magics.session.certifying import certified
from ft_magics.session.second_stage import shape_of

if TYPE_CHECKING:
    from ft_magics.data import AnyEncoded
    from ft_magics.data.encoding.certificate import Certificate
    from ft_magics.session.assignment import Task
    from ft_magics.session.run import Run
    from ft_magics.session.state import Loaded, Session
    from ft_magics.training import Plan

__all__ = ["Prepared", "prepare", "warn"]


@dataclass
class Prepared:
    """A task whose base is loaded and whose rows are token ids."""

    loaded: Loaded
    plan: Plan
    train: list[Any]
    """As `training.Job` takes them."""
    eval: list[Any]
    certificate: Certificate
    """Of the rows to train on, before any of them is cut."""


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
    tokenizer, system = loaded.base.tokenizer, task.system
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
            method=task.method,
            labels=training.count_labels(whole.rows),
            shape=shape_of(task.parent),
            where=where,
        )
    )
    most = plan.max_length
    train = [row.shortened(most) for row in whole.rows]
    if any(row.cut for row in train) and all(map(_is_spent, train)):
        what = f"with max_length {most} nothing is left to learn from in any row"
        raise RunError(where, what, "Raise max_length, or shorten the prompts.")
    chats = [chat for row in task.eval_rows for chat in data.conversations(row)]
    encoded = data.encode_rows(chats, tokenizer, max_length=most, system=system)
    scored = data.joined(task.eval_rows, encoded)
    return Prepared(loaded, plan, train, scored, whole.certificate)


def warn(run: Run, prepared: Prepared) -> None:
    """Tell what the user should know before the first step."""
    task = run.task
    assert task is not None
    _warn_of_golden_rows(run)
    _warn_of_cut_rows(run, prepared)
    for found in prepared.certificate.problems:
        if found.severity == "warning":
            run.emit(Notice(text=found.told, severity="warning"))
    if prepared.plan.strategy == "full":
        size = f"{prepared.loaded.base.facts.bytes / 1e6:.0f} MB in memory"
        text = f"The tuned weights are a second set: {size} beside the base's, and on disk"
        run.emit(Notice(text=text, severity="fact"))
    if task.inherited_system is not None and task.parent is not None:
        text = f"The rows bring no system text: {task.parent.name}'s is used"
        run.emit(Notice(text=text, severity="fact"))
    if prepared.plan.method == "kto" and len({row.label for row in prepared.train}) == 1:
        text = "all answers have the same label: kto learns from good and bad ones together"
        run.emit(Notice(text=text, severity="warning"))


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
        if spent := sum(map(_is_spent, prepared.train)):
            text += f"; {spent} of them teach{'es' if spent == 1 else ''} nothing any more"
        run.emit(Notice(text=text, severity="warning"))


def _is_spent(row: AnyEncoded) -> bool:
    """Whether a row has nothing to learn from: no answer, or two that do not differ."""
    from ft_magics.data import EncodedPair

    if isinstance(row, EncodedPair):
        return row.chosen.ids == row.rejected.ids or not (
            row.chosen.trained and row.rejected.trained
        )
    return not row.trained
