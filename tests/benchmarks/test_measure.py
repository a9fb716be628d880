from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def measure(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import _measure

    yield _measure
    sys.modules.pop("_measure", None)


def test_a_goal_is_for_the_ratio_or_with_a_unit_for_the_figure(measure: Any) -> None:
    line = measure.Line("swap", 2.0, "ms", against="PEFT", theirs=4.0, ratio=0.5, goal=">= 0.95")
    assert line.met is False
    assert measure.Line("swap", 2.0, "ms", ratio=0.5, goal="<= 0.5").met is True
    assert measure.Line("load", 2.0, "ms", goal="<= 1 ms").met is False
    assert measure.Line("load", 2.0, "ms").met is None


def test_a_missed_goal_is_told(measure: Any) -> None:
    report = measure.Report("speed", quick=False)
    report.add(
        "train", 90.0, "tokens/s", against="by hand", theirs=100.0, ratio=0.9, goal=">= 0.95"
    )
    assert "MISSED" in report.table()
    (line,) = report.to_dict()["lines"]
    assert line["met"] is False


def test_contenders_take_turns_and_each_comes_first_once(measure: Any) -> None:
    calls: list[str] = []
    found = measure.interleaved(
        {name: lambda name=name: float(calls.append(name) or len(calls)) for name in "ab"}, 2
    )
    assert calls == ["a", "b", "b", "a"]
    assert found == {"a": [1.0, 4.0], "b": [2.0, 3.0]}


def test_the_machine_is_not_named(measure: Any) -> None:
    import platform

    assert platform.node() not in str(measure.machine())
