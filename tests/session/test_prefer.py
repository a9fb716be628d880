"""The blind comparison: balanced, blind, on disk choice by choice, and gone on with."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import ft_magics as ft
from ft_magics import session
from ft_magics.data import Message
from ft_magics.errors import FtError, NameUnknown, SettingError
from ft_magics.session import Answered, Preferring
from ft_magics.session.ballots import Ballots, sides
from ft_magics.session.pairs import Pair
from ft_magics.session.sheet import Sheet
from ft_magics.store.judgements import Judgements

FIRST, SECOND = "Zq7xFirst", "Wk3vSecond"
"""Names that stand nowhere else."""


class Rivals:
    """Two models whose answers are known: `odd` ones leave nothing to choose."""

    def __init__(
        self, *, same: tuple[int, ...] = (), first: str = "one", second: str = "two"
    ) -> None:
        self.same, self.first, self.second = same, first, second
        self.asked: list[int] = []
        self.gate = threading.Event()
        self.gate.set()
        self.fault: Exception | None = None

    def answer(self, prompt: tuple[Message, ...], stop: threading.Event) -> Pair:
        number = int(prompt[-1].content.split()[-1])
        self.gate.wait(10)
        if self.fault is not None:
            raise self.fault
        self.asked.append(number)
        texts = ["both"] * 2 if number in self.same else [self.first, self.second]
        answers = [
            Answered(prompt, f"{text} {number}" if text else "", name, "0001")
            for text, name in zip(texts, (FIRST, SECOND), strict=True)
        ]
        return Pair(*answers)


@pytest.fixture
def begin(fresh: Path) -> Callable[..., Preferring]:
    """Begins a comparison, or goes on with it."""

    def start(count: int = 6, rivals: Any = None, key: str = "abc", seed: int = 42) -> Preferring:
        sheet = Sheet.of("preference", None, "%ft prefer")
        ballots = Ballots(sheet, key, None)
        ballots.read()
        prompts = [(Message("user", f"question {i}"),) for i in range(count)]
        made = Preferring((FIRST, SECOND), prompts, rivals or Rivals(), ballots, seed)
        return made.wait()

    return start


def log(name: str = "preferences") -> list[dict[str, Any]]:
    return list(Judgements(session.current().store.home, name))


def rows(name: str = "preferences") -> list[tuple[str, str]]:
    if name not in session.current().store.set_names("data"):
        return []
    return [(r.chosen[0].content, r.rejected[0].content) for r in session.dataset(name).rows]


def finish(made: Preferring, *choices: str) -> Preferring:
    """Choose in turn until all is judged; without choices, always the first model."""
    at = 0
    while made.active:
        side = "left" if made.wait().left.startswith("one") else "right"
        made.choose(choices[at % len(choices)] if choices else side)  # type: ignore[arg-type]
        at += 1
        if made.active:
            made.wait()
    return made


# ---------------------------------------------------------------------- sides


@pytest.mark.parametrize("count", [1, 2, 7, 40])
def test_each_stands_left_in_half_of_the_questions(begin: Any, count: int) -> None:
    finish(begin(count), "left")
    left = [entry["on_left"] for entry in log()]
    assert abs(left.count("first") - left.count("second")) <= count % 2


def test_the_sides_are_shuffled_by_the_seed() -> None:
    def some(seed: str) -> list[str]:
        going = sides(seed)
        return [next(going) for _ in range(40)]

    assert some("1 k") == some("1 k")
    assert len({tuple(some(f"{seed} k")) for seed in range(20)}) == 20
    firsts = [some(f"{seed} k")[0] for seed in range(60)]
    assert 15 < firsts.count("first") < 45


def test_they_are_balanced_among_the_pairs_that_are_asked(begin: Any) -> None:
    made = finish(begin(20, Rivals(same=(0, 1, 3, 8, 9, 13))), "left")
    left = [entry["on_left"] for entry in log() if entry["how"] != "same"]
    assert left.count("first") == left.count("second") == 7
    assert made.counts()[-1] == ("answered alike", 6)


# ---------------------------------------------------------------------- blind


def _seen(made: Preferring) -> str:
    """All that a view can read of it, and its card."""
    from ft_magics.magics.judging import preferring_bundle

    public = [name for name in dir(made) if not name.startswith("_")]
    values = [getattr(made, name) for name in public if not callable(getattr(made, name))]
    called = [repr(made), made.words(), made.counts()]
    card = preferring_bundle(made, False)
    return json.dumps([values, called, card], default=str)


def test_nothing_tells_the_sides_before_the_end(begin: Any) -> None:
    made = begin(5)
    seen = []
    for choice in ("left", "right", "tie", "skip"):
        seen.append(_seen(made))
        made.choose(choice)
        made.wait()
    assert not any(name in text for name in (FIRST, SECOND) for text in [*seen, _seen(made)])
    made.choose("left")
    assert made.finished
    assert FIRST in _seen(made)
    assert SECOND in _seen(made)


def test_the_key_is_no_way_to_the_sides(begin: Any) -> None:
    """The same key with another seed has other sides."""
    orders = set()
    for seed in range(8):
        made = begin(6, key="abc", seed=seed)
        orders.add(made.left)
        made.close()
    assert len(orders) == 2


# ---------------------------------------------------------------------- choices


def test_each_choice_is_on_disk_before_the_next_question(begin: Any) -> None:
    made = begin(4)
    seen = []
    made.observe(lambda: seen.append((made.judged, len(log()), len(rows()))))
    for number in range(4):
        made.wait()
        left, right = made.left, made.right
        made.choose("left")
        assert log()[-1]["question"] == number
        assert rows()[-1] == (left, right)
    assert all(judged <= logged and judged <= kept for judged, logged, kept in seen)


def test_a_choice_that_cannot_be_written_stays_to_be_made(
    begin: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = begin(3)

    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("ft_magics.store.collected.write_atomic", full)
        with pytest.raises(FtError, match="No space left"):
            made.choose("left")
    assert (made.judged, rows(), log()) == (0, [], [])
    made.choose("left")
    assert made.judged == 1


def test_ties_and_skips_make_no_rows(begin: Any) -> None:
    made = finish(begin(4), "tie", "skip")
    assert rows() == []
    assert made.counts()[2:4] == [("tie", 2), ("skipped", 2)]
    assert made.next_cell == ""
    assert "nothing was decided" in made.words()


def test_a_choice_with_an_empty_answer_counts_and_makes_no_row(begin: Any) -> None:
    made = finish(begin(2, Rivals(second="")), "left")
    assert sum(count for _, count in made.counts()[:2]) == 2
    assert rows() == []


def test_back_brings_the_pair_before_and_takes_its_row(begin: Any) -> None:
    made = begin(3)
    left, right = made.left, made.right
    made.choose("left")
    made.back()
    assert (made.judged, made.left, made.right, rows()) == (0, left, right, [])
    made.choose("right")
    assert rows() == [(right, left)]
    made.wait().choose("skip")
    made.back()
    made.back()
    assert (made.judged, rows()) == (0, [])
    with pytest.raises(SettingError, match="nothing was judged yet"):
        made.back()


def test_back_brings_a_choice_from_elsewhere_back(begin: Any) -> None:
    made = begin(2)
    left = Answered((Message("user", "question 0"),), made.left, "x")
    right = Answered((Message("user", "question 0"),), made.right, "y")
    session.keep_choice(right, left)
    before = rows()
    for what in ("left", "tie"):
        made.choose(what)
        assert rows() != before
        made.back()
        assert rows() == before


def test_back_goes_over_what_was_answered_alike(begin: Any) -> None:
    made = begin(4, Rivals(same=(1, 2)))
    made.choose("left")
    assert made.wait().question == "question 3"
    made.back()
    assert made.question == "question 0"
    made.choose("left")
    assert made.question == "question 3"


@pytest.mark.parametrize("what", ["1", "LEFT", "", "back"])
def test_another_word_is_no_choice(begin: Any, what: str) -> None:
    made = begin(2)
    with pytest.raises(SettingError, match="no choice"):
        made.choose(what)
    assert made.judged == 0


def test_it_can_be_ended_early(begin: Any) -> None:
    made = begin(6)
    made.choose("left")
    made.wait().end()
    assert (made.finished, made.active, made.left, made.question) == (True, False, "", "")
    assert FIRST in made.words()
    with pytest.raises(SettingError, match="over"):
        made.choose("left")
    assert begin(6).finished


# ---------------------------------------------------------------------- the next pair


def test_only_the_next_pair_is_made_ahead(begin: Any) -> None:
    rivals = Rivals()
    made = begin(6, rivals)
    _until(lambda: len(rivals.asked) == 2)
    made.choose("left")
    _until(lambda: len(rivals.asked) == 3)
    assert rivals.asked == [0, 1, 2]


def test_it_waits_for_answers_that_are_not_there(begin: Any) -> None:
    rivals = Rivals()
    made = begin(4, rivals)
    _until(lambda: len(made._made) == 2)
    rivals.gate.clear()
    made.choose("left")
    made.choose("left")
    assert (made.waiting, made.left, made.right) == (True, "", "")
    assert made.question == "question 2"
    with pytest.raises(SettingError, match="still being made"):
        made.choose("left")
    told = threading.Event()
    made.observe(told.set)
    rivals.gate.set()
    assert told.wait(10)
    assert made.wait().left


def test_what_goes_wrong_beside_the_kernel_is_shown(begin: Any) -> None:
    rivals = Rivals()
    made = begin(4, rivals)
    _until(lambda: len(rivals.asked) == 2)
    rivals.fault = RuntimeError("the device is gone")
    made.choose("left")
    # The pair that is there already can be judged all the same.
    made.wait().choose("left")
    _until(lambda: bool(made.error))
    assert "the device is gone" in made.error
    assert made.active
    assert not made.waiting
    with pytest.raises(FtError, match="the device is gone"):
        made.wait()
    with pytest.raises(FtError, match="the device is gone"):
        made.choose("left")
    assert len(rows()) == 2
    again = begin(4)
    assert again.judged == 2


def test_one_that_is_closed_makes_nothing_more(begin: Any) -> None:
    rivals = Rivals()
    made = begin(6, rivals)
    _until(lambda: len(rivals.asked) == 2)
    ended = []
    made.when_ended(lambda: ended.append("told"))
    made.close()
    made.close()
    assert (made.active, made.finished, ended) == (False, False, ["told"])
    with pytest.raises(SettingError, match="was left"):
        made.choose("left")
    assert rivals.asked == [0, 1]
    made.when_ended(lambda: ended.append("at once"))
    assert ended[-1] == "at once"


def test_whoever_waits_for_the_end_is_told_once(begin: Any) -> None:
    made = begin(2)
    ended: list[bool] = []
    made.when_ended(lambda: ended.append(made.finished))
    finish(made)
    assert ended == [True]


def _until(true: Callable[[], bool]) -> None:
    waited = threading.Event()
    for _ in range(1000):
        if true():
            return
        waited.wait(0.01)
    raise AssertionError("it never came")


# ---------------------------------------------------------------------- going on


def test_another_kernel_goes_on_where_it_stood(begin: Any) -> None:
    made = begin(8, Rivals(same=(2,)))
    for choice in ("left", "tie", "right"):
        made.wait().choose(choice)
    made.wait()
    here = (made.judged, made.question, made.left, made.right, made.words())
    # As after a kernel that was killed: only what lies on disk is known.
    rivals = Rivals(same=(2,))
    again = begin(8, rivals)
    assert (again.judged, again.question, again.left, again.right, again.words()) == here
    _until(lambda: len(rivals.asked) == 2)
    assert rivals.asked == [4, 5]
    again.back()
    assert again.question == "question 3"
    finish(again)
    assert sum(count for _, count in again.counts()) == 8


def test_another_comparison_begins_at_its_beginning(begin: Any) -> None:
    begin(3).choose("left")
    assert begin(3, key="other").judged == 0


# ---------------------------------------------------------------------- the result


def test_the_result_names_the_models_and_the_next_cell(begin: Any) -> None:
    made = finish(begin(8))
    assert made.counts()[:2] == [(FIRST, 8), (SECOND, 0)]
    assert made.words().startswith(f"{FIRST} was preferred to {SECOND} 8 to 0;")
    assert "this is clear" in made.words()
    assert made.next_cell == f"%%finetune NAME --after {FIRST} --data preferences"
    assert len(rows()) == 8
    assert repr(made).startswith("Preferring(Zq7xFirst was preferred")


def test_a_side_that_was_always_taken_is_told(begin: Any) -> None:
    words = finish(begin(10), "left").words()
    assert "on the left was taken 10 of 10 times" in words
    assert "this may be chance" in words


def test_what_was_collected_passes_the_checks(begin: Any) -> None:
    finish(begin(6))
    made = session.dataset("preferences")
    assert made.kind == "preference"
    assert not [found for found in made.findings if found.severity == "error"]
    again = session.dataset("again", "\n".join(session.row_lines(made)))
    assert again.rows == made.rows


# ---------------------------------------------------------------------- real models


@pytest.fixture
def rival(front_end: Any, tiny_base: Any, tmp_path: Path) -> str:
    """An adapter that answers differently, under an odd name."""
    import copy

    import torch
    from peft import LoraConfig, get_peft_model

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        config = LoraConfig(r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
        tuned = get_peft_model(copy.deepcopy(tiny_base.model), config)
    tuned.save_pretrained(tmp_path / "peft")
    session.import_adapter(FIRST, tmp_path / "peft")
    return FIRST


def _prefer(*args: Any, **named: Any) -> Preferring:
    return ft.prefer("base", FIRST, *args, max_new_tokens=6, temperature=1.0, **named)


def test_real_models_are_compared_by_word(rival: str, alone: Any) -> None:
    made = _prefer(["What is number 1?", "What is number 2?", "What is number 1?"], collect="mine")
    assert made.total == 2
    assert not made.waiting
    seen = made.left, made.right
    assert ft.vote(1) is made
    ft.vote("back")
    assert (made.left, made.right) == seen
    ft.vote(2)
    while made.active:
        ft.vote("tie")
    assert session.dataset("mine").rows[0].chosen[0].content == seen[1]
    assert FIRST in made.words()


def test_answers_are_those_of_a_prompt(rival: str, alone: Any) -> None:
    made = _prefer(["What is number 1?"])
    asked = ft.prompt("What is number 1?", ["base", FIRST], max_new_tokens=6, temperature=1.0)
    assert {made.left, made.right} == set(asked.values())


def test_a_live_comparison_does_not_hold_the_kernel(rival: str) -> None:
    made = _prefer(["What is number 1?", "What is number 2?"])
    assert made.active
    assert made.wait().left
    made.close()


def test_a_number_judges_what_was_shown_last(rival: str, alone: Any) -> None:
    made = _prefer(["What is number 1?", "What is number 2?"])
    ft.vote(1)
    assert made.judged == 1
    session.ask("What is number 3?", "base", max_new_tokens=6, temperature=1.0)
    assert ft.vote(1).name == ft.vote("up").name == "votes"
    assert made.judged == 1
    ft.vote("tie")
    assert made.judged == 2 and made.finished
    assert ft.vote(1).name == "votes"


def test_votes_of_a_comparison_that_is_run_again_change_nothing(rival: str, alone: Any) -> None:
    def run_all() -> Preferring:
        session.ask("What is number 3?", ["base", FIRST], max_new_tokens=6, temperature=1.0)
        ft.vote(2)
        _prefer(["What is number 1?"], collect="other")
        return ft.vote(1)

    first = run_all()
    kept = rows(), log()
    assert repr(run_all()) == repr(first)
    assert (rows(), log()[:-1]) == kept
    assert "this comparison is over: nothing was kept" in alone.notices


def test_a_model_that_is_deleted_meanwhile_is_named_with_the_way_back(
    rival: str, alone: Any
) -> None:
    prompts = [f"What is number {i}?" for i in range(4)]
    _prefer(prompts)
    session.delete(FIRST)
    with pytest.raises(NameUnknown, match=r"was deleted or renamed\. %ft undo brings it back"):
        for _ in prompts:
            ft.vote("tie")
    session.undo()
    assert _prefer(prompts).wait().left


def test_the_same_call_goes_on(rival: str, alone: Any) -> None:
    prompts = [f"What is number {i}?" for i in range(5)]
    first = _prefer(prompts)
    ft.vote("skip")
    second = _prefer(prompts)
    assert (first.active, second.key, second.judged) == (False, first.key, 1)
    assert any("going on after 1 of 5" in text for text in alone.notices)
    ft.vote("end")
    assert _prefer(prompts).finished
    assert any("another --seed" in text for text in alone.notices)
    anew = _prefer(prompts, seed=7)
    assert (anew.judged, anew.key == first.key) == (0, False)


def test_an_adapter_that_is_trained_anew_is_compared_anew_with_the_same_sides(
    rival: str, alone: Any, train: Any
) -> None:
    train(FIRST, fresh=True)
    first = _prefer(["What is number 1?", "What is number 2?"])
    sides = list(first._sides)
    ft.vote("tie")
    train(FIRST, fresh=True)
    anew = _prefer(["What is number 1?", "What is number 2?"])
    assert (anew.judged, anew.key, anew._sides) == (0, first.key, sides)


# ---------------------------------------------------------------------- the prompts


def _questions(given: Any) -> list[tuple[str | None, str]]:
    made = _prefer(given)
    made.close()
    prompts = made._questions
    return [(p[0].content if p[0].role == "system" else None, p[-1].content) for p in prompts]


def test_prompts_of_sets(rival: str, alone: Any) -> None:
    session.golden("nums", '{"prompt": "Golden?"}\n{"prompt": "With its own?", "system": "S"}')
    session.dataset("pairs", [{"prompt": "P?", "chosen": "a", "rejected": "b"}] * 1)
    assert _questions("golden:nums") == [(None, "Golden?"), ("S", "With its own?")]
    assert _questions("data:nums")[0] == ("You count.", "What is number 0?")
    assert _questions("pairs") == [(None, "P?")]
    with pytest.raises(SettingError, match="is a golden set and a data set"):
        _prefer("nums")
    with pytest.raises(NameUnknown, match="no golden set, data set or file 'numbs'"):
        _prefer("numbs")


def test_prompts_of_a_conversation_end_with_its_last_question(rival: str, alone: Any) -> None:
    turns = ["Hi", "Hello.", "And?", "Bye."]
    messages = [
        {"role": "assistant" if i % 2 else "user", "content": text} for i, text in enumerate(turns)
    ]
    session.dataset("talk", [{"messages": messages}, {"text": "no prompt at all"}][:1])
    made = _prefer("data:talk")
    assert made.question == "user: Hi\n\nassistant: Hello.\n\nuser: And?"
    session.dataset("texts", [{"text": "no prompt at all"}])
    with pytest.raises(SettingError, match="no prompts in the data set texts"):
        _prefer("texts")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("p.txt", "One?\n\n  Two? \nOne?\n"),
        ("p.jsonl", '{"prompt": "One?"}\n{"messages": [{"role": "user", "content": "Two?"}]}\n'),
        ("p.json", '["One?", {"prompt": "Two?", "contains": "x"}]'),
    ],
)
def test_prompts_of_a_file(rival: str, alone: Any, tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert _questions(str(tmp_path / name)) == [(None, "One?"), (None, "Two?")]


@pytest.mark.parametrize(
    ("given", "told"),
    [([], "no prompts in the list"), ([3], "3 is not a row"), ({"a": 1}, "holds no prompts"), (7, "holds no")],
)  # fmt: skip
def test_what_holds_no_prompts_is_refused(rival: str, alone: Any, given: Any, told: str) -> None:
    with pytest.raises(FtError, match=told):
        _prefer(given)


def test_a_damaged_file_is_refused(rival: str, alone: Any, tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text("{no")
    with pytest.raises(SettingError, match="is not JSON"):
        _prefer(str(tmp_path / "p.jsonl"))


def test_without_prompts_it_asks_what_was_trained(train: Any, alone: Any) -> None:
    train("ollie", max_steps=1)
    made = ft.prefer("base", "ollie", max_new_tokens=2)
    assert [prompt[0].content for prompt in made._questions] == ["You count."] * 4
    assert "asking the rows that ollie was trained on; --prompts names others" in alone.notices
    asked = ft.prefer("ollie", "base", ["New?"], max_new_tokens=2)
    assert asked._questions[0][0].content == "You count."


def test_models_that_were_not_trained_here_need_prompts(rival: str, alone: Any) -> None:
    with pytest.raises(SettingError, match="--prompts"):
        _prefer()


def test_a_model_needs_another(rival: str, alone: Any) -> None:
    with pytest.raises(SettingError, match="stands twice"):
        ft.prefer("base", "base", ["a"])
    with pytest.raises(NameUnknown):
        ft.prefer("base", "nobody", ["a"])


def test_a_set_of_another_kind_is_refused_before_anything_is_asked(rival: str, alone: Any) -> None:
    with pytest.raises(
        SettingError, match=r"nums has answers to imitate, not pairs\. Name another"
    ):
        _prefer(["What is number 1?"], collect="nums")
