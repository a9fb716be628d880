"""The live view of a chat: its side in the kernel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from ft_magics.errors import SettingError
from ft_magics.widgets import ChatActions, ChatReply, ChatState, ChatTurn, ChatView

HURT = "<script>window.hurt = 1</script>"
TURN = ChatTurn(7, "How?", (ChatReply("base", "So."), ChatReply("ollie", "Thus.")), comparable=True)
STATE = ChatState(("base", "ollie"), (TURN,), settings={"temperature": 0.0})
SOUND = {"view": "abc123", "turn": 4}


class Page:
    """What the page was told, and what it made the kernel do."""

    def __init__(self) -> None:
        self.state = STATE
        self.done: list[tuple[Any, ...]] = []
        self.told: list[dict[str, Any]] = []
        self.refuses = False

        def act(name: str) -> Any:
            def do(*said: Any) -> None:
                if self.refuses:
                    raise SettingError("%ft chat", "nothing of that", f"Not {HURT}.")
                self.done.append((name, *said))

            return do

        names = ("send", "stop", "again", "use", "set", "reset", "back", "vote", "edit", "better")
        actions = ChatActions(**{name: act(name) for name in names})
        models = [("base", ""), ("polite", "step 4 of 9")]
        self.view = ChatView("a-1", lambda: self.state, lambda: models, actions)
        self.view._place.tell = self.told.append  # type: ignore[method-assign,assignment]

    def ask(self, ask: Any, **said: Any) -> Any:
        return self.view.answer({**SOUND, "ask": ask, **said})


@pytest.fixture
def page() -> Iterator[Page]:
    made = Page()
    yield made
    made.view.close()


@pytest.mark.parametrize(
    ("ask", "said", "done"),
    [
        ("send", {"text": HURT}, (HURT,)),
        ("send", {"text": "a\ud800b"}, ("a\ufffdb",)),
        ("stop", {}, ()),
        ("again", {}, ()),
        ("reset", {}, ()),
        ("back", {}, ()),
        ("use", {"models": ["polite", "ollie"]}, (["polite", "ollie"],)),
        ("set", {"settings": {"temperature": 0.7, "system": None}},
         ({"temperature": 0.7, "system": None},)),
        ("vote", {"of": 7, "model": "base", "good": False}, (7, "base", False)),
        ("edit", {"of": 7, "model": "base", "text": "Better."}, (7, "base", "Better.")),
        ("better", {"of": 7, "model": "ollie"}, (7, "ollie")),
    ],
)  # fmt: skip
def test_what_the_page_may_ask(page: Page, ask: str, said: Any, done: Any) -> None:
    assert page.ask(ask, **said) == {**SOUND, "tell": "done", "ask": ask}
    assert page.done == [(ask, *done)]


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (None, {}), ("eval", {}), (["send"], {}), ("__class__", {}), ("close", {}),
        ("send", {}), ("send", {"text": 3}), ("send", {"text": "x" * 100_001}),
        ("use", {"models": "base"}), ("use", {"models": []}), ("use", {"models": ["base"] * 17}),
        ("use", {"models": ["nobody"]}), ("use", {"models": [["base"]]}),
        ("set", {}), ("set", {"settings": {}}), ("set", {"settings": {"where": "x"}}),
        ("set", {"settings": {"temperature": "1"}}), ("set", {"settings": {"temperature": True}}),
        ("set", {"settings": {"temperature": float("nan")}}),
        ("set", {"settings": {"seed": -1}}), ("set", {"settings": {"max_new_tokens": 1.5}}),
        ("set", {"settings": {"system": 4}}),
        ("vote", {"of": 7, "model": "base"}), ("vote", {"of": 7, "model": "base", "good": 1}),
        ("vote", {"of": "7", "model": "base", "good": True}),
        ("vote", {"of": -1, "model": "base", "good": True}),
        ("vote", {"of": 7, "model": None, "good": True}),
        ("edit", {"of": 7, "model": "base"}), ("better", {"of": True, "model": "base"}),
    ],
)  # fmt: skip
def test_nothing_else_is_done(page: Page, ask: Any, said: Any) -> None:
    assert page.ask(ask, **said) is None and page.done == []


def test_a_refusal_is_told(page: Page) -> None:
    page.refuses = True
    told = page.ask("send", text="How?")
    assert (told["tell"], told["ask"]) == ("refused", "send")
    assert told["text"] == f"Nothing of that. Not {HURT}."


def test_the_models_to_choose_from(page: Page) -> None:
    assert page.ask("models")["models"] == [["base", ""], ["polite", "step 4 of 9"]]


def answered(*replies: ChatReply, **state: Any) -> ChatState:
    return replace(STATE, turns=(TURN, ChatTurn(8, "And?", replies)), **state)


def test_only_what_is_new_is_told(page: Page) -> None:
    page.view.flush()
    assert page.told == []
    page.state = answered(ChatReply("base", "", state="waiting"), answering=True)
    page.view.flush()
    (first,) = page.told
    assert (
        first["n"] == 1 and first["head"]["answering"] and [at for at, _ in first["turns"]] == [1]
    )
    page.state = answered(ChatReply("base", "On", state="streaming"), answering=True)
    page.view.flush()
    page.state = answered(ChatReply("base", "Once upon", state="streaming"), answering=True)
    page.view.flush()
    assert page.told[-1] == {"tell": "news", "n": 3, "pieces": [[1, 0, "ce upon"]]}
    page.state = answered(ChatReply("base", "Once upon"))
    page.view.flush()
    assert not page.told[-1]["head"]["answering"] and page.told[-1]["turns"][0][0] == 1
    # An edit is no growth, and a turn that is gone is cut off.
    page.state = answered(ChatReply("base", "Twice", judged="edited"))
    page.view.flush()
    assert page.told[-1]["turns"][0][1]["replies"][0]["text"] == "Twice"
    page.state = STATE
    page.view.flush()
    assert page.told[-1] == {"tell": "news", "n": 6, "count": 1}


def test_a_page_that_asks_gets_everything(page: Page) -> None:
    page.state = answered(ChatReply("base", "Once", state="streaming"), answering=True)
    told = page.ask("state")
    assert (told["tell"], told["n"], told["view"]) == ("state", 1, "abc123")
    assert [turn["question"] for turn in told["turns"]] == ["How?", "And?"]
    # What comes after it goes on from there.
    page.state = answered(ChatReply("base", "Once more", state="streaming"), answering=True)
    page.view.flush()
    assert page.told[-1] == {"tell": "news", "n": 2, "pieces": [[1, 0, " more"]]}


def test_nothing_of_the_conversation_is_in_the_model(page: Page) -> None:
    model = page.view._place.model
    assert model.key == "a-1" and "How?" not in repr(model.get_state(drop_defaults=True))
    assert "http" not in model._esm and "url(" not in model._css


def test_closing_leaves_nothing() -> None:
    from ipywidgets.widgets.widget import _instances

    before = set(_instances)
    Page().view.close()
    assert set(_instances) == before
