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
    "AdviceView",
    "Answers",
    "Column",
    "Evaluation",
    "Goal",
    "Lines",
    "PlanView",
    "SettingLine",
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
    version: str = ""
    """What the name meant when it answered: `0003`, `0003@84`; empty for the base."""
    proof: str = ""
    """What is known of the base behind it: `unchanged since it was loaded`."""
    sound: bool = True
    """False where `proof` is a warning."""


@dataclass(repr=False)
class Answers(Shown):
    """One prompt, answered by one or several models side by side."""

    question: str
    system: str | None
    columns: list[Column]
    collect: str | None = None
    """Where judgements of these answers go; None for the usual sets."""
    warning: str = ""
    """That a base is not what was loaded, with the remedy; empty when all is well."""

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
    goal: str = ""
    """What the model is for, in the user's words."""
    base_unchanged: bool | None = None
    """Whether `base` was proven to be what was loaded; None where it did not answer, or when an
    older run kept its answers without a proof."""
    warning: str = ""
    """That a base is not what was loaded, with the remedy; empty when all is well."""

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


class Goal(Shown, str):
    """What the notebook is for: its text, and what was understood of it.

    Attributes:
        reading: An `evaluation.GoalReading`: rules, hint, example.
        golden_cell: A cell of golden questions that would check it; empty for none.
    """

    reading: Any
    golden_cell: str

    def __new__(cls, text: str, reading: Any, golden_cell: str = "") -> Goal:
        """A text that shows as a card."""
        made = super().__new__(cls, text)
        made.reading, made.golden_cell = reading, golden_cell
        return made


@dataclass(frozen=True)
class SettingLine:
    """One setting of a plan."""

    name: str
    value: str
    why: str
    source: str
    """The paper or guide it rests on; empty for what the user set or what follows from the rest."""


@dataclass(repr=False)
class PlanView(Shown):
    """What a run would do, before anything is spent."""

    name: str
    plan: Any
    """A `training.Plan`: every setting resolved, with its reason."""
    rows: int
    eval_rows: int
    table: list[SettingLine] = field(default_factory=list)
    estimate: Any = None
    """A `training.Estimate` of the time."""
    goal: str = ""

    def __repr__(self) -> str:
        return f"Plan({self.name}: {self.plan.total_steps} steps)"


@dataclass(repr=False)
class AdviceView(Shown):
    """Whether to fine-tune, how, what it takes, and the next cell to write."""

    goal: str
    data: str = ""
    """Name of the data set; empty before there is one."""
    kind: str = "sft"
    rows: int = 0
    base: str = ""
    way: str = "either"
    """`finetune`, `prompt`, `retrieval` or `either`."""
    sentence: str = ""
    """The verdict."""
    reasons: list[tuple[str, str, str]] = field(default_factory=list)
    """What speaks for which way, and its source; those for the verdict first."""
    table: list[SettingLine] = field(default_factory=list)
    plan: Any = None
    """The `training.Plan` that a run with these settings would have; None where it cannot run."""
    problem: str = ""
    """Why there is no plan."""
    estimate: Any = None
    """A `training.Estimate` of the time."""
    hint: str = ""
    """How to make the goal checkable; empty for one that is."""
    golden_cell: str = ""
    """Golden questions that would check the goal; empty for none."""
    next_cell: str = ""

    def __repr__(self) -> str:
        return f"Advice({self.data or 'no rows'}: {self.sentence})"


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
