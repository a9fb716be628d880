"""What training changed, in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ft_magics.evaluation.checks import Verdict

__all__ = ["Result", "summarise"]


@dataclass(frozen=True)
class Result:
    """How one model did on a golden set."""

    model: str
    """Its name: `base`, `ollie`."""
    verdicts: Sequence[Verdict]
    """One for each question, in the golden set's order."""
    answers: Sequence[str]
    """One for each question, in the golden set's order."""

    @property
    def checked(self) -> int:
        """How many questions have a check."""
        return sum(verdict.passed is not None for verdict in self.verdicts)

    @property
    def passed(self) -> int:
        """How many of them passed."""
        return sum(verdict.passed is True for verdict in self.verdicts)


def summarise(base: Result, tuned: Result) -> str:
    """Compare two models on one golden set.

    Args:
        base: The model before.
        tuned: The model after.

    Returns:
        `base 1 of 5, ollie 5 of 5; 4 turned from fail to pass`.

    Raises:
        ValueError: They answered different numbers of questions.
    """
    if len(base.verdicts) != len(tuned.verdicts):
        raise ValueError(
            f"{base.model} has {len(base.verdicts)} verdicts, {tuned.model} {len(tuned.verdicts)}"
        )
    if not tuned.checked:
        return f"no question has a check; read the {_count(len(tuned.verdicts), 'answer')}"
    turns = [(b.passed, t.passed) for b, t in zip(base.verdicts, tuned.verdicts, strict=True)]
    gained, lost = turns.count((False, True)), turns.count((True, False))
    changes = [f"{gained} turned from fail to pass"] if gained else []
    changes += [f"{lost} turned from pass to fail"] if lost else []
    changed = sum(a != b for a, b in zip(base.answers, tuned.answers, strict=True))
    if not changes:
        changes = ["no verdict changed" if changed else "every answer is the same"]
    scores = f"{_score(base)}, {_score(tuned)}"
    unchecked = len(tuned.verdicts) - tuned.checked
    rest = f"; {_count(unchecked, 'question')} without a check" if unchecked else ""
    return f"{scores}; {', '.join(changes)}{rest}"


def _score(result: Result) -> str:
    return f"{result.model} {result.passed} of {result.checked}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
