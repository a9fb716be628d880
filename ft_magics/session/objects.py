"""What the session returns: plain objects, each with a short `repr` and a rich display.

The session knows no HTML. The renderer is put in from outside (`set_renderer`), so that the same
object shows as a card in a notebook and as text in a terminal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "AdapterFacts",
    "AdapterTable",
    "Answers",
    "Column",
    "Evaluation",
    "Lines",
    "PlanView",
    "Shown",
    "Step",
    "Workflow",
    "set_renderer",
]

Bundle = dict[str, Any]

_renderer: Callable[[Any], Bundle] | None = None


def set_renderer(renderer: Callable[[Any], Bundle] | None) -> None:
    """Say what turns an object into a mime bundle; None leaves only the short repr."""
    global _renderer
    _renderer = renderer


class Shown:
    """Displays itself through the renderer."""

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Bundle:
        return _renderer(self) if _renderer else {"text/plain": repr(self)}


@dataclass
class Column:
    """One model's answer to a prompt."""

    title: str
    """The model as the user named it: `base`, `ollie`."""
    text: str = ""
    note: str = ""
    """What to know about it: `step 40 of 120, still training`."""
    state: str = "done"
    """`waiting`, `streaming` or `done`."""
    passed: bool | None = None
    ended: bool = True
    """Whether it stopped by itself, not at max_new_tokens."""


@dataclass(repr=False)
class Answers(Shown):
    """One prompt, answered by one or several models side by side."""

    question: str
    system: str | None
    columns: list[Column]

    def __repr__(self) -> str:
        names = ", ".join(c.title for c in self.columns)
        return f"Answers({self.question[:40]!r} by {names})"

    @property
    def value(self) -> str | dict[str, str]:
        """The text of one model, or a dict name -> text of several."""
        if len(self.columns) == 1:
            return self.columns[0].text
        return {c.title: c.text for c in self.columns}


@dataclass(repr=False)
class Evaluation(Shown):
    """Golden questions, answered by several models, and what the checks say."""

    golden: str
    questions: tuple[str, ...]
    models: tuple[str, ...]
    answers: dict[str, tuple[dict[str, Any], ...]]
    """model -> one `{"prompt", "answer", "passed", "reason"}` per question, in order."""
    summary: str

    def __repr__(self) -> str:
        return f"Evaluation({self.golden}: {self.summary})"

    def passed(self, model: str) -> int:
        """How many questions a model passed."""
        return sum(a["passed"] is True for a in self.answers[model])


@dataclass(frozen=True)
class AdapterFacts:
    """One line of `%ft list`."""

    name: str
    base: str
    strategy: str
    rank: int | None
    bytes: int
    share: float
    """Trained parameters as a share of the base's, 0 to 1."""
    data: str
    data_sha256: str
    last_loss: float | None
    """Mean cross-entropy per trained token of the last step, natural log."""
    stale: str
    """What changed since it was made; empty when nothing did."""
    state: str
    """`finished`, `stopped`, `running` … or `imported`."""
    in_use: bool
    versions: int
    """Versions before this one that can still be had as NAME~1, NAME~2 …"""


class AdapterTable(Shown, list):  # type: ignore[type-arg]
    """The adapters kept here, newest first: a list of `AdapterFacts`."""

    def __repr__(self) -> str:
        return f"{len(self)} adapters: {', '.join(a.name for a in self)}"


@dataclass(repr=False)
class PlanView(Shown):
    """What a run would do, before anything is spent."""

    name: str
    plan: Any
    """A `training.Plan`: every setting resolved, with its reason."""
    rows: int
    eval_rows: int

    def __repr__(self) -> str:
        return f"Plan({self.name}: {self.plan.total_steps} steps)"


@dataclass(frozen=True)
class Step:
    """One of the seven steps of the workflow."""

    title: str
    done: bool
    detail: str


@dataclass(repr=False)
class Workflow(Shown):
    """Where this notebook stands, and the next cell to write."""

    steps: list[Step]
    next_cell: str

    def __repr__(self) -> str:
        done = sum(s.done for s in self.steps)
        return f"Workflow({done} of {len(self.steps)} steps done)"


@dataclass(repr=False)
class Lines(Shown):
    """A small table of facts: memory, doctor."""

    title: str
    header: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    note: str = ""

    def __repr__(self) -> str:
        return f"{self.title}: {len(self.rows)} lines"
