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
from ft_magics.session.advise import advise
from ft_magics.session.ancestry import Lineage, Link, lineage
from ft_magics.session.chat import Chat, chat
from ft_magics.session.collect import (
    Answered,
    Kept,
    answered_of,
    keep_choice,
    keep_edit,
    keep_vote,
)
from ft_magics.session.control import pause, resume, stop
from ft_magics.session.dataset import dataset, describe
from ft_magics.session.evaluate import evaluate
from ft_magics.session.finetune import finetune, run, runs, wait
from ft_magics.session.front_end import FrontEnd, Handle, StaticFrontEnd
from ft_magics.session.golden import golden
from ft_magics.session.model import goal, model
from ft_magics.session.objects import (
    AdapterFacts,
    AdapterTable,
    AdviceView,
    Answers,
    Column,
    Evaluation,
    Goal,
    Lines,
    PlanView,
    SettingLine,
    Step,
    Workflow,
    set_renderer,
)
from ft_magics.session.prefer import Preferring, prefer
from ft_magics.session.prompt import ask, prompt
from ft_magics.session.row_tokens import row_tokens
from ft_magics.session.rows import export_rows, row_lines
from ft_magics.session.run import Run
from ft_magics.session.show import doctor, memory, show
from ft_magics.session.state import Session, current, open_home, set_front_end
from ft_magics.session.vote import edit, vote
from ft_magics.session.workflow import workflow

__all__ = [
    "AdapterFacts",
    "AdapterTable",
    "AdviceView",
    "Answered",
    "Answers",
    "Chat",
    "Column",
    "Evaluation",
    "FrontEnd",
    "Goal",
    "Handle",
    "Kept",
    "Lineage",
    "Lines",
    "Link",
    "PlanView",
    "Preferring",
    "Run",
    "Session",
    "SettingLine",
    "StaticFrontEnd",
    "Step",
    "Workflow",
    "adapters",
    "advise",
    "answered_of",
    "ask",
    "chat",
    "current",
    "dataset",
    "delete",
    "describe",
    "doctor",
    "edit",
    "evaluate",
    "export",
    "export_rows",
    "finetune",
    "goal",
    "golden",
    "import_adapter",
    "keep_choice",
    "keep_edit",
    "keep_vote",
    "lineage",
    "memory",
    "model",
    "names",
    "open_home",
    "pause",
    "prefer",
    "prompt",
    "rename",
    "resume",
    "row_lines",
    "row_tokens",
    "run",
    "runs",
    "set_front_end",
    "set_renderer",
    "show",
    "stop",
    "undo",
    "use",
    "vote",
    "wait",
    "workflow",
]
