"""What may stand on each of our lines: the one table for parsing, `--help` and completion."""

from __future__ import annotations

import re
import types
import typing
from dataclasses import dataclass
from typing import Any

from ft_magics.magics.later import FLAGS_NOT_YET, NOT_YET
from ft_magics.settings import Setting, settings_of
from ft_magics.spec import FORMATS, REPAIRS, FinetuneSpec, GenerateSpec

__all__ = [
    "CELL_PATTERN",
    "FLAGS_NOT_YET",
    "NOT_YET",
    "SYNTAX",
    "VERBS",
    "Option",
    "Syntax",
    "canonical",
    "flags_of",
    "takes_no_value",
]


@dataclass(frozen=True)
class Option:
    """Something with two dashes that is not a setting of training or answering."""

    name: str
    """Without the dashes."""
    sentence: str
    value: str = ""
    """What follows it, for `--help`; empty for a flag that stands alone."""
    names: tuple[str, ...] = ()
    """Kinds of names that may follow it, for completion."""
    choices: tuple[str, ...] = ()
    may: str = ""
    """A pattern, for a flag that may stand alone: the next word is its value if it is like this."""


CELL_PATTERN = re.compile(r"^%%(?:dataset|golden|finetune|prompt)\b.*$", re.MULTILINE)
"""The first line of one of our cells."""

HELP = Option("help", "Show this and do nothing.")


@dataclass(frozen=True)
class Syntax:
    """One magic, or one verb of `%ft`."""

    usage: str
    sentence: str
    spec: type | None = None
    """The settings it takes; None for none."""
    options: tuple[Option, ...] = ()
    names: tuple[str, ...] = ()
    """Kinds of names it takes: `data`, `golden`, `adapter`, `model` …"""
    most: int = 1
    """How many words without dashes it takes at most."""
    least: int = 0

    @property
    def settings(self) -> dict[str, Setting]:
        """The settings it takes, by name."""
        return settings_of(self.spec) if self.spec else {}

    def option(self, name: str) -> Option | None:
        """The option of a name; `--help` is every magic's."""
        return next((o for o in (*self.options, HELP) if o.name == name), None)


def canonical(spec: type | None, written: str) -> str | None:
    """The setting that is meant by a name, an alias or another trainer's spelling.

    Args:
        spec: The settings class.
        written: With - or _.

    Returns:
        Its own name; None if there is none.
    """
    if spec is None:
        return None
    plain = written.replace("-", "_")
    named: str = spec.aliases.get(plain, plain)  # type: ignore[attr-defined]
    if named not in settings_of(spec):
        named = spec.foreign.get(plain, "")  # type: ignore[attr-defined]
    return named or None


def flags_of(syntax: Syntax) -> dict[str, str]:
    """Everything with two dashes, and its sentence; aliases last."""
    found = {f"--{o.name}": o.sentence for o in (*syntax.options, HELP)}
    found |= {s.flag: s.sentence for s in syntax.settings.values()}
    for setting in syntax.settings.values():
        found |= {f"--{a.replace('_', '-')}": f"Short for {setting.flag}." for a in setting.aliases}
    return found


def takes_no_value(setting: Setting) -> bool:
    """Whether the bare flag is enough: settings that are true or false."""
    kinds: tuple[Any, ...] = (setting.type,)
    if typing.get_origin(setting.type) in (typing.Union, types.UnionType):
        kinds = typing.get_args(setting.type)
    return set(kinds) - {type(None)} == {bool}


_REPAIRS = "|".join(REPAIRS)

SYNTAX: dict[str, Syntax] = {
    "dataset": Syntax(
        "%%dataset NAME [--from FILE|FOLDER|HUB-ID|$VARIABLE] [options]",
        "Keep rows under a name: those below, or those that --from names.",
        options=(
            Option("system", "System text for rows that have none.", "TEXT"),
            Option(
                "eval",
                "Rows held out for the eval loss: a share, a number, another data set, or none.",
                "10%|N|NAME|none",
                ("data",),
                ("10%", "none"),
            ),
            Option(
                "from",
                "Where the rows are: jsonl, json, csv, parquet (also .gz), yaml, a chat export, "
                "a folder of them, a hub id, or a variable of the notebook.",
                "FILE|FOLDER|HUB-ID|$VARIABLE",
                ("file",),
            ),
            Option("split", "Which part of a source; of a hub id also train[:1000].", "SPLIT"),
            Option("subset", "Which configuration of a hub id.", "NAME"),
            Option("map", "Fields to rename, new=old.", "user=question,assistant=answer"),
            Option("limit", "Keep at most so many rows.", "N"),
            Option("shuffle", "Another order, the same for a seed.", "[SEED]", may=r"\d+"),
            Option("append", "Add the rows to those that the name has already."),
            Option("skip-bad", "Leave out the rows that cannot be used, and say how many."),
            Option(
                "fix",
                f"Make the safe repairs, all or some of {', '.join(REPAIRS)}. The card shows each "
                "change; what you wrote stays.",
                "[REPAIR,…]",
                ("repair",),
                may=rf"all|({_REPAIRS})(,({_REPAIRS}))*",
            ),
            Option("deep", "Also ask the base which rows surprise it, or teach it nothing."),
            Option("rewrite", "With --fix: put the repaired rows into this cell."),
        ),
        names=("data",),
        least=1,
    ),
    "golden": Syntax(
        "%%golden NAME",
        "Keep the questions below, with what a good answer must show: contains, not_contains, "
        "equals, regex, json_schema, max_sentences, max_words, max_tokens, unknown; and an answer, "
        "for the eval loss.",
        names=("golden",),
        least=1,
    ),
    "finetune": Syntax(
        "%%finetune NAME [--data NAME] [settings]",
        "Train an adapter on rows. Settings stand on the line, or below it as `name: value`.",
        FinetuneSpec,
        (
            Option("wait", "Return when the run is over, and fail if it fails."),
            Option("fresh", "Train, even if a finished run of this name has the same content."),
            Option("continue", "Train on from the newest result of this name."),
            Option("plan", "Show every resolved setting with its reason, and train nothing."),
        ),
        ("adapter",),
        least=1,
    ),
    "prompt": Syntax(
        "%%prompt [NAME …] [--out VAR] [settings]",
        "Ask the text below of the base and of adapters, side by side.",
        GenerateSpec,
        (Option("out", "Variable that gets the answer; of several, a dict by name.", "VAR"),),
        ("model",),
        most=16,
    ),
    "ft": Syntax(
        "%ft [VERB …]", "Where this notebook stands, and everything there is to do.", most=64
    ),
}

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

SYNTAX |= {f"ft {verb}": syntax for verb, syntax in VERBS.items()}
