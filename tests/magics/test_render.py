"""Every object of the session has its card."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from ft_magics import data, session
from ft_magics.magics.extension import PLAIN_TYPES
from ft_magics.magics.render import CARDS, bundle
from ft_magics.session.objects import (
    AdapterFacts,
    AdapterTable,
    Answers,
    Column,
    Evaluation,
    Lines,
    Shown,
    Step,
    Workflow,
)

FACTS = AdapterFacts(
    name="ollie",
    base="smollm2-135m",
    strategy="lora",
    rank=16,
    bytes=19_600_000,
    share=0.035,
    data="catgpt",
    data_sha256="0123456789abcdef",
    last_loss=0.0812,
    stale="data catgpt changed",
    state="finished",
    in_use=True,
    versions=2,
)
ANSWER = {"prompt": "where?", "answer": "In a <box>.", "passed": True, "reason": ""}


@pytest.mark.parametrize(
    ("thing", "words"),
    [
        (Answers("Why?", None, [Column("ollie", "In a <box>.")]), ["Why?", "In a <box>."]),
        (
            Evaluation("catgpt", ("where?",), ("base", "ollie"),
                       {"base": (ANSWER | {"passed": False},), "ollie": (ANSWER,)},
                       "base 0 of 1, ollie 1 of 1", "naps <well>"),
            ["where?", "base 0 of 1, ollie 1 of 1", "goal: naps <well>"],
        ),
        (
            AdapterTable([FACTS]),
            ["ollie", "19.6 MB", "3.5%", "0.0812", "01234567", "stale:", "changed", "~2"],
        ),
        (AdapterTable(), ["%%finetune"]),
        (Workflow([Step("goal", True, "cats")], "%%dataset x"), ["goal", "cats", "%%dataset x"]),
        (Lines("memory", ("what", "size"), [("base", "1 GB")], "a note"), ["base", "1 GB"]),
    ],
)  # fmt: skip
def test_cards_say_what_is_in_them(thing: Any, words: list[str]) -> None:
    made = bundle(thing)
    assert all(word in made["text/plain"] for word in words)
    assert "<box>" not in made["text/html"]


def test_a_data_set_and_a_golden_set(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = data.make_dataset("catgpt", '{"user": "How?", "assistant": "So."}')
    monkeypatch.setattr(session, "describe", lambda made: data.describe(made, None, None))
    assert "catgpt" in bundle(rows)["text/plain"]
    golden = data.make_golden("catgpt", '{"prompt": "where?", "contains": "box"}')
    assert "where?" in bundle(golden)["text/plain"]
    session.goal("Only about <b>Ollie</b>")
    shown = bundle(golden)
    assert "goal: Only about <b>Ollie</b>" in shown["text/plain"]
    assert "<b>Ollie" not in shown["text/html"] and "Ollie" in shown["text/html"]


def test_what_has_no_card_shows_its_repr() -> None:
    assert bundle(3) == {"text/plain": "3"}


def test_every_type_that_is_shown_has_a_card() -> None:
    from ft_magics.session.run import Run

    assert {cls.__name__ for cls in [*Shown.__subclasses__(), Run]} <= set(CARDS)


def test_the_types_registered_by_name_are_where_they_are_said_to_be() -> None:
    for module, name in PLAIN_TYPES:
        assert getattr(importlib.import_module(module), name).__module__ == module
