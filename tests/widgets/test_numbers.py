"""The table of a preference run's numbers."""

from __future__ import annotations

import re

from preference_runs import preference_events, recorded

from ft_magics.monitor import RunState
from ft_magics.widgets.numbers import numbers_html, numbers_text
from ft_magics.widgets.plain import WIDTH, display_width

WAITING = RunState.replay(preference_events(steps=0, total=60, evals=0, ends=""))


def names(html: str) -> list[str]:
    return re.findall(r'<th scope="row"[^>]*>([^<]+)</th>', html)


def test_each_number_has_its_value_and_its_words() -> None:
    html = numbers_html(RunState.replay(recorded("dpo")), live=False)
    assert names(html) == ["loss", "chosen", "rejected", "margin", "accuracy"]
    cells = re.findall(r"<td[^>]*>(.*?)</td>", html)
    assert cells[:3] == ["0.017", "0.018", cells[2]]
    assert "near 0: hardly anything is left to learn" in cells[2]
    assert "−1.91" in cells and "it prefers the chosen answers" in html


def test_kto_has_its_own_names() -> None:
    html = numbers_html(RunState.replay(recorded("kto")), live=False)
    assert names(html) == ["loss", "good", "bad", "margin", "kl"]
    assert "the good answers are likelier" in html and "accuracy" not in html


def test_what_a_number_is_stands_where_its_words_are_to_come() -> None:
    html = numbers_html(WAITING, live=True)
    assert "<em>what the training lowers</em>" in html
    assert html.count(">–</td>") == 10
    assert "<em>chosen less rejected: how clearly it prefers</em>" in html


def test_the_place_of_every_number_is_kept_from_the_start() -> None:
    during = RunState.replay(preference_events(steps=30, total=60, ends=""))
    assert names(numbers_html(WAITING, live=True)) == names(numbers_html(during, live=True))
    assert 'class="ft-nums ft-wait"' in numbers_html(during, live=True)
    assert "ft-wait" not in numbers_html(during, live=False)


def test_without_eval_rows_nothing_is_kept_of_them() -> None:
    found = RunState.replay(preference_events(evals=0))
    assert ">eval<" not in numbers_html(found, live=False)
    assert "eval" not in numbers_text(found)[0]


def test_the_values_are_means_and_the_last_step_is_there_on_hover() -> None:
    html = numbers_html(RunState.replay(recorded("dpo")), live=False)
    assert 'title="mean of the last 4 steps: 4.109650; step 20: 4.371700"' in html


def test_the_text_fits_a_terminal() -> None:
    for method in ("dpo", "kto"):
        lines = numbers_text(RunState.replay(recorded(method)))
        assert max(map(display_width, lines)) <= WIDTH
        assert lines[0].split()[:3] == ["number", "training", "eval"]
        assert any(line.startswith("margin") for line in lines)
