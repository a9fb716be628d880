"""What a loss curve says, in one or two plain sentences."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Curve", "Point", "best_step", "overfit_since", "verdict"]

Point = tuple[int, float]
"""A step, counted from 1 (0: before the first), and a loss: mean cross-entropy per trained token."""

# A loss measured on a handful of rows wobbles by a percent or so from one look to the next; what
# is smaller than these is not told. Both hold at once, because near zero every wobble is a large
# share.
NOISE_SHARE = 0.02
NOISE_LOSS = 0.01
# One look alone may be an outlier: it has to rise by more than several in a row.
CLEAR_SHARE = 0.10
# A curve that still falls by this share within its last stretch has not levelled off.
FALLING_SHARE = 0.05
# Below this the rows are known nearly by heart: e^-0.1 gives each token a probability of 0.9.
BY_HEART_LOSS = 0.1
# A batch is not like the next: a loss a fifth above the first is a trend, less may be chance.
DIVERGED_SHARE = 0.20
FEW_STEPS = 4
# While it runs nothing is said of the first steps: warm-up moves little, and batches differ.
EARLY_STEPS = 12


@dataclass(frozen=True)
class Curve:
    """What the rules look at.

    Attributes:
        state: The run's: `running`, `finished` …
        train: Training loss of each step.
        evals: Eval loss of each look at the held-out rows.
        kept: Steps whose weights were kept.
    """

    state: str
    train: Sequence[Point]
    evals: Sequence[Point] = ()
    kept: Sequence[int] = ()

    @property
    def over(self) -> bool:
        """Whether no more steps will come."""
        return self.state in ("finished", "stopped", "failed", "interrupted")


def best_step(evals: Sequence[Point]) -> int | None:
    """The step with the lowest eval loss; the earlier of two equal ones. None before the first.

    The look before the first step is left out: there are no trained weights that it could mean.
    """
    best = _best(evals)
    return best[0] if best else None


def overfit_since(train: Sequence[Point], evals: Sequence[Point]) -> int | None:
    """The step from which on the rows are memorised: eval loss rises while training loss falls.

    That step is the best one. The rise counts when it is beyond the noise in two looks or more,
    or clearly beyond it in one.

    Source: early stopping with a patience of two; Prechelt, «Early stopping, but when?», 1998.
    """
    best = _best(evals)
    if best is None or not train:
        return None
    after = [loss for step, loss in evals if step > best[0] and math.isfinite(loss)]
    last = after[-1] if after else best[1]
    beyond = _rises(best[1], last, NOISE_SHARE) and len(after) > 1
    if not beyond and not _rises(best[1], last, CLEAR_SHARE):
        return None
    until = bisect.bisect_right(train, best[0], key=lambda point: point[0])
    before = _mean([loss for _, loss in train[max(0, until - _width(train)) : until]])
    return best[0] if _end(train) < before else None


def verdict(curve: Curve) -> str:
    """One or two sentences that a beginner understands; empty while there is nothing to say.

    The same curve gives the same words, and no number has more than two digits that count: the
    further ones depend on the processor.
    """
    if not curve.train:
        return "Nothing was trained." if curve.over else ""
    broken = next((step for step, loss in curve.train if not math.isfinite(loss)), None)
    if broken is not None:
        return f"Since step {broken} the loss is no longer a number. A lower learning rate helps."
    if len(curve.train) < FEW_STEPS:
        count = len(curve.train)
        steps = "One step is" if count == 1 else f"{count} steps are"
        return f"{steps} too few to tell what was learned." if curve.over else ""
    if len(curve.train) < EARLY_STEPS and not curve.over:
        return ""
    if _diverges(curve):
        return "The loss rises instead of falling. A lower learning rate helps."
    since = overfit_since(curve.train, curve.evals)
    if since is not None:
        return _of_overfitting(since, curve)
    return _of_evals(curve) if len(_looks(curve)) > 1 else _of_training(curve)


def _of_overfitting(since: int, curve: Curve) -> str:
    kept = "is kept as best" if since in curve.kept else "was the best"
    return (
        f"Since step {since} it memorises: the training loss falls, the eval loss rises. "
        f"Step {since} {kept}; more varied rows help more than more epochs."
    )


def _of_evals(curve: Curve) -> str:
    looks = _looks(curve)
    first, last = looks[0][1], looks[-1][1]
    low = min(loss for _, loss in looks)
    if not _rises(low, first, NOISE_SHARE):
        if not _falls(curve.train):
            return _UNMOVED
        return (
            "The training loss falls, but the eval loss does not: what it learns from these rows "
            "does not help with the eval rows. More varied rows help."
        )
    fell = f"the eval loss fell from {_number(first)} to {_number(low)}"
    falling = last == low and _rises(low, looks[-2][1], FALLING_SHARE)
    if not curve.over:
        return f"It learns: {fell}{' and still falls' if falling else ''}."
    if falling:
        return f"It learned: {fell}. It still fell at the end, so more epochs may help."
    return f"It learned: {fell}, and levelled off. More epochs would change little."


def _of_training(curve: Curve) -> str:
    start, end = _start(curve.train), _end(curve.train)
    if not _falls(curve.train):
        return _UNMOVED
    fell = f"the training loss fell from about {_number(start)} to {_number(end)}"
    if not curve.over:
        return f"It learns: {fell}."
    if end < BY_HEART_LOSS:
        return f"It knows its rows nearly by heart: {fell}. {_ASK}"
    width = _width(curve.train)
    before = _mean([loss for _, loss in curve.train[-2 * width : -width]])
    if _rises(end, before, FALLING_SHARE):
        return f"It learned: {fell}. It still fell at the end, so more epochs may help."
    return f"It learned: {fell}, and levelled off. {_ASK}"


_UNMOVED = "The loss hardly moves. A higher learning rate or more epochs may help."
_ASK = "Questions that are not among the rows show what it makes of them."


def _diverges(curve: Curve) -> bool:
    looks = _looks(curve)
    worse = len(looks) < 2 or looks[-1][1] > looks[0][1]
    return worse and _rises(_start(curve.train), _end(curve.train), DIVERGED_SHARE)


def _looks(curve: Curve) -> list[Point]:
    return [(step, loss) for step, loss in curve.evals if math.isfinite(loss)]


def _falls(train: Sequence[Point]) -> bool:
    return _rises(_end(train), _start(train), FALLING_SHARE)


def _rises(low: float, high: float, share: float) -> bool:
    """Whether the higher loss is above the lower one by more than a share of it, and the noise."""
    return high - low > max(share * low, NOISE_LOSS)


def _width(train: Sequence[Point]) -> int:
    """Steps that are averaged at either end: single losses are those of single batches."""
    return min(200, max(1, len(train) // 8))


def _start(train: Sequence[Point]) -> float:
    return _mean([loss for _, loss in train[: _width(train)]])


def _end(train: Sequence[Point]) -> float:
    return _mean([loss for _, loss in train[-_width(train) :]])


def _mean(losses: Sequence[float]) -> float:
    return math.fsum(losses) / len(losses) if losses else math.nan


def _best(evals: Sequence[Point]) -> Point | None:
    trained = [(step, loss) for step, loss in evals if step > 0 and math.isfinite(loss)]
    return min(trained, key=lambda point: (point[1], point[0]), default=None)


def _number(loss: float) -> str:
    """Two digits that count, never as a power of ten: 4.4, 0.96, 12, 0.08."""
    if loss >= 10:
        return f"{loss:.0f}"
    return f"{loss:.1f}" if loss >= 1 else f"{loss:.2g}" if loss >= 0.01 else "below 0.01"
