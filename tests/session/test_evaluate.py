"""Golden answers, and the forms they are held against."""

from __future__ import annotations

import ft_magics as ft
from ft_magics import session

GOLDEN = [
    {"prompt": "What is number 1?", "max_tokens": 3},
    {"prompt": "What is number 1?", "json_schema": True},
    {"prompt": "What is number 1?", "max_sentences": 1, "max_words": 2},
    {"prompt": "What is number 1?", "contains": "red"},
]


def test_forms_are_checked_on_the_whole_answer(train, front_end):
    ft.golden("nums", GOLDEN)
    run = train("one")
    made = ft.evaluate("one")
    for model in ("base", "one"):
        answers = made.answers[model]
        # Random weights ramble on: no answer is short, or JSON.
        assert [a["passed"] for a in answers[:3]] == [False, False, False]
        assert "has" in answers[0]["reason"] and "3 are allowed" in answers[0]["reason"]
        tokenizer = session.current().loaded()[0].base.tokenizer
        count = int(answers[0]["reason"].split()[1])
        assert 3 < count <= 64
        assert abs(len(tokenizer(answers[0]["answer"]).input_ids) - count) <= 8
        assert "JSON" in answers[1]["reason"]
        assert "words" in answers[2]["reason"] or "cut off" in answers[2]["reason"]
    assert run.monitor.golden["one"][0]["passed"] is False


def test_the_next_cell_checks_what_the_goal_names(front_end):
    ft.goal("counts, in one sentence")
    cell = session.workflow().next_cell
    assert cell.startswith("%%golden nums\n") and '"max_sentences": 1' in cell
    ft.goal("counts")
    assert '"contains": "box"' in session.workflow().next_cell
