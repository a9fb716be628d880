"""What a run is to do, resolved from names; and which of its rows are trained on and scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ft_magics.errors import RunError, SettingError

if TYPE_CHECKING:
    from ft_magics.data import AnyRow, Dataset, GoldenSet
    from ft_magics.session.state import ModelChoice, Session
    from ft_magics.spec import FinetuneSpec
    from ft_magics.store import RunFolder

__all__ = ["KINDS", "METHODS", "Task", "asked_rows", "eval_rows_of", "method_of", "parent_folder"]

METHODS = {"sft": "sft", "preference": "dpo", "unpaired": "kto"}
"""Kind of rows -> what they are trained by unless something else is asked for."""
KINDS = {method: kind for kind, method in METHODS.items()}
"""Method -> the kind of rows it takes."""


@dataclass
class Task:
    """Everything a run needs, resolved from names when its cell ran."""

    name: str
    spec: FinetuneSpec
    data: Dataset
    golden: GoldenSet | None
    train_rows: Sequence[AnyRow]
    """Of the kind that the method takes."""
    eval_rows: Sequence[AnyRow]
    choice: ModelChoice
    method: str = "sft"
    """What the rows are trained by: sft, dpo or kto."""
    golden_rows: tuple[int, ...] = ()
    """Numbers of the rows that are golden questions and were taken out of training."""
    parent: RunFolder | None = None
    parent_step: int | None = None
    """A kept step of the parent; None starts from its result."""
    checkpoint: Path | None = None
    inherited_system: str | None = None
    """The parent's system text, for rows that bring none."""
    plan: dict[str, Any] | None = None
    """The plan of the run that is gone on with, whatever would be chosen today."""

    @property
    def system(self) -> str | None:
        """The system text of the rows that have none of their own."""
        return self.data.system if self.data.system is not None else self.inherited_system

    @property
    def systems(self) -> set[str | None]:
        """The system texts that are trained with; None is the chat template's own."""
        return {self.system if text is None else text for text in self.data.systems}


def method_of(asked: str | None, data: Dataset, where: str) -> str:
    """What rows are trained by.

    Raises:
        SettingError: The method that was asked for cannot take them.
    """
    from ft_magics.data.recast import RECASTS

    method = asked or METHODS[data.kind]
    if KINDS[method] != data.kind and (data.kind, KINDS[method]) not in RECASTS:
        what = (
            f"the rows of {data.name} are {_WORDS[data.kind]}, and {method} takes {_TAKES[method]}"
        )
        raise SettingError(where, what, f"Leave --method out: they are for {METHODS[data.kind]}.")
    return method


_WORDS = {
    "sft": "texts to imitate",
    "preference": "pairs of a better and a worse answer",
    "unpaired": "answers marked good or bad",
}
_TAKES = {
    "sft": "texts to imitate",
    "dpo": "pairs (prompt, chosen, rejected)",
    "kto": "answers with a label (prompt, completion, label), or pairs",
}


def eval_rows_of(
    session: Session,
    data: Dataset,
    golden: GoldenSet | None,
    spec: FinetuneSpec,
    where: str,
    system: str | None = None,
) -> dict[str, Any]:
    """The rows to train on, the rows to score, and those that are left out.

    A small data set is trained on whole (a held-out fact is never learned); its eval loss comes
    from golden questions that carry an answer. A row that is itself a golden question is taken
    out: to learn the questions of an exam by heart proves nothing.

    Args:
        session: Where data sets are kept.
        data: The rows.
        golden: The golden questions, if there are any.
        spec: What the user set.
        where: The cell, for errors.
        system: System text of golden questions that have none.

    Returns:
        Fields of `Task`: `method`, `train_rows`, `eval_rows`, `golden_rows`.

    Raises:
        SettingError: The method cannot take the rows.
    """
    from ft_magics.data.recast import recast
    from ft_magics.data.row_file import without

    method = method_of(spec.method, data, where)
    train, scored = data.split()
    scored = recast(scored, data.kind, KINDS[method])
    if data.eval and data.eval in session.store.set_names("data"):
        held = session.dataset(data.eval, where)
        method_of(method, held, where)
        scored = recast(held.rows, held.kind, KINDS[method])
    # A golden answer says what is right, not what would be worse: it scores imitation only.
    if not scored and data.eval is None and golden is not None and method == "sft":
        scored = golden.eval_rows(system)
    out: tuple[int, ...] = ()
    if golden is not None and not spec.train_on_golden:
        out = asked_rows(train, golden)
        train = without(train, set(out)) if out else train
    train = recast(train, data.kind, KINDS[method])
    return {"method": method, "train_rows": train, "eval_rows": scored, "golden_rows": out}


def asked_rows(rows: Sequence[AnyRow], golden: GoldenSet) -> tuple[int, ...]:
    """The numbers of rows that are golden questions, exactly or nearly."""
    from ft_magics.data.checks import golden_overlap

    questions = [(q.number, q.messages) for q in golden.questions]
    return tuple(sorted({number for number, _, _ in golden_overlap(rows, questions)}))


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
