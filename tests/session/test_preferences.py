"""Pairs and labelled answers, from the cell to the adapter: `%%finetune` finds the method."""

from __future__ import annotations

import json

import pytest
from safetensors.torch import load_file

import ft_magics as ft
from ft_magics import session
from ft_magics.errors import RunError, SettingError
from ft_magics.events import BaseChecked, Evaluated, Notice, RunStarted, StepEnded
from tests.session.conftest import adapter_bytes

PAIRS = [
    {"prompt": f"What is number {i}?", "chosen": f"It is {word}, of course.", "rejected": "idk"}
    for i, word in enumerate(("red", "green", "blue", "black"))
]
MARKED = [
    {"prompt": p["prompt"], "completion": p[side], "label": side == "chosen"}
    for p in PAIRS
    for side in ("chosen", "rejected")
]


def of(run, kind):
    return [event for event in run.folder.events() if isinstance(event, kind)]


@pytest.fixture
def judged(front_end):
    session.dataset("pairs", PAIRS)
    session.dataset("marked", MARKED)


@pytest.mark.parametrize(
    ("data", "settings", "method", "rows"),
    [
        ("pairs", {}, "dpo", 4),
        ("marked", {}, "kto", 8),
        ("pairs", {"method": "kto"}, "kto", 8),
        ("pairs", {"method": "sft"}, "sft", 4),
        ("marked", {"method": "sft"}, "sft", 4),
    ],
)
def test_rows_are_trained_by_their_kind_or_as_asked(judged, train, data, settings, method, rows):
    run = train("one", data=data, **settings)
    assert run.state == "finished"
    record = run.folder.record
    assert record["plan"]["method"] == method and record["data"]["train_rows"] == rows
    assert of(run, RunStarted)[0].method == method
    assert run.monitor.chips[0].startswith(f"{method.upper()} · LoRA")
    measured = of(run, StepEnded)[0].metrics
    assert ("rewards/margins" in measured) == (method == "dpo") or method == "kto"
    assert isinstance(ft.prompt("What is number 1?", "one", max_new_tokens=4), str)


@pytest.mark.parametrize(
    ("data", "method", "words"),
    [
        ("nums", "dpo", "texts to imitate, and dpo takes pairs"),
        ("nums", "kto", "texts to imitate, and kto takes answers with a label"),
        ("marked", "dpo", "answers marked good or bad, and dpo takes pairs"),
    ],
)
def test_a_method_that_cannot_take_the_rows_is_refused(judged, train, data, method, words):
    with pytest.raises(SettingError, match=words):
        train("one", data=data, method=method)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"loss_type": "sigmod"}, "Did you mean 'sigmoid'"),
        ({"trl": {"ld_alfa": 0.5}}, "no field 'ld_alfa'"),
        ({"desirable_weight": 2.0}, "is for kto"),
        ({"beta": -1}, "above 0"),
    ],
)
def test_what_cannot_work_is_refused_before_the_cell_returns(judged, train, settings, words):
    with pytest.raises(SettingError, match=words):
        train("one", data="pairs", **settings)
    assert session.current().store.run_names() == []


def test_a_second_stage_needs_no_settings_of_the_first(judged, train, front_end):
    """Rank, scale and layers are the parent's, and so is the system text the rows lack."""
    first = train("ollie", lora_r=8, lora_alpha=4.0, lora_target_modules=["q_proj", "v_proj"])
    kept = adapter_bytes(first)
    run = ft.finetune("polite", rows=json.dumps(PAIRS), after="ollie", max_steps=2, wait=True)
    plan = run.folder.record["plan"]
    assert (plan["lora_r"], plan["lora_alpha"]) == (8, 4.0)
    assert plan["lora_target_modules"] == ["q_proj", "v_proj"]
    assert plan["reasons"]["lora_r"].startswith("as ollie has it")
    assert run.folder.record["data"]["systems"] == ["You count."]
    assert "ollie's is used" in " ".join(e.text for e in of(run, Notice))
    start = of(run, StepEnded)[0].metrics
    assert start["rewards/margins"] == pytest.approx(0.0, abs=1e-4)
    assert adapter_bytes(first) == kept != adapter_bytes(run)
    assert run.folder.record["parent"]["name"] == "ollie"


def test_the_inherited_system_text_is_what_is_trained_and_asked(judged, train, tokenizer):
    train("ollie")
    run = ft.finetune("polite", rows=PAIRS, after="ollie", max_steps=1, wait=True)
    from ft_magics.session.preparing import prepare

    again = prepare(session.current(), run.task, lambda text: None)
    for pair in again.train:
        assert "You count." in tokenizer.decode(list(pair.chosen.ids))
    assert "You count." in (run.folder.path / "README.md").read_text()
    asked = session.ask("What is number 1?", ["base", "polite"], max_new_tokens=2)
    assert asked.system == "You count."
    alone = ft.finetune("alone", rows=PAIRS, max_steps=1, wait=True)
    assert alone.folder.record["data"]["systems"] == []


def test_what_the_user_sets_against_the_parent_is_refused_with_its_value(judged, train):
    train("ollie")
    run = ft.finetune("polite", rows=PAIRS, after="ollie", lora_r=2, max_steps=1)
    with pytest.raises(ft.RunError, match="Set lora_r: 4"):
        run.wait()


def test_a_stage_after_a_full_fine_tune_is_full(judged, train):
    train("whole", strategy="full", max_steps=1)
    run = ft.finetune("polite", rows=PAIRS, after="whole", max_steps=2, wait=True)
    assert run.folder.record["plan"]["strategy"] == "full"
    assert of(run, StepEnded)[0].metrics["rewards/margins"] == pytest.approx(0.0, abs=1e-4)


def test_the_base_is_proven_after_each_run(judged, train):
    for data, strategy in (("pairs", "lora"), ("marked", "lora"), ("pairs", "full")):
        run = train("one", data=data, strategy=strategy, fresh=True)
        assert [event.unchanged for event in of(run, BaseChecked)] == [True]


def test_only_the_trained_adapter_is_exported(judged, train, tmp_path):
    train("ollie")
    train("polite", data="pairs", after="ollie")
    folder = ft.export("polite", tmp_path / "out")
    names = {file.name for file in folder.rglob("*")}
    assert "adapter_model.safetensors" in names
    assert not names & {"ref", "training_args.bin", "checkpoint", "reference.safetensors"}
    assert not [n for n in load_file(folder / "adapter_model.safetensors") if "ref" in n.split(".")]
    card = (folder / "README.md").read_text()
    assert "tags: [ft_magics, dpo, trl]" in card and "| beta | 0.1 |" in card


def test_held_out_pairs_are_scored_by_the_same_loss(judged, train):
    session.dataset("more", [{**PAIRS[i % 4], "prompt": f"q{i}"} for i in range(12)], eval="25%")
    run = train("one", data="more", max_steps=2, eval_steps=1)
    scored = of(run, Evaluated)
    assert [event.step for event in scored] == [0, 1, 2]
    assert scored[0].eval_loss == pytest.approx(0.6931, abs=1e-3)
    assert scored[-1].metrics.keys() >= {"rewards/margins", "rewards/accuracies"}
    history = run.history
    assert {"rewards/chosen", "rewards/margins"} <= set(history.columns)


def test_golden_answers_score_imitation_only(judged, train):
    session.golden("pairs", [{"prompt": "Is it red?", "answer": "It is red, of course."}])
    assert not of(train("one", data="pairs"), Evaluated)
    assert of(train("two", data="pairs", method="sft"), Evaluated)


def test_golden_questions_are_taken_out_of_pairs(judged, train):
    session.golden("pairs", [{"prompt": "What is number 2?", "contains": "blue"}])
    run = train("one", data="pairs")
    assert run.folder.record["data"]["train_rows"] == 3
    both = train("two", data="pairs", method="kto")
    assert both.folder.record["data"]["train_rows"] == 6


def test_the_same_cell_again_shows_the_run_that_is_there(judged, train, front_end):
    first = train("one", data="pairs")
    assert train("one", data="pairs").folder.path == first.folder.path
    assert train("one", data="pairs", beta=0.3).folder.path != first.folder.path


def test_a_stopped_run_goes_on_with_the_reference_it_began_with(judged, train, front_end):
    whole = train("whole", data="pairs", max_steps=8)
    run = train("one", data="pairs", max_steps=8, wait=False)
    while run.active and run.monitor.step < 3:
        pass
    run.stop()
    run.wait_quietly()
    if run.state != "finished":
        again = session.resume("one")
        again = session.run("one") if again is None else again
        again.wait()
    assert adapter_bytes(session.run("one")) == adapter_bytes(whole)


def test_answers_of_one_label_are_told(judged, train):
    session.dataset("liked", [row for row in MARKED if row["label"]])
    run = train("one", data="liked")
    assert any("the same label" in e.text for e in of(run, Notice))


def test_an_imported_adapter_gives_its_shape(judged, train, tmp_path):
    train("ollie", lora_r=2)
    folder = ft.export("ollie", tmp_path / "out")
    ft.import_adapter("theirs", folder)
    run = ft.finetune("polite", rows=PAIRS, after="theirs", max_steps=1, wait=True)
    assert run.folder.record["plan"]["lora_r"] == 2
    with pytest.raises(RunError, match="theirs is a LoRA adapter"):
        ft.finetune("odd", rows=PAIRS, after="theirs", strategy="full", max_steps=1, wait=True)


LONG = "word " * 60


@pytest.mark.parametrize(
    "spent",
    [
        {"prompt": LONG, "chosen": "yes", "rejected": "no"},
        {"prompt": "Hi", "chosen": LONG + "end", "rejected": LONG + "fin"},
        {"prompt": LONG, "completion": "yes", "label": True},
        {"user": LONG, "assistant": "yes"},
    ],
    ids=["pair without answers", "pair made alike", "label without an answer", "no answer"],
)
def test_rows_that_are_cut_until_they_teach_nothing_are_told_and_refused_alone(
    front_end, train, spent
):
    good = {key: LONG[:9] if isinstance(value, str) else not value for key, value in spent.items()}
    good |= {"chosen": "kind"} if "chosen" in spent else {}
    session.dataset("some", [spent, good])
    run = train("one", data="some", max_length=40)
    told = [n.text for n in of(run, Notice) if "cut at the end" in n.text]
    ends = "cut at the end; 1 of them teaches nothing any more"
    assert told == [f"1 row is longer than max_length 40 and {ends}"]
    other = {k: f"{v} and" if k in ("prompt", "user") else v for k, v in spent.items()}
    session.dataset("spent", [spent, other])
    with pytest.raises(RunError, match="max_length 40 nothing is left"):
        train("two", data="spent", max_length=40)
