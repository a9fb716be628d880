"""The shared side of what is live in the kernel: sound messages, one class a script, closing."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any

import pytest

from ft_magics.errors import DataError, SettingError
from ft_magics.widgets.live_place import LivePlace, problem_words, within_range
from ft_magics.widgets.stylesheet import SCOPE, control_style

NAMES = ("row_browser", "judge_buttons", "prefer_view")


@pytest.fixture
def heard() -> list[Mapping[str, Any]]:
    return []


@pytest.fixture
def place(heard: list[Mapping[str, Any]]) -> Iterator[LivePlace]:
    def hear(content: Mapping[str, Any]) -> dict[str, Any] | None:
        heard.append(content)
        return {"tell": "page"} if content.get("ask") else None

    opened = LivePlace("row_browser", "cat-1", hear, chips=[])
    yield opened
    opened.close()


@pytest.mark.parametrize(
    "content",
    [
        None, "x", 3, [], {}, {"view": "a"}, {"turn": 1},
        {"view": "<b>", "turn": 1}, {"view": "a" * 17, "turn": 1}, {"view": 1, "turn": 1},
        {"view": "a", "turn": -1}, {"view": "a", "turn": "1"}, {"view": "a", "turn": True},
        {"view": "a", "turn": 10**12},
    ],
)  # fmt: skip
def test_what_is_not_addressed_is_not_heard(
    place: LivePlace, heard: list[Mapping[str, Any]], content: Any
) -> None:
    assert place.answer(content) is None
    assert heard == []


def test_an_answer_goes_to_the_view_that_asked(place: LivePlace) -> None:
    assert place.answer({"view": "a1", "turn": 7, "ask": "x"}) == {
        "view": "a1",
        "turn": 7,
        "tell": "page",
    }
    assert place.answer({"view": "a1", "turn": 7}) is None


def test_a_message_of_the_page_is_answered_on_the_wire(
    place: LivePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(place.model, "send", sent.append)
    place.model._handle_custom_msg({"view": "a1", "turn": 7, "ask": "x"}, [])
    place.model._handle_custom_msg({"view": "a1", "turn": 8}, [])
    place.tell({"tell": "piece"})
    assert sent == [{"view": "a1", "turn": 7, "tell": "page"}, {"tell": "piece"}]


def test_one_message_at_a_time() -> None:
    inside, most = 0, 0
    guard = threading.Lock()

    def hear(content: Mapping[str, Any]) -> dict[str, Any]:
        nonlocal inside, most
        with guard:
            inside += 1
            most = max(most, inside)
        threading.Event().wait(0.01)
        with guard:
            inside -= 1
        return {}

    place = LivePlace("row_browser", "cat-2", hear, chips=[])
    asked = {"view": "a", "turn": 1}
    threads = [threading.Thread(target=place.answer, args=(asked,)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    place.close()
    assert most == 1


def test_the_state_is_shown_until_it_is_closed(place: LivePlace) -> None:
    place.show(chips=[1])
    assert place.model.chips == [1]
    place.close()
    place.close()
    place.show(chips=[2])
    place.tell({"tell": "piece"})
    assert place.model.chips == [1]


@pytest.mark.parametrize("name", NAMES)
def test_a_script_is_joined_and_its_style_keeps_to_the_cards(name: str) -> None:
    place = LivePlace(name, "k", lambda content: None)
    other = LivePlace(name, "k2", lambda content: None)
    esm, css = place.model._esm, place.model._css
    # One style element serves all of a kind.
    assert place.model._anywidget_id == other.model._anywidget_id
    place.close()
    other.close()
    assert esm.count("\nexport default livePlace(") == 1 and "function livePlace(" in esm
    # All that is shown is made as text, but for rows, whose HTML the kernel escapes.
    assert name == "row_browser" or "innerHTML" not in esm
    assert "http" not in esm
    assert css == control_style(name)
    rules = re.sub(r"@(supports|media|container)[^{]*\{", "", css)
    selectors = [s for rule in re.findall(r"([^{}]+)\{", rules) for s in rule.split(",")]
    assert [s for s in selectors if not s.strip().startswith(f".{SCOPE}")] == []
    assert css.count("{") == css.count("}")
    assert not re.search(r"animation|transition|url\(|@import|gradient|shadow", css)


def test_styles_of_classes_are_told_apart() -> None:
    places = [LivePlace(name, "k", lambda content: None) for name in NAMES]
    assert len({place.model._anywidget_id for place in places}) == len(NAMES)
    for place in places:
        place.close()


def test_every_script_and_style_is_in_the_package() -> None:
    folder = resources.files("ft_magics.widgets")
    for name in ("live_place", *NAMES):
        assert folder.joinpath(f"{name}.js").is_file()
        assert folder.joinpath(f"{name}.css").is_file()


def test_closing_leaves_nothing() -> None:
    from ipywidgets.widgets.widget import _instances

    before = set(_instances)
    LivePlace("prefer_view", "k", lambda content: None).close()
    assert set(_instances) == before


def test_numbers_of_the_page() -> None:
    assert [n for n in (0, 3, 4, -1, True, "1", 1.0, None) if within_range(n, 3)] == [0, 3]


def test_a_problem_is_told_without_the_cell() -> None:
    refused = SettingError("vote", "both answers are the same", "Choose between others.")
    assert problem_words(refused) == "Both answers are the same. Choose between others."
    assert problem_words(DataError("", "row 3: too long.")) == "Row 3: too long."
    full = OSError(28, "No space left on device", "/home/x/votes")
    assert problem_words(full) == "This was not kept: No space left on device."
