"""Each cell, typed into a real shell, is one call of the session."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from ft_magics.errors import FtError, RunError

from .conftest import Calls

ROW = '{"user": "a", "assistant": "b"}'


def run(shell: InteractiveShell, cell: str) -> Any:
    result = shell.run_cell(cell)
    assert result.success, result.error_in_exec
    return result.result


def refused(shell: InteractiveShell, cell: str) -> BaseException:
    result = shell.run_cell(cell)
    assert not result.success
    error = result.error_in_exec or result.error_before_exec
    assert isinstance(error, FtError), error
    return error


def test_the_cells_of_the_sample(shell: InteractiveShell, calls: Calls) -> None:
    """The sample at the top of the README, one cell each."""
    run(shell, f'%%dataset catgpt --system "You are CatGPT."\n{ROW}\n')
    run(shell, '%%golden catgpt\n# held out\n{"prompt": "where?", "contains": "box"}')
    run(
        shell,
        "%%finetune ollie --data catgpt          # returns at once\nepochs: 6\nlearning_rate: 2e-3",
    )
    run(shell, "%%prompt base ollie                     # side by side\nHow do cats sleep?")
    assert calls.made == [
        (
            "dataset",
            ("catgpt", f"{ROW}\n"),
            {"system": "You are CatGPT.", "where": "%%dataset catgpt"},
        ),
        (
            "golden",
            ("catgpt", '# held out\n{"prompt": "where?", "contains": "box"}\n'),
            {"where": "%%golden catgpt"},
        ),
        (
            "finetune",
            ("ollie",),
            {
                "rows": None,
                "where": "%%finetune ollie",
                "data": "catgpt",
                "epochs": 6,
                "learning_rate": 0.002,
            },
        ),
        (
            "ask",
            ("How do cats sleep?", ["base", "ollie"]),
            {"finished": False, "where": "%%prompt base"},
        ),
    ]


def test_comments_above_empty_body_and_flags(shell: InteractiveShell, calls: Calls) -> None:
    run(shell, "# a second stage\n\n%%finetune polite --after ollie --wait --fresh --continue")
    [(_, args, named)] = calls.made
    assert args == ("polite",)
    assert named["rows"] is None and named["after"] == "ollie"
    assert named["wait"] and named["fresh"] and named["continue_"] and "plan" not in named


def test_rows_and_settings_in_the_body(shell: InteractiveShell, calls: Calls) -> None:
    run(shell, f"%%finetune ollie --plan\nepochs: 1\n---\n{ROW}")
    [(_, _, named)] = calls.made
    assert named["rows"] == f"{ROW}\n" and named["epochs"] == 1 and named["plan"]


def test_texts_are_not_expanded(shell: InteractiveShell, calls: Calls) -> None:
    shell.user_ns.update(x=1, HOME="no")
    run(shell, f'%%dataset c --system "{{x}} costs $x \\n"\n{ROW}')
    run(shell, '%ft goal "{x} and $HOME?"')
    run(shell, "%%prompt\nIs {x} $HOME?")
    assert calls.made[0][2]["system"] == "{x} costs $x \\n"
    assert calls.made[1][1] == ("{x} and $HOME?",)
    assert calls.made[2][1] == ("Is {x} $HOME?", [])


def test_the_notebooks_variables_are_resolved(shell: InteractiveShell, calls: Calls) -> None:
    shell.user_ns["LR"] = 0.5
    run(shell, "%%finetune ollie --lr $LR")
    assert calls.made[0][2]["lr"] == 0.5
    assert "no variable 'RATE'" in str(refused(shell, "%%finetune ollie\nlr: $RATE"))


def test_out_binds_the_answer(shell: InteractiveShell, calls: Calls) -> None:
    calls.results["ask"] = SimpleNamespace(value={"base": "x", "ollie": "y"})
    run(shell, "%%prompt base ollie --out answers --seed 3\nWhy?")
    assert shell.user_ns["answers"] == {"base": "x", "ollie": "y"}
    assert calls.made[0][2] == {"finished": True, "where": "%%prompt base", "seed": "3"}
    assert "name of a variable" in str(refused(shell, "%%prompt --out 3x\nWhy?"))


def test_the_line_alone(shell: InteractiveShell, calls: Calls) -> None:
    run(shell, '%prompt base ollie "What is it?"')
    run(shell, "%finetune ollie --data catgpt")
    assert [made[1] for made in calls.made] == [("What is it?", ["base", "ollie"]), ("ollie",)]
    assert "no question" in str(refused(shell, "%prompt base ollie"))


def test_an_empty_dataset_cell_gets_the_set(shell: InteractiveShell, calls: Calls) -> None:
    run(shell, "%%dataset catgpt")
    assert calls.made[0][1] == ("catgpt", None)
    assert "no rows" in str(refused(shell, '%%dataset catgpt --system "x"'))


def test_a_setting_in_both_places_is_refused(shell: InteractiveShell, calls: Calls) -> None:
    error = refused(shell, "%%finetune ollie --epochs 3\nnum_train_epochs: 4")
    assert str(error).startswith("%%finetune ollie: num_train_epochs stands on the line and")
    assert not calls.made


def test_an_error_shows_as_one_line_and_fails_the_cell(
    shell: InteractiveShell, calls: Calls, capsys: pytest.CaptureFixture[str]
) -> None:
    refused(shell, "%%finetune ollie --fersh")
    shown = capsys.readouterr()
    lines = (shown.out + shown.err).strip().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("SettingError: %%finetune ollie: no flag '--fersh'. Did you mean")


def test_the_sessions_errors_pass_through(
    shell: InteractiveShell, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **named: Any) -> None:
        raise RunError("run ollie", "the loss is NaN")

    monkeypatch.setattr(calls, "finetune", fail, raising=False)
    assert isinstance(refused(shell, "%%finetune ollie"), RunError)


@pytest.mark.parametrize("magic", ["dataset", "golden", "finetune", "prompt"])
def test_help_calls_nothing(shell: InteractiveShell, calls: Calls, magic: str) -> None:
    assert run(shell, f"%%{magic} --help").startswith(f"%%{magic}")
    assert not calls.made
