"""`prompt`: whose answer it is, from which step, with which system text."""

from __future__ import annotations

import time

import pytest

import ft_magics as ft
from ft_magics import session
from ft_magics.errors import NameUnknown, RunError, SettingError
from tests.session.conftest import ROWS

ASK = "What is number 1?"
SHORT = {"max_new_tokens": 6}


def test_one_model_gives_text_and_several_a_dict(train):
    train("one", learning_rate=2e-2, max_steps=8)
    assert isinstance(ft.prompt(ASK, "one", **SHORT), str)
    both = ft.prompt(ASK, ["base", "one"], **SHORT)
    assert list(both) == ["base", "one"]
    assert both["one"] == ft.prompt(ASK, "one", **SHORT), "a batch answers as one alone"
    assert both["base"] == ft.prompt(ASK, "base", system="You count.", **SHORT)


def test_pieces_join_to_the_text(train):
    train("one")
    pieces = list(ft.prompt(ASK, "one", stream=True, **SHORT))
    assert len(pieces) > 1
    assert "".join(pieces) == ft.prompt(ASK, "one", **SHORT)
    names = {name for name, _ in ft.prompt(ASK, ["base", "one"], stream=True, **SHORT)}
    assert names == {"base", "one"}


def test_errors_of_a_stream_reach_the_caller(front_end):
    with pytest.raises(NameUnknown):
        list(ft.prompt(ASK, "ghost", stream=True))


def test_the_trained_system_text_is_used_again(train):
    train("one")
    assert session.ask(ASK, "one", **SHORT).system == "You count."
    assert session.ask(ASK, ["base", "one"], **SHORT).system == "You count."
    assert session.ask(ASK, "base", **SHORT).system is None
    assert session.ask(ASK, "one", system="", **SHORT).system == ""


def test_several_trained_system_texts_must_be_chosen(train):
    session.dataset("two-minds", [{**ROWS[0], "system": "A"}, {**ROWS[1], "system": "B"}])
    train("one", data="two-minds")
    with pytest.raises(SettingError, match='"A"; "B"'):
        session.ask(ASK, "one", **SHORT)
    assert session.ask(ASK, "one", system="B", **SHORT).system == "B"


def test_without_a_name_the_adapter_in_use_else_the_newest_answers(train, front_end):
    train("one")
    train("two")
    assert session.ask(ASK, **SHORT).columns[0].title == "two"
    ft.use("one")
    assert session.ask(ASK, **SHORT).columns[0].title == "one"
    assert any("answered by one" in text for text in front_end.notices)


def test_a_run_in_progress_answers_at_once_and_is_replaced_at_its_end(train, front_end):
    run = train("one", wait=False, max_steps=60, learning_rate=1e-2)
    answers = session.ask(ASK, ["base", "one"], **SHORT)
    assert run.active
    assert "still" in answers.columns[1].note
    assert answers.columns[0].note.startswith("cut") or not answers.columns[0].note
    handle = front_end.handles[-1]
    assert handle.closed == 0
    run.wait(120)
    while handle.closed == 0:
        time.sleep(0.01)
    assert "still" not in answers.columns[1].note
    assert answers.columns[1].text == ft.prompt(ASK, "one", **SHORT)


def test_python_prompt_waits_for_the_run(train, front_end):
    run = train("one", wait=False, max_steps=20)
    ft.prompt(ASK, "one", **SHORT)
    assert run.state == "finished"


def test_a_failed_run_fails_the_cell_that_needs_it(train, front_end, tmp_path):
    train("one", wait=False, model=str(tmp_path))
    with pytest.raises((RunError, NameUnknown)):
        ft.prompt(ASK, "one", **SHORT)


def test_kept_steps_answer_by_number(train):
    ft.golden("nums", [{"prompt": "Which is 2?", "answer": "Number 2 is blue."}])
    run = train("one", max_steps=4, eval_steps=2, learning_rate=2e-2)
    assert {2, 4} <= set(run.folder.steps())
    assert isinstance(ft.prompt(ASK, "one@2", **SHORT), str)
    with pytest.raises(NameUnknown, match="Kept: 2"):
        ft.prompt(ASK, "one@3", **SHORT)


def test_the_step_in_progress_by_name(train, front_end):
    run = train("one", wait=False, max_steps=200)
    while run.monitor.step < 1:
        assert run.active
        time.sleep(0.01)
    answers = session.ask(ASK, "one@now", **SHORT)
    assert "of 200, still training" in answers.columns[0].note


def test_bad_questions_are_refused(front_end):
    with pytest.raises(SettingError, match="no question"):
        ft.prompt("  ", "base")
    with pytest.raises(SettingError, match="twice"):
        ft.prompt(ASK, ["base", "base"])
    with pytest.raises(SettingError, match="max_new_tokens"):
        ft.prompt(ASK, "base", max_new_tokens=0)
    with pytest.raises(SettingError, match="Did you mean 'temperature'"):
        ft.prompt(ASK, "base", temprature=1)


def test_sampling_repeats_with_its_seed(front_end):
    one = ft.prompt(ASK, "base", temperature=1.0, seed=3, max_new_tokens=12)
    assert one == ft.prompt(ASK, "base", temperature=1.0, seed=3, max_new_tokens=12)
    assert one != ft.prompt(ASK, "base", temperature=1.0, seed=4, max_new_tokens=12)


def test_a_long_answer_says_that_it_was_cut(front_end):
    column = session.ask(ASK, "base", max_new_tokens=2).columns[0]
    assert column.note == "cut at 2 tokens" or column.ended


def test_without_any_adapter_the_error_says_how_to_get_one(alone):
    with pytest.raises(NameUnknown, match=r"no adapter 'olie'\. Train one in a cell"):
        ft.prompt("What is number 1?", "olie")
