"""What a good answer must show: the checks of a golden question."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ft_magics.data import Question
from ft_magics.errors import DataError, nearest
from ft_magics.evaluation.unknown import says_unknown

__all__ = ["Verdict", "check"]


@dataclass(frozen=True)
class Verdict:
    """Whether an answer shows what it must show."""

    passed: bool | None
    """None for a question without a check: it is there for looking."""
    reason: str
    """In a few words: what is missing, or what was found."""


def check(question: Question, answer: str) -> Verdict:
    """Hold an answer against all checks of its question.

    `contains` and `not_contains` do not look at case, at the kind of apostrophe, or at how words
    are spaced, and take a list (all of it; none of it). `equals` is the whole answer, without the
    white space around it. `regex` is searched anywhere, as Python reads it.

    Args:
        question: With its checks by name.
        answer: The model's text.

    Returns:
        Passed if every check passed; the reason tells the failed ones, or else all.

    Raises:
        DataError: A check's name is unknown, or its regex cannot be read.
    """
    if not question.checks:
        return Verdict(None, "nothing to check")
    found = [_run(question, name, wanted, answer) for name, wanted in question.checks.items()]
    failed = [verdict.reason for verdict in found if not verdict.passed]
    if failed:
        return Verdict(False, "; ".join(failed))
    return Verdict(True, "; ".join(verdict.reason for verdict in found))


def _run(question: Question, name: str, wanted: Any, answer: str) -> Verdict:
    """One check, its errors told with the question's row."""
    row = f"row {question.number}"
    if name not in CHECKS:
        raise DataError("%%golden", f"{row}: no check '{name}'. {nearest(name, CHECKS)}")
    try:
        return CHECKS[name](wanted, answer)
    except re.error as error:
        raise DataError(
            "%%golden", f"{row}: the regex {wanted!r} cannot be read ({error}). Correct it."
        ) from error


def _contains(wanted: Any, answer: str) -> Verdict:
    text = _plain(answer)
    missing = [part for part in _texts(wanted) if _plain(part) not in text]
    if missing:
        return Verdict(False, f"lacks {_quoted(missing)}")
    return Verdict(True, f"has {_quoted(_texts(wanted))}")


def _not_contains(wanted: Any, answer: str) -> Verdict:
    text = _plain(answer)
    found = [part for part in _texts(wanted) if _plain(part) in text]
    if found:
        return Verdict(False, f"has {_quoted(found)}")
    return Verdict(True, f"is without {_quoted(_texts(wanted))}")


def _equals(wanted: Any, answer: str) -> Verdict:
    if answer.strip() == str(wanted).strip():
        return Verdict(True, "is the text")
    return Verdict(False, f"is not {_quoted([str(wanted)])}")


def _regex(wanted: Any, answer: str) -> Verdict:
    patterns = _texts(wanted)
    missing = [pattern for pattern in patterns if not re.search(pattern, answer)]
    if missing:
        return Verdict(False, f"does not match {_quoted(missing)}")
    return Verdict(True, f"matches {_quoted(patterns)}")


def _unknown(wanted: Any, answer: str) -> Verdict:
    said = says_unknown(answer)
    reason = "says it does not know" if said else "does not say that it does not know"
    return Verdict(said == bool(wanted), reason)


CHECKS: Mapping[str, Callable[[Any, str], Verdict]] = {
    "contains": _contains,
    "not_contains": _not_contains,
    "equals": _equals,
    "regex": _regex,
    "unknown": _unknown,
}


def _texts(wanted: Any) -> list[str]:
    """One text, or several."""
    return [str(part) for part in wanted] if isinstance(wanted, list | tuple) else [str(wanted)]


def _plain(text: str) -> str:
    """Text as `contains` compares it: models write ’ for ' and break lines where they like."""
    flat = unicodedata.normalize("NFKC", text).replace("\u2019", "'").casefold()
    return " ".join(flat.split())


def _quoted(parts: list[str]) -> str:
    return ", ".join(f"«{part}»" for part in parts)
