"""The guide to data: its cells run, its outputs are what is shown, its tables are whole.

A fenced block of docs/data.md without a language, or with `python`, is a cell; one with `text` is
what the cell before shows, where a line `…` stands for any lines; one with a file's name behind the
language is that file. `<!-- fails -->` before a cell says that it ends with an error, and
`<!-- not run: why -->` that it is only shown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

import check_names
from ft_magics import data, session
from ft_magics.data.encoding.certificate_checks import CHECKS as CERTIFICATE
from ft_magics.data.fixes import FIXES
from ft_magics.data.formats import exported
from ft_magics.data.kinds import KINDS, kind_of
from ft_magics.data.sources.file_rows import READABLE
from ft_magics.errors import DataError
from ft_magics.magics import unload_ipython_extension
from ft_magics.magics.syntax import SYNTAX
from ft_magics.spec import FORMATS

GUIDE = (Path(__file__).parents[1] / "docs" / "data.md").read_text(encoding="utf-8")
BLOCK = re.compile(
    r"(?:<!-- (?P<mark>[^>]*) -->\n)?^```(?P<info>.*)\n(?P<text>(?:.*\n)*?)```$", re.M
)


@dataclass
class Cell:
    """A cell of the guide, and what stands around it."""

    text: str
    line: int
    mark: str
    output: str = ""
    files: dict[str, str] = field(default_factory=dict)


def cells() -> Iterator[Cell]:
    """The cells in their order, each with the files before it and the output behind it."""
    cell, files = None, dict[str, str]()
    for found in BLOCK.finditer(GUIDE):
        language, _, name = found["info"].partition(" ")
        if name:
            files[name] = found["text"]
        elif language == "text":
            assert cell is not None and not cell.output
            cell.output = found["text"]
        else:
            assert language in ("", "python"), language
            if cell is not None:
                yield cell
            line = GUIDE[: found.start()].count("\n") + 1
            cell, files = Cell(found["text"], line, found["mark"] or "", files=files), {}
    if cell is not None:
        yield cell


def table(column: str) -> list[dict[str, str]]:
    """The lines of the table whose first column is called so, by their columns."""
    found = re.search(rf"^\| {re.escape(column)} \|.*\n\|[-|]+\n((?:\|.*\n)+)", GUIDE, re.M)
    assert found, column
    head, *_ = found[0].splitlines()
    names = [name.strip() for name in head.strip("|").split("|")]
    lines = [
        [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]
        for line in found[1].splitlines()
    ]
    return [dict(zip(names, line, strict=True)) for line in lines]


def bare(cell: str) -> str:
    return cell.strip("`")


@pytest.fixture
def shell(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[InteractiveShell]:
    """A shell in an empty folder, on the tiny model, as a reader has it before the first cell."""
    monkeypatch.chdir(tmp_path)
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    shell.history_manager.enabled = False
    session.current().store.set("model", {"name": str(tiny_folder)})
    yield shell
    for run in session.current().active():
        run.control.now()
        run.wait_quietly()
    unload_ipython_extension(shell)
    InteractiveShell.clear_instance()


def shown(shell: InteractiveShell, cell: Cell) -> str:
    """All that a cell shows, as text."""
    with capture_output() as captured:
        result = shell.run_cell(cell.text)
    error = result.error_in_exec or result.error_before_exec
    assert (error is not None) == (cell.mark == "fails"), f"line {cell.line}: {error}"
    if error is not None:
        return "\n".join(error._render_traceback_())  # type: ignore[attr-defined]
    return str(captured.stdout)


def test_every_cell_of_the_guide_runs_and_shows_what_it_says(
    shell: InteractiveShell, tmp_path: Path
) -> None:
    ran, wrong = 0, []
    for cell in cells():
        for name, text in cell.files.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text, encoding="utf-8")
        if cell.mark.startswith("not run: "):
            continue
        text = shown(shell, cell)
        ran += 1
        if any(piece not in f"{text}\n" for piece in cell.output.split("…\n")):
            wrong.append(f"line {cell.line} shows:\n{text}")
    assert not wrong, "\n\n".join(wrong)
    assert ran > 30


def test_the_kinds_of_the_guide_are_all_kinds() -> None:
    methods = {"conversation": "sft", "plain text": "sft", "preference": "preference",
               "labelled": "unpaired"}  # fmt: skip
    seen = set()
    for line in table("kind"):
        row = json.loads(bare(line["one row"]))
        made = data.make_dataset("one", [row])
        assert made.kind == methods[line["becomes"]], line
        assert isinstance(made.rows[0], data.Row) == (made.kind == "sft")
        seen.add(kind_of(row))
        named = re.findall(r"`(\w+)`", line["keys"])
        assert all(key in row or key in ("response", "kto_tag") for key in named), line
    # A label may stand with any conversation.
    assert seen == {*KINDS}


def test_the_checks_of_the_guide_are_all_checks() -> None:
    lines = table("check")
    names = [bare(line["check"]) for line in lines]
    assert len(set(names)) == len(names)
    assert {*names} == check_names.on_the_card()
    # What mends turns does so before a row can be used, so no check names it.
    assert {bare(line["`--fix`"]) for line in lines} - {""} == {*FIXES} - {"turns"}


@pytest.mark.parametrize("line", table("check"), ids=lambda line: bare(line["check"]))
def test_a_check_finds_what_the_guide_says(
    line: dict[str, str], tokenizer: Any, tmp_path: Path
) -> None:
    name = bare(line["check"])
    findings = [f for f in check_names.provoked(name, tokenizer, tmp_path) if f.check == name]
    assert findings, name
    assert {f.severity for f in findings} == {*line["severity"].split(", ")}
    assert bare(line["`--fix`"]) in {f.fix for f in findings}


def test_the_repairs_of_the_guide_are_all_repairs() -> None:
    told = {bare(line["repair"]): line["what it does"] for line in table("repair")}
    assert told == {name: fix.text for name, fix in FIXES.items()}


def test_the_certificate_of_the_guide_is_the_certificate() -> None:
    (found,) = re.findall(r"^\| check \| what it promises \|\n\|[-|]+\n((?:\|.*\n)+)", GUIDE, re.M)
    assert dict(re.findall(r"\| `(.*)` \| (.*) \|", found)) == dict(CERTIFICATE)


def test_the_flags_of_the_guide_are_all_flags() -> None:
    named = [re.match(r"`--([a-z-]+)", line["flag"]) for line in table("flag")]
    told = sorted(flag[1] for flag in named if flag)
    assert told == sorted(option.name for option in SYNTAX["dataset"].options)


def test_the_files_of_the_guide_are_all_files() -> None:
    sources = " ".join(line["`--from`"] for line in table("`--from`"))
    assert {*re.findall(r"`faq(\.\w+)`", sources)} == {*READABLE}


CHAT = {"user": "Are you open?", "assistant": "Yes."}
CALL = {"function": {"name": "clock", "arguments": {}}}
ASKED = {"role": "user", "content": "Are you open?"}
SAID = {"role": "assistant", "content": "Yes."}
HELD: dict[str, dict[str, Any]] = {
    "a question and its answer": CHAT,
    "several answers, all learned": {"messages": [ASKED, SAID, ASKED, SAID]},
    "earlier answers that are not learned": {"messages": [ASKED, {**SAID, "weight": 0}, ASKED, SAID]},
    "an answer between others that is not learned": {
        "messages": [ASKED, SAID, ASKED, {**SAID, "weight": 0}, ASKED, SAID]
    },
    "tools and calls": {
        "messages": [
            ASKED,
            {"role": "assistant", "tool_calls": [CALL]},
            {"role": "tool", "content": "11"},
            SAID,
        ],
        "tools": [{"name": "clock"}],
    },
    "reasoning": {"messages": [ASKED, {**SAID, "reasoning_content": "It is 11."}]},
    "a plain text": {"text": "Paws is open."},
    "a preference": {"prompt": "Are you open?", "chosen": "Yes.", "rejected": "Hm."},
    "a label": {**CHAT, "label": True},
}  # fmt: skip


@pytest.mark.parametrize(
    "line", table("what a row holds"), ids=lambda line: line["what a row holds"]
)
def test_a_format_holds_what_the_guide_says(line: dict[str, str]) -> None:
    made = data.make_dataset("one", [HELD[line.pop("what a row holds")]])
    assert {*map(bare, line)} == {*FORMATS}
    for format, told in line.items():
        try:
            assert list(exported(made.rows, bare(format)))
            holds = True
        except DataError:
            holds = False
        assert told.startswith("yes") == holds, format


def test_every_row_of_the_formats_is_told() -> None:
    assert {line["what a row holds"] for line in table("what a row holds")} == {*HELD}
