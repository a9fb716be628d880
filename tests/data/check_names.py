"""The names of all checks, read from the code, and rows that make each of them speak."""

from __future__ import annotations

import ast
import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ft_magics import data
from ft_magics.data import Finding
from ft_magics.data.checks import golden_overlap, overlap_finding
from ft_magics.data.sources import open_source
from ft_magics.data.surprise import loss_findings

__all__ = ["on_the_card", "provoked"]

ROOT = Path(data.__file__).parents[1]

_FUNCTIONS = {"finding", "note", "Personal", "_Fault", "_Leftover", "_Property", "_exceptions"}  # fmt: skip
_METHODS = {"told", "_note"}
"""What takes the name of a check as its first argument."""

_PASSED_ON = {
    "data/checks/check.py": 1,
    "data/checks/characters.py": 1,
    "data/checks/markup.py": 1,
    "data/checks/overlap.py": 1,
    "data/checks/personal.py": 2,
    "data/checks/style.py": 2,
    "data/encoding/certificate_checks.py": 1,
    "data/sources/source.py": 1,
}
"""Where the name comes from one of the others, how often. A new place must be taught to this file."""


def on_the_card() -> set[str]:
    """The names of all checks whose findings can stand on a data card."""
    names: set[str] = set()
    passed_on: Counter[str] = Counter()
    for path in sorted([*(ROOT / "data").rglob("*.py"), *(ROOT / "session").rglob("*.py")]):
        for called, first in _calls(ast.parse(path.read_text(encoding="utf-8"))):
            if called in _METHODS and "session" in path.relative_to(ROOT).parts:
                # There a note is of what was judged.
                continue
            if called == "overlap_finding":
                names.add(f"{ast.literal_eval(first).replace(' ', '-')}-overlap")
            elif isinstance(first, ast.Constant):
                name = str(first.value)
                names |= {name, f"example-{name}"} if called == "Personal" else {name}
            else:
                passed_on[str(path.relative_to(ROOT))] += 1
    assert passed_on == _PASSED_ON
    return names


def _calls(tree: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """The calls that name a check, each with the expression of the name."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        function = node.func
        if isinstance(function, ast.Name) and function.id == "overlap_finding":
            yield function.id, node.args[1]
        elif isinstance(function, ast.Name) and function.id in _FUNCTIONS:
            yield function.id, node.args[0]
        elif isinstance(function, ast.Attribute) and function.attr in _METHODS:
            yield function.attr, node.args[0]


def _pairs(*answers: str, question: str = "What is thing {}?") -> list[dict[str, Any]]:
    return [
        {"user": question.format(_WORDS[i % len(_WORDS)]), "assistant": answer}
        for i, answer in enumerate(answers)
    ]


_WORDS = [
    "amber", "bronze", "coral", "denim", "ebony", "fuchsia", "green", "hazel", "indigo", "jade",
    "khaki", "lime",
]  # fmt: skip
_USUAL = [f"The thing called {word} is kept in the third room." for word in _WORDS]


def _preferences(chosen: str, rejected: str) -> list[dict[str, Any]]:
    return [
        {"prompt": f"What is the thing called {word}?", "chosen": chosen.format(word),
         "rejected": rejected.format(word)}
        for word in _WORDS
    ]  # fmt: skip


_LABELLED = [{**row, "label": True} for row in _pairs(*_USUAL)]

_ROWS: dict[str, list[list[dict[str, Any]]]] = {
    "bad-row": [[*_pairs("One."), {"user": "a"}]],
    "unused-field": [[{"user": "a", "assistant": "b", "date": "2026"}]],
    "duplicate": [_pairs("One.") * 2],
    "near-duplicate": [[*_pairs("One of two."), *_pairs("one of two", question="what is thing {}")]],
    "contradiction": [[*_pairs("It is in the first room."), *_pairs("Nobody has ever seen it.")]],
    "eval-row-overlap": [],
    "golden-question-overlap": [],
    "empty-question": [[{"user": " ", "assistant": "b"}]],
    "placeholder": [_pairs("TODO: write this")],
    "fill-in": [_pairs("Ask [insert name] about it.")],
    "refusal": [_pairs("I'm sorry, but I can't help with that.")],
    "secret": [_pairs("The key is ghp_" + "aB3dE6gH9jK2mN5pQ8rS1tU4vW7xY0zA2bC5")],
    "example-secret": [_pairs("The key is AKIAIOSFODNN7EXAMPLE")],
    "email": [_pairs("Write to mara.lind@paws-shelter.eu.")],
    "example-email": [_pairs("Write to mara@example.com.")],
    "phone-number": [_pairs("Call +49 30 901820.")],
    "example-phone-number": [_pairs("Call (212) 555-0123.")],
    "card-number": [_pairs("It is 4532 0151 1283 0366.")],
    "example-card-number": [_pairs("It is 4111 1111 1111 1111.")],
    "iban": [_pairs("It is DE75 5121 0800 1245 1261 99.")],
    "example-iban": [_pairs("It is DE89 3704 0044 0532 0130 00.")],
    "white-space": [_pairs(" One. ")],
    "line-ends": [_pairs("One.\r\nTwo.")],
    "hidden-characters": [_pairs("On\u200be.")],
    "encoding": [_pairs("At the cafÃ©.")],
    "lost-characters": [_pairs("At the caf\ufffd.")],
    "code-fences": [_pairs("So:\n```python\nprint(1)")],
    "broken-json": [_pairs(*['{"a": 1}'] * 4, '{"a": 1')],
    "html": [_pairs("One<br>two.")],
    "escapes": [_pairs("One.\\nTwo.")],
    "template": [_pairs("One.<|im_end|>")],
    "no-full-stop": [_pairs(*_USUAL[:-1], "The thing is kept in the last room")],
    "small-initial": [_pairs(*_USUAL[:-1], "the thing is kept in the last room.")],
    "quoted-answer": [_pairs(*_USUAL[:-1], '"The thing is kept in the last room."')],
    "very-long": [_pairs(*_USUAL[:-1], "The thing has been moved. " * 60)],
    "very-short": [_pairs(*[f"{said} It has been there for many years by now." for said in _USUAL[:-1]], "No.")],
    "equal-sides": [[{"prompt": "a?", "chosen": "b", "rejected": "b "}]],
    "near-equal-sides": [[{"prompt": "a?", "chosen": "One of two.", "rejected": "one of two"}]],
    "length-bias": [_preferences("The {} one is kept in the third room.", "The {} one.")],
    "repeated-prompt": [_preferences("What is the thing called {0}? {0}.", "Nothing.")],
    "labels": [
        [*_LABELLED, {"user": "a", "assistant": "b", "label": False}],
        _LABELLED,
    ],
    "not-rendered": [[{"user": "a", "assistant": "b", "tools": [{"name": "clock"}]}]],
    "nothing-trained": [[{"user": "a " * 90, "assistant": "b"}]],
    "over-long": [[{"user": "a", "assistant": "b " * 90}], [{"user": "a", "assistant": "b"}]],
    "typed-control": [[{"user": "What is <|im_end|>?", "assistant": "b"}]],
    "chat-template": [_pairs("One.")],
}  # fmt: skip


def _described(rows: list[dict[str, Any]], tokenizer: Any, length: int) -> tuple[Finding, ...]:
    made = data.make_dataset("one", rows, skip_bad=True)
    return data.describe(made, tokenizer, length).findings


def provoked(name: str, tokenizer: Any, folder: Path) -> list[Finding]:
    """What is found in rows made for a check.

    Args:
        name: The check's.
        tokenizer: With a chat template that renders no tools.
        folder: Empty.
    """
    if name in _SPECIAL:
        return _SPECIAL[name](name, folder)
    tokens = name in ("not-rendered", "nothing-trained", "over-long", "typed-control", "chat-template")  # fmt: skip
    if name == "chat-template":
        import copy

        tokenizer = copy.deepcopy(tokenizer)
        tokenizer.chat_template = None
    length = 60 if name != "over-long" else 33
    return [
        found
        for rows in _ROWS[name]
        for found in _described(rows, tokenizer if tokens else None, length)
    ]


def _overlapping(name: str, folder: Path) -> list[Finding]:
    what = name.removesuffix("-overlap").replace("-", " ")
    made = data.make_dataset("one", _pairs("One."))
    asked = [(1, (data.Message("user", "what is thing amber"),))]
    return overlap_finding(golden_overlap(made.rows, asked), what, made.row)


def _surprising(name: str, folder: Path) -> list[Finding]:
    made = data.make_dataset("one", _pairs(*_USUAL))
    losses = {row.number: 4.0 for row in made.rows} | {1: 9.0, 2: 0.1}
    return loss_findings(losses, {row.number: row for row in made.rows})


def _read(name: str, folder: Path) -> list[Finding]:
    for split in ("train", "test"):
        (folder / f"{split}.jsonl").write_text('{"user": "a", "assistant": "b"}')
    source = open_source(folder, "here")
    assert list(source.rows())
    return source.notes


def _chats(name: str, folder: Path) -> list[Finding]:
    chat = {"name": "", "chat_messages": [{"sender": "human", "text": "Hello?"}]}
    (folder / "conversations.json").write_text(json.dumps([chat]))
    source = open_source(folder, "here")
    assert not list(source.rows())
    return source.notes


_SPECIAL: dict[str, Callable[[str, Path], list[Finding]]] = {
    "eval-row-overlap": _overlapping,
    "golden-question-overlap": _overlapping,
    "surprising": _surprising,
    "already-known": _surprising,
    "files": _read,
    "splits": _read,
    "chat-export": _chats,
}
"""Checks that need more than rows."""
