"""What may stand on each of our lines: the one table for parsing, `--help` and completion."""

from __future__ import annotations

import re

from ft_magics.magics.later import FLAGS_NOT_YET, NOT_YET
from ft_magics.magics.option import HELP, Option, Syntax, canonical, flags_of, takes_no_value
from ft_magics.magics.verb_syntax import COLLECT, VERBS
from ft_magics.spec import REPAIRS, FinetuneSpec, GenerateSpec

__all__ = [
    "CELL_PATTERN",
    "FLAGS_NOT_YET",
    "HELP",
    "NOT_YET",
    "SYNTAX",
    "VERBS",
    "Option",
    "Syntax",
    "canonical",
    "flags_of",
    "takes_no_value",
]

CELL_PATTERN = re.compile(r"^%%(?:dataset|golden|finetune|prompt)\b.*$", re.MULTILINE)
"""The first line of one of our cells."""

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
        (
            Option("out", "Variable that gets the answer; of several, a dict by name.", "VAR"),
            COLLECT,
        ),
        ("model",),
        most=16,
    ),
    "ft": Syntax(
        "%ft [VERB …]", "Where this notebook stands, and everything there is to do.", most=64
    ),
}

SYNTAX |= {f"ft {verb}": syntax for verb, syntax in VERBS.items()}
