"""What the numbers of a preference run say together: its verdict, in a sentence or two.

What a reward, a margin and an accuracy are, and that nothing here depends on the kind of loss, is
told at `preference_words`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from ft_magics.course import ACCURACY, CHOSEN, MARGIN, REJECTED, Course, number
from ft_magics.preference_words import (
    NEAR_ZERO_SHARE,
    above_first,
    fell,
    names,
    near_zero,
    number_words,
    share,
)
from ft_magics.verdict import EARLY_STEPS, FEW_STEPS, Curve, overfit_since

__all__ = ["Judgement", "judge", "memorises_since"]

# Rows that are solved so soon had no need of training: the third of three steps in a row.
EASY_STEPS, EASY_SHARE, EASY_RUN = 6, 0.05, 3
# The chosen answers' reward has to fall by this, and by a tenth of the margin, to be told.
LOST_REWARD, LOST_SHARE = 0.1, 0.1
# Of the eval pairs, as a share: what two looks in a row have to lose, and what is near chance.
LOST_ACCURACY, CHANCE_ACCURACY, SURE_ACCURACY = 0.1, 0.6, 0.9
# The eval loss has to rise by this much of what it began with: near 0 every wobble is a large share.
RISEN_SHARE = 0.05
# A margin below 0 by this is no chance: the loss of DPO is 0.8 there.
WRONG_MARGIN = 0.2


@dataclass(frozen=True)
class Judgement:
    """What is said of a run.

    Attributes:
        verdict: One or two sentences; empty while there is nothing to say.
        worrying: Whether that is a warning.
        words: `loss` or trl's name -> a few words; those without are left out.
    """

    verdict: str = ""
    worrying: bool = False
    words: dict[str, str] = field(default_factory=dict)


def judge(course: Course) -> Judgement:
    """What a preference run's numbers say.

    The same course gives the same words, and no number has more than two digits that count: the
    further ones depend on the processor.
    """
    train, over = course.curve.train, course.curve.over
    if not train:
        return Judgement("Nothing was trained." if over else "")
    broken = next((step for step, loss in train if not math.isfinite(loss)), None)
    if broken is not None:
        text = f"Since step {broken} the loss is no longer a number. A lower learning rate helps."
        return Judgement(text, True)
    if len(train) < FEW_STEPS:
        steps = "One step is" if len(train) == 1 else f"{len(train)} steps are"
        return Judgement(f"{steps} too few to tell what was learned." if over else "")
    early = len(train) < EARLY_STEPS and not over
    words = number_words(course)
    for rule, worrying, soon in _RULES:
        text = rule(course) if soon or not early else ""
        if text:
            return Judgement(text, worrying, words)
    return Judgement(words=words)


def memorises_since(curve: Curve) -> int | None:
    """The step from which on the loss falls on the training rows and rises on the eval rows.

    As of a cross-entropy, but that the rise also counts against the loss before training.
    """
    since = overfit_since(curve.train, curve.evals)
    if since is None:
        return None
    best = dict(curve.evals)[since]
    last = next(loss for _, loss in reversed(curve.evals) if math.isfinite(loss))
    return since if last - best > RISEN_SHARE * abs(curve.train[0][1]) else None


def _too_easy(course: Course) -> str:
    """The rows were told apart almost from the first step on, and still are."""
    since = _solved(course)
    if since is None or not near_zero(course):
        return ""
    chosen, rejected = names(course)
    kind = "pairs are too easy" if course.method == "dpo" else "answers are too easy to tell apart"
    seen = "Accuracy 1.0 and loss" if course.method == "dpo" else "Loss"
    return (
        f"{seen} near 0 after {since} steps: these {kind}. "
        f"{rejected.capitalize()} answers that are closer to the {chosen} ones teach more."
    )


def _solved(course: Course) -> int | None:
    """The step that ends the first three in a row that left nothing to learn, if it came soon."""
    limit = max(EASY_STEPS, int(EASY_SHARE * course.total_steps))
    least = NEAR_ZERO_SHARE * (course.first_loss or 0.0)
    right = dict(course.metrics.get(ACCURACY, ())[: limit + 1])
    run = 0
    for step, loss in course.curve.train[:limit]:
        solved = loss < least and (course.method != "dpo" or right.get(step, 0.0) > 0.999)
        run = run + 1 if solved else 0
        if run == EASY_RUN:
            return step
    return None


def _diverges(course: Course) -> str:
    """Worse than before training: above the loss of rewards that are all 0."""
    if not above_first(course):
        return ""
    began = number(course.first_loss or 0.0)
    return f"The loss is above the {began} it began with. A lower learning rate helps."


def _memorises(course: Course) -> str:
    since = memorises_since(course.curve)
    if since is None:
        return ""
    kept = "is kept as best" if since in course.curve.kept else "was the best"
    return (
        f"Since step {since} it memorises: the loss falls on the training rows and rises on the "
        f"held-out ones. Step {since} {kept}; fewer epochs or more varied rows help."
    )


def _loses_accuracy(course: Course) -> str:
    """Two looks in a row are clearly below an earlier one, and the training pairs do not say so."""
    looks, now = course.looks(ACCURACY), course.level(ACCURACY)
    losses = [loss for step, loss in course.curve.evals if step > 0 and math.isfinite(loss)]
    if len(looks) < 3 or now is None or len(losses) < 3:
        return ""
    best = max(value for _, value in looks[:-2])
    last = max(value for _, value in looks[-2:])
    if last > best - LOST_ACCURACY or now.trend(0.0) < 0 or losses[-1] <= min(losses[:-1]):
        return ""
    return (
        f"The accuracy on held-out pairs fell from {number(best)} to {number(looks[-1][1])}, on "
        f"the training pairs it did not: it memorises. Fewer epochs or more varied pairs help."
    )


def _does_not_carry_over(course: Course) -> str:
    """Sure of its own pairs, at a loss with others."""
    looks, now = course.looks(ACCURACY), course.level(ACCURACY)
    if len(looks) < 2 or now is None or now.mean < SURE_ACCURACY:
        return ""
    if max(value for _, value in looks[-2:]) > CHANCE_ACCURACY:
        return ""
    return (
        "It tells its training pairs apart, but the held-out ones hardly better than by chance. "
        "More varied pairs help more than more epochs."
    )


def _both_fall(course: Course) -> str:
    """The margin grows because the rejected answers fall faster, not because the chosen rise.

    Source: «likelihood displacement», Razin et al. 2024, arXiv 2410.08847; Pal et al., «Smaug»,
    2024, arXiv 2402.13228. Both see it most where the two answers are alike.
    """
    up, down = course.level(CHOSEN), course.level(REJECTED)
    if up is None or down is None or down.side() >= 0:
        return ""
    if up.side(max(LOST_REWARD, LOST_SHARE * (up.mean - down.mean))) >= 0:
        return ""
    return (
        f"Both rewards fall: the {names(course)[0]} answers are getting less likely too. "
        f"Lower the learning rate or raise beta."
    )


def _prefers_the_wrong(course: Course) -> str:
    """The margin went the wrong way, beyond chance."""
    now = course.level(MARGIN)
    if now is None or now.side(WRONG_MARGIN) >= 0:
        return ""
    return (
        f"The margin is below 0: it prefers the {names(course)[1]} answers. "
        f"A lower learning rate helps."
    )


def _unmoved(course: Course) -> str:
    """Neither margin nor loss left where they began."""
    now = course.level(MARGIN)
    if (now is not None and now.side() > 0) or fell(course):
        return ""
    return "The margin hardly moves. A higher learning rate or more epochs may help."


def _learned(course: Course) -> str:
    over, now, looks = course.curve.over, course.level(MARGIN), course.looks(ACCURACY)
    chosen, _ = names(course)
    text = f"It {'learned' if over else 'learns'} to prefer the {chosen} answers"
    if now is not None and now.side() > 0:
        text += f": the margin grew from 0 to about {number(now.mean)}"
        if looks:
            text += f", and {share(looks[-1][1], 'held-out pairs')} the chosen answer gains"
    if not over:
        return f"{text}."
    if near_zero(course):
        text += "; hardly anything is left to learn"
    return f"{text}. Questions that are not among the rows show what it makes of them."


Rule = Callable[[Course], str]

# The first that has something to say; whether that is a warning; whether it may speak of the first
# steps already.
_RULES: tuple[tuple[Rule, bool, bool], ...] = (
    (_diverges, True, False),
    (_memorises, True, False),
    (_loses_accuracy, True, False),
    (_does_not_carry_over, True, False),
    (_prefers_the_wrong, True, False),
    (_both_fall, True, False),
    (_too_easy, True, True),
    (_unmoved, False, False),
    (_learned, False, False),
)
