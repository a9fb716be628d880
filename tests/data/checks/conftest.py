"""Short ways to write rows, and to run all checks over them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from ft_magics.data.checks import run_checks, standard_checks
from ft_magics.data.findings import Finding
from ft_magics.data.rows import AnyRow, Message, Preference, Row, Unpaired

_KINDS = {Row: "sft", Preference: "preference", Unpaired: "unpaired"}


def _run(rows: Sequence[AnyRow]) -> dict[str, Finding]:
    by_number = {row.number: row for row in rows}
    kind = _KINDS[type(rows[0])]
    found = run_checks(rows, standard_checks(kind), by_number.__getitem__)
    assert len({told.check for told in found}) == len(found), "each check tells one finding"
    return {told.check: told for told in found}


def _said(text: str) -> tuple[Message, ...]:
    return (Message("assistant", text, trained=True),)


@pytest.fixture
def found() -> Callable[[Sequence[AnyRow]], dict[str, Finding]]:
    """Runs all checks of the rows' kind: each finding by its check."""
    return _run


@pytest.fixture
def pairs() -> Callable[..., list[Row]]:
    """Rows from (question, answer) pairs, numbered from 1."""

    def make(*texts: tuple[str, str], system: str | None = None) -> list[Row]:
        head = () if system is None else (Message("system", system),)
        return [
            Row(number, (*head, Message("user", question), *_said(answer)))
            for number, (question, answer) in enumerate(texts, start=1)
        ]

    return make


@pytest.fixture
def preferences() -> Callable[..., list[Preference]]:
    """Preference rows from (question, chosen, rejected) triples, numbered from 1."""

    def make(*texts: tuple[str, str, str]) -> list[Preference]:
        return [
            Preference(number, (Message("user", question),), _said(chosen), _said(rejected))
            for number, (question, chosen, rejected) in enumerate(texts, start=1)
        ]

    return make


@pytest.fixture
def labelled() -> Callable[..., list[Unpaired]]:
    """Unpaired rows from (question, answer, label) triples, numbered from 1."""

    def make(*texts: tuple[str, str, bool]) -> list[Unpaired]:
        return [
            Unpaired(number, (Message("user", question),), _said(answer), label)
            for number, (question, answer, label) in enumerate(texts, start=1)
        ]

    return make


@pytest.fixture
def answers(pairs: Any) -> Callable[..., list[Row]]:
    """Rows with these answers to different questions."""

    def make(*texts: str) -> list[Row]:
        questions = (
            f"What does {name} do when she {word}?"
            for name in ("Ada", "Bruno", "Carla", "Dario", "Elif", "Farid", "Greta", "Hugo", "Ines")
            for word in ("cooks", "paints", "sings", "dances", "writes", "codes")
        )
        return pairs(*zip(questions, texts, strict=False))

    return make
