"""The curve as a picture and as text."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import TYPE_CHECKING

from ft_magics.widgets import curve_svg, text_curve
from ft_magics.widgets.curve import curve_html
from ft_magics.widgets.plain import display_width

if TYPE_CHECKING:
    from ft_magics.events import Event
    from ft_magics.monitor import RunState

SVG = "{http://www.w3.org/2000/svg}"


def test_the_picture_is_one_whole_svg_that_speaks(running: RunState) -> None:
    root = ET.fromstring(curve_svg(running, 640, 240))
    assert (root.get("width"), root.get("height")) == ("640", "240")
    assert root.get("role") == "img"
    assert (root.get("aria-label") or "").startswith("Loss curve over 120 of 200 steps.")
    assert not [element for element in root.iter() if element.get("id")]
    texts = [element.text or "" for element in root.iter(f"{SVG}text")]
    assert "best · step 84" in texts
    assert any(text.startswith("eval 1.") for text in texts)


def test_eval_is_told_from_train_without_colour(running: RunState) -> None:
    drawn = curve_svg(running)
    assert "stroke-dasharray" in drawn
    assert drawn.count("h0") == len(running.eval_points)


def test_in_a_card_no_word_is_left_when_tags_are_stripped(running: RunState) -> None:
    assert not re.sub(r"<[^>]+>", "", curve_html(running)).strip()


def test_every_eval_value_is_there_on_hover(running: RunState) -> None:
    html = curve_html(running)
    for step, value in running.eval_points:
        assert f'title="step {step}: eval loss {value:.4f}"' in html


def test_the_text_curve_keeps_its_place(
    running: RunState,
    waiting: RunState,
    replay: Callable[..., RunState],
    steps: Callable[..., list[Event]],
) -> None:
    for state in (running, waiting, replay(*steps(24, 24, evals=False))):
        lines = text_curve(state, 60, 8).split("\n")
        assert len(lines) == 10
        assert max(map(display_width, lines)) <= 60


def test_the_text_curve_shows_both_lines(running: RunState) -> None:
    drawn = text_curve(running, 88, 10)
    assert drawn.count("o") >= 10
    assert "eval 1." in drawn
    assert "train 0." in drawn
    assert drawn.split("\n")[-1].split() == ["0", "step", "100", "200"]


def test_the_same_state_gives_the_same_bytes(running: RunState) -> None:
    assert curve_svg(running) == curve_svg(running)
    assert curve_html(running) == curve_html(running)
