"""Cells and lines reach the magics as they were typed."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from ft_magics.magics.transform import OurLine, call_cell, drop_comments_above


@pytest.fixture
def manager() -> TransformerManager:
    made = TransformerManager()
    made.cleanup_transforms[:0] = [drop_comments_above, call_cell]
    made.token_transformers.append(OurLine)
    return made


def called(code: str) -> list[tuple[str, list[Any]]]:
    """The calls of a cell's Python: (method, literal arguments)."""
    calls = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    return [
        (call.func.attr, [ast.literal_eval(a) for a in call.args])
        for call in calls
        if isinstance(call.func, ast.Attribute)
    ]


@pytest.mark.parametrize(
    ("cell", "line", "body"),
    [
        ("%%finetune ollie --data catgpt", "ollie --data catgpt", "\n"),
        ("# why\n\n  # and\n%%dataset catgpt\n{}\n", "catgpt", "{}\n"),
        ("\n\n%%prompt base ollie   \nHow?\n", "base ollie", "How?\n"),
        ("%%prompt\nWhat is it?", "", "What is it?\n"),
        ("%%prompt\n>>> 1 + 1\n... 2", "", ">>> 1 + 1\n... 2\n"),
        ("%%prompt\nIn [1]: x\n%ft list\n!ls\nx?", "", "In [1]: x\n%ft list\n!ls\nx?\n"),
        ("%%prompt\n  indented\n    more", "", "  indented\n    more\n"),
        ("  %%prompt base\n  indented with it", "base", "indented with it\n"),
        (
            '%%dataset c --system "Why, {x} costs $5?"\n{}',
            'c --system "Why, {x} costs $5?"',
            "{}\n",
        ),
        ("%%prompt ollie?\nx", "ollie?", "x\n"),
        ("%%prompt\nline\x0bfeed\u2028and\n", "", "line\x0bfeed\u2028and\n"),
    ],
)
def test_our_cells_keep_their_line_and_body(
    manager: TransformerManager, cell: str, line: str, body: str
) -> None:
    [(method, [_, got_line, got_body])] = called(manager.transform_cell(cell))
    assert (method, got_line, got_body) == ("run_cell_magic", line, body)


@pytest.mark.parametrize(
    ("cell", "lines"),
    [
        ("%ft goal What does it do?", ["goal What does it do?"]),
        ("%ft goal it's {half} (open", ["goal it's {half} (open"]),
        ("%ft", [""]),
        ("x = 1\n%ft list\ny = %ft show ollie?\nif x:\n    %ft use 3b-base?\n",
         ["list", "show ollie?", "use 3b-base?"]),
        ("%ft goal one \\\n  two?", ["goal one    two?"]),
        ("for _ in '?':\n    a.b = %ft goal \"why?\"", ['goal "why?"']),
    ],
)  # fmt: skip
def test_our_lines_keep_their_question_marks(
    manager: TransformerManager, cell: str, lines: list[str]
) -> None:
    calls = called(manager.transform_cell(cell))
    got = [args for method, args in calls if method == "run_line_magic"]
    assert [a[1] for a in sorted(got, key=lambda a: lines.index(a[1]))] == lines
    assert {a[0] for a in got} == {"ft"}


@pytest.mark.parametrize(
    "cell",
    [
        'text = """\n%ft list\n%%dataset x\n"""',
        "%%bash\n%ft list\n# x\n",
        "# only a comment",
        "",
        "x = 7 %ft_list",
        "%ftx list",
        "print(1)\n%%dataset catgpt",
        "%matplotlib inline",
        "len?",
        "%%finetune?",
        "%ft?",
    ],
)
def test_other_cells_are_as_without_us(manager: TransformerManager, cell: str) -> None:
    assert manager.transform_cell(cell) == TransformerManager().transform_cell(cell)


def test_a_terminal_waits_for_the_body(manager: TransformerManager) -> None:
    assert manager.check_complete("%%dataset catgpt\n{}")[0] == "incomplete"
    assert manager.check_complete("# above\n%%dataset catgpt\n{}")[0] == "incomplete"
    assert manager.check_complete("%%dataset catgpt\n{}\n\n")[0] == "complete"
    assert manager.check_complete("%ft goal Why?")[0] == "complete"
