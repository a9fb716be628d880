"""What a good answer must show: the checks of a golden question."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ft_magics.data import Question
from ft_magics.errors import DataError, nearest
from ft_magics.evaluation.json_answers import json_fault
from ft_magics.evaluation.sentences import sentences
from ft_magics.evaluation.unknown import says_unknown

__all__ = ["Verdict", "check", "tokens_needed"]

_USUAL_TOKENS = 64
_LONG_TOKENS = 256
_MOST_TOKENS = 1024
_FORMS = ("json_schema", "max_sentences", "max_words")


@dataclass(frozen=True)
class Verdict:
    """Whether an answer shows what it must show."""

    passed: bool | None
    """None for a question without a check: it is there for looking."""
    reason: str
    """In a few words: what is missing, or what was found."""


@dataclass(frozen=True)
class _Said:
    """An answer, and what is known of it."""

    text: str
    tokens: int | None
    ended: bool


def check(
    question: Question, answer: str, *, tokens: int | None = None, ended: bool = True
) -> Verdict:
    """Hold an answer against all checks of its question.

    `contains` and `not_contains` do not look at case, at the kind of apostrophe, or at how words
    are spaced, and take a list (all of it; none of it). `equals` is the whole answer, without the
    white space around it. `regex` is searched anywhere, as Python reads it. `json_schema` wants
    the bare JSON. `max_sentences`, `max_words` and `max_tokens` are for the whole answer, so one
    that was cut off fails them.

    Args:
        question: With its checks by name.
        answer: The model's text.
        tokens: Its length as the model counts; needed for `max_tokens`.
        ended: Whether the model stopped by itself.

    Returns:
        Passed if every check passed; the reason tells the failed ones, or else all.

    Raises:
        DataError: A check's name is unknown, or its regex cannot be read.
    """
    if not question.checks:
        return Verdict(None, "nothing to check")
    said = _Said(answer, tokens, ended)
    found = [_run(question, name, wanted, said) for name, wanted in question.checks.items()]
    failed = [verdict.reason for verdict in found if not verdict.passed]
    if failed:
        return Verdict(False, "; ".join(failed))
    return Verdict(True, "; ".join(verdict.reason for verdict in found))


def tokens_needed(question: Question) -> int:
    """How many tokens an answer may take, so that its checks can be judged.

    A fact shows early; a form shows only at the end. One token above `max_tokens` is enough to
    fail it.

    Args:
        question: With its checks by name.
    """
    needed = _LONG_TOKENS if any(form in question.checks for form in _FORMS) else _USUAL_TOKENS
    return min(_MOST_TOKENS, max(needed, int(question.checks.get("max_tokens", 0)) + 1))


def _run(question: Question, name: str, wanted: Any, said: _Said) -> Verdict:
    """One check, its errors told with the question's row."""
    row = f"row {question.number}"
    if name not in CHECKS:
        raise DataError("%%golden", f"{row}: no check '{name}'. {nearest(name, CHECKS)}")
    try:
        return CHECKS[name](wanted, said)
    except re.error as error:
        raise DataError(
            "%%golden", f"{row}: the regex {wanted!r} cannot be read ({error}). Correct it."
        ) from error


def _contains(wanted: Any, said: _Said) -> Verdict:
    text = _plain(said.text)
    missing = [part for part in _texts(wanted) if _plain(part) not in text]
    if missing:
        return Verdict(False, f"lacks {_quoted(missing)}")
    return Verdict(True, f"has {_quoted(_texts(wanted))}")


def _not_contains(wanted: Any, said: _Said) -> Verdict:
    text = _plain(said.text)
    found = [part for part in _texts(wanted) if _plain(part) in text]
    if found:
        return Verdict(False, f"has {_quoted(found)}")
    return Verdict(True, f"is without {_quoted(_texts(wanted))}")


def _equals(wanted: Any, said: _Said) -> Verdict:
    if said.text.strip() == str(wanted).strip():
        return Verdict(True, "is the text")
    return Verdict(False, f"is not {_quoted([str(wanted)])}")


def _regex(wanted: Any, said: _Said) -> Verdict:
    patterns = _texts(wanted)
    missing = [pattern for pattern in patterns if not re.search(pattern, said.text)]
    if missing:
        return Verdict(False, f"does not match {_quoted(missing)}")
    return Verdict(True, f"matches {_quoted(patterns)}")


def _unknown(wanted: Any, said: _Said) -> Verdict:
    unknown = says_unknown(said.text)
    reason = "says it does not know" if unknown else "does not say that it does not know"
    return Verdict(unknown == bool(wanted), reason)


def _json_schema(wanted: Any, said: _Said) -> Verdict:
    fault = json_fault(said.text, wanted)
    if fault and not said.ended:
        return Verdict(False, f"was cut off before its JSON ended, at {said.tokens} tokens")
    return Verdict(not fault, fault or ("is JSON" if wanted is True else "fits the schema"))


def _max_sentences(wanted: Any, said: _Said) -> Verdict:
    return _at_most(int(wanted), len(sentences(said.text)), "sentence", said)


def _max_words(wanted: Any, said: _Said) -> Verdict:
    # A dash or a bullet that stands alone is no word.
    count = sum(bool(re.search(r"\w", part)) for part in said.text.split())
    return _at_most(int(wanted), count, "word", said)


def _max_tokens(wanted: Any, said: _Said) -> Verdict:
    if said.tokens is None:
        raise ValueError("max_tokens needs the number of tokens")
    return _at_most(int(wanted), said.tokens, "token", said)


def _at_most(wanted: int, count: int, noun: str, said: _Said) -> Verdict:
    has = f"has {count} {noun}{'' if count == 1 else 's'}"
    if count > wanted:
        return Verdict(False, f"{has}, and {wanted} {'is' if wanted == 1 else 'are'} allowed")
    if not said.ended:
        return Verdict(False, f"was cut off after {count} {noun}{'' if count == 1 else 's'}")
    return Verdict(True, has)


CHECKS: Mapping[str, Callable[[Any, _Said], Verdict]] = {
    "contains": _contains,
    "not_contains": _not_contains,
    "equals": _equals,
    "regex": _regex,
    "json_schema": _json_schema,
    "max_sentences": _max_sentences,
    "max_words": _max_words,
    "max_tokens": _max_tokens,
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
