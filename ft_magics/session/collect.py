"""Judgements of answers -> rows to train on: a vote, an edit, a choice between two answers.

Each is on disk when its function returns. The rows are a data set like any other; a log beside it
says who was judged, and how.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ft_magics.errors import SettingError
from ft_magics.session.objects import Shown
from ft_magics.session.sheet import Entry, Kind, Outcome, Sheet

if TYPE_CHECKING:
    from ft_magics.data import Message
    from ft_magics.session.objects import Answers

__all__ = [
    "Answered",
    "Kept",
    "answered_of",
    "keep_choice",
    "keep_edit",
    "keep_vote",
    "log_of",
]


@dataclass(frozen=True)
class Answered:
    """An answer that somebody saw."""

    prompt: tuple[Message, ...]
    """Everything before it, its system text included."""
    text: str
    model: str
    """As the user named it: `base`, `ollie~1`."""
    version: str = ""
    """What that name meant when it answered: `0003`, `0003@84`; empty where nobody knows."""
    ended: bool = True
    """Whether it came to its end, and was not cut at max_new_tokens."""


@dataclass(repr=False)
class Kept(Shown):
    """What became of a judgement."""

    name: str
    """Of the data set."""
    kind: Kind
    number: int
    """Of its row; of several rows, the first."""
    rows: int
    """How many rows the set has now."""
    words: str
    """`kept as row 3 of votes`."""
    next_cell: str = ""
    """The line of the cell that trains on the set."""

    def __repr__(self) -> str:
        return f"{self.words}; train on them: {self.next_cell}" if self.next_cell else self.words


def answered_of(answers: Answers, column: int) -> Answered:
    """One of the answers side by side, as a judgement takes it.

    Args:
        answers: What a prompt showed.
        column: Which, counted from 0.

    Raises:
        SettingError: It is still being written.
    """
    from ft_magics.data import Message

    shown = answers.columns[column]
    if shown.state != "done":
        raise SettingError("vote", f"{shown.title} is still answering", "Wait for its answer.")
    lead = () if answers.system is None else (Message("system", answers.system),)
    prompt = (*lead, Message("user", answers.question))
    return Answered(prompt, shown.text, shown.title, shown.version, shown.ended)


def keep_vote(
    answered: Answered, good: bool, *, collect: str | None = None, where: str | None = None
) -> Kept:
    """Keep an answer and whether it is good: a row for KTO.

    Args:
        answered: The answer.
        good: Whether it should be likelier.
        collect: The row goes to `COLLECT-votes`; None: to `votes`.
        where: The cell, for errors.

    Returns:
        What was kept. A second vote on the same answer to the same prompt replaces the first.

    Raises:
        SettingError: The answer is empty, or the set of that name has other rows.
        FtError: The disk refuses it.
    """
    from ft_magics.data import Unpaired

    where = where or "vote"
    _filled(answered.text, "the answer is empty", "There is nothing to learn from it.", where)
    sheet = Sheet.of("unpaired", collect, where)
    row = Unpaired(1, answered.prompt, _said(answered.text), good)
    entry = {"how": "vote", "good": good, **log_of(answered)}
    return _kept(sheet, answered, sheet.keep(row, entry), learned=good)


def keep_edit(
    answered: Answered, text: str, *, collect: str | None = None, where: str | None = None
) -> Kept:
    """Keep a better text than an answer: the text is chosen, the answer rejected.

    Args:
        answered: The answer as it was.
        text: The answer as it should be.
        collect: The data set; `preferences` unless named.
        where: The cell, for errors.

    Returns:
        What was kept. A second edit of the same answer to the same prompt replaces the first.

    Raises:
        SettingError: The text is empty or the same, or the set of that name has other rows.
        FtError: The disk refuses it.
    """
    from ft_magics.data import Preference

    where = where or "edit"
    _filled(answered.text, "the answer is empty", "There is nothing to edit.", where)
    _filled(text, "the edit is empty", "Write the answer as it should be.", where)
    if text.strip() == answered.text.strip():
        remedy = "Change it, or say that the answer is good: %ft vote up."
        raise SettingError(where, "the edit is the same as the answer", remedy)
    sheet = Sheet.of("preference", collect, where)
    row = Preference(1, answered.prompt, _said(text), _said(answered.text))
    entry = {"how": "edit", "edit": text, **log_of(answered)}
    return _kept(sheet, answered, sheet.keep(row, entry))


def keep_choice(
    better: Answered,
    worse: Answered,
    *,
    collect: str | None = None,
    note: Entry | None = None,
    where: str | None = None,
) -> Kept:
    """Keep which of two answers to one prompt is better.

    Args:
        better: The one that is chosen.
        worse: The one that is rejected.
        collect: The data set; `preferences` unless named.
        note: What else the log is to say of it.
        where: The cell, for errors.

    Returns:
        What was kept. A second choice between the same answers replaces the first.

    Raises:
        SettingError: One is empty, both are the same, their prompts differ, or the set of that
            name has other rows.
        FtError: The disk refuses it.
    """
    from ft_magics.data import Preference

    where = where or "vote"
    for answered in (better, worse):
        _filled(answered.text, "one answer is empty", "There is no pair to learn from.", where)
    if better.text.strip() == worse.text.strip():
        remedy = "Choose between answers that differ."
        raise SettingError(where, "both answers are the same", remedy)
    if better.prompt != worse.prompt:
        remedy = "Choose between answers to the same one."
        raise SettingError(where, "the answers are to different prompts", remedy)
    sheet = Sheet.of("preference", collect, where)
    row = Preference(1, better.prompt, _said(better.text), _said(worse.text))
    entry = {"how": "choice", **log_of(better, worse), **(note or {})}
    return _kept(sheet, better, sheet.keep(row, entry), learned=True)


def log_of(*answers: Answered) -> Entry:
    """What the log says of the answers, the better one first."""
    return {
        "prompt": [message.to_record() for message in answers[0].prompt],
        "answers": [{"model": a.model, "version": a.version, "text": a.text} for a in answers],
    }


def _said(text: str) -> tuple[Message, ...]:
    from ft_magics.data import Message

    return (Message("assistant", text, trained=True),)


def _filled(text: str, what: str, remedy: str, where: str) -> None:
    if not text.strip():
        raise SettingError(where, what, remedy)


def _kept(sheet: Sheet, answered: Answered, outcome: Outcome, *, learned: bool = False) -> Kept:
    """What is told; `learned` says that the answer itself is to become likelier."""
    after = "" if answered.model == "base" else f" --after {answered.model}"
    cell = f"%%finetune NAME{after} --data {sheet.name}"
    words = _WORDS[outcome.what].format(number=outcome.number, name=sheet.name)
    if learned and not answered.ended:
        # For who looks now: what is saved says only what was kept.
        sheet.session.front_end.notice(CUT)
    return Kept(sheet.name, sheet.kind, outcome.number, outcome.rows, words, cell)


CUT = "this answer was cut, and a model that learns it learns to stop there"

_WORDS = {
    "new": "kept as row {number} of {name}",
    "replaced": "kept as row {number} of {name}, in place of what it said before",
    # As when it was new: a notebook that is run again shows what it showed before.
    "same": "kept as row {number} of {name}",
}
