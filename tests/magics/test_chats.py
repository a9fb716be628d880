"""Chats on the screen: opened by a verb, found by their cell, ended by the next run of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from ft_magics import session
from ft_magics.magics import chats
from ft_magics.magics.chats import Chats, chat_bundle, chat_state
from ft_magics.magics.verbs import run_verb


@pytest.fixture
def base(tiny_folder: Path) -> None:
    session.current().store.set("model", {"name": str(tiny_folder)})


@pytest.fixture
def opened() -> Iterator[Chats]:
    made = Chats()
    yield made
    made.close()


def test_the_verb(calls: Any) -> None:
    run_verb('chat ollie base --system "You count." --temperature 0.5 --collect mine', {})
    run_verb("chat", {})
    settings = {"system": "You count.", "temperature": "0.5", "collect": "mine"}
    assert calls.made == [
        ("chat", (("ollie", "base"),), {"where": "%ft chat ollie", **settings}),
        ("chat", ((),), {"where": "%ft chat"}),
    ]


@pytest.mark.usefixtures("base")
def test_where_nobody_can_answer_the_card_says_how_to_go_on(shell: InteractiveShell) -> None:
    result = shell.run_cell("%ft chat base")
    assert result.success
    made, _ = shell.display_formatter.format(result.result)
    assert "%%prompt base" in made["text/plain"] and "data-ft-chat" not in made["text/html"]


@pytest.mark.usefixtures("base")
def test_a_key_is_that_of_the_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    parent: dict[str, Any] = {"metadata": {"cellId": "aa-1"}, "header": {"msg_id": "1"}}
    monkeypatch.setattr(chats, "get_ipython", lambda: SimpleNamespace(get_parent=lambda: parent))

    def key(cell: str, asked: str) -> str:
        parent.update(metadata={"cellId": cell}, header={"msg_id": asked})
        made = session.chat("base")
        assert chats._key(made) == chats._key(made)
        return chats._key(made)

    first, second = key("aa-1", "1"), key("aa-1", "1")
    assert first != second
    # Run again, the cell's chats are found where they were; another cell's are not.
    assert (key("aa-1", "2"), key("aa-1", "2")) == (first, second)
    assert key("bb-2", "3") not in (first, second)


@pytest.mark.usefixtures("base")
def test_a_chat_ends_when_its_cell_opens_another(opened: Chats) -> None:
    first, second, other = (session.chat("base") for _ in range(3))
    opened.open(first, "a")
    opened.open(first, "a")
    opened.open(other, "b")
    opened.open(second, "a")
    assert (first.active, second.active, other.active) == (False, True, True)
    opened.close()
    assert not second.active and not other.active


@pytest.mark.usefixtures("base")
def test_the_page_talks_and_judges(opened: Chats) -> None:
    chat = session.chat("base", system="", max_new_tokens=6)
    opened.open(chat, "a")
    view = opened._open["a"].view

    def ask(ask: str, **said: Any) -> Any:
        return view.answer({"view": "abc", "turn": 1, "ask": ask, **said})

    assert ["base", ""] in ask("models")["models"]
    assert ask("send", text="What is number 1?")["tell"] == "done"
    chat.wait()
    number = chat.turns[0].number
    assert ask("vote", of=number, model="base", good=True)["tell"] == "done"
    told = ask("state")
    assert told["turns"][0]["replies"][0]["kept"] == "kept as row 1 of votes"
    assert 'data-ft-chat="a"' in ask("card")["data"]["text/html"]
    # What stood under a button is gone: the button judges nothing else.
    ask("again")
    chat.wait()
    assert "not here any more" in ask("vote", of=number, model="base", good=False)["text"]
    assert ask("set", settings={"temperature": -1})["tell"] == "refused"
    assert ask("use", models=["base", "nobody"]) is None
    ask("reset")
    assert chat.turns == [] and ask("back")["tell"] == "done" and len(chat.turns) == 1


@pytest.mark.usefixtures("base")
def test_the_card_and_the_state_tell_the_same() -> None:
    chat = session.chat("base", system="You count.", max_new_tokens=6)
    chat.say("What is number 1?")
    state = chat_state(chat)
    assert state.models == ("base",) and state.system == "You count." and state.given
    assert state.turns[0].replies[0].note == "cut at 6 tokens"
    assert "What is number 1?" in chat_bundle(chat, live=False)["text/html"]
