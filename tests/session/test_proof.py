"""The base is proven at each answer and after each run, and a mismatch is shown."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import ft_magics as ft
from ft_magics import session
from ft_magics.magics.render import bundle
from ft_magics.session.proof import base_note, check_base
from tests.session.conftest import ROWS

WEIGHT = "model.layers.1.mlp.up_proj.weight"
GOLDEN = [{"prompt": "What is number 1?", "contains": "green"}]
SHORT = {"max_new_tokens": 3, "system": "You count."}


@pytest.fixture(autouse=True)
def fresh_base():
    """Each test spoils a base of its own."""
    session.current().free()
    yield
    session.current().free()


def loaded():
    return session.current().load(session.current().choice())


def in_place(weight: nn.Parameter) -> None:
    with torch.no_grad():
        weight.mul_(1.5)


def swapped(weight: nn.Parameter) -> None:
    weight.data = weight.data * 1.5


def through_data(weight: nn.Parameter) -> None:
    weight.data.mul_(1.5)


@pytest.mark.parametrize("write", [in_place, swapped, through_data])
def test_a_mismatch_is_shown_beside_answers_and_golden_answers(train, write):
    ft.golden("nums", GOLDEN)
    train("one")
    kept = ft.evaluate("one")
    write(loaded().base.model.get_parameter(WEIGHT))
    asked = session.ask("Which is 2?", ["base", "one"], **SHORT)
    assert [c.proof for c in asked.columns] == [
        "not the base that was loaded",
        "on a base that was changed",
    ]
    assert not any(c.sound for c in asked.columns)
    assert WEIGHT in asked.warning and "%ft memory --free" in asked.warning
    for shown in bundle(asked).values():
        assert "not the base that was loaded" in shown
        assert "kernel restart" in " ".join(shown.split())
    fresh = ft.evaluate("one")
    assert kept.base_unchanged is True and fresh.base_unchanged is False
    assert WEIGHT in fresh.warning
    assert all("not the base that was loaded" in shown for shown in bundle(fresh).values())
    record = ft.run("one").folder.record["evaluation"]
    assert record["answers"]["base"][0] == kept.answers["base"][0], "wrong answers are not kept"
    table = session.memory()
    assert "not the base that was loaded" in table.rows[0][3] and WEIGHT in table.note
    session.memory(free=True)
    again = session.ask("Which is 2?", ["base", "one"], **SHORT)
    assert not again.warning and again.columns[0].sound


def test_a_script_that_gets_only_the_text_is_told(train, front_end):
    in_place(loaded().base.model.get_parameter(WEIGHT))
    ft.prompt("Which is 2?", "base", **SHORT)
    assert any("not the base that was loaded" in text for text in front_end.notices)


@pytest.mark.parametrize("strategy", ["lora", "full"])
def test_training_of_any_kind_leaves_the_base_proven(train, front_end, strategy):
    train("one", strategy=strategy)
    train("two", after="one", strategy=strategy)
    assert check_base(loaded()) and not base_note(loaded())
    asked = session.ask("Which is 2?", ["base", "two"], **SHORT)
    assert [(c.proof, c.sound) for c in asked.columns] == [
        ("unchanged since it was loaded", True),
        ("", True),
    ]
    assert not asked.warning
    for shown in bundle(asked).values():
        assert shown.count("unchanged since it was loaded") == 1
    assert bundle(asked) == bundle(session.ask("Which is 2?", ["base", "two"], **SHORT))
    assert session.memory().rows[0][3].endswith("unchanged since it was loaded")


def test_preference_training_leaves_the_base_proven(train):
    pairs = [{"prompt": r["user"], "chosen": r["assistant"], "rejected": "No."} for r in ROWS]
    session.dataset("pairs", pairs)
    train("one", max_steps=1)
    run = train("two", after="one", data="pairs", max_steps=2)
    assert run.monitor.base_unchanged is True
    assert not session.ask("Which is 2?", ["base", "two"], **SHORT).warning
    assert ft.lineage("two").links[1].method == "dpo"


def test_full_weights_stand_on_no_base(train):
    train("one", strategy="full")
    in_place(loaded().base.model.get_parameter(WEIGHT))
    asked = session.ask("Which is 2?", ["base", "one"], **SHORT)
    assert [c.sound for c in asked.columns] == [False, True]
    assert asked.columns[1].proof == ""


def test_golden_answers_say_whether_the_base_was_proven(train):
    ft.golden("nums", GOLDEN)
    train("one")
    assert ft.evaluate("one").base_unchanged is True, "the proof of the run's own end"
    ft.golden("nums", [*GOLDEN, {"prompt": "What is number 2?", "contains": "blue"}])
    both = ft.evaluate("one")
    assert both.base_unchanged is True
    shown = bundle(both)
    assert "unchanged since it was loaded" in shown["text/html"]
    assert "unchanged" in shown["text/plain"]
    assert ft.evaluate("one", against=()).base_unchanged is None


def test_a_run_that_spoils_the_base_is_told_of_at_its_end(train, monkeypatch):
    from ft_magics import training

    inner = training.train

    def spoils(job, base, hooks):
        made = inner(job, base, hooks)
        # A single number, past the counter: only the whole proof sees it.
        base.model.get_parameter(WEIGHT).data[3, 5] += 1
        return made

    monkeypatch.setattr(training, "train", spoils)
    run = train("one")
    assert run.monitor.base_unchanged is False
    assert all("not the base that was loaded" in " ".join(s.split()) for s in bundle(run).values())
    assert base_note(loaded()), "what the whole proof found is told beside each answer"
