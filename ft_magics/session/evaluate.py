"""`evaluate`: golden questions, answered by base and adapter side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ft_magics.errors import SettingError, nearest
from ft_magics.session.objects import Evaluation
from ft_magics.session.proof import base_note
from ft_magics.session.resolve import Target, load_slot, resolve_all
from ft_magics.session.state import Loaded, current
from ft_magics.spec import GenerateSpec

if TYPE_CHECKING:
    from ft_magics.data import GoldenSet
    from ft_magics.evaluation import Result
    from ft_magics.session.state import Session
    from ft_magics.store import RunFolder
    from ft_magics.training.control import Control

__all__ = ["answer_golden", "evaluate"]


def evaluate(
    name: str,
    golden: str | None = None,
    against: Sequence[str] = ("base",),
    *,
    where: str | None = None,
) -> Evaluation:
    """Ask the golden questions and check the answers. Waits for a run in progress.

    Args:
        name: The adapter.
        golden: The golden set; the one of the run is used unless named.
        against: Models that answer beside it.
        where: The cell, for errors.

    Returns:
        Answers, verdicts and a summary in words; kept with the run.

    Raises:
        NameUnknown: The adapter or the golden set is not there.
        SettingError: There is no golden set.
        RunError: The run that was waited for failed.
    """
    from ft_magics import evaluation

    session = current()
    where = where or f"evaluate {name}"
    held = session.runs.get(name)
    if held is not None and held.active:
        held.wait()
    pairs = resolve_all(session, [*(a for a in against if a != name), name], where)
    target, _ = pairs[-1]
    questions = _golden_of(session, golden, name, where)
    kept = _already_asked(session, questions, pairs)
    answers, unchanged, warning = kept or _ask(questions, pairs, where)
    results = _results(answers)
    first, last = results[0], results[-1]
    made = Evaluation(
        questions.name,
        tuple(q.prompt for q in questions.questions),
        tuple(answers),
        {model: tuple(rows) for model, rows in answers.items()},
        evaluation.summarise(first, last),
        str((target.folder.record.get("goal") if target.folder else "") or ""),
        base_unchanged=unchanged if "base" in answers else None,
        warning=warning,
    )
    if target.folder is not None and not warning:
        _keep(target.folder, questions, made)
    return made


def _results(answers: dict[str, list[dict[str, Any]]]) -> list[Result]:
    from ft_magics import evaluation

    return [
        evaluation.Result(
            model,
            tuple(evaluation.Verdict(a["passed"], a["reason"]) for a in rows),
            tuple(a["answer"] for a in rows),
        )
        for model, rows in answers.items()
    ]


def _keep(folder: RunFolder, questions: GoldenSet, made: Evaluation) -> None:
    kept = {"summary": made.summary, "answers": made.answers}
    folder.update_record(evaluation={"golden": questions.name, "sha256": questions.sha256, **kept})


Asked = tuple[dict[str, list[dict[str, Any]]], bool | None, str]
"""The answers, whether the base was proven to be what was loaded, and the warning if it is not."""


def _ask(questions: GoldenSet, pairs: list[tuple[Target, Loaded]], where: str) -> Asked:
    target, loaded = pairs[-1]
    slots = {}
    for other, other_loaded in pairs:
        if other_loaded is not loaded:
            raise SettingError(
                where, f"{other.title} stands on another base", "Evaluate it by itself."
            )
        slots[other.title] = load_slot(loaded, other)
    system = target.systems[0] if len(target.systems) == 1 else None
    answers = answer_golden(loaded, questions, slots, system)
    warning = base_note(loaded)
    return answers, not warning, warning


def _already_asked(
    session: Session, questions: GoldenSet, pairs: list[tuple[Target, Loaded]]
) -> Asked | None:
    """The answers that the run itself gave at its end to these very questions.

    They are greedy, from the same weights: asking again would give the same, later. Where the base
    is no longer what was loaded, the user is to see that, so everybody is asked.
    """
    target, loaded = pairs[-1]
    folder = target.folder
    if folder is None or target.path != folder.adapter:
        return None
    if (folder.record.get("golden") or {}).get("sha256") != questions.sha256:
        return None
    run = session.run(folder.name)
    proven = run.monitor.base_unchanged
    if run.folder.path != folder.path or proven is False or base_note(loaded):
        return None
    kept = run.monitor.golden
    wanted = [t.title for t, _ in pairs]
    complete = all(len(kept.get(t, ())) == len(questions.questions) for t in wanted)
    return ({t: kept[t] for t in wanted}, proven, "") if complete else None


def _golden_of(session: Session, golden: str | None, name: str, where: str) -> GoldenSet:
    if golden:
        return session.golden(golden.removeprefix("golden:"), where)
    known = session.store.set_names("golden")
    record: dict[str, Any] = {}
    if name.partition("~")[0].partition("@")[0] in session.store.run_names():
        record = session.run(name.partition("~")[0].partition("@")[0]).folder.record
    candidates = [
        (record.get("golden") or {}).get("name"),
        (record.get("data") or {}).get("name"),
        name,
        known[0] if len(known) == 1 else None,
    ]
    for candidate in candidates:
        if candidate in known:
            return session.golden(candidate, where)
    raise SettingError(
        where,
        "there is no golden set to ask",
        f"Name one with --golden. {nearest(name, known)}"
        if known
        else "Define one in a cell that begins with %%golden NAME.",
    )


def answer_golden(
    loaded: Loaded,
    golden: GoldenSet,
    slots: dict[str, str | None],
    system: str | None,
    *,
    stop: Control | None = None,
) -> dict[str, list[dict[str, Any]]]:
    """Answer each question with each model, greedily, and check the answers.

    Args:
        loaded: Base and server.
        golden: The questions.
        slots: Model's name -> slot (None: the base).
        system: System text for questions that bring none.
        stop: A run's control: no further question is asked once it says `now`.

    Returns:
        model -> one `{"prompt", "answer", "passed", "reason"}` per question, in order.
    """
    from ft_magics import data, evaluation

    made: dict[str, list[dict[str, Any]]] = {model: [] for model in slots}
    for question in golden.questions:
        if stop is not None and stop.wanted == "now":
            break
        messages = list(question.messages)
        if system is not None and messages[0].role != "system":
            messages.insert(0, data.Message("system", system))
        ids = data.encode_prompt(messages, loaded.base.tokenizer)
        settings = GenerateSpec(max_new_tokens=evaluation.tokens_needed(question))
        answers = loaded.server.generate(list(slots.values()), [ids] * len(slots), settings)
        for model, answer in zip(slots, answers, strict=True):
            verdict = evaluation.check(
                question, answer.text, tokens=answer.tokens, ended=answer.ended
            )
            made[model].append(
                {
                    "prompt": question.prompt,
                    "answer": answer.text,
                    "passed": verdict.passed,
                    "reason": verdict.reason,
                }
            )
    return made
