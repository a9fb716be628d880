"""The card of a run, while it trains and for good."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from preference_runs import preference_events, ramp, recorded

from ft_magics.events import Notice, PhaseBegan, RunEnded, RunPaused
from ft_magics.monitor import RunState
from ft_magics.widgets import LIMIT_BYTES, training_card
from ft_magics.widgets.plain import WIDTH, display_width
from ft_magics.widgets.style import weight
from ft_magics.widgets.training_card import standing

if TYPE_CHECKING:
    from ft_magics.events import Event

    Replay = Callable[..., RunState]
    Steps = Callable[..., list[Event]]

TIMELY = re.compile(r"tokens/s|memory|GB|learning rate|\d left| (min|s|h) left|\bmin\b|\d s\b")


def visible(html: str) -> str:
    """What is read without the stylesheet."""
    return re.sub(r"<[^>]+>", " ", re.sub(r"<style>.*?</style>", "", html, flags=re.S))


def test_a_live_card_tells_time_rate_and_memory(running: RunState) -> None:
    made = training_card(running, live=True)
    for text in (visible(made["text/html"]), made["text/plain"]):
        for word in ("step 120 of 200", "1 min 20 s left", "412", "1.9 GB", "8.0e-4"):
            assert word in text


def test_a_static_card_tells_only_what_repeats(replay: Replay, steps: Steps) -> None:
    end = RunEnded(at_s=9, state="finished", step=120, best_step=84)
    quick = training_card(replay(*steps(elapsed_s=1), end))
    slow = training_card(replay(*steps(elapsed_s=7), end))
    assert quick == slow
    assert not TIMELY.search(visible(quick["text/html"]))
    assert not TIMELY.search(quick["text/plain"])


def test_a_static_card_of_a_run_in_progress_tells_no_time(running: RunState) -> None:
    made = training_card(running)
    assert "step 120 of 200" in made["text/plain"]
    assert not TIMELY.search(made["text/plain"])
    assert not TIMELY.search(visible(made["text/html"]))


def test_the_place_of_everything_is_kept_before_the_first_step(
    waiting: RunState, running: RunState
) -> None:
    before = training_card(waiting, live=True)["text/html"]
    during = training_card(running, live=True)["text/html"]

    def names(html: str) -> list[str]:
        return re.findall(r'<th scope="row">([^<]+)</th>', html)

    assert names(before) == names(during)
    assert '<div class="ft-plot">' in before
    assert 'class="ft-tall"' in before
    assert "Loading the base model" in before


def test_golden_answers_stand_side_by_side_with_signs_and_words(finished: RunState) -> None:
    made = training_card(finished)
    html = made["text/html"]
    assert html.index("base · 0 of 1") < html.index("ollie · 1 of 1")
    assert 'aria-label="failed: no &#x27;box&#x27;"' in html
    assert 'aria-label="passed: contains &#x27;box&#x27;"' in html
    assert "✓ Inside Amazon boxes" in made["text/plain"]
    assert "✕ Ollie can nap" in made["text/plain"]


def test_another_comparison_can_be_given(finished: RunState) -> None:
    other = {"polite": ({"prompt": "Hm?", "answer": "Indeed.", "passed": None, "reason": ""},)}
    text = training_card(finished, comparison=other)["text/plain"]
    assert "Indeed." in text
    assert "Amazon" not in text
    assert "Amazon" not in training_card(finished, comparison={})["text/plain"]


def test_what_models_and_users_write_is_escaped(finished: RunState) -> None:
    bad = '<script>alert(1)</script><img src=x onerror="y"> & $x$'
    finished.name = bad
    finished.verdict = bad
    finished.golden = {bad: ({"prompt": bad, "answer": bad, "passed": True, "reason": bad},)}
    html = training_card(finished)["text/html"]
    assert "<script" not in html
    assert "<img src=x" not in html
    assert "mathjax_ignore" in html


def test_a_saved_card_stays_small(replay: Replay, steps: Steps) -> None:
    state = replay(*steps(3000, 3000), RunEnded(at_s=0, state="finished", step=3000, best_step=84))
    answer = {"prompt": "Why? " * 60, "answer": 'A "quoted" <answer>. ' * 80, "passed": True}
    made = training_card(state, comparison={"base": (answer,) * 40, "ollie": (answer,) * 40})
    assert weight(made["text/html"]) + weight(made["text/plain"]) <= LIMIT_BYTES
    assert re.search(r"and \d+ more questions", made["text/html"])
    assert "and 34 more questions" in made["text/plain"]


def test_the_same_state_gives_the_same_bytes(running: RunState) -> None:
    assert training_card(running, live=True) == training_card(running, live=True)


def test_a_failed_run_tells_why(replay: Replay, steps: Steps) -> None:
    why = "%%finetune ollie: the loss is not a number at step 31. Halve learning_rate."
    state = replay(*steps(30, 120), RunEnded(at_s=0, state="failed", step=30, error=why))
    made = training_card(state)
    assert why in made["text/html"]
    assert why in " ".join(made["text/plain"].split())
    assert 'aria-label="error"' in made["text/html"]
    assert "failed at step 30 of 120" in made["text/plain"]


@pytest.mark.parametrize(
    ("state", "text"),
    [("finished", "finished · 30 steps"), ("stopped", "stopped at step 30 of 120")],
)
def test_how_an_ended_run_stands(replay: Replay, steps: Steps, state: str, text: str) -> None:
    ended = replay(*steps(30, 120), RunEnded(at_s=0, state=state, step=30))
    assert standing(ended, live=True) == text


def test_how_a_run_stands_before_and_between_steps(
    replay: Replay, steps: Steps, waiting: RunState
) -> None:
    assert standing(waiting, live=True) == "loading the base model"
    paused = replay(*steps(30, 120), RunPaused(at_s=0, step=30))
    assert standing(paused, live=True) == "paused at step 30 of 120"
    after = replay(*steps(), PhaseBegan(at_s=0, text="answering the golden questions"))
    assert standing(after, live=True) == "answering the golden questions"


def test_notices_are_told_but_not_kept(replay: Replay, steps: Steps) -> None:
    state = replay(*steps(30, 120), Notice(at_s=0, text="The hub is silent."))
    live = training_card(state, live=True)
    assert "<p>The hub is silent.</p>" in live["text/html"]
    assert "The hub is silent." in live["text/plain"]
    assert "hub" not in training_card(state)["text/html"]


def test_the_text_fits_a_terminal(running: RunState, finished: RunState) -> None:
    for made in (training_card(running, live=True), training_card(finished)):
        assert max(map(display_width, made["text/plain"].split("\n"))) <= WIDTH


def test_a_picture_stands_in_where_the_stylesheet_is_stripped(running: RunState) -> None:
    assert 'src="data:image/svg+xml;base64,' in training_card(running)["text/html"]
    assert "data:image" not in training_card(running, live=True)["text/html"]


def test_the_goal_stands_below_the_head(replay: Replay, steps: Steps) -> None:
    queued, *rest = steps()
    made = training_card(replay(replace(queued, goal="counts <b>up</b> " + "x " * 900), *rest))
    assert made["text/plain"].split("\n")[1].startswith("goal: counts <b>up</b> x x")
    assert "goal: counts &lt;b&gt;up" in made["text/html"] and "x " * 150 not in made["text/html"]
    assert "goal" not in training_card(replay(queued, *rest))["text/plain"]


# ---------------------------------------------------------------- preferences


@pytest.mark.parametrize("method", ["dpo", "kto"])
def test_a_preference_run_shows_rewards_and_words(method: str) -> None:
    made = training_card(RunState.replay(recorded(method)))
    html, text = made["text/html"], made["text/plain"]
    assert html.count('class="ft-plot"') == 2
    assert html.count('class="ft-still"') == 2
    assert "It learned to prefer the" in html and "It learned to prefer the" in text
    for word in ("margin", "what it says", "epochs 4", "trained 4.9 M"):
        assert word in text
    assert max(map(display_width, text.split("\n"))) <= WIDTH
    assert not TIMELY.search(visible(html))


def test_the_card_of_imitation_has_nothing_of_it(finished: RunState) -> None:
    html = training_card(finished)["text/html"]
    assert html.count('class="ft-plot"') == 1
    assert "ft-duo" not in html and "ft-nums" not in html and "reward" not in html


def test_a_live_preference_card_keeps_every_place() -> None:
    before = RunState.replay(preference_events(steps=0, total=60, evals=0, ends="")[:1])
    during = RunState.replay(preference_events(steps=30, total=60, ends=""))
    one, other = (training_card(s, live=True)["text/html"] for s in (before, during))

    def names(html: str) -> list[str]:
        return re.findall(r'<th scope="row"[^>]*>([^<]+)</th>', html)

    assert names(one) == names(other)
    assert one.count('class="ft-plot"') == other.count('class="ft-plot"') == 2
    assert {"tokens/s", "learning rate", "memory"} <= set(names(other))


def test_a_worrying_preference_run_is_a_warning() -> None:
    falls = RunState.replay(preference_events(chosen=ramp(-0.9), rejected=ramp(-2.4)))
    made = training_card(falls)
    assert '<blockquote class="ft-warning">' in made["text/html"]
    assert "⚠ Both rewards fall" in made["text/plain"]


def test_a_saved_preference_card_stays_small() -> None:
    state = RunState.replay(preference_events(steps=10_000, evals=40))
    answer = {"prompt": "Why? " * 60, "answer": 'A "quoted" <answer>. ' * 80, "passed": True}
    made = training_card(state, comparison={"base": (answer,) * 40, "polite": (answer,) * 40})
    assert weight(made["text/html"]) + weight(made["text/plain"]) <= LIMIT_BYTES
    assert re.search(r"and \d+ more questions", made["text/html"])


@pytest.mark.parametrize("unchanged", [None, True])
def test_a_base_that_is_as_it_was_adds_no_note(finished: RunState, unchanged: bool | None) -> None:
    finished.base_unchanged = unchanged
    assert "not the base that was loaded" not in training_card(finished)["text/html"]


def test_a_base_that_changed_is_told_loudly(finished: RunState) -> None:
    finished.base_unchanged = False
    made = training_card(finished)
    assert re.search(
        r'<blockquote class="ft-error">.*not the base that was loaded', made["text/html"]
    )
    assert "✕ After this run the base in memory is not the base" in made["text/plain"]
    assert "kernel restart" in " ".join(made["text/plain"].split())
