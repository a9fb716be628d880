"""Judging by word: what was shown last, by number or by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import ft_magics as ft
from ft_magics import session
from ft_magics.errors import SettingError
from ft_magics.session import Answers, Column


@pytest.fixture
def shown(fresh: Path) -> Any:
    """Says which answers were shown last."""

    def show(*texts: str, collect: str | None = None, system: str | None = None) -> None:
        names = ("base", "ollie", "polly")
        columns = [Column(name, text) for name, text in zip(names, texts, strict=False)]
        session.current().last_answers = Answers("How?", system, columns, collect)

    return show


def pairs(name: str = "preferences") -> list[tuple[str, str]]:
    return [(r.chosen[0].content, r.rejected[0].content) for r in session.dataset(name).rows]


def test_one_answer_is_good_or_bad(shown: Any) -> None:
    shown("a")
    assert ft.vote("up").words == "kept as row 1 of votes"
    assert session.dataset("votes").rows[0].label is True
    for bad in ("down", 0, "0", False):
        ft.vote(1)
        ft.vote(bad)
        assert session.dataset("votes").rows[0].label is False
    assert len(session.dataset("votes").rows) == 1


@pytest.mark.parametrize("of", [2, "2", "ollie"])
def test_one_of_several_by_number_or_name(shown: Any, of: Any) -> None:
    shown("a", "b")
    kept = ft.vote("down", of)
    assert kept.next_cell == "%%finetune NAME --after ollie --data votes"
    (row,) = session.dataset("votes").rows
    assert (row.completion[0].content, row.label) == ("b", False)


@pytest.mark.parametrize("best", [2, "2", "ollie"])
def test_the_best_of_several_is_better_than_each_other(shown: Any, best: Any) -> None:
    shown("a", "b", "c")
    kept = ft.vote(best)
    assert kept.words == "kept as rows 1 and 2 of preferences"
    assert pairs() == [("b", "a"), ("b", "c")]


def test_answers_alike_or_empty_make_no_pair(shown: Any) -> None:
    shown("a", "a", "b")
    ft.vote(1)
    shown("x", "", "y")
    ft.vote(3)
    assert pairs() == [("a", "b"), ("y", "x")]
    shown("a", "a")
    with pytest.raises(SettingError, match="both answers are the same"):
        ft.vote(1)
    shown("a", "")
    with pytest.raises(SettingError, match="one answer is empty"):
        ft.vote(1)


def test_an_edit_is_kept(shown: Any) -> None:
    shown("a")
    assert ft.edit("better").name == "preferences"
    shown("a", "b")
    ft.edit("best", "ollie")
    ft.edit("Best", 2)
    assert pairs() == [("better", "a"), ("Best", "b")]


def test_they_go_where_the_question_said(shown: Any) -> None:
    shown("a", "b", collect="tone")
    assert ft.vote(1).name == "tone"
    assert ft.vote("up", 1).name == "tone-votes"
    assert ft.edit("c", 1).name == "tone"
    assert ft.vote(1, collect="other").name == "other"


@pytest.mark.parametrize(
    ("judge", "told"),
    [
        (lambda: ft.vote("up"), "there are 2 answers.*vote up 1, or %ft vote up base"),
        (lambda: ft.edit("c"), "there are 2 answers.*edit 1"),
        (lambda: ft.vote(3), "no answer '3'.*1 to 2"),
        (lambda: ft.vote(0), "no answer '0'"),
        (lambda: ft.vote("olie"), "Did you mean 'ollie'"),
        (lambda: ft.vote("up", "olie"), "Did you mean 'ollie'"),
        (lambda: ft.vote(1, 2), "'1 2' is no vote"),
        (lambda: ft.vote("tie"), "'tie' is for a blind comparison"),
        (lambda: ft.vote("back"), "none is open"),
        (lambda: ft.edit(5), "the text is a int"),
    ],
)
def test_what_is_not_understood_is_refused(shown: Any, judge: Any, told: str) -> None:
    shown("a", "b")
    with pytest.raises(SettingError, match=told):
        judge()
    assert session.current().store.set_names("data") == []


def test_there_must_be_an_answer(fresh: Path) -> None:
    with pytest.raises(SettingError, match="there is no answer to judge"):
        ft.vote(1)
    with pytest.raises(SettingError, match="there is no answer to judge"):
        ft.edit("x")


# ---------------------------------------------------------------------- after a prompt


def test_what_a_prompt_showed_is_judged(alone: Any) -> None:
    answers = session.ask(
        "What is number 1?", "base", max_new_tokens=6, temperature=1.0, collect="mine"
    )
    assert session.current().last_answers is answers
    assert answers.collect == "mine"
    assert ft.vote(1).name == "mine-votes"
    (row,) = session.dataset("mine-votes").rows
    assert row.completion[0].content == answers.columns[0].text
    assert row.prompt[-1].content == "What is number 1?"


def test_the_system_text_that_was_used_is_in_the_row(alone: Any) -> None:
    session.ask("What is number 1?", "base", system="You count.", max_new_tokens=6, temperature=1.0)
    ft.vote("down")
    (row,) = session.dataset("votes").rows
    assert row.system == "You count."


def test_a_prompt_that_fails_leaves_nothing_to_judge(alone: Any) -> None:
    session.ask("What is number 1?", "base", max_new_tokens=6, temperature=1.0)
    with pytest.raises(ft.NameUnknown):
        session.ask("And now?", "nobody")
    with pytest.raises(SettingError, match="there is no answer to judge"):
        ft.vote(1)


def test_a_wrong_name_is_refused_before_anything_is_asked(alone: Any) -> None:
    with pytest.raises(SettingError, match="is not a name"):
        session.ask("What?", "base", collect="a b")


def test_an_answer_that_was_cut_is_told_when_it_would_be_learned(alone: Any) -> None:
    session.ask("How?", "base", max_new_tokens=2)
    told = "this answer was cut, and a model that learns it learns to stop there"
    ft.vote("down")
    ft.edit("A better one.")
    assert told not in alone.notices
    assert ft.vote("up").words == "kept as row 1 of votes, in place of what it said before"
    assert told in alone.notices
