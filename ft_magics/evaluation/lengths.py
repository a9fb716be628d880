"""Lengths in a goal: «one sentence», «at most 20 words»."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ft_magics.evaluation.goal_text import denied
from ft_magics.evaluation.rule import Rule

__all__ = ["find_lengths"]

_NUMBERS = {
    "a": 1,
    "a single": 1,
    "single": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "twelve": 12,
    "fifteen": 15,
    "twenty": 20,
    "thirty": 30,
    "fifty": 50,
    "a hundred": 100,
}
_NUMBER = rf"\d{{1,5}}|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))}"
_LESS = r"under|below|less than|fewer than|shorter than"
_MOST = (
    r"at most|(?:no|not|never) (?:more|longer) than|up to|within|max(?:imum)?(?: of)?|a maximum of"
)
_LEAST = (
    r"at least|(?:no|not|never) (?:less|fewer|shorter) than|more than|over|longer than|min(?:imum)?"
)
_NEAR = r"about|around|roughly|approximately|circa|some"
_LENGTH = re.compile(
    rf"(?:\b(?P<before>{_MOST}|{_LEAST}|{_LESS}|{_NEAR}|in|as|with|to|into|by|just|only|exactly)\s+)?"
    rf"(?:just |only |exactly )?\b(?P<low>{_NUMBER})(?:\s*(?:-|–|to|or)\s*(?P<high>{_NUMBER}))?[\s-]+"
    r"(?:(?!prison|death|life|jail|per\b|in\b|of\b|for\b|the\b|a\b|each\b|every\b|and\b|or\b|to\b|"
    r"with\b|from\b)[a-z]+[,\s-]+){0,2}?"
    r"(?P<unit>sentence|word|token|character|char|letter|line)(?:s\b|\b)(?!\s+at a time)(?!\s+games?)"
    r"(?P<after>\s*(?:at (?:the )?most|max(?:imum)?|or (?:fewer|less)|or more|at (?:the )?least|"
    r"minimum|long at most))?",
    re.IGNORECASE,
)
_NOTES = {
    "least": "No check counts a least length.",
    "near": "«About» has no border: say «at most», and it can be checked.",
}


def find_lengths(goal: str) -> Iterator[Rule]:
    """The greatest lengths that a goal names.

    Args:
        goal: As `goal_text.plain` gives it.
    """
    for match in _LENGTH.finditer(goal):
        before = (match["before"] or "").lower()
        low, after = match["low"].lower(), (match["after"] or "").strip().lower()
        if low == "a" and before not in ("in", "as", "with", "to", "into", "within"):
            continue
        if denied(goal, match.start()) is not False:
            continue
        number = _number(match["high"] or low)
        unit = match["unit"].lower()
        kind = _kind(before, after)
        if kind:
            yield Rule(f"{unit}s", match.group().strip(), f"{match.group().strip()}", {}, match.start(), _NOTES[kind])  # fmt: skip
            continue
        if re.fullmatch(_LESS, before):
            number -= 1
        if number >= 1:
            yield _rule(match, unit, number)


def _kind(before: str, after: str) -> str:
    if re.fullmatch(_LEAST, before) or after in ("or more", "minimum") or "least" in after:
        return "least"
    return "near" if re.fullmatch(_NEAR, before) else ""


def _rule(match: re.Match[str], unit: str, number: int) -> Rule:
    checks: dict[str, dict[str, Any]] = {
        "sentence": {"max_sentences": number},
        "word": {"max_words": number},
        "token": {"max_tokens": number},
        "char": {"regex": rf"(?s)\A.{{0,{number}}}\Z"},
        "character": {"regex": rf"(?s)\A.{{0,{number}}}\Z"},
        "letter": {"regex": rf"(?s)\A.{{0,{number}}}\Z"},
        "line": {"regex": rf"\A[^\n]*(?:\n[^\n]*){{0,{number - 1}}}\Z"},
    }
    words = f"{number} {unit}{'' if number == 1 else 's'}"
    return Rule(f"{unit}s", match.group().strip(), f"at most {words}", checks[unit], match.start())


def _number(text: str) -> int:
    return int(text) if text.isdigit() else _NUMBERS[text.lower()]
