"""The state of a run that views show: fed by events alone, live or replayed."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import traitlets

from ft_magics.course import Course, recent, width
from ft_magics.events import (
    BaseChecked,
    Evaluated,
    Event,
    GoldenAnswered,
    Notice,
    PhaseBegan,
    RunEnded,
    RunPaused,
    RunQueued,
    RunResumed,
    RunStarted,
    StepEnded,
    StepKept,
    state_after,
)
from ft_magics.preferences import judge, memorises_since
from ft_magics.verdict import Curve, Point, best_step, overfit_since, verdict

__all__ = ["RunState"]

# The curve is judged anew when so much has been added to it, so that a step of a long run costs
# no more than one of a short run.
NEW_SHARE = 0.02


class RunState(traitlets.HasTraits):
    """A run as views show it.

    Views observe `revision`, which moves once with each event, in the thread of the event, and
    redraw at their own pace from what they find; the other traits are there to be read and, in
    tests, to be set. `train_points`, `eval_points` and the lists of `metrics` and `eval_metrics`
    grow in place and notify nobody.
    """

    revision = traitlets.Int(0, help="Moves with every event.")

    name = traitlets.Unicode()
    method = traitlets.Unicode("sft", help="sft dpo kto: what the losses are losses of.")
    state = traitlets.Unicode("queued", help="queued running paused finished stopped …")
    phase = traitlets.Unicode(help="What is done before the first step, or after the last.")
    chips = traitlets.Tuple(help="Short facts for the head of the card.")
    goal = traitlets.Unicode(help="What it is for, in the user's words.")
    error = traitlets.Unicode(help="Why it failed.")
    notices: traitlets.List[Notice] = traitlets.List(help="Notice events, oldest first.")

    step = traitlets.Int(0, help="Optimizer steps taken.")
    total_steps = traitlets.Int(0, help="Optimizer steps of the whole run; 0 when not known.")
    epoch = traitlets.Float(0.0)
    epochs = traitlets.Float(0.0)
    loss = traitlets.Float(None, allow_none=True, help="Of the newest step.")
    eval_loss = traitlets.Float(None, allow_none=True, help="Of the newest evaluation.")
    train_points: traitlets.List[Point] = traitlets.List(help="(step, loss), in order.")
    eval_points: traitlets.List[Point] = traitlets.List(help="(step, eval loss), in order.")
    metrics: traitlets.Dict[str, list[Point]] = traitlets.Dict(
        help="trl's name -> (step, value), in order, of the training rows."
    )
    eval_metrics: traitlets.Dict[str, list[Point]] = traitlets.Dict(
        help="The same of the eval rows."
    )
    best_step = traitlets.Int(None, allow_none=True, help="Of the lowest eval loss.")
    overfit_since = traitlets.Int(None, allow_none=True, help="From here on it memorises.")
    kept_steps: traitlets.List[int] = traitlets.List(help="Steps whose weights were kept.")
    verdict = traitlets.Unicode(help="What the curve says, in a sentence or two.")
    words: traitlets.Dict[str, str] = traitlets.Dict(
        help="`loss` or a name of `metrics` -> what it says; of preferences only."
    )
    worrying = traitlets.Bool(False, help="Whether the verdict is a warning.")
    base_unchanged = traitlets.Bool(None, allow_none=True, help="None until it was checked.")
    golden = traitlets.Dict(help="Model -> its answers to the golden questions, in order.")

    learning_rate = traitlets.Float(None, allow_none=True)
    grad_norm = traitlets.Float(None, allow_none=True)
    tokens = traitlets.Int(0, help="Tokens that went through the model so far.")
    tokens_per_s = traitlets.Float(None, allow_none=True)
    elapsed_s = traitlets.Float(0.0)
    eta_s = traitlets.Float(None, allow_none=True)
    memory_bytes = traitlets.Int(None, allow_none=True)
    trainable_parameters = traitlets.Int(0)
    total_parameters = traitlets.Int(0)

    def __init__(self, **traits: Any) -> None:
        self._guard = threading.RLock()
        self._events = 0
        self._judged_steps = self._judged_evals = 0
        self._best_loss = math.inf
        super().__init__(**traits)

    @classmethod
    def replay(cls, events: Iterable[Event]) -> RunState:
        """The state after a run's events, as it was live."""
        state = cls()
        for event in events:
            state.apply(event)
        return state

    def apply(self, event: Event) -> None:
        """Take in an event. Any thread may call."""
        with self._guard:
            after = state_after(event)
            if after is not None:
                self.state = after
            _APPLIED[type(event)](self, event)
            self._events += 1
            revision = self._events
        # Outside the lock: a view may wait for another thread that asks for the state.
        self.revision = revision

    @traitlets.observe("state")
    def _restated(self, change: Any) -> None:
        """A replay is told afterwards that its run's process is gone."""
        if self._events and self.state not in ("queued", "running", "paused"):
            self.phase, self.eta_s = "", None
            self._judge()

    # ------------------------------------------------------------------ one method an event

    def _queued(self, event: RunQueued) -> None:
        self.name = event.name
        self.method = event.method
        self.chips, self.goal = tuple(event.chips), event.goal
        self.phase = f"waiting for {event.behind}" if event.behind else ""
        self.error = ""

    def _began(self, event: PhaseBegan) -> None:
        self.phase = event.text
        self.chips = tuple(event.chips) or self.chips

    def _started(self, event: RunStarted) -> None:
        self.phase = ""
        self.method = event.method
        self.total_steps, self.epochs = event.total_steps, float(event.epochs)
        self.trainable_parameters = event.trainable_parameters
        self.total_parameters = event.total_parameters
        # A run that goes on does the steps after its save again.
        self.step = event.first_step
        for points in (self.train_points, self.eval_points):
            _cut(points, event.first_step + 1)
        for measured in (self.metrics, self.eval_metrics):
            _measure(measured, event.first_step + 1, {})
        self.golden = {}
        self.base_unchanged = None
        self._judge_evals()

    def _step_ended(self, event: StepEnded) -> None:
        self.step, self.epoch, self.loss = event.step, event.epoch, event.loss
        self.learning_rate, self.grad_norm = event.learning_rate, event.grad_norm
        self.tokens += event.tokens
        self.tokens_per_s, self.memory_bytes = event.tokens_per_s, event.memory_bytes
        self.elapsed_s, self.eta_s = event.elapsed_s, event.eta_s
        points = self.train_points
        _cut(points, event.step)
        points.append((event.step, event.loss))
        _measure(self.metrics, event.step, event.metrics)
        if len(points) > self._judged_steps * (1 + NEW_SHARE):
            self._judge()

    def _evaluated(self, event: Evaluated) -> None:
        self.eval_loss = event.eval_loss
        _cut(self.eval_points, event.step)
        self.eval_points.append((event.step, event.eval_loss))
        _measure(self.eval_metrics, event.step, event.metrics)
        if event.step > 0 and event.eval_loss < self._best_loss:
            self._best_loss = event.eval_loss
            self.best_step, self.overfit_since = event.step, None
        if len(self.eval_points) > self._judged_evals * (1 + NEW_SHARE):
            self._judge_evals()

    def _kept(self, event: StepKept) -> None:
        if event.step not in self.kept_steps:
            self.kept_steps = sorted([*self.kept_steps, event.step])
            self._judge()

    def _paused(self, event: RunPaused) -> None:
        self.eta_s = None

    def _resumed(self, event: RunResumed) -> None:
        self._judge()

    def _noticed(self, event: Notice) -> None:
        self.notices = [*self.notices, event]

    def _answered(self, event: GoldenAnswered) -> None:
        self.golden = {**self.golden, event.model: tuple(event.answers)}

    def _checked(self, event: BaseChecked) -> None:
        self.base_unchanged = event.unchanged

    def _ended(self, event: RunEnded) -> None:
        self.phase, self.error, self.eta_s = "", event.error, None
        self._judge_evals()
        if event.best_step is not None:
            self.best_step = event.best_step

    # ------------------------------------------------------------------ what the curve says

    def _judge_evals(self) -> None:
        self._judged_evals = len(self.eval_points)
        self.best_step = best_step(self.eval_points)
        scored = dict(self.eval_points)
        self._best_loss = math.inf if self.best_step is None else scored[self.best_step]
        curve = self._curve()
        self.overfit_since = (
            overfit_since(curve.train, curve.evals)
            if self.method == "sft"
            else memorises_since(curve)
        )
        self._judge()

    def _curve(self) -> Curve:
        return Curve(self.state, self.train_points, self.eval_points, self.kept_steps)

    def _judge(self) -> None:
        self._judged_steps = len(self.train_points)
        curve = self._curve()
        if self.method == "sft":
            self.verdict = verdict(curve)
            return
        course = Course(self.method, curve, self.metrics, self.eval_metrics, self.total_steps)
        judged = judge(course)
        self.verdict, self.worrying, self.words = judged.verdict, judged.worrying, judged.words

    @staticmethod
    def width(points: Sequence[Point]) -> int:
        """How many of a series' last steps `recent` and `words` look at together."""
        return width(len(points))

    @staticmethod
    def recent(points: Sequence[Point]) -> float | None:
        """The mean of a series' last steps, as `words` speak of it; None before there is one."""
        return recent(points)

    @staticmethod
    def thin(points: Sequence[Point], most: int = 200) -> list[Point]:
        """Few enough points to draw: the first, the last, the lowest, and evenly spread others.

        Args:
            points: Steps and losses, in order.
            most: How many may stay, at least 3.

        Returns:
            The same points for the same input, in order.
        """
        last = len(points) - 1
        if last < most:
            return list(points)
        lowest = min(range(last + 1), key=lambda i: (_or_high(points[i][1]), i))
        spread = {round(i * last / (most - 1)) for i in range(most)}
        if lowest not in spread:
            inner = spread - {0, last}
            spread.discard(min(inner, key=lambda i: (abs(i - lowest), i)))
            spread.add(lowest)
        return [points[i] for i in sorted(spread)]


def _cut(points: list[Point], step: int) -> None:
    """Drop the points from a step on: they are measured again."""
    while points and points[-1][0] >= step:
        points.pop()


def _measure(series: dict[str, list[Point]], step: int, values: Mapping[str, float]) -> None:
    """Add a step's values; a series that it lacks is cut all the same."""
    for points in series.values():
        _cut(points, step)
    for name, value in values.items():
        series.setdefault(name, []).append((step, value))


def _or_high(loss: float) -> float:
    return loss if math.isfinite(loss) else math.inf


_APPLIED: dict[type[Event], Callable[[RunState, Any], None]] = {
    RunQueued: RunState._queued,
    PhaseBegan: RunState._began,
    RunStarted: RunState._started,
    StepEnded: RunState._step_ended,
    Evaluated: RunState._evaluated,
    StepKept: RunState._kept,
    RunPaused: RunState._paused,
    RunResumed: RunState._resumed,
    Notice: RunState._noticed,
    GoldenAnswered: RunState._answered,
    BaseChecked: RunState._checked,
    RunEnded: RunState._ended,
}
