"""Golden questions: does an answer show what it must show, and what did training change?"""

from ft_magics.evaluation.checks import Verdict, check, tokens_needed
from ft_magics.evaluation.goals import GoalReading, Offer, golden_cell, read_goal
from ft_magics.evaluation.preference_score import PreferenceScore
from ft_magics.evaluation.rule import Rule
from ft_magics.evaluation.sentences import sentences
from ft_magics.evaluation.summary import Result, summarise
from ft_magics.evaluation.unknown import says_unknown

__all__ = [
    "GoalReading",
    "Offer",
    "PreferenceScore",
    "Result",
    "Rule",
    "Verdict",
    "check",
    "golden_cell",
    "read_goal",
    "says_unknown",
    "sentences",
    "summarise",
    "tokens_needed",
]
