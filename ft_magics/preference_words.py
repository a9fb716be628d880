"""What each number of a preference run says, in a few words.

A reward is beta times how much likelier, by the natural logarithm, an answer is than at the run's
start. So all rewards begin at 0, and the loss begins at what it is where all rewards are 0: for
DPO's own loss ln 2, for KTO's 0.5, for others something else. Nothing here depends on which it is;
a loss is held against the run's own first one.

Source: rewards, margin and accuracy: Rafailov et al., «Direct Preference Optimization», arXiv
2305.18290; those of KTO: Ethayarajh et al., arXiv 2402.01306.
"""

from __future__ import annotations

from collections.abc import Callable

from ft_magics.course import (
    ACCURACY,
    CHOSEN,
    ERRORS,
    KL,
    MARGIN,
    REJECTED,
    Course,
    Level,
    level,
    number,
)
from ft_magics.verdict import EARLY_STEPS

__all__ = ["above_first", "fell", "names", "near_zero", "number_words", "share"]

# A loss at a seventh of its first is near 0: of DPO's own, 0.1, a margin of 2.3 or more.
NEAR_ZERO_SHARE = 0.15
# Above its first by a tenth it is worse than before training: of DPO's own loss 0.76.
DIVERGED_SHARE = 0.10
# A warning is looked for at every step, so it has to be surer: 3 errors are 1 case in 700.
DIVERGED_ERRORS = 3.0
# A loss that fell by less has hardly moved.
FALLEN_SHARE = 0.05
# Two shares of a few pairs are told apart from here on.
CLEAR_ACCURACY = 0.2
# Per answer, natural log.
NEAR_KL, FAR_KL = 0.1, 10.0


def number_words(course: Course) -> dict[str, str]:
    """A few words for each number that was measured; those without are left out.

    Args:
        course: Of a few steps or more.

    Returns:
        `loss` or trl's name, and the words.
    """
    found = {"loss": _of_loss(course)}
    for name, say in _SAID.items():
        measured = course.level(name)
        if measured is not None:
            found[name] = say(course, measured)
    return {name: text for name, text in found.items() if text}


def _of_loss(course: Course) -> str:
    first = course.first_loss
    if first is None:
        return ""
    began = f"the {number(first)} it began with"
    if above_first(course):
        return f"above {began}: it gets worse"
    if near_zero(course):
        return "near 0: hardly anything is left to learn from these rows"
    if fell(course):
        return f"below {began}: it tells the answers apart"
    return "" if _early(course) else f"hardly moved from {began}"


def _of_side(course: Course, now: Level, side: str) -> str:
    which = f"the {names(course)[side == REJECTED]} answers"
    if now.side() > 0:
        turned = ", but less so than before" if now.trend() < 0 else ""
        return f"{which} are likelier than at the start{turned}"
    if now.side() < 0:
        return f"{which} are less likely than at the start"
    return "" if _early(course) else f"{which} are about as likely as at the start"


def _of_margin(course: Course, now: Level) -> str:
    chosen, rejected = names(course)
    if now.side() < 0:
        return f"below 0: it prefers the {rejected} answers"
    if now.side() > 0:
        moves = {1: "it grows", 0: "it holds", -1: "it shrinks"}[now.trend()]
        return f"{moves}: it prefers the {chosen} answers"
    return "" if _early(course) else "it hardly moves: the learning rate may be too low"


def _of_accuracy(course: Course, now: Level) -> str:
    looks = course.looks(ACCURACY)
    if looks and looks[-1][1] < now.mean - CLEAR_ACCURACY:
        return f"{share(now.mean)} the chosen answer gains more, in fewer of the eval ones"
    return f"{share(now.mean)} the chosen answer gains on the rejected one"


def _of_kl(course: Course, now: Level) -> str:
    """Measured on the answers to other questions of the batch."""
    if now.mean < NEAR_KL:
        return "about 0: answers to other questions are no likelier than at the start"
    if now.mean > FAR_KL:
        return "answers to other questions are much likelier too; a higher beta holds it back"
    return "answers to other questions are a little likelier too"


_SAID: dict[str, Callable[[Course, Level], str]] = {
    CHOSEN: lambda course, now: _of_side(course, now, CHOSEN),
    REJECTED: lambda course, now: _of_side(course, now, REJECTED),
    MARGIN: _of_margin,
    ACCURACY: _of_accuracy,
    KL: _of_kl,
}


def _early(course: Course) -> bool:
    return len(course.curve.train) < EARLY_STEPS and not course.curve.over


def names(course: Course) -> tuple[str, str]:
    """What the preferred answers and the others are called."""
    return ("good", "bad") if course.method == "kto" else ("chosen", "rejected")


def above_first(course: Course) -> bool:
    """Whether the loss is clearly above the one before training."""
    first, now = course.first_loss, level(course.curve.train)
    if first is None or now is None:
        return False
    return now.mean - first > max(DIVERGED_SHARE * abs(first), DIVERGED_ERRORS * now.error)


def near_zero(course: Course) -> bool:
    """Whether the loss is a small part of the one before training."""
    first, now = course.first_loss, level(course.curve.train)
    return first is not None and now is not None and 0 <= now.mean < NEAR_ZERO_SHARE * first


def fell(course: Course) -> bool:
    """Whether the loss is clearly below the one before training."""
    first, now = course.first_loss, level(course.curve.train)
    if first is None or now is None:
        return False
    return first - now.mean > max(FALLEN_SHARE * abs(first), ERRORS * now.error)


def share(value: float, of: str = "pairs") -> str:
    """`in about 8 of 10 pairs`."""
    tenths = round(10 * value)
    many = {0: "in hardly any", 5: "in about half of the", 10: "in nearly all"}
    return f"{many.get(tenths, f'in about {tenths} of 10')} {of}"
