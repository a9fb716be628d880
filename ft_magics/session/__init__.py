"""The plain Python API, one file a verb: the only place where the layers are joined.

Every magic is one call of a function here. Heavy layers are imported inside functions.
"""

from __future__ import annotations

from ft_magics.session.adapters import (
    adapters,
    delete,
    export,
    import_adapter,
    names,
    rename,
    undo,
    use,
)
from ft_magics.session.control import pause, resume, stop
from ft_magics.session.dataset import dataset, describe, golden
from ft_magics.session.evaluate import evaluate
from ft_magics.session.finetune import finetune, run, runs, wait
from ft_magics.session.front_end import FrontEnd, Handle, StaticFrontEnd
from ft_magics.session.model import goal, model
from ft_magics.session.objects import (
    AdapterFacts,
    AdapterTable,
    Answers,
    Column,
    Evaluation,
    Lines,
    PlanView,
    Step,
    Workflow,
    set_renderer,
)
from ft_magics.session.prompt import ask, prompt
from ft_magics.session.run import Run
from ft_magics.session.show import doctor, memory, show
from ft_magics.session.state import Session, current, open_home, set_front_end
from ft_magics.session.workflow import workflow

__all__ = [
    "AdapterFacts",
    "AdapterTable",
    "Answers",
    "Column",
    "Evaluation",
    "FrontEnd",
    "Handle",
    "Lines",
    "PlanView",
    "Run",
    "Session",
    "StaticFrontEnd",
    "Step",
    "Workflow",
    "adapters",
    "ask",
    "current",
    "dataset",
    "delete",
    "describe",
    "doctor",
    "evaluate",
    "export",
    "finetune",
    "goal",
    "golden",
    "import_adapter",
    "memory",
    "model",
    "names",
    "open_home",
    "pause",
    "prompt",
    "rename",
    "resume",
    "run",
    "runs",
    "set_front_end",
    "set_renderer",
    "show",
    "stop",
    "undo",
    "use",
    "wait",
    "workflow",
]
