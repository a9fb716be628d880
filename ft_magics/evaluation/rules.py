"""Rules of format in a goal, each with the golden checks that hold an answer against it."""

from __future__ import annotations

from ft_magics.evaluation.forms import find_forms
from ft_magics.evaluation.json_rule import find_json
from ft_magics.evaluation.lengths import find_lengths
from ft_magics.evaluation.rule import Rule
from ft_magics.evaluation.word_rules import find_words

__all__ = ["find_rules"]


def find_rules(goal: str) -> list[Rule]:
    """The rules of format that a goal names, in its order.

    Args:
        goal: As `goal_text.plain` gives it.
    """
    finders = (find_json, find_forms, find_words, find_lengths)
    found = [rule for finder in finders for rule in finder(goal)]
    kept: dict[str, Rule] = {}
    for rule in sorted(found, key=lambda rule: rule.start):
        kept.setdefault(f"{rule.kind} {rule.meaning}", rule)
    return list(kept.values())
