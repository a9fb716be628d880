"""`finetune`: what a name means, what is trained again, and what it leaves behind."""

from __future__ import annotations

import json
import random
import time

import numpy as np
import pytest
import torch

import ft_magics as ft
from ft_magics import session
from ft_magics.errors import NameUnknown, RunError, SettingError
from ft_magics.widgets import training_card
from tests.session.conftest import ROWS, adapter_bytes

LONG = {"max_steps": 400}


def test_a_run_returns_at_once_where_somebody_can_answer(train, front_end):
    run = train("one", wait=False, **LONG)
    assert run.active
    assert run.state in ("queued", "running")
    assert [h.thing for h in front_end.handles] == [run]
    run.stop()
    run.wait(60)
    assert run.state == "stopped"


def test_a_run_is_over_where_nobody_can_answer(train, alone):
    run = train("one", wait=False)
    assert run.state == "finished"
    assert not run.active
    assert alone.handles[0].closed == 1


def test_ft_wait_blocks(train, front_end, monkeypatch):
    monkeypatch.setenv("FT_WAIT", "1")
    assert train("one", wait=False).state == "finished"


def test_a_waiting_call_fails_with_its_run(train, alone, tmp_path):
    with pytest.raises(RunError, match="run one"):
        train("one", model=str(tmp_path))
    assert session.run("one").state == "failed"
    assert str(tmp_path) in session.run("one").monitor.error


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"trl": {"neftune_noise_alfa": 5}}, "Did you mean 'neftune_noise_alpha'"),
        ({"optim": "adamw_troch"}, "Did you mean 'adamw_torch'"),
        ({"lr_scheduler_type": "cosin"}, "Did you mean 'cosine'"),
        ({"strategy": "qlora"}, "strategy: lora"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_made(train, front_end, settings, told):
    with pytest.raises(SettingError, match=told):
        train("one", wait=False, **settings)
    assert session.current().store.run_names() == []


def test_wrong_names_are_refused_before_anything_is_made(front_end):
    with pytest.raises(SettingError, match="Did you mean 'learning_rate'"):
        ft.finetune("one", data="nums", lerning_rate=1e-3)
    with pytest.raises(NameUnknown, match="Did you mean 'nums'"):
        ft.finetune("one", data="numz")
    with pytest.raises(NameUnknown, match=r"no finished adapter|no adapter"):
        ft.finetune("one", data="nums", after="ghost")
    with pytest.raises(SettingError, match="reserved"):
        ft.finetune("base", data="nums")
    assert session.current().store.run_names() == []


def test_everything_a_run_is_made_of_lies_in_its_folder(train):
    run = train("one")
    record = run.folder.record
    assert record["data"]["sha256"] == ft.dataset("nums").sha256
    assert record["spec"]["lora_r"] == 4
    assert record["plan"]["learning_rate"] > 0
    assert record["base"]["fingerprint"]
    assert record["versions"]["trl"]
    names = {p.name for p in run.folder.path.iterdir()}
    assert {"events.jsonl", "adapter", "README.md"} <= names
    adapter = {p.name for p in run.adapter.iterdir()}
    assert {"adapter_config.json", "adapter_model.safetensors"} <= adapter
    assert "training_args.bin" not in adapter
    assert "base_model" in (run.folder.path / "README.md").read_text()


def test_the_adapter_loads_with_peft_alone_and_answers_as_here(train, tiny_folder):
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    run = train("one", learning_rate=1e-2, max_steps=6)
    model = PeftModel.from_pretrained(
        AutoModelForCausalLM.from_pretrained(tiny_folder, dtype=torch.float32), run.adapter
    ).eval()
    [(_, loaded)] = _resolved("one")
    ids = torch.tensor([_prompt_ids(loaded, "What is number 1?")])
    with torch.no_grad():
        out = model.generate(ids, max_new_tokens=8, do_sample=False, pad_token_id=0)
    ours = ft.prompt("What is number 1?", "one", max_new_tokens=8)
    text = loaded.base.tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True)
    assert ours == text


def _resolved(*names):
    from ft_magics.session.resolve import resolve_all

    return resolve_all(session.current(), list(names), "test")


def _prompt_ids(loaded, question):
    from ft_magics import data

    messages = [data.Message("system", "You count."), data.Message("user", question)]
    return data.encode_prompt(messages, loaded.base.tokenizer)


def test_the_same_cell_again_shows_the_finished_run(train, front_end):
    first = train("one")
    before = first.folder.path
    again = train("one")
    assert again.folder.path == before
    assert any("unchanged" in text for text in front_end.notices)
    session.dataset("nums", ROWS, system="You count.")
    assert train("one").folder.path == before, "the same rows under a new version are the same"
    assert train("one", learning_rate=5e-3).folder.path != before
    session.dataset("nums", ROWS[:3], system="You count.")
    assert train("one").folder.version == first.folder.version + 2


def test_fresh_gives_the_same_adapter_bit_for_bit(train):
    first = adapter_bytes(train("one", max_steps=5))
    run = train("one", max_steps=5, fresh=True, wait=False)
    while run.active:
        ft.prompt("What is number 2?", "base", max_new_tokens=4, temperature=0.9)
        torch.rand(3)
        np.random.rand(3)
    assert run.state == "finished"
    assert run.folder.version == 2
    assert adapter_bytes(run) == first


def test_a_later_run_leaves_the_version_before(train):
    first = adapter_bytes(train("one"))
    second = adapter_bytes(train("one", learning_rate=9e-3))
    assert first != second
    pairs = _resolved("one", "one~1")
    paths = [(t.path / "adapter_model.safetensors").read_bytes() for t, _ in pairs]
    assert paths == [second, first]
    with pytest.raises(NameUnknown):
        _resolved("one~2")


def test_a_failed_run_leaves_what_the_name_meant(train, alone, tmp_path):
    first = adapter_bytes(train("one"))
    with pytest.raises(ft.FtError):
        train("one", model=str(tmp_path))
    [(target, _)] = _resolved("one")
    assert (target.path / "adapter_model.safetensors").read_bytes() == first


def test_continue_trains_on_from_its_own_adapter(train):
    first = train("one")
    more = train("one", continue_=True)
    assert more.folder.record["parent"]["version"] == first.folder.version
    assert adapter_bytes(more) != adapter_bytes(first)


def test_the_name_of_a_run_in_progress(train, front_end):
    run = train("one", wait=False, **LONG)
    assert train("one", wait=False, **LONG) is run
    with pytest.raises(RunError, match="--fresh"):
        train("one", wait=False, max_steps=399)
    replaced = train("one", wait=False, fresh=True, max_steps=3)
    assert not run.active
    assert replaced.wait(60).state == "finished"


def test_runs_queue_and_a_second_stage_starts_from_the_finished_first(train, front_end):
    first = train("one", wait=False, max_steps=4)
    second = train("two", wait=False, after="one")
    assert second.state == "queued" or not first.active
    assert any("two waits for one" in text for text in front_end.notices)
    second.wait(60)
    assert first.state == "finished"
    assert second.folder.record["parent"]["name"] == "one"
    alone = train("two", after="one")
    assert alone.folder.path == second.folder.path, "the parent's end does not change the key"


def test_a_second_stage_begins_where_the_first_ended(train):
    from safetensors.torch import load_file

    first = train("one", learning_rate=1e-2, max_steps=6)
    second = train("two", after="one", learning_rate=1e-9, max_steps=1)
    a, b = (load_file(r.adapter / "adapter_model.safetensors") for r in (first, second))
    assert all(torch.allclose(a[k], b[k], atol=1e-6) for k in a)


def test_a_second_stage_fails_with_the_first(train, front_end, tmp_path):
    train("one", wait=False, model=str(tmp_path))
    second = train("two", wait=False, after="one")
    with pytest.raises(RunError, match="one left no adapter"):
        second.wait(60)


def test_stop_saves_and_resume_ends_as_if_it_had_not_stopped(train, front_end):
    whole = adapter_bytes(train("whole", max_steps=40))
    run = train("one", wait=False, max_steps=40)
    while run.monitor.step < 3 and run.active:
        time.sleep(0.01)
    session.stop("one")
    assert run.state == "stopped"
    assert run.adapter is not None
    assert run.monitor.step < 40
    ft.prompt("What is number 1?", "one", max_new_tokens=2)
    again = session.resume("one")
    again.wait(60)
    assert again.state == "finished"
    assert adapter_bytes(again) == whole


def test_a_run_that_waits_for_its_turn_stops_at_once(train, front_end):
    first = train("one", wait=False, **LONG)
    second = train("two", wait=False)
    session.stop("two")
    assert second.state == "stopped"
    assert first.active


def test_pause_holds_between_steps(train, front_end):
    run = train("one", wait=False, **LONG)
    while run.monitor.step < 2:
        assert run.active
        time.sleep(0.01)
    session.pause()
    while run.state != "paused":
        assert run.active
        time.sleep(0.01)
    step = run.monitor.step
    answers = session.ask("What is number 1?", "one", max_new_tokens=2)
    assert f"step {step} of 400" in answers.columns[0].note
    assert run.monitor.step == step
    session.resume("one")
    while run.monitor.step == step:
        assert run.active
        time.sleep(0.01)


def test_the_users_random_states_are_as_they_were(train):
    random.seed(1)
    np.random.seed(1)
    torch.manual_seed(1)
    before = (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state())
    train("one")
    ft.prompt("What is number 1?", "one", temperature=0.8, max_new_tokens=4)
    after = (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state())
    assert before[:2] == after[:2]
    assert torch.equal(before[2], after[2])


def test_the_base_is_the_base_before_during_and_after(train):
    from ft_magics import models

    loaded = session.current().load(session.current().choice())

    def state():
        tensors = loaded.base.model.state_dict().values()
        probe = models.probe_logits(loaded.base.model, loaded.base.tokenizer)
        return [t.clone() for t in tensors], probe, ft.prompt("Hi", "base", max_new_tokens=6)

    def same(a, b):
        tensors = all(torch.equal(x, y) for x, y in zip(a[0], b[0], strict=True))
        return tensors and torch.equal(a[1], b[1]) and a[2] == b[2]

    before = state()
    train("full", strategy="full", max_steps=2)
    assert same(before, state())
    run = train("lora", wait=False, max_steps=30)
    while run.active:
        assert same(before, state())
    train("full", strategy="full", max_steps=2, fresh=True)
    assert same(before, state())
    assert loaded.server.prove_base()


def test_full_fine_tuning_is_a_second_set_of_weights(train):
    run = train("full", strategy="full", max_steps=4, learning_rate=1e-2)
    assert (run.adapter / "model.safetensors").exists()
    card = training_card(run.monitor)
    assert "a second set: 13 MB" in card["text/plain"], "the saved card says what that costs"
    assert "a second set" in card["text/html"]
    answers = ft.prompt("What is number 1?", ["base", "full"], max_new_tokens=6)
    assert answers["base"] != answers["full"]


def test_a_run_comes_back_from_disk_after_a_restart(train):
    run = train("one", max_steps=5)
    session.current().runs.clear()
    again = ft.run("one")
    assert again is not run
    assert again.state == "finished"
    assert list(again.monitor.train_points) == list(run.monitor.train_points)
    assert again.history["loss"].notna().sum() == 5


def test_the_eval_loss_of_a_small_set_comes_from_golden_answers(train):
    rows = [{"prompt": "Which is number 2?", "contains": "blue", "answer": "Number 2 is blue."}]
    ft.golden("nums", rows)
    run = train("one", max_steps=4)
    assert run.folder.record["data"]["eval_rows"] == 1
    assert run.folder.record["data"]["train_rows"] == len(ROWS)
    steps = [step for step, _ in run.monitor.eval_points]
    assert steps[0] == 0
    assert run.monitor.best_step in run.folder.steps()
    assert set(run.monitor.golden) == {"base", "one"}


def test_ft_max_steps_shortens_a_run(train, monkeypatch):
    monkeypatch.setenv("FT_MAX_STEPS", "2")
    assert train("one", max_steps=30).monitor.step == 2


def test_a_plan_spends_nothing(train, front_end):
    plan = session.finetune("one", data="nums", plan=True)
    assert plan.plan.reasons["learning_rate"]
    assert session.current().store.run_names() == []


def test_events_are_the_one_source(train):
    run = train("one")
    lines = (run.folder.path / "events.jsonl").read_text().splitlines()
    kinds = [json.loads(line)["event"] for line in lines]
    assert kinds[0] == "run_queued"
    assert kinds[-1] == "run_ended"
    assert kinds.count("step_ended") == 3
