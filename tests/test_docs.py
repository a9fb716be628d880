"""The guides: their cells run, their outputs are what is shown, their tables are whole.

A fenced block of docs/data.md or docs/preferences.md without a language, or with `python`, is a cell; one with `text` is
what the cell before shows, where a line `…` stands for any lines; one with a file's name behind the
language is that file. `<!-- fails -->` before a cell says that it ends with an error, and
`<!-- not run: why -->` that it is only shown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from preference_runs import level, preference_events, ramp

import check_names
from ft_magics import data, session
from ft_magics.data.encoding.certificate_checks import CHECKS as CERTIFICATE
from ft_magics.data.fixes import FIXES
from ft_magics.data.formats import exported
from ft_magics.data.kinds import KINDS, kind_of
from ft_magics.data.recast import RECASTS
from ft_magics.data.sources.file_rows import READABLE
from ft_magics.errors import DataError
from ft_magics.evaluation import PreferenceScore
from ft_magics.events import Evaluated, Event, StepEnded
from ft_magics.magics import unload_ipython_extension
from ft_magics.magics.syntax import SYNTAX
from ft_magics.monitor import RunState
from ft_magics.session.assignment import KINDS as KIND_OF
from ft_magics.session.assignment import METHODS
from ft_magics.spec import FORMATS
from ft_magics.training.defaults import choose_learning_rate
from ft_magics.training.trl_names import loss_types

DOCS = Path(__file__).parents[1] / "docs"
GUIDE = (DOCS / "data.md").read_text(encoding="utf-8")
PREFERENCES = (DOCS / "preferences.md").read_text(encoding="utf-8")
BLOCK = re.compile(
    r"(?:<!-- (?P<mark>[^>]*) -->\n)?^```(?P<info>.*)\n(?P<text>(?:.*\n)*?)```$", re.M
)


@dataclass
class Cell:
    """A cell of a guide, and what stands around it."""

    text: str
    line: int
    mark: str
    output: str = ""
    files: dict[str, str] = field(default_factory=dict)


def cells(guide: str) -> Iterator[Cell]:
    """The cells in their order, each with the files before it and the output behind it."""
    cell, files = None, dict[str, str]()
    for found in BLOCK.finditer(guide):
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
            line = guide[: found.start()].count("\n") + 1
            cell, files = Cell(found["text"], line, found["mark"] or "", files=files), {}
    if cell is not None:
        yield cell


def table(column: str, guide: str = GUIDE) -> list[dict[str, str]]:
    """The lines of the table whose first column is called so, by their columns."""
    found = re.search(rf"^\| {re.escape(column)} \|.*\n\|[-|]+\n((?:\|.*\n)+)", guide, re.M)
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


@pytest.mark.parametrize(
    ("guide", "least"), [(GUIDE, 30), (PREFERENCES, 25)], ids=["data", "preferences"]
)
def test_every_cell_of_a_guide_runs_and_shows_what_it_says(
    shell: InteractiveShell, tmp_path: Path, guide: str, least: int
) -> None:
    ran, wrong = 0, []
    for cell in cells(guide):
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
    assert ran > least


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


# ---------------------------------------------------------------- the guide to preferences


def test_the_methods_of_the_guide_are_what_rows_can_be_trained_by() -> None:
    kinds = {"dpo": "preference", "kto": "unpaired"}
    for line in table("rows", PREFERENCES):
        kind = kinds[bare(line["trained by"])]
        assert METHODS[kind] == bare(line["trained by"])
        others = {to for frm, to in RECASTS if frm == kind}
        assert {KIND_OF[m] for m in re.findall(r"`(\w+)`:", line["with `--method`"])} == others


def test_the_losses_of_the_guide_are_all_losses() -> None:
    lines = {line["for"]: line["`loss_type`"] for line in table("for", PREFERENCES)}
    for what, method in (("pairs", "dpo"), ("labels", "kto")):
        assert {*re.findall(r"`(\w+)`", lines[what])} == loss_types(method)


def test_the_learning_rates_of_the_guide_are_those_that_are_chosen() -> None:
    for line, strategy in zip(table("trained", PREFERENCES), ("lora", "full"), strict=True):
        assert strategy in line["trained"].lower()
        for size, parameters in (("below 1B parameters", 10**8), ("from 1B", 10**10)):
            for method in ("dpo", "kto"):
                chosen = choose_learning_rate(strategy, parameters, method)
                assert float(line[size]) == chosen.value


def held_out(*looks: tuple[float, float]) -> list[Event]:
    """A good run whose held-out rows have these losses and accuracies, every ten steps."""
    made: list[Event] = []
    for event in preference_events(evals=0):
        made.append(event)
        if isinstance(event, StepEnded) and event.step % 10 == 0:
            loss, share = looks[event.step // 10 - 1]
            metrics = {"rewards/accuracies": share}
            made.append(Evaluated(step=event.step, eval_loss=loss, metrics=metrics))
    return made


def swapped() -> list[Event]:
    """Worse and worse, which the loss hides."""
    made = preference_events(chosen=ramp(-0.5), rejected=ramp(0.3), noise=0.05, evals=0)
    return [replace(e, loss=0.7) if isinstance(e, StepEnded) else e for e in made]


def after(share: float, reward: float) -> Callable[[float], float]:
    """A reward that is there from a share of the run on."""
    return lambda done: reward if done > share else 0.0


COURSES: dict[str, list[Event]] = {
    "it learns": preference_events(),
    "both rewards fall": preference_events(chosen=ramp(-0.9), rejected=ramp(-2.4)),
    "too easy": preference_events(chosen=after(0.02, 8.0), rejected=level(0.0)),
    "it does not move": preference_events(chosen=ramp(0.01), rejected=ramp(-0.01), noise=0.02),
    "it diverges": preference_events(chosen=ramp(-0.8), rejected=ramp(0.2), noise=0.2, evals=0),
    "the wrong way": swapped(),
    "the held-out loss rises": held_out(
        (0.6, 0.7), (0.5, 0.9), (0.6, 0.9), (0.7, 0.9), (0.8, 0.9), (0.9, 0.9)
    ),
    "the held-out accuracy falls": held_out(
        (0.6, 0.7), (0.5, 0.9), (0.49, 0.9), (0.5, 0.9), (0.51, 0.7), (0.52, 0.6)
    ),
    "it does not carry over": held_out(*[(0.69, 0.5)] * 6),
}


@pytest.mark.parametrize("line", table("course", PREFERENCES), ids=lambda line: line["course"])
def test_a_course_is_told_as_the_guide_says(line: dict[str, str]) -> None:
    assert line["what the card says"] in RunState.replay(COURSES[line["course"]]).verdict


def test_the_courses_of_the_guide_are_all_courses() -> None:
    assert [line["course"] for line in table("course", PREFERENCES)] == [*COURSES]


def test_the_score_of_the_guide_is_the_score() -> None:
    assert PreferenceScore(first=6).clear
    assert not PreferenceScore(first=5).clear
