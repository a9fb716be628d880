"""`advise`: what it says, and that a run does the same."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

import ft_magics as ft
from ft_magics import session
from ft_magics.errors import NameUnknown, SettingError
from ft_magics.models import Device
from ft_magics.session import state
from tests.session.conftest import ROWS

MANY = [{"user": f"What is {i} plus {i}?", "assistant": f"It is {2 * i}."} for i in range(60)]


def test_what_is_advised_is_what_a_run_does(front_end, train):
    session.dataset("sums", MANY)
    advice = ft.advise("data:sums", max_steps=3)
    view = session.finetune("sums", data="sums", max_steps=3, plan=True)
    run = session.finetune("sums", data="sums", max_steps=3, wait=True)
    advised, planned = advice.plan.to_dict(), view.plan.to_dict()
    record = run.folder.record["plan"]
    # What is free moves from one moment to the next; nothing else may.
    for values in (advised, planned, record):
        values.pop("memory_free_bytes")
    assert advised == planned == json.loads(json.dumps(record))
    assert {line.name: line.value for line in advice.table}.items() <= {
        line.name: line.value for line in view.table
    }.items()
    assert advice.rows == 54 and advised["eval_steps"] == record["eval_steps"]


def test_nothing_is_loaded_but_a_tokenizer(front_end, monkeypatch):
    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise AssertionError("weights were read")

    with monkeypatch.context() as patch:
        patch.setattr(state, "_bases", {})
        patch.setattr("ft_magics.models.base._read_model", refuse)
        advice = ft.advise("nums")
        assert advice.plan.strategy == "lora" and advice.base == "tiny"
        facts = session.current().facts(session.current().choice())
    loaded = ft.model()
    for name in ("parameters", "layers", "hidden_size", "intermediate_size", "vocab_size",
                 "context_length", "dtype", "device", "name", "source"):  # fmt: skip
        assert getattr(facts, name) == getattr(loaded, name), name
    assert ft.advise("nums").plan.to_dict().keys() == advice.plan.to_dict().keys()


def test_few_rows_are_for_a_prompt_first(front_end):
    advice = ft.advise()
    assert advice.way == "prompt" and "Try a prompt first" in advice.sentence
    assert "only 4 rows" in advice.reasons[0][1]
    assert advice.next_cell.startswith("%%prompt base\nQuestion: What is number 0?")
    assert advice.plan is not None, "how it would be tuned is told all the same"


def test_the_goal_counts(front_end):
    session.dataset("sums", MANY)
    ft.goal("Knows today's prices")
    assert ft.advise("sums").way == "retrieval"
    ft.goal("Answers in one sentence, like a pirate")
    advice = ft.advise("sums")
    assert advice.way == "finetune" and advice.goal.endswith("pirate")
    assert advice.next_cell == "%%finetune my-sums --data sums"
    assert not advice.hint
    ft.goal("make it smarter")
    assert "smarter" in ft.advise("sums").hint


def test_golden_questions_are_the_next_cell_when_asked_for(front_end):
    session.dataset("sums", MANY)
    ft.goal("Answers in one sentence")
    advice = ft.advise("sums", golden=True)
    head, *rest = advice.next_cell.split("\n")
    assert head == "%%golden sums"
    rows = [json.loads(line) for line in rest if line[0] != "#"]
    held = [row.messages[0].content for row in ft.dataset("sums").split()[1]]
    assert rows[0]["prompt"] in held and rows[0]["max_sentences"] == 1
    assert ft.golden("sums", "\n".join(rest)).questions[0].checks == {"max_sentences": 1}


def test_preferences_are_advised_what_their_run_does(front_end):
    rows = [{"prompt": f"q{i}", "chosen": "good", "rejected": "bad"} for i in range(12)]
    session.dataset("prefs", rows)
    advice = ft.advise("prefs")
    assert advice.way == "finetune" and advice.problem == ""
    values = {line.name: (line.value, line.source) for line in advice.table}
    assert values["method"][0] == "dpo" and "2305.18290" in values["method"][1]
    assert values["beta"][0] == "0.1"
    assert advice.next_cell == "%%finetune my-prefs --data prefs"
    planned = ft.finetune("my-prefs", data="prefs", plan=True).plan
    assert replace(planned, memory_free_bytes=advice.plan.memory_free_bytes) == advice.plan
    marked = [{"prompt": f"q{i}", "completion": "a", "label": i % 2 == 0} for i in range(12)]
    session.dataset("marks", marked)
    marks = ft.advise("marks")
    assert marks.table[0].value == "kto" and marks.plan.desirable_weight == 1.0
    planned = ft.finetune("my-marks", data="marks", plan=True).plan
    assert replace(planned, memory_free_bytes=marks.plan.memory_free_bytes) == marks.plan


def test_plain_texts_are_not_called_conversations(front_end):
    session.dataset("texts", [{"text": f"Ollie slept {i} hours in a box."} for i in range(12)])
    line = next(line for line in ft.advise("texts").table if line.name == "method")
    assert line.why == "the rows are texts to imitate"


def test_settings_that_stand_already_are_taken(front_end):
    advice = ft.advise("nums", rank=8, lr=3e-4)
    values = {line.name: (line.value, line.why, line.source) for line in advice.table}
    assert values["lora_r"] == ("8", "set by you", "")
    assert values["learning_rate"] == ("0.0003", "set by you", "")
    assert values["lora_alpha"][0] == "16" and "arXiv" in values["lora_alpha"][2]


def test_what_a_run_would_refuse_is_refused_or_told(front_end, monkeypatch):
    with pytest.raises(SettingError, match="qlora is not there yet"):
        ft.advise("nums", strategy="qlora")
    full = Device("cpu", "Some CPU", False, 2**30, 2**20)
    monkeypatch.setattr("ft_magics.models.device", lambda: full)
    advice = ft.advise("nums")
    assert advice.plan is None and "Some CPU has 0.0 G" in advice.problem
    assert advice.reasons and advice.next_cell


def test_without_rows_there_is_little_to_say(front_end):
    session.delete("data:nums")
    advice = ft.advise()
    assert advice.plan is None and "no rows yet" in advice.sentence
    assert advice.next_cell.startswith("%%dataset")


def test_names_are_asked_for_and_checked(front_end):
    session.dataset("sums", MANY)
    with pytest.raises(SettingError, match=r"2 data sets. Name one: data:NAME. There are: nums"):
        ft.advise()
    with pytest.raises(NameUnknown, match="Did you mean 'sums'"):
        ft.advise("data:sum")
    with pytest.raises(SettingError, match="Did you mean"):
        ft.advise("sums", lerning_rate=1)


def test_an_unknown_base_leaves_the_reasons(front_end):
    session.current().store.set("model", {"name": "no/such-model"})
    advice = ft.advise("nums")
    assert advice.plan is None and "no/such-model" in advice.problem
    assert advice.reasons


def test_an_earlier_run_makes_the_time_better(front_end, train):
    assert "rough guess" in ft.advise("nums").estimate.how
    train("one", max_steps=12)
    estimate = ft.advise("nums").estimate
    assert estimate.how.startswith("one did") and "scaled" not in estimate.how
    assert estimate.low_s < estimate.seconds < estimate.high_s


def test_a_goal_is_a_text_that_can_say_more(front_end):
    assert ft.goal() is None
    kept = ft.goal("  Only answers about Ollie, one sentence ")
    assert kept == "Only answers about Ollie, one sentence" and isinstance(kept, str)
    assert json.dumps(kept) == '"Only answers about Ollie, one sentence"'
    assert [rule.kind for rule in kept.reading.rules] == ["scope", "sentences"]
    # What the cell saves does not depend on what else is kept; asked for later, it does.
    assert kept.golden_cell.startswith("%%golden goal\n")
    assert ft.goal().golden_cell.startswith("%%golden nums\n")
    assert ft.goal() == kept
    assert ft.goal("make it smarter").golden_cell == ""


def test_the_goal_is_kept_with_the_run(front_end, train):
    ft.goal("counts")
    run = train("one")
    assert run.folder.record["goal"] == "counts"
    assert run.monitor.goal == "counts"
    assert "Its goal: counts" in (run.folder.path / "README.md").read_text()
    ft.goal("something else")
    assert session.current().runs.pop("one") is run
    assert session.run("one").monitor.goal == "counts"


def test_the_head_of_the_card_tells_the_rank_that_was_chosen(front_end):
    run = session.finetune("one", data="nums", max_steps=1, wait=True)
    assert run.monitor.chips == ("SFT · LoRA r16", "tiny", "nums · 4 rows")
    assert session.current().store.run("one").record["spec"]["lora_r"] is None
    assert len(ROWS) == 4
