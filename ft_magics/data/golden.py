"""Golden sets: held-out questions, and what a good answer must show."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ft_magics.data.bodies import RowProblem
from ft_magics.data.dataset import digest
from ft_magics.data.kinds.turns import Complain, check_order, read_messages, read_text, shown
from ft_magics.data.making import row_source
from ft_magics.data.problems import grouped
from ft_magics.data.rows import Message, Row, messages_of, system_of, with_system
from ft_magics.data.schemas import read_schema
from ft_magics.errors import DataError, nearest

__all__ = ["CHECKS", "GoldenSet", "Question", "make_golden"]

_QUESTIONS = ("prompt", "user", "messages")
_LATER = frozenset({"similar_to", "tool_call", "python", "judge"})


@dataclass(frozen=True)
class Question:
    """One held-out question."""

    number: int
    """Its place in the set, counted from 1."""
    messages: tuple[Message, ...]
    """The conversation up to the question; ends with a user turn."""
    checks: dict[str, Any] = field(default_factory=dict)
    """What a good answer must show, as it was written: `contains`, `not_contains`, `regex` (a text
    or a list), `equals` (a text), `unknown` (true), `max_sentences`, `max_words`, `max_tokens` (a
    number), `json_schema` (a schema, or true); empty for a question that is only looked at."""
    answer: str | None = None
    """A model answer, for the eval loss."""

    @property
    def prompt(self) -> str:
        """The question itself: the last user turn."""
        return self.messages[-1].content


@dataclass(frozen=True)
class GoldenSet:
    """Questions under a name."""

    name: str
    questions: tuple[Question, ...]
    source: str = ""
    """The rows as the user wrote them."""
    version: int = 0
    """Counted from 1 by the store; 0 for one that is not kept."""

    @cached_property
    def sha256(self) -> str:
        """Of the questions and their checks, however they were written."""
        records = self.to_records()["questions"]
        return digest([{**record, "number": None} for record in records])

    def eval_rows(self, system: str | None = None) -> tuple[Row, ...]:
        """The questions that have an answer, as rows for the eval loss.

        Args:
            system: System text for the questions that have none of their own.
        """
        return tuple(
            Row(
                q.number,
                (*with_system(q.messages, system), Message("assistant", q.answer, trained=True)),
            )
            for q in self.questions
            if q.answer is not None
        )

    def to_records(self) -> dict[str, Any]:
        """Everything as one JSON object; `from_records` gives an equal set."""
        questions = [
            {
                "number": q.number,
                "messages": [m.to_record() for m in q.messages],
                "checks": q.checks,
                "answer": q.answer,
            }
            for q in self.questions
        ]
        return {
            "name": self.name,
            "source": self.source,
            "version": self.version,
            "questions": questions,
        }

    @classmethod
    def from_records(cls, record: Mapping[str, Any]) -> GoldenSet:
        """The set that `to_records` wrote."""
        questions = (
            Question(q["number"], messages_of(q["messages"]), dict(q["checks"]), q["answer"])
            for q in record["questions"]
        )
        return cls(record["name"], tuple(questions), record["source"], record["version"])

    def __repr__(self) -> str:
        return f"GoldenSet({self.name!r}, {len(self.questions)} questions)"


def make_golden(
    name: str, rows: str | Iterable[Mapping[str, Any]], *, where: str = ""
) -> GoldenSet:
    """Read and check golden questions.

    Args:
        name: What the set is called.
        rows: JSONL or a JSON array; or objects, or a DataFrame.
        where: The cell, for errors.

    Raises:
        DataError: Questions that cannot be used, all of them at once; or none at all.
    """
    where = where or f"golden set {name}"
    read, source = row_source(rows, where)
    questions: list[Question] = []
    problems: dict[int, list[tuple[str, str]]] = {}
    for number, values in read:
        question, told = _read_question(values, number)
        if told or question is None:
            problems[number] = told
        else:
            questions.append(question)
    if problems:
        raise DataError(where, grouped(problems))
    if not questions:
        what = 'there are no questions. Write one a line: {"prompt": "…", "contains": "…"}'
        raise DataError(where, what)
    return GoldenSet(name, tuple(questions), source)


def _read_question(values: Any, number: int) -> tuple[Question | None, list[tuple[str, str]]]:
    problems: list[tuple[str, str]] = []

    def complain(what: str, remedy: str) -> None:
        problems.append((what, remedy))

    if isinstance(values, RowProblem):
        return None, [(values.text, values.remedy)]
    if not isinstance(values, Mapping):
        return None, [(f"{shown(values)} is not a row", 'Write it as {"prompt": "…"}.')]
    _check_names(values, complain)
    messages = _read_conversation(values, complain)
    checks = {
        key: CHECKS[key](values[key], f"field '{key}'", complain) for key in CHECKS if key in values
    }
    answer = None
    if "answer" in values:
        answer = read_text(values["answer"], "field 'answer'", complain, empty="the answer")
    kept = {key: value for key, value in checks.items() if value is not None}
    return Question(number, messages, kept, answer), problems


def _check_names(values: Mapping[str, Any], complain: Complain) -> None:
    known = {*_QUESTIONS, *CHECKS, "answer", "system"}
    for key in values:
        if key in _LATER:
            checks = ", ".join(f"'{check}'" for check in CHECKS)
            complain(f"the check '{key}' is not read yet", f"Use {checks}, or 'answer'.")
        elif key not in known:
            complain(f"no field or check '{key}'", nearest(str(key), known))


def _read_conversation(values: Mapping[str, Any], complain: Complain) -> tuple[Message, ...]:
    given = [key for key in _QUESTIONS if key in values]
    if len(given) != 1:
        found = ", ".join(f"'{key}'" for key in values) or "nothing"
        what = f"both '{given[0]}' and '{given[1]}'" if given else f"no 'prompt' (found {found})"
        complain(what, "Keep one of them." if given else "Write the question as 'prompt'.")
        return ()
    key = given[0]
    if isinstance(values[key], list | tuple):
        messages = tuple(
            Message(m.role, m.content) for m in read_messages(values[key], key, complain)
        )
        check_order(messages, key, complain, ends="user")
    else:
        text = read_text(values[key], f"field '{key}'", complain, empty="the question")
        messages = () if text is None else (Message("user", text),)
    if values.get("system") is None:
        return messages
    if system_of(messages) is not None:
        complain("two system texts: field 'system' and the first message", "Keep one of them.")
    text = read_text(values["system"], "field 'system'", complain)
    return with_system(messages, text)


# ---------------------------------------------------------------------- the checks


def _texts(value: Any, what: str, complain: Complain) -> Any:
    """One text or several, as they were written."""
    values = list(value) if isinstance(value, list | tuple) else [value]
    if not values:
        complain(f"{what} is an empty list", "Name a text, or remove the field.")
    for text in values:
        read_text(text, what, complain, empty="the text to look for")
    return values if isinstance(value, list | tuple) else value


def _text(value: Any, what: str, complain: Complain) -> str | None:
    return read_text(value, what, complain, empty="the text to compare with")


def _patterns(value: Any, what: str, complain: Complain) -> Any:
    """One regular expression or several, as they were written."""
    texts = _texts(value, what, complain)
    for text in texts if isinstance(texts, list) else [texts]:
        try:
            re.compile(text if isinstance(text, str) else "")
        except re.error as error:
            complain(f"{what} is not a regular expression: {error}", "See Python's re module.")
    return texts


def _flag(value: Any, what: str, complain: Complain) -> bool | None:
    value = {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value
    if not isinstance(value, bool):
        complain(f"{what} is {shown(value)}", "Write true or false, without quotes.")
        return None
    return value


def _limit(value: Any, what: str, complain: Complain) -> int | None:
    # YAML and CSV give every value as text.
    if isinstance(value, str) and value.isdecimal() and value.isascii():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        complain(f"{what} is {shown(value)}", "Write a whole number above 0, without quotes.")
        return None
    return value


CHECKS: dict[str, Callable[[Any, str, Complain], Any]] = {
    "contains": _texts,
    "not_contains": _texts,
    "equals": _text,
    "regex": _patterns,
    "json_schema": read_schema,
    "max_sentences": _limit,
    "max_words": _limit,
    "max_tokens": _limit,
    "unknown": _flag,
}
"""The checks that are read, each with the reader of its value."""
