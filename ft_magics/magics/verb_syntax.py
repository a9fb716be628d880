"""What may stand behind each verb of `%ft`."""

from __future__ import annotations

from ft_magics.magics.option import Option, Syntax
from ft_magics.spec import FORMATS, GenerateSpec

__all__ = ["COLLECT", "VERBS"]

MODEL_OPTIONS = (
    Option("revision", "Commit, tag or branch of a hub model.", "REVISION"),
    Option(
        "dtype",
        "Number format of the weights.",
        "auto|float32|bfloat16|float16",
        choices=("auto", "float32", "bfloat16", "float16"),
    ),
    Option("trust-remote-code", "Run Python code that comes with the model."),
)

COLLECT = Option(
    "collect", "Data set that judgements go to [preferences, votes].", "NAME", ("data",)
)

VERBS: dict[str, Syntax] = {
    "goal": Syntax('goal ["TEXT"]', "Say, or show, what the model is to do.", most=64),
    "advise": Syntax(
        "advise [data:NAME] [--golden]",
        "Whether to fine-tune on these rows (the only set unless named), how, and what it takes.",
        options=(Option("golden", "Let the next cell be golden questions for the goal."),),
        names=("data",),
    ),
    "model": Syntax(
        "model [NAME]",
        "Load the base: a built-in name, a hub id, a folder or a GGUF file.",
        options=MODEL_OPTIONS,
        names=("built-in",),
    ),
    "list": Syntax("list", "The adapters kept here, and the runs in progress.", most=0),
    "show": Syntax(
        "show NAME | data:NAME [--row N | --rows FROM-TO | --finding CHECK]",
        "A run, an adapter, a data set or a golden set; or rows of a data set.",
        options=(
            Option("row", "One row of a data set, token by token.", "N"),
            Option("rows", "Rows of a data set, by their numbers.", "FROM-TO"),
            Option("finding", "Those that a check named: contradiction, duplicate …", "CHECK"),
        ),
        names=("adapter", "data", "golden"),
        least=1,
    ),
    "use": Syntax(
        "use NAME", "The model that answers where none is named.", names=("model",), least=1
    ),
    "chat": Syntax(
        "chat [NAME …] [--collect NAME] [settings]",
        "Talk with a model, or with up to four side by side; also while a run is in progress.",
        GenerateSpec,
        (Option("collect", "Where edits and choices are kept [preferences].", "NAME", ("data",)),),
        ("model",),
        most=4,
    ),
    "vote": Syntax(
        "vote up|down [N|MODEL] | vote N",
        "Judge the answers above: up or down, or which is the best of several. "
        "In a blind comparison: 1, 2, tie, skip, back, end.",
        options=(COLLECT,),
        names=("vote", "model"),
        most=2,
        least=1,
    ),
    "edit": Syntax(
        'edit [N|MODEL] "TEXT"',
        "Write an answer above as it should be: the text is preferred to it.",
        options=(COLLECT,),
        names=("model",),
        most=2,
        least=1,
        resolved=True,
    ),
    "prefer": Syntax(
        "prefer A B [--prompts NAME|FILE|$VAR] [settings]",
        "Compare two models blind, prompt by prompt; the choices become rows to train on.",
        GenerateSpec,
        (
            Option(
                "prompts",
                "golden:NAME, data:NAME, a file with one a line, or a list; what B was trained on.",
                "NAME|FILE|$VAR",
                ("golden", "data", "file"),
            ),
            COLLECT,
        ),
        ("model",),
        most=2,
        least=2,
    ),
    "wait": Syntax(
        "wait [NAME]",
        "Wait for a run, or for all in progress.",
        options=(Option("timeout", "Longest wait in seconds.", "SECONDS"),),
        names=("adapter",),
    ),
    "stop": Syntax("stop [NAME]", "Stop a run after its step, and save it.", names=("adapter",)),
    "pause": Syntax("pause [NAME]", "Let a run wait after its step.", names=("adapter",)),
    "resume": Syntax(
        "resume [NAME]", "Go on with a paused or an interrupted run.", names=("adapter",)
    ),
    "evaluate": Syntax(
        "evaluate NAME",
        "Ask the golden questions, and check the answers.",
        options=(
            Option("golden", "The golden set; the run's own unless named.", "NAME", ("golden",)),
            Option(
                "against", "Models beside it, with commas; base unless named.", "A,B", ("model",)
            ),
        ),
        names=("adapter",),
        least=1,
    ),
    "memory": Syntax(
        "memory",
        "What the models in memory cost.",
        options=(Option("free", "Forget every base that no run uses."),),
        most=0,
    ),
    "export": Syntax(
        "export NAME [FOLDER] | data:NAME [FILE] [--format FORMAT]",
        "Copy an adapter into a folder, or write a data set as JSONL.",
        options=(
            Option(
                "format", "How rows are written [messages].", "|".join(FORMATS), choices=FORMATS
            ),
            Option("overwrite", "Write over a file of rows that is there already."),
        ),
        names=("adapter", "data"),
        least=1,
        most=2,
    ),
    "import": Syntax(
        "import NAME FOLDER",
        "Take in an adapter that PEFT saved elsewhere for this base.",
        names=(),
        least=2,
        most=2,
    ),
    "delete": Syntax(
        "delete NAME",
        "Delete an adapter, a data set or a golden set.",
        names=("adapter", "data", "golden"),
        least=1,
    ),
    "rename": Syntax(
        "rename OLD NEW",
        "Give something another name.",
        names=("adapter", "data", "golden"),
        least=2,
        most=2,
    ),
    "undo": Syntax("undo", "Take back the last delete, rename or replacement.", most=0),
    "doctor": Syntax("doctor", "What is installed, and what this machine can do.", most=0),
    "help": Syntax("help [WORD]", "This, or the help of a verb or a magic.", names=("help",)),
}
"""The verbs of `%ft`."""
