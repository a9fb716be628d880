"""Judgements become rows: on disk at once, in one version, and trained on exactly as seen."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ft_magics import data, session
from ft_magics.data import Message, Preference, Unpaired
from ft_magics.errors import FtError, SettingError
from ft_magics.session import Answered, Answers, Column, keep_choice, keep_edit, keep_vote
from ft_magics.store import collected as store_collected
from ft_magics.store.judgements import Judgements


def answered(text: str, question: str = "How?", system: str | None = None, **more: Any) -> Answered:
    lead = () if system is None else (Message("system", system),)
    return Answered((*lead, Message("user", question)), text, more.pop("model", "ollie"), **more)


def log(name: str) -> list[dict[str, Any]]:
    return list(Judgements(session.current().store.home, name))


def versions(name: str) -> int:
    return len(session.current().store._shelves["data"].versions(name))


# ---------------------------------------------------------------------- what is kept


def test_a_vote_is_a_labelled_row(fresh: Path) -> None:
    kept = keep_vote(answered("Like this.", system="You are Ollie."), True)
    assert (kept.name, kept.kind, kept.number, kept.rows) == ("votes", "unpaired", 1, 1)
    assert kept.words == "kept as row 1 of votes"
    assert kept.next_cell == "%%finetune NAME --after ollie --data votes"
    prompt = (Message("system", "You are Ollie."), Message("user", "How?"))
    answer = (Message("assistant", "Like this.", trained=True),)
    assert session.dataset("votes").rows == (Unpaired(1, prompt, answer, True),)


def test_an_edit_is_preferred_to_what_it_edits(fresh: Path) -> None:
    kept = keep_edit(answered("idk"), "Ollie, bless him, sleeps.")
    assert (kept.name, kept.kind) == ("preferences", "preference")
    (row,) = session.dataset("preferences").rows
    assert isinstance(row, Preference)
    assert row.chosen[0].content == "Ollie, bless him, sleeps."
    assert row.rejected[0].content == "idk"


def test_a_choice_is_a_pair(fresh: Path) -> None:
    keep_choice(answered("good"), answered("bad", model="base"))
    (row,) = session.dataset("preferences").rows
    assert (row.chosen[0].content, row.rejected[0].content) == ("good", "bad")


def test_a_whole_conversation_is_its_prompt(fresh: Path) -> None:
    prompt = (
        Message("system", "Be brief."),
        Message("user", "Hi"),
        Message("assistant", "Hello."),
        Message("user", "User: a\n\nAssistant: b"),
    )
    keep_vote(Answered(prompt, "yes", "base"), False)
    (row,) = session.dataset("votes").rows
    assert row.prompt == prompt
    assert row.label is False


@pytest.mark.parametrize("system", [None, "", "You are Ollie."])
@pytest.mark.parametrize(
    "text", ["plain", " led by a space\n", "```py\nx\n```", "ü\u2028\U0001f600"]
)
def test_a_row_has_the_very_texts_that_were_seen(
    fresh: Path, tokenizer: Any, system: str | None, text: str
) -> None:
    seen = answered(text, "prompt:\n- a", system)
    keep_vote(seen, True)
    (row,) = session.dataset("votes").rows
    assert (row.prompt, row.completion[0].content) == (seen.prompt, text)
    trained = data.encode(
        data.conversations(row)[0], tokenizer, system=session.dataset("votes").system
    )
    asked = data.encode_prompt(list(seen.prompt), tokenizer)
    assert list(trained.ids[: len(asked)]) == asked


def test_where_they_go_can_be_named(fresh: Path) -> None:
    assert keep_vote(answered("a"), True, collect="tone").name == "tone-votes"
    assert keep_edit(answered("a"), "b", collect="tone").name == "tone"
    assert session.current().store.set_names("data") == ["tone", "tone-votes"]


def test_the_base_needs_no_after(fresh: Path) -> None:
    kept = keep_vote(answered("a", model="base"), True)
    assert kept.next_cell == "%%finetune NAME --data votes"


# ---------------------------------------------------------------------- changed minds


def test_a_second_vote_on_the_same_answer_replaces_the_first(fresh: Path) -> None:
    keep_vote(answered("a"), True)
    keep_vote(answered("b"), True)
    kept = keep_vote(answered("a"), False)
    assert (kept.number, kept.rows) == (1, 2)
    assert kept.words == "kept as row 1 of votes, in place of what it said before"
    assert [row.label for row in session.dataset("votes").rows] == [False, True]
    assert keep_vote(answered("a"), False).words == "kept as row 1 of votes"
    assert keep_vote(answered("a", "Why?"), False).rows == 3


def test_the_other_answer_can_be_chosen_later(fresh: Path) -> None:
    keep_choice(answered("a"), answered("b"))
    kept = keep_choice(answered("b"), answered("a"))
    assert (kept.number, kept.rows) == (1, 1)
    (row,) = session.dataset("preferences").rows
    assert row.chosen[0].content == "b"


def test_a_second_edit_replaces_the_first_and_no_choice(fresh: Path) -> None:
    keep_choice(answered("c"), answered("idk"))
    keep_edit(answered("idk"), "better")
    kept = keep_edit(answered("idk"), "best")
    assert (kept.number, kept.rows) == (2, 2)
    assert [row.chosen[0].content for row in session.dataset("preferences").rows] == ["c", "best"]


# ---------------------------------------------------------------------- versions


def test_a_click_makes_no_new_version(fresh: Path) -> None:
    hashes = set()
    for i in range(8):
        keep_vote(answered(f"answer {i}"), i % 2 == 0)
        hashes.add(session.dataset("votes").sha256)
    assert versions("votes") == 1
    assert len(hashes) == 8
    assert session.dataset("votes").version == 1


def test_a_set_that_was_typed_is_gone_on_with_in_a_version_of_its_own(fresh: Path) -> None:
    typed = '{"prompt": "a", "completion": "b", "label": true}'
    session.dataset("votes", typed, system="You are typed.")
    keep_vote(answered("seen without a system text"), False)
    keep_vote(answered("seen with one", system="S"), True)
    made = session.dataset("votes")
    assert versions("votes") == 2
    assert [row.system for row in made.rows] == ["You are typed.", None, "S"]
    assert made.system is None
    assert len(session.dataset("votes~1").rows) == 1
    assert session.undo() == "the data set votes is the one before again"
    assert session.dataset("votes").system == "You are typed."


def test_a_collected_set_that_is_written_anew_is_left_alone(fresh: Path) -> None:
    keep_vote(answered("a"), True)
    session.dataset("votes", '{"prompt": "p", "completion": "c", "label": false}', append=True)
    keep_vote(answered("b"), False)
    assert versions("votes") == 3
    assert [row.completion[0].content for row in session.dataset("votes").rows] == ["a", "c", "b"]
    assert len(session.dataset("votes~2").rows) == 1


# ---------------------------------------------------------------------- a normal data set


def test_the_checks_run_when_the_set_is_opened(fresh: Path) -> None:
    for question in ("a?", "b?"):
        keep_vote(answered("As an AI language model, I cannot do that.", question), True)
    record = session.current().store.load_set("data", "votes")
    assert record["findings"] == []
    found = {finding.check for finding in session.dataset("votes").findings}
    assert "labels" in found
    # Once: what was found is kept, and the next click asks for it again.
    kept = session.current().store.load_set("data", "votes")
    assert {f["check"] for f in kept["findings"]} == found
    keep_vote(answered("b"), False)
    assert "labels" not in {finding.check for finding in session.dataset("votes").findings}


def test_a_rebuilt_set_is_the_same(fresh: Path) -> None:
    """Made by the ordinary code: read back from a cell, the rows and their hash are equal."""
    keep_choice(answered("a", system="S"), answered("b", system="S"))
    keep_edit(answered("User: x\n\nAssistant: y", "Q: z?"), "c")
    made = session.dataset("preferences")
    again = session.dataset("again", "\n".join(session.row_lines(made)))
    assert again.rows == made.rows
    assert again.sha256 == made.sha256


def test_its_card_and_its_rows_can_be_looked_at(front_end: Any) -> None:
    keep_choice(answered("a"), answered("b"))
    facts = session.describe(session.dataset("preferences"))
    assert (facts.rows, facts.kind, facts.origin) == (1, "preference", "collected")
    assert session.show("data:preferences").name == "preferences"


def test_a_large_set_is_collected_and_opened(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ft_magics.session.state.IN_MEMORY", 2)
    for i in range(4):
        keep_vote(answered(f"{i}"), i % 2 == 0)
    made = session.dataset("votes")
    assert not isinstance(made.rows, tuple)
    assert [row.completion[0].content for row in made.rows] == ["0", "1", "2", "3"]


# ---------------------------------------------------------------------- refused, nothing lost


@pytest.mark.parametrize(
    ("judge", "told"),
    [
        (lambda: keep_vote(answered(" \n"), True), "the answer is empty"),
        (lambda: keep_edit(answered(""), "b"), "the answer is empty"),
        (lambda: keep_edit(answered("a"), "  "), "the edit is empty"),
        (lambda: keep_edit(answered("a"), "a\n"), "the edit is the same as the answer"),
        (lambda: keep_choice(answered("a"), answered("a")), "both answers are the same"),
        (lambda: keep_choice(answered("a"), answered("")), "one answer is empty"),
        (lambda: keep_choice(answered("a"), answered("b", "Why?")), "to different prompts"),
        (lambda: keep_vote(answered("a"), True, collect="../x"), "is not a name"),
    ],
)
def test_what_makes_no_row_is_refused(fresh: Path, judge: Callable[[], Any], told: str) -> None:
    keep_vote(answered("a"), True)
    keep_edit(answered("z"), "y")
    before = {name: session.dataset(name).sha256 for name in ("votes", "preferences")}
    with pytest.raises(SettingError, match=told):
        judge()
    assert {name: session.dataset(name).sha256 for name in before} == before
    assert len(log("votes")) == len(log("preferences")) == 1


def test_a_set_of_another_kind_is_refused_with_the_way_out(fresh: Path) -> None:
    session.dataset("votes", '{"user": "a", "assistant": "b"}')
    with pytest.raises(SettingError, match="--collect OTHER"):
        keep_vote(answered("a"), True)
    assert versions("votes") == 1
    assert keep_vote(answered("a"), True, collect="other").rows == 1


# ---------------------------------------------------------------------- crashes, kernels, threads


def test_a_write_that_fails_costs_that_click_alone(
    fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_vote(answered("a"), True)

    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(store_collected, "write_atomic", full)
        with pytest.raises(FtError, match="No space left"):
            keep_vote(answered("b"), True)
    assert len(session.dataset("votes").rows) == 1
    assert keep_vote(answered("b"), True).words == "kept as row 2 of votes"


def test_an_end_between_the_rows_and_their_record_loses_nothing(
    fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_vote(answered("a"), True)
    session.dataset("votes")

    def end(path: Path, value: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(store_collected, "write_json", end)
        with pytest.raises(KeyboardInterrupt):
            keep_vote(answered("b"), True)
    made = session.dataset("votes")
    assert len(made.rows) == 2
    assert made.sha256 == data.digest_of(made.rows, "unpaired", None)
    # The click did not come to its end: it is made again, and is the same row.
    assert keep_vote(answered("b"), True).words == "kept as row 2 of votes"


KILLED = """
import sys
from ft_magics.data import Message
from ft_magics.session import Answered, keep_vote
for i in range(10_000):
    kept = keep_vote(Answered((Message("user", f"q{i}"),), "text " * 200, "base"), i % 2 == 0)
    print(kept.number, flush=True)
"""


def test_a_kernel_that_is_killed_loses_no_click_that_it_told(fresh: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    told = [process.stdout.readline() for _ in range(12)]
    process.kill()
    told += process.stdout.readlines()
    process.wait()
    last = int([line for line in told if line.endswith("\n")][-1])
    made = session.dataset("votes")
    assert last <= len(made.rows) <= last + 1
    assert [row.number for row in made.rows] == list(range(1, len(made.rows) + 1))
    assert keep_vote(answered("after"), True).rows == len(made.rows) + 1


def test_two_kernels_collect_into_one_home(fresh: Path) -> None:
    code = KILLED.replace("10_000", "15").replace('f"q{i}"', "f'{sys.argv[1]}{i}'")
    both = [
        subprocess.Popen([sys.executable, "-c", code, name], stdout=subprocess.DEVNULL)
        for name in ("one", "two")
    ]
    assert [process.wait() for process in both] == [0, 0]
    made = session.dataset("votes")
    assert [row.number for row in made.rows] == list(range(1, 31))
    assert len(log("votes")) == 30
    assert versions("votes") == 1


def test_a_set_can_be_read_while_it_grows(fresh: Path) -> None:
    keep_vote(answered("first"), True)
    counts = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            counts.append(len(session.dataset("votes").rows))

    reader = threading.Thread(target=read)
    reader.start()
    for i in range(15):
        keep_vote(answered(f"{i}"), False)
    done.set()
    reader.join()
    assert counts == sorted(counts)
    assert len(session.dataset("votes").rows) == 16


# ---------------------------------------------------------------------- the log


def test_the_log_says_who_was_judged_and_how(fresh: Path) -> None:
    keep_vote(answered("a", model="ollie~1", version="0003"), True)
    keep_vote(answered("a", model="ollie~1", version="0003"), False)
    first, second = log("votes")
    assert (first["how"], first["good"], first["row"], first["replaced"]) == ("vote", True, 1, None)
    assert first["answers"] == [{"model": "ollie~1", "version": "0003", "text": "a"}]
    assert first["prompt"] == [{"role": "user", "content": "How?"}]
    assert first["at"] <= second["at"]
    assert second["replaced"]["label"] is True


def test_the_answers_of_a_prompt_can_be_judged(fresh: Path) -> None:
    columns = [Column("base", "idk"), Column("ollie", "Boxes.", version="0001")]
    seen = session.answered_of(Answers("Where?", "You are Ollie.", columns), 1)
    assert seen == Answered(
        (Message("system", "You are Ollie."), Message("user", "Where?")), "Boxes.", "ollie", "0001"
    )
    columns[0].state = "streaming"
    with pytest.raises(SettingError, match="base is still answering"):
        session.answered_of(Answers("Where?", None, columns), 0)


@pytest.mark.parametrize(
    "more",
    [
        {"chosen": [{"role": "user", "content": "And?"}, {"role": "assistant", "content": "Z"}]},
        {"rejected": [{"role": "user", "content": "And?"}, {"role": "assistant", "content": "Z"}]},
    ],
    ids=["chosen", "rejected"],
)
def test_a_longer_row_that_begins_alike_is_another_one(fresh: Path, more: dict[str, Any]) -> None:
    record: dict[str, Any] = {"prompt": [{"role": "user", "content": "How?"}]}
    for side, text in (("chosen", "So."), ("rejected", "No.")):
        record[side] = [{"role": "assistant", "content": text}, *more.get(side, [])]
    session.dataset("typed", [record])
    kept = keep_choice(answered("So."), answered("No."), collect="typed")
    assert (kept.number, kept.rows) == (2, 2)
