"""Two models on one golden set, in one line."""

from __future__ import annotations

import pytest

from ft_magics.evaluation import Result, Verdict, summarise


def result(model: str, passed: list[bool | None], answers: list[str] | None = None) -> Result:
    verdicts = [Verdict(p, "") for p in passed]
    return Result(model, verdicts, answers or [model] * len(passed))


@pytest.mark.parametrize(
    ("base", "tuned", "text"),
    [
        (
            [True, False, False, False, False],
            [True] * 5,
            "base 1 of 5, ollie 5 of 5; 4 turned from fail to pass",
        ),
        (
            [True, False],
            [False, True],
            "base 1 of 2, ollie 1 of 2; 1 turned from fail to pass, 1 turned from pass to fail",
        ),
        ([True, False], [True, False], "base 1 of 2, ollie 1 of 2; no verdict changed"),
        (
            [False, None],
            [True, None],
            "base 0 of 1, ollie 1 of 1; 1 turned from fail to pass; 1 question without a check",
        ),
        ([None, None], [None, None], "no question has a check; read the 2 answers"),
        ([None], [None], "no question has a check; read the 1 answer"),
    ],
)
def test_what_changed(base: list[bool | None], tuned: list[bool | None], text: str) -> None:
    assert summarise(result("base", base), result("ollie", tuned)) == text


def test_training_that_changed_nothing_is_told() -> None:
    same = result("ollie", [False], ["I am a model."])
    assert summarise(result("base", [False], ["I am a model."]), same) == (
        "base 0 of 1, ollie 0 of 1; every answer is the same"
    )


def test_results_of_two_sets_are_refused() -> None:
    with pytest.raises(ValueError, match="base has 1 verdicts, ollie 2"):
        summarise(result("base", [True]), result("ollie", [True, True]))
