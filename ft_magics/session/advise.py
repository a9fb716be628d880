"""`advise`: should this be fine-tuned, and how? Nothing is loaded but a tokenizer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ft_magics.errors import FtError, SettingError, nearest
from ft_magics.session.assignment import KINDS, Task
from ft_magics.session.model import golden_questions
from ft_magics.session.objects import AdviceView, SettingLine
from ft_magics.session.plan_table import measured, setting_lines
from ft_magics.session.second_stage import shape_of
from ft_magics.session.state import Session, current
from ft_magics.session.task import make_task
from ft_magics.settings import read_settings
from ft_magics.spec import FinetuneSpec

if TYPE_CHECKING:
    from ft_magics.data import AnyRow, Dataset
    from ft_magics.models import BaseFacts
    from ft_magics.training import Advice, Lengths

__all__ = ["advise"]

_BATCH_ROWS = 1000
_EXAMPLES = 3
_EXAMPLE_CHARACTERS = 200


def advise(
    data: str | Dataset | None = None,
    *,
    golden: bool = False,
    where: str | None = None,
    **settings: Any,
) -> AdviceView:
    """Say whether to fine-tune on these rows, with which settings, and what it will take.

    What is advised is what a run with the same settings does: both come from one plan.

    Args:
        data: The data set, or its name; the only one is taken unless named.
        golden: Let the next cell be the golden questions that would check the goal.
        where: The cell, for errors.
        **settings: `FinetuneSpec`'s fields, for those that stand already.

    Raises:
        NameUnknown: There is no data set of that name.
        SettingError: There are several, or a setting is refused.
    """
    from ft_magics import evaluation

    session = current()
    where = where or "advise"
    spec, notices = read_settings(FinetuneSpec, settings, where)
    for text in notices:
        session.front_end.notice(text)
    rows = _data(session, data or spec.data, where)
    kept = session.store.get("goal") or (rows.goal if rows is not None else None)
    reading = evaluation.read_goal(kept or "")
    questions = golden_questions(session, rows)
    cell = evaluation.golden_cell(reading, rows.name if rows is not None else "goal", questions)
    if rows is None:
        return AdviceView(
            str(kept or ""),
            sentence="There are no rows yet, so there is little to say.",
            hint=reading.hint if kept else "Say in one sentence what it should do: %ft goal.",
            next_cell=cell
            if golden and cell
            else '%%dataset catgpt\n{"user": "…", "assistant": "…"}',
            golden_cell=cell,
        )
    view = _advised(session, rows, spec, reading.wants, where)
    view.goal, view.hint, view.golden_cell = str(kept or ""), reading.hint if kept else "", cell
    if golden and cell:
        view.next_cell = cell
    return view


def _data(session: Session, data: str | Dataset | None, where: str) -> Dataset | None:
    if data is not None and not isinstance(data, str):
        return data
    if data:
        return session.dataset(data.removeprefix("data:"), where)
    known = session.store.set_names("data")
    if len(known) > 1:
        what = f"there are {len(known)} data sets"
        raise SettingError(where, what, f"Name one: data:NAME. {nearest('', known)}")
    return session.dataset(known[0], where) if known else None


def _advised(
    session: Session, rows: Dataset, spec: FinetuneSpec, wants: frozenset[str], where: str
) -> AdviceView:
    from ft_magics import models, training

    task = make_task(session, rows.name, spec, rows, None, False, where)
    train = task.train_rows
    traits = training.traits_of(train, KINDS[task.method])
    view = AdviceView(rows.goal or "", data=rows.name, rows=len(train), kind=rows.kind)
    try:
        base, loaded, lengths = _measure(session, task)
    except FtError as error:
        way, reasons = training.judge(traits, wants)
        advice = training.Advice(
            way,
            training.SENTENCES[way],
            reasons,
            task.method,
            problem=str(error),
        )
    else:
        device = models.device()
        advice = training.advise(
            traits,
            wants,
            lengths,
            base=base,
            device=device,
            loaded=loaded,
            measured=measured(session, device.kind, base.name),
            spec=spec,
            shape=shape_of(task.parent),
            where=where,
        )
        view.base = task.choice.title
    return _filled(view, advice, train)


def _measure(session: Session, task: Task) -> tuple[BaseFacts, bool, Lengths]:
    """What the base's files and its tokenizer tell.

    Raises:
        FtError: They are not here and cannot be fetched.
    """
    from ft_magics import data, training

    choice, train = task.choice, task.train_rows
    counts = list(_token_counts(train, session.tokenizer(choice), task.system))
    sides, good = [whole for whole, _ in counts], 0
    whole = sides
    if task.method == "dpo":
        whole = [max(pair) for pair in zip(sides[::2], sides[1::2], strict=True)]
    if task.method == "kto":
        good = sum(row.label for row in train if isinstance(row, data.Unpaired))
    lengths = training.Lengths(
        whole,
        sum(trained for _, trained in counts),
        len(task.eval_rows),
        sides,
        task.method,
        training.Labels(good, len(train) - good) if task.method == "kto" else None,
    )
    return session.facts(choice), session.is_loaded(choice), lengths


def _token_counts(
    rows: Sequence[AnyRow], tokenizer: Any, system: str | None
) -> Iterator[tuple[int, int]]:
    """Tokens of each conversation, and how many carry loss; of a pair there are two."""
    from ft_magics import data

    for at in range(0, len(rows), _BATCH_ROWS):
        chats = [
            chat
            for index in range(at, min(at + _BATCH_ROWS, len(rows)))
            for chat in data.conversations(rows[index])
        ]
        for encoded in data.encode_rows(chats, tokenizer, system=system):
            yield len(encoded.ids), encoded.trained


def _filled(view: AdviceView, advice: Advice, rows: Sequence[AnyRow]) -> AdviceView:
    """The view with what was advised, and the next cell."""
    from ft_magics import training

    view.way, view.sentence = advice.way, advice.sentence
    view.reasons = [(r.way, r.text, r.source) for r in advice.reasons]
    view.plan, view.problem, view.estimate = advice.plan, advice.problem, advice.estimate
    if advice.plan is not None:
        view.table = setting_lines(advice.plan, whole=False)
    else:
        method, why, source = training.METHODS[view.kind]
        view.table = [SettingLine("method", method, why, source)]
    view.next_cell = _next_cell(view, rows)
    return view


def _next_cell(view: AdviceView, rows: Sequence[AnyRow]) -> str:
    if view.kind != "sft":
        return f"%%finetune my-{view.data} --data {view.data}"
    if view.way in ("finetune", "either"):
        return f"%%finetune my-{view.data} --data {view.data}"
    if view.way == "retrieval":
        return "%%prompt base\nThe passage that you found.\n\nThe question about it."
    lines = ["%%prompt base"]
    for index in range(min(_EXAMPLES, len(rows))):
        asked, answered = _pair(rows[index])
        lines += [f"Question: {asked}", f"Answer: {answered}", ""] if answered else []
    return "\n".join([*lines, "Question: …", "Answer:"])


def _pair(row: AnyRow) -> tuple[str, str]:
    """A row's last question and its answer on a line each; empty if they are long."""
    from ft_magics import data

    turns = [m for m in data.conversations(row)[0].messages if m.role in ("user", "assistant")]
    texts = [" ".join(turn.content.split()) for turn in turns[-2:]]
    if len(texts) < 2 or max(map(len, texts)) > _EXAMPLE_CHARACTERS:
        return "", ""
    return texts[0], texts[1]
