"""`vote` and `edit`: judging by word what was shown last."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

from ft_magics.errors import SettingError, nearest
from ft_magics.session.collect import (
    Answered,
    Kept,
    answered_of,
    keep_choice,
    keep_edit,
    keep_vote,
)
from ft_magics.session.state import current

if TYPE_CHECKING:
    from ft_magics.session.objects import Answers
    from ft_magics.session.preferring import Preferring

__all__ = ["edit", "vote"]

_GOOD = {"up": True, "true": True, "good": True, "down": False, "false": False, "bad": False}
_CHOICES = {
    "1": "left",
    "2": "right",
    "left": "left",
    "right": "right",
    "tie": "tie",
    "skip": "skip",
}
_ALONE = ("tie", "skip", "back", "end")


def vote(
    what: str | int | bool,
    of: str | int | None = None,
    *,
    collect: str | None = None,
    where: str | None = None,
) -> Kept | Preferring:
    """Judge what was shown last: the pair of an open comparison, or answers.

    Args:
        what: `up` or `down` (True, False) for one answer. In a comparison `1`, `2`, `tie`,
            `skip`, `back`, or `end` to name the models now. Of several answers side by side, the
            number or the model of the best; of a single one, 1 for good and 0 for bad.
        of: Which answer is meant by `up` and `down`: its number from the left, or its model.
        collect: The data set that it goes to; else the one named with the question.
        where: The cell, for errors.

    Returns:
        What was kept; of a comparison itself, which shows the next pair, or the result.

    Raises:
        SettingError: There is nothing to judge, or the word is not understood.
        FtError: The disk refuses it, or the next answers cannot be made.
    """
    where = where or "vote"
    word = str(what).strip()
    if word.lower() in _GOOD:
        answers = _last(where)
        at = _column(answers, of, f"vote {word.lower()}", where)
        into = collect or answers.collect
        return keep_vote(answered_of(answers, at), _GOOD[word.lower()], collect=into, where=where)
    if of is not None:
        remedy = "Write %ft vote up N, %ft vote down N, or %ft vote N for the best of several."
        raise SettingError(where, f"'{word} {of}' is no vote", remedy)
    going_on = current().preferring
    # What was shown last is meant: a number may be that of answers shown since the pair.
    since = word not in _ALONE and current().last_answers is not None
    if going_on is not None and going_on.active and not since:
        return _choose(going_on, word, collect, where)
    if _is_over(going_on, word):
        # Run All, once more: its choices are kept already, and the answers before are not meant.
        current().front_end.notice("this comparison is over: nothing was kept")
        return going_on
    if word in _ALONE:
        remedy = "Begin one: %ft prefer A B."
        raise SettingError(where, f"'{word}' is for a blind comparison, and none is open", remedy)
    answers = _last(where)
    into = collect or answers.collect
    if len(answers.columns) == 1 and word in ("0", "1"):
        return keep_vote(answered_of(answers, 0), word == "1", collect=into, where=where)
    return _best(answers, _column(answers, word, "vote", where), into, where)


def edit(
    text: str,
    of: str | int | None = None,
    *,
    collect: str | None = None,
    where: str | None = None,
) -> Kept:
    """Write an answer that was shown last as it should be: it is chosen, the answer rejected.

    Args:
        text: The better text.
        of: Which answer, where several stand side by side: its number from the left, or its model.
        collect: The data set that it goes to; else the one named with the question.
        where: The cell, for errors.

    Raises:
        SettingError: There is no such answer, or the text is empty or the same.
        FtError: The disk refuses it.
    """
    where = where or "edit"
    if not isinstance(text, str):
        raise SettingError(where, f"the text is a {type(text).__name__}", "Give a text.")
    answers = _last(where)
    answered = answered_of(answers, _column(answers, of, "edit", where))
    return keep_edit(answered, text, collect=collect or answers.collect, where=where)


def _is_over(going_on: Preferring | None, word: str) -> TypeGuard[Preferring]:
    """Whether the vote is about a comparison that has ended, since no answers were shown after it."""
    meant = word in _CHOICES or word in _ALONE
    return going_on is not None and current().last_answers is None and going_on.finished and meant


def _choose(going_on: Preferring, word: str, collect: str | None, where: str) -> Preferring:
    if collect is not None and collect != going_on.name:
        what = f"the choices of this comparison go to {going_on.name}"
        raise SettingError(where, what, "Leave --collect out.")
    if word == "back":
        going_on.back()
    elif word == "end":
        going_on.end()
    elif word in _CHOICES:
        going_on.wait().choose(_CHOICES[word])  # type: ignore[arg-type]
    else:
        remedy = "Write 1, 2, tie, skip, back, or end to leave the comparison."
        raise SettingError(where, f"a blind comparison knows no '{word}'", remedy)
    return going_on.wait()


def _best(answers: Answers, at: int, collect: str | None, where: str) -> Kept:
    """The rows that say that one answer is better than each of the others."""
    if len(answers.columns) == 1:
        remedy = "Write %ft vote 1 if it is good, or %ft vote 0."
        raise SettingError(where, "there is just one answer", remedy)
    answered = [answered_of(answers, i) for i in range(len(answers.columns))]
    best = answered.pop(at)
    worse = [one for one in answered if _differs(best, one)] or answered[:1]
    kept = [keep_choice(best, one, collect=collect, where=where) for one in worse]
    if len(kept) == 1:
        return kept[0]
    first, last = kept[0], kept[-1]
    numbers = ", ".join(str(one.number) for one in kept[:-1])
    words = f"kept as rows {numbers} and {last.number} of {first.name}"
    return Kept(first.name, first.kind, first.number, last.rows, words, first.next_cell)


def _differs(best: Answered, other: Answered) -> bool:
    """Whether the two make a pair to learn from."""
    return bool(other.text.strip()) and other.text.strip() != best.text.strip()


def _last(where: str) -> Answers:
    answers = current().last_answers
    if answers is None:
        raise SettingError(where, "there is no answer to judge", "Ask first: %%prompt.")
    return answers


def _column(answers: Answers, of: str | int | None, verb: str, where: str) -> int:
    """The place of an answer, from 0."""
    titles = [column.title for column in answers.columns]
    if of is None:
        if len(titles) == 1:
            return 0
        remedy = f"Name one: %ft {verb} 1, or %ft {verb} {titles[0]}."
        raise SettingError(where, f"there are {len(titles)} answers", remedy)
    word = str(of)
    if word in titles:
        return titles.index(word)
    if word.isdecimal() and 1 <= int(word) <= len(titles):
        return int(word) - 1
    number = f"1 to {len(titles)}" if len(titles) > 1 else "1"
    remedy = f"{nearest(word, titles)} Or write its number, {number}.".lstrip()
    raise SettingError(where, f"there is no answer '{word}'", remedy)
