"""A conversation: what is asked, who answers it, and what is kept of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from ft_magics import data, session
from ft_magics.errors import FtError, ModelError, NameUnknown, SettingError
from ft_magics.serving import Server
from ft_magics.session.chat import Chat
from ft_magics.spec import GenerateSpec

Train = Callable[..., Any]
SHORT = {"max_new_tokens": 6}


class Watching:
    """What a server was asked, and the number of the token at which to stop."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[tuple[list[str | None], list[list[int]]]] = []
        real = Server.generate

        def generate(
            server: Server,
            columns: Sequence[str | None],
            prompts: Sequence[Sequence[int]],
            settings: GenerateSpec,
            **named: Any,
        ) -> Any:
            self.asked.append((list(columns), [list(prompt) for prompt in prompts]))
            return real(server, columns, prompts, settings, **named)

        monkeypatch.setattr(Server, "generate", generate)

    @property
    def last(self) -> list[list[int]]:
        return self.asked[-1][1]


@pytest.fixture
def watching(monkeypatch: pytest.MonkeyPatch) -> Watching:
    return Watching(monkeypatch)


def ids(said: Sequence[tuple[str, str]]) -> list[int]:
    """A whole conversation, by the encoder that training uses."""
    loaded = session.current().load(session.current().choice())
    return data.encode_prompt([data.Message(*one) for one in said], loaded.base.tokenizer)


def texts(chat: Chat, turn: int = -1) -> dict[str, str]:
    return {reply.model: reply.text for reply in chat.turns[turn].replies}


# ---------------------------------------------------------------------- asking


@pytest.mark.usefixtures("front_end")
def test_the_whole_conversation_is_asked(watching: Watching) -> None:
    chat = session.chat("base", system="You count.", **SHORT)
    first = chat.say("What is number 1?")
    assert isinstance(first, str)
    second = chat.say("And 2?")
    said = [("system", "You count."), ("user", "What is number 1?"), ("assistant", first)]
    assert watching.last == [ids([*said, ("user", "And 2?")])]
    chat.say("And 3?")
    said += [("user", "And 2?"), ("assistant", str(second))]
    assert watching.last == [ids([*said, ("user", "And 3?")])]
    assert [one["role"] for one in chat.messages()] == ["user", "assistant"] * 3


def test_the_trained_system_text_is_used(train: Train, watching: Watching) -> None:
    train("one")
    chat = session.chat(**SHORT)
    assert (chat.models, chat.system) == (["one"], "You count.")
    chat.say("What is number 1?")
    assert watching.last == [ids([("system", "You count."), ("user", "What is number 1?")])]
    chat.set(system="")
    chat.say("And 2?")
    assert chat.turns[-1].replies[0].prompt[0].content == ""


def test_of_several_trained_system_texts_one_must_be_chosen(train: Train) -> None:
    train("one")
    session.dataset("other", [{"user": "Hi", "assistant": "Ho"}], system="You sing.")
    train("two", data="other")
    chat = session.chat(["one", "two"], **SHORT)
    assert chat.choosing and chat.systems == ["You count.", "You sing."]
    with pytest.raises(SettingError, match="Choose one"):
        chat.say("Hi")
    assert chat.turns == [] and not chat.answering
    chat.set(system="You sing.")
    chat.say("Hi")
    assert not chat.choosing and chat.turns[0].replies[1].prompt[0].content == "You sing."


def test_two_columns_answer_as_alone(train: Train, watching: Watching) -> None:
    train("one", max_steps=8, learning_rate=3e-2)
    together = session.chat(["base", "one"], **SHORT)
    alone = [session.chat(name, system="You count.", **SHORT) for name in ("base", "one")]
    for question in ("What is number 1?", "And number 2?"):
        answers = together.say(question)
        assert answers == {"base": alone[0].say(question), "one": alone[1].say(question)}
        assert answers["base"] != answers["one"]  # type: ignore[index]
    # One call for both columns, each with its own conversation.
    both = [prompts for columns, prompts in watching.asked if len(columns) == 2]
    assert len(both) == 2 and both[0][0] == both[0][1] and both[1][0] != both[1][1]


def test_models_are_swapped_in_mid_conversation(train: Train, watching: Watching) -> None:
    train("one", max_steps=8, learning_rate=3e-2)
    chat = session.chat("base", system="You count.", **SHORT)
    first = str(chat.say("What is number 1?"))
    chat.use("one")
    second = str(chat.say("And 2?"))
    head = [("system", "You count."), ("user", "What is number 1?"), ("assistant", first)]
    assert watching.last == [ids([*head, ("user", "And 2?")])]
    assert [turn.replies[0].model for turn in chat.turns] == ["base", "one"]
    # One that is added goes on from the first column; what was said stays.
    chat.use(["one", "base"])
    chat.say("And 3?")
    assert watching.last[0] == watching.last[1]
    whole = [*head, ("user", "And 2?"), ("assistant", second), ("user", "And 3?")]
    assert watching.last[0] == ids(whole)
    chat.use(["base"])
    before = texts(chat)["base"]
    chat.say("And 4?")
    assert watching.last == [ids([*whole, ("assistant", before), ("user", "And 4?")])]


@pytest.mark.usefixtures("front_end")
def test_what_cannot_be_chosen(train: Train) -> None:
    with pytest.raises(NameUnknown):
        session.chat("nobody")
    chat = session.chat("base")
    for models, words in (
        (["base", "nobody"], "no adapter"),
        (["base", "base"], "stands twice"),
        ([], "0 models"),
        (list("abcde"), "5 models"),
    ):
        with pytest.raises(FtError, match=words):
            chat.use(models)
    with pytest.raises(SettingError, match="no question"):
        chat.say("  ")
    with pytest.raises(SettingError, match="temperature"):
        chat.set(temperature=-1)
    assert chat.models == ["base"] and chat.settings.temperature == 0


# ---------------------------------------------------------------------- while it answers


@pytest.mark.usefixtures("front_end")
def test_it_streams_and_stops() -> None:
    chat = session.chat("base", system="", max_new_tokens=400)
    streaming = threading.Event()
    seen: list[str] = []

    def look(what: str) -> None:
        if what == "piece" and chat.turns[-1].replies[0].text:
            seen.append(chat.turns[-1].replies[0].text)
            streaming.set()

    chat.observe(look)
    chat.send("What is number 1?")
    assert streaming.wait(30)
    assert chat.answering and chat.turns[-1].replies[0].state == "streaming"
    for forbidden in (lambda: chat.send("And 2?"), chat.reset, chat.regenerate):
        with pytest.raises(SettingError, match="still being written"):
            forbidden()
    chat.stop()
    chat.wait(30)
    (reply,) = chat.turns[-1].replies
    assert not chat.answering and reply.state == "done" and "stopped" in reply.note
    assert reply.text.startswith(seen[0])
    assert str(chat.say("And 2?"))


@pytest.mark.usefixtures("front_end")
def test_a_question_that_was_stopped_before_its_first_word_comes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chat = session.chat("base", system="", **SHORT)
    real = Server.generate

    def generate(*args: Any, **named: Any) -> Any:
        named["stop"].set()
        return real(*args, **named)

    monkeypatch.setattr(Server, "generate", generate)
    chat.send("What is number 1?")
    chat.wait()
    assert chat.turns == [] and chat.draft == "What is number 1?"


@pytest.mark.usefixtures("front_end")
def test_a_conversation_that_is_too_long_loses_nothing() -> None:
    chat = session.chat("base", system="", **SHORT)
    chat.say("What is number 1?")
    before = texts(chat)
    with pytest.raises(ModelError, match=r"the conversation has .* tokens.*fewer than 512"):
        chat.say("number " * 600)
    assert len(chat.turns) == 1 and texts(chat) == before
    assert chat.draft == "number " * 600 and "fewer than 512" in chat.notice
    chat.say("And 2?")
    assert (chat.notice, chat.draft, len(chat.turns)) == ("", "", 2)


@pytest.mark.usefixtures("front_end")
def test_an_answer_that_fills_the_context_says_so() -> None:
    chat = session.chat("base", system="", max_new_tokens=10_000)
    chat.say("What is number 1?")
    (reply,) = chat.turns[0].replies
    assert "fills the model's 512 tokens" in reply.note


@pytest.mark.usefixtures("front_end")
def test_whatever_goes_wrong_is_told_in_the_chat(monkeypatch: pytest.MonkeyPatch) -> None:
    chat = session.chat("base", system="", **SHORT)

    def fails(*args: Any, **named: Any) -> Any:
        raise OSError("the disk is gone")

    monkeypatch.setattr(Server, "generate", fails)
    chat.send("What is number 1?")
    chat.wait()
    assert "the disk is gone" in chat.notice and chat.draft == "What is number 1?"
    assert not chat.answering


def test_while_a_run_is_in_progress(train: Train) -> None:
    run = train("slow", wait=False, max_steps=5000)
    stepped = threading.Event()
    run.monitor.observe(lambda change: stepped.set(), names=["step"])
    assert stepped.wait(60)
    chat = session.chat("slow", **SHORT)
    chat.say("What is number 1?")
    note = chat.turns[0].replies[0].note
    assert "of 5000, still training" in note and run.active
    run.stop()
    run.wait()
    chat.say("And 2?")
    assert "training" not in chat.turns[1].replies[0].note


@pytest.mark.usefixtures("front_end")
def test_a_base_that_was_changed_is_told() -> None:
    import torch

    chat = session.chat("base", system="", **SHORT)
    chat.say("What is number 1?")
    (reply,) = chat.turns[0].replies
    assert reply.sound and "unchanged" in reply.proof and chat.notice == ""
    loaded = session.current().load(session.current().choice())
    with torch.no_grad():
        next(iter(loaded.base.model.parameters())).mul_(1.01)
    try:
        chat.say("And 2?")
        (reply,) = chat.turns[1].replies
        assert not reply.sound and "not the base" in reply.proof
        assert "not the base that was loaded" in chat.notice
    finally:
        session.current().free()


# ---------------------------------------------------------------------- again, and anew


@pytest.mark.usefixtures("front_end")
def test_regenerating() -> None:
    chat = session.chat("base", system="", temperature=2.0, max_new_tokens=12)
    with pytest.raises(SettingError, match="nothing has been asked"):
        chat.regenerate()
    chat.say("What is number 1?")
    chat.say("And 2?")
    seen = {texts(chat)["base"]}
    for _ in range(3):
        chat.regenerate()
        chat.wait()
        seen.add(texts(chat)["base"])
    assert len(seen) == 4 and len(chat.turns) == 2
    chat.set(temperature=0)
    for notice in (False, True):
        chat.regenerate("And number 3?")
        chat.wait()
        assert ("temperature 0" in chat.notice) is notice
    assert chat.turns[-1].question == "And number 3?"


@pytest.mark.usefixtures("front_end")
def test_a_failed_regeneration_keeps_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    chat = session.chat("base", system="", **SHORT)
    chat.say("What is number 1?")
    before = texts(chat)
    with pytest.raises(SettingError):
        chat.set(top_p=7)
    chat.regenerate("number " * 600)
    chat.wait()
    assert texts(chat) == before and "fewer than 512" in chat.notice
    assert chat.messages()[0]["content"] == "What is number 1?"


@pytest.mark.usefixtures("front_end")
def test_a_new_conversation_and_back() -> None:
    chat = session.chat("base", system="", **SHORT)
    chat.say("What is number 1?")
    chat.reset()
    assert chat.turns == [] and chat.can_bring_back
    chat.say("And 2?")
    chat.bring_back()
    assert [turn.question for turn in chat.turns] == ["What is number 1?"]
    chat.bring_back()
    assert [turn.question for turn in chat.turns] == ["And 2?"]


# ---------------------------------------------------------------------- judging


def kept_rows(name: str) -> list[Any]:
    return list(session.dataset(name).rows)


def said(messages: Any) -> list[tuple[str, str]]:
    return [(one.role, one.content) for one in messages]


@pytest.mark.usefixtures("front_end")
def test_a_vote_is_a_row_with_the_whole_conversation() -> None:
    chat = session.chat("base", system="You count.", **SHORT)
    first = str(chat.say("What is number 1?"))
    second = str(chat.say("And 2?"))
    kept = chat.vote(-1, good=False)
    (row,) = kept_rows("votes")
    head = [("system", "You count."), ("user", "What is number 1?"), ("assistant", first)]
    assert said(row.prompt) == [*head, ("user", "And 2?")]
    assert said(row.completion) == [("assistant", second)] and row.label is False
    assert chat.turns[1].replies[0].judged == "bad"
    assert chat.turns[1].replies[0].kept == kept.words and "votes" in kept.words
    chat.vote(2, good=True)
    (row,) = kept_rows("votes")
    assert row.label is True


@pytest.mark.usefixtures("front_end")
def test_the_conversation_goes_on_with_an_edited_answer(watching: Watching) -> None:
    chat = session.chat("base", system="", collect="mine", **SHORT)
    first = str(chat.say("What is number 1?"))
    with pytest.raises(SettingError, match="changes nothing"):
        chat.edit(1, first)
    chat.edit_last("Number 1 is red.")
    (row,) = kept_rows("mine")
    assert said(row.chosen) == [("assistant", "Number 1 is red.")]
    assert said(row.rejected) == [("assistant", first)]
    assert chat.turns[0].replies[0].original == first
    chat.say("And 2?")
    talk = [("system", ""), ("user", "What is number 1?"), ("assistant", "Number 1 is red.")]
    assert watching.last == [ids([*talk, ("user", "And 2?")])]
    with pytest.raises(SettingError, match="was edited"):
        chat.vote(1, good=True)


def test_all_go_on_from_the_better_answer(train: Train, watching: Watching) -> None:
    train("one", max_steps=8, learning_rate=3e-2)
    chat = session.chat(["base", "one"], **SHORT)
    answers = chat.say("What is number 1?")
    assert isinstance(answers, dict)
    chat.better(1, "one")
    (row,) = kept_rows("preferences")
    assert said(row.prompt) == [("system", "You count."), ("user", "What is number 1?")]
    assert said(row.chosen) == [("assistant", answers["one"])]
    assert said(row.rejected) == [("assistant", answers["base"])]
    chat.say("And 2?")
    assert watching.last[0] == watching.last[1]
    assert chat.turns[1].comparable
    # Without a choice each goes on with its own, and answers can no longer be compared.
    chat.say("And 3?")
    assert not chat.turns[2].comparable
    with pytest.raises(SettingError, match="different conversations"):
        chat.better(3, "one")
    with pytest.raises(SettingError, match="Name one of base, one"):
        chat.vote(1, good=True)


@pytest.mark.usefixtures("front_end")
def test_what_cannot_be_judged() -> None:
    chat = session.chat("base", system="", **SHORT)
    for number in (1, 0, -1):
        with pytest.raises(SettingError, match="no turn"):
            chat.vote(number, good=True)
    chat.say("What is number 1?")
    with pytest.raises(SettingError, match="did not answer"):
        chat.vote(1, good=True, model="one")
    with pytest.raises(SettingError, match="one answer"):
        chat.better(1, "base")
