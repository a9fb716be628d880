"""Golden questions: does an answer show what it must show, and what did training change?"""

from ft_magics.evaluation.checks import Verdict, check
from ft_magics.evaluation.summary import Result, summarise
from ft_magics.evaluation.unknown import says_unknown

__all__ = ["Result", "Verdict", "check", "says_unknown", "summarise"]
