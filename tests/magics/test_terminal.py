"""A progress line and streamed text in a terminal."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ft_magics.magics.terminal import AnswerText, ProgressLine, terminal_handle
from ft_magics.monitor import RunState


def run_of(**traits: Any) -> Any:
    class Run:
        active = True
        monitor = RunState(name="ollie", state="running", total_steps=100, **traits)

    return Run()


class Terminal:
    def __init__(self, *, tty: bool) -> None:
        self.text = ""
        self.isatty = lambda: tty

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        pass


@pytest.mark.parametrize(("tty", "count"), [(True, 20), (False, 3)])
def test_a_line_is_rewritten_or_told_by_tenths(
    monkeypatch: pytest.MonkeyPatch, tty: bool, count: int
) -> None:
    terminal = Terminal(tty=tty)
    monkeypatch.setattr("sys.stdout", terminal)
    run = run_of()
    line = terminal_handle(run)
    assert isinstance(line, ProgressLine)
    for step in range(1, 21):
        run.monitor.step = step
    mark = "\r" if tty else "\n"
    assert terminal.text.count(mark) == count
    run.active = False
    run.monitor.state = "finished"
    line.close()
    line.close()
    run.monitor.step = 30
    assert terminal.text.rstrip().count("finished") >= 1
    assert "step 30" not in terminal.text


def test_one_answer_streams(capsys: pytest.CaptureFixture[str]) -> None:
    column = SimpleNamespace(title="ollie", text="", note="", state="streaming", passed=None)
    answers = SimpleNamespace(question="Why?", columns=[column])
    shown = terminal_handle(answers)
    assert isinstance(shown, AnswerText)
    for piece in ("In ", "a ", "box."):
        column.text += piece
        shown.update()
    assert capsys.readouterr().out == "In a box."
    shown.close()
    shown.close()
    assert capsys.readouterr().out == "\n"


def test_an_answer_that_is_replaced_begins_on_a_new_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    column = SimpleNamespace(title="ollie", text="So so", note="step 4 of 9", passed=None)
    shown = AnswerText(SimpleNamespace(question="Why?", columns=[column]))
    shown.update()
    column.text = "In a box."
    shown.close()
    assert capsys.readouterr().out == "So so\nIn a box.\n(step 4 of 9)\n"


def test_several_answers_come_when_all_are_there(capsys: pytest.CaptureFixture[str]) -> None:
    from ft_magics.session import Answers, Column

    answers = Answers("Why?", None, [Column("base", "no"), Column("ollie", "In a box.")])
    shown = AnswerText(answers)
    shown.update()
    assert capsys.readouterr().out == ""
    shown.close()
    out = capsys.readouterr().out
    assert "Why?" in out and "In a box." in out
