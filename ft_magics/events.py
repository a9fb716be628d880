"""What happens in a run: the one vocabulary between training, disk and every view.

An event is a frozen dataclass; on disk it is one line of `events.jsonl`:
`{"event": "step_ended", "at_s": 1764000000.0, "step": 3, …}`. A finished run's card is the replay
of its file; there is no second path.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import asdict, dataclass, field, fields
from typing import Any

__all__ = [
    "BaseChecked",
    "Evaluated",
    "Event",
    "GoldenAnswered",
    "Notice",
    "PhaseBegan",
    "RunEnded",
    "RunPaused",
    "RunQueued",
    "RunResumed",
    "RunStarted",
    "StepEnded",
    "StepKept",
    "from_line",
    "state_after",
    "to_line",
]


@dataclass(frozen=True, kw_only=True)
class Event:
    """Anything that happened, and when."""

    at_s: float = field(default_factory=time.time)
    """Unix time in seconds."""


@dataclass(frozen=True, kw_only=True)
class RunQueued(Event):
    """The run was accepted; it waits for its turn or begins to load."""

    name: str
    behind: str = ""
    """The run it waits for; empty when it starts at once."""
    chips: tuple[str, ...] = ()
    """Short facts for the head of the card: `SFT · LoRA r16`, base, `catgpt · 24 rows`."""
    goal: str = ""
    """What it is for, in the user's words."""
    method: str = "sft"
    """`sft`, `dpo` or `kto`: what the card will show."""


@dataclass(frozen=True, kw_only=True)
class PhaseBegan(Event):
    """Set-up before the first step, so that nobody stares at a blank card."""

    text: str
    """In words: `loading the base model`."""
    chips: tuple[str, ...] = ()
    """The head's short facts, where more is known by now; empty leaves those of before."""


@dataclass(frozen=True, kw_only=True)
class RunStarted(Event):
    """The first step is about to be taken."""

    total_steps: int
    """Optimizer steps of the whole run."""
    epochs: float
    trainable_parameters: int
    total_parameters: int
    first_step: int = 0
    """Steps already taken, when an interrupted run goes on."""
    method: str = "sft"
    """`sft`, `dpo` or `kto`: what the losses are losses of."""


@dataclass(frozen=True, kw_only=True)
class StepEnded(Event):
    """One optimizer step."""

    step: int
    """Counted from 1."""
    epoch: float
    loss: float
    """Mean cross-entropy per trained token, natural log; of preferences, the mean over the rows."""
    learning_rate: float
    grad_norm: float | None = None
    tokens: int = 0
    """Tokens that went through the model in this step, padding not counted."""
    tokens_per_s: float | None = None
    """Over the last ten steps."""
    elapsed_s: float = 0.0
    eta_s: float | None = None
    memory_bytes: int | None = None
    """On the device: allocated by CUDA, or the process's resident set on a CPU."""
    metrics: dict[str, float] = field(default_factory=dict)
    """What else was measured, under trl's names, for preferences: `rewards/chosen` and
    `rewards/rejected` (beta times how much likelier, natural log, than at the run's start an
    answer is), `rewards/margins`, `rewards/accuracies` (0 to 1), `logps/chosen`,
    `logps/rejected`, and KTO's `kl`. Of KTO, `chosen` are the answers marked good."""


@dataclass(frozen=True, kw_only=True)
class Evaluated(Event):
    """The held-out rows were scored."""

    step: int
    """0 is before the first step."""
    eval_loss: float
    """The same of the eval rows as `StepEnded.loss` of the training rows."""
    metrics: dict[str, float] = field(default_factory=dict)
    """The same of the eval rows as `StepEnded.metrics`."""


@dataclass(frozen=True, kw_only=True)
class StepKept(Event):
    """The adapter of a step was written and can be swapped to."""

    step: int
    reason: str = ""
    """`eval`, `stopped`, `asked` or `end`."""


@dataclass(frozen=True, kw_only=True)
class RunPaused(Event):
    """The run waits between two steps."""

    step: int


@dataclass(frozen=True, kw_only=True)
class RunResumed(Event):
    """The run goes on after a pause."""

    step: int


@dataclass(frozen=True, kw_only=True)
class Notice(Event):
    """Something the user should know."""

    text: str
    severity: str = "note"
    """`note`, `warning`, or `fact`: what is as true of the saved card as of the live one."""


@dataclass(frozen=True, kw_only=True)
class GoldenAnswered(Event):
    """The golden questions were answered at a step."""

    step: int
    model: str
    """`base` or the adapter's name."""
    answers: tuple[dict[str, Any], ...]
    """One `{"prompt", "answer", "passed": bool | None, "reason"}` per question, in order."""


@dataclass(frozen=True, kw_only=True)
class BaseChecked(Event):
    """The base was held against what it was when it was loaded."""

    unchanged: bool
    """Whether a probe's logits are equal bit for bit, and no weight was written."""


@dataclass(frozen=True, kw_only=True)
class RunEnded(Event):
    """The run is over."""

    state: str
    """`finished`, `stopped` (by the user, saved), `failed` or `interrupted`."""
    step: int
    best_step: int | None = None
    """The step that the name means: the lowest eval loss, else the last."""
    error: str = ""
    """Why it failed, as the user should read it."""


def _kind(cls: type[Event]) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", cls.__name__).lower()


_KINDS: dict[str, type[Event]] = {
    _kind(cls): cls
    for cls in (
        RunQueued,
        PhaseBegan,
        RunStarted,
        StepEnded,
        Evaluated,
        StepKept,
        RunPaused,
        RunResumed,
        Notice,
        GoldenAnswered,
        BaseChecked,
        RunEnded,
    )
}


_STATES: dict[type[Event], str] = {
    RunQueued: "queued",
    PhaseBegan: "running",
    RunStarted: "running",
    StepEnded: "running",
    RunPaused: "paused",
    RunResumed: "running",
}


def state_after(event: Event) -> str | None:
    """The state a run is in after an event; None when the event does not change it."""
    return event.state if isinstance(event, RunEnded) else _STATES.get(type(event))


def to_line(event: Event) -> str:
    """One line of `events.jsonl`, without its newline."""
    return json.dumps({"event": _kind(type(event)), **asdict(event)}, ensure_ascii=False)


def from_line(line: str) -> Event | None:
    """The event of a line of `events.jsonl`.

    Args:
        line: One JSON object.

    Returns:
        The event; None for a kind this version does not know (a newer one wrote it) and for a
        line that a crash cut off.
    """
    try:
        values = json.loads(line)
    except json.JSONDecodeError:
        return None
    cls = _KINDS.get(str(values.pop("event", ""))) if isinstance(values, dict) else None
    if cls is None:
        return None
    known = {f.name for f in fields(cls)}
    kept: dict[str, Any] = {
        k: tuple(v) if isinstance(v, list) else v for k, v in values.items() if k in known
    }
    try:
        return cls(**kept)
    except TypeError:
        return None
