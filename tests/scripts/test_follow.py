from __future__ import annotations

from pathlib import Path

import pytest

from follow import Follower, Terminal, side_by_side
from ft_magics import events


def write(file: Path, *happened: events.Event) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as stream:
        stream.writelines(events.to_line(event).rstrip("\n") + "\n" for event in happened)


def step(number: int) -> events.StepEnded:
    return events.StepEnded(step=number, epoch=1.0, loss=4.0 / number, learning_rate=1e-3)


def started() -> events.RunStarted:
    return events.RunStarted(
        total_steps=20, epochs=1.0, trainable_parameters=10, total_parameters=100
    )


def test_a_run_is_told_from_its_events(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "runs" / "ollie" / "0001" / "events.jsonl"
    with Follower(tmp_path, Terminal()) as follower:
        write(file, events.RunQueued(name="ollie"), started())
        write(file, *(step(number) for number in range(1, 21)))
        write(file, events.RunEnded(state="finished", step=20))
    printed = capsys.readouterr().out
    assert "step 20 of 20  loss 0.20" in printed
    assert printed.count(" of 20") == 10, "without a terminal each tenth is one line"
    assert printed.splitlines()[-1].split()[0] == "ollie"
    assert "finished" in printed.splitlines()[-1]
    (state,) = follower.states()
    assert state.step == 20


def test_runs_that_were_there_before_are_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "runs" / "old" / "0001" / "events.jsonl", events.PhaseBegan(text="old"))
    with Follower(tmp_path, Terminal()) as follower:
        pass
    assert not follower.states()
    assert not capsys.readouterr().out


def test_a_line_that_is_still_written_waits(tmp_path: Path) -> None:
    file = tmp_path / "runs" / "ollie" / "0001" / "events.jsonl"
    line = events.to_line(events.RunQueued(name="ollie")).rstrip("\n")
    file.parent.mkdir(parents=True)
    file.write_text(line[:10])
    follower = Follower(tmp_path, Terminal())
    follower.catch_up()
    assert not follower.states()
    file.write_text(line + "\n")
    follower.catch_up()
    assert [state.name for state in follower.states()] == ["ollie"]


def test_answers_stand_side_by_side() -> None:
    golden = {
        "base": ({"prompt": "Where?", "answer": "I do not know.", "passed": False},),
        "ollie": ({"prompt": "Where?", "answer": "In a box.\nAlways.", "passed": True},),
    }
    lines = side_by_side(golden).splitlines()
    assert lines[0].split() == ["base", "ollie"]
    assert "> Where?" in lines
    (answers,) = [line for line in lines if line.startswith("✗ I do not know.")]
    assert answers.endswith("✓ In a box. Always.")
    assert lines[-1].split("   ")[0] == "0 of 1 pass"
    assert lines[-1].endswith("1 of 1 pass")


def test_an_answer_that_goes_on_and_on_is_cut() -> None:
    golden = {"base": ({"prompt": "Where?", "answer": "no " * 1000, "passed": None},)}
    assert len(side_by_side(golden)) < 600
