"""Both rewards of a preference run as a picture and as text."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
from preference_runs import level, preference_events, ramp, recorded

from ft_magics.monitor import RunState
from ft_magics.widgets import training_card
from ft_magics.widgets.plain import display_width
from ft_magics.widgets.rewards import (
    reward_words,
    rewards,
    rewards_html,
    rewards_svg,
    rewards_text,
)

SVG = "{http://www.w3.org/2000/svg}"


def state(method: str = "dpo", **shape: object) -> RunState:
    return RunState.replay(preference_events(method, **shape))  # type: ignore[arg-type]


WAITING = RunState.replay(preference_events(steps=0, total=60, evals=0, ends=""))


def test_everything_lies_within_the_plot() -> None:
    for method in ("dpo", "kto"):
        drawn = rewards(RunState.replay(recorded(method)))
        for x, y in (*drawn.chosen, *drawn.rejected, *((0.5, y) for y in drawn.grid)):
            assert 0 <= x <= 1 and 0 <= y <= 1
        assert drawn.chosen[-1][1] < drawn.zero < drawn.rejected[-1][1]
        assert drawn.end == 1.0


def test_the_lines_end_at_the_means_that_their_labels_tell() -> None:
    found = state(noise=0.0, chosen=level(1.0), rejected=level(-1.0))
    texts = {label.kind: label.text for label in rewards(found).labels}
    assert (texts["chosen"], texts["rejected"]) == ("chosen 1.00", "rejected −1.00")
    assert texts["margin"] == "margin 2.00"


def test_kto_has_good_and_bad_answers() -> None:
    texts = {label.kind: label.text for label in rewards(RunState.replay(recorded("kto"))).labels}
    assert texts["chosen"].startswith("good 2.") and texts["rejected"].startswith("bad −2.")


@pytest.mark.parametrize("end", [-3.0, -0.1, 0.0, 0.1, 3.0])
def test_labels_do_not_overlap_and_the_margin_is_between(end: float) -> None:
    found = state(chosen=ramp(end), rejected=ramp(0.0), noise=0.0)
    labels = {label.kind: label for label in rewards(found, gap=0.1).labels}
    ends = sorted(labels[kind].y for kind in ("chosen", "margin", "rejected"))
    assert ends[1] == labels["margin"].y
    assert min(ends[1] - ends[0], ends[2] - ends[1]) >= 0.1 - 1e-9
    assert ends[0] >= 0 and ends[2] <= 1


def test_small_first_moves_do_not_look_large() -> None:
    found = state(chosen=ramp(0.01), rejected=ramp(-0.01), noise=0.001)
    drawn = rewards(found)
    assert all(abs(y - drawn.zero) < 0.05 for _, y in (*drawn.chosen, *drawn.rejected))


def test_a_step_without_one_side_and_a_run_without_any() -> None:
    events = preference_events("kto", steps=20)
    for event in events:
        if getattr(event, "step", 0) > 15 and hasattr(event, "metrics"):
            event.metrics.pop("rewards/rejected")
    drawn = rewards(RunState.replay(events))
    assert drawn.rejected[-1][0] < drawn.chosen[-1][0] == drawn.end
    assert rewards(WAITING).chosen == ()


def test_the_picture_is_one_whole_svg_that_speaks() -> None:
    root = ET.fromstring(rewards_svg(state()))
    assert (root.get("aria-label") or "").startswith("Rewards over 60 steps, both from 0: the ")
    assert not [element for element in root.iter() if element.get("id")]
    texts = [element.text or "" for element in root.iter(f"{SVG}text")]
    assert any(text.startswith("chosen 1.") for text in texts)
    assert any(text.startswith("reward · 0:") for text in texts)


def test_the_sides_are_told_apart_without_colour() -> None:
    assert ".n{stroke:#7d8590;stroke-width:2.25;stroke-dasharray" in rewards_svg(state())


def test_words_for_those_who_do_not_see_it() -> None:
    assert reward_words(WAITING) == "Rewards: no step yet."
    found = state(noise=0.0, chosen=level(1.0), rejected=level(-1.0))
    assert reward_words(found) == (
        "Rewards over 60 steps, both from 0: the chosen answers' is now 1.00, the rejected ones' "
        "−1.00; the margin between them is 2.00."
    )


def test_in_a_card_no_word_is_left_when_tags_are_stripped() -> None:
    assert not re.sub(r"<[^>]+>", "", rewards_html(state())).strip()


def test_the_text_keeps_its_place_and_shows_both_lines() -> None:
    for found in (state(), WAITING, RunState.replay(recorded("kto"))):
        lines = rewards_text(found, 60, 6).split("\n")
        assert len(lines) == 8
        assert max(map(display_width, lines)) <= 60
    drawn = rewards_text(state(), 88)
    assert "chosen 1." in drawn and "rejected −0." in drawn and "margin 2." in drawn
    assert "╌" in drawn and "margin" not in rewards_text(WAITING)


def test_a_loss_near_0_is_told_without_digits_that_do_not_repeat() -> None:
    made = training_card(state(chosen=ramp(30.0), rejected=ramp(-30.0)))
    assert "train 0.00" in made["text/html"] and "train 0.00" in made["text/plain"]
    assert not re.search(r"(train|eval) \d\.\de-", made["text/html"])


def test_the_same_state_gives_the_same_bytes() -> None:
    assert rewards_html(state()) == rewards_html(state())
    assert rewards_text(state()) == rewards_text(state())
