"""Adapters by name: list, use, import, export, delete, rename, undo, stale."""

from __future__ import annotations

import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

import ft_magics as ft
from ft_magics import session
from ft_magics.errors import AdapterError, NameUnknown, RunError, SettingError
from tests.session.conftest import ROWS, adapter_bytes


def test_the_list_tells_what_an_adapter_is(train):
    run = train("one")
    [facts] = ft.adapters()
    assert (facts.name, facts.rank, facts.strategy, facts.state) == ("one", 4, "lora", "finished")
    assert facts.bytes == (run.adapter / "adapter_model.safetensors").stat().st_size
    assert 0 < facts.share < 0.5
    assert facts.data == "nums"
    assert facts.base == "tiny", "the folder's own name: what is saved holds no path"
    assert "tiny" in run.monitor.chips
    assert facts.data_sha256 == ft.dataset("nums").sha256
    assert facts.last_loss > 0
    assert not facts.stale


def test_editing_the_data_makes_what_was_made_from_it_stale(train):
    train("one")
    train("two", after="one")
    session.dataset("nums", ROWS[:2])
    stale = {facts.name: facts.stale for facts in ft.adapters()}
    assert stale["one"] == "data nums changed"
    assert stale["two"]
    session.dataset("nums", ROWS, system="You count.")
    assert not any(facts.stale for facts in ft.adapters())


def test_a_child_is_stale_when_its_parent_is_trained_anew(train):
    train("one")
    train("two", after="one")
    train("one", learning_rate=7e-3)
    stale = {facts.name: facts.stale for facts in ft.adapters()}
    assert stale == {"one": "", "two": "one was trained anew"}


def test_use_swaps_what_answers(train):
    train("one")
    ft.use("one")
    assert [f.in_use for f in ft.adapters()] == [True]
    ft.use("base")
    loaded = session.current().load(session.current().choice())
    assert loaded.server.active is None
    with pytest.raises(NameUnknown, match="Did you mean 'one'"):
        ft.use("onee")


def test_delete_is_undone(train):
    before = adapter_bytes(train("one"))
    assert "undo" in session.delete("one")
    assert ft.adapters() == []
    with pytest.raises(NameUnknown):
        ft.use("one")
    session.undo()
    assert adapter_bytes(ft.run("one")) == before


def test_rename_keeps_the_adapter_and_is_undone(train):
    before = adapter_bytes(train("one"))
    session.rename("one", "uno")
    assert adapter_bytes(ft.run("uno")) == before
    assert isinstance(ft.prompt("Hi", "uno", max_new_tokens=2), str)
    session.undo()
    assert [f.name for f in ft.adapters()] == ["one"]


def test_a_name_that_could_mean_two_is_asked_about(train):
    train("nums")
    with pytest.raises(SettingError, match="adapter:nums or data:nums"):
        session.delete("nums")
    session.delete("data:nums")
    assert session.names("data") == []
    assert session.names("adapter") == ["nums"]


def test_a_run_in_progress_cannot_be_deleted(train, front_end):
    train("one", wait=False, max_steps=300)
    with pytest.raises(RunError, match="Stop it first"):
        session.delete("one")


def test_undo_takes_back_a_replaced_data_set(front_end):
    session.dataset("nums", ROWS[:1])
    assert len(ft.dataset("nums").rows) == 1
    assert len(ft.dataset("nums~1").rows) == len(ROWS)
    session.undo()
    assert len(ft.dataset("nums").rows) == len(ROWS)


def test_bad_rows_leave_the_data_set_before(front_end):
    with pytest.raises(ft.DataError):
        session.dataset("nums", [{"user": "a"}])
    assert len(ft.dataset("nums").rows) == len(ROWS)


def test_export_is_plain_peft_with_a_card(train, tmp_path):
    run = train("one")
    folder = ft.export("one", tmp_path / "out")
    assert (folder / "adapter_model.safetensors").read_bytes() == adapter_bytes(run)
    assert "one" in (folder / "README.md").read_text()
    with pytest.raises(SettingError, match="not empty"):
        ft.export("one", tmp_path / "out")


def test_an_adapter_saved_elsewhere_is_taken_in(train, tmp_path):
    run = train("one", learning_rate=2e-2, max_steps=6)
    shutil.copytree(run.adapter, tmp_path / "peft")
    (tmp_path / "peft" / "ft_magics.json").unlink(missing_ok=True)
    facts = session.import_adapter("guest", tmp_path / "peft")
    assert facts.state == "imported"
    ask = {"system": "You count.", "max_new_tokens": 8}
    assert ft.prompt("What is number 2?", "guest", **ask) == ft.prompt(
        "What is number 2?", "one", **ask
    )


def test_an_adapter_that_does_not_fit_is_refused_with_the_reason(train, tmp_path):
    run = train("one")
    bad = tmp_path / "bad"
    shutil.copytree(run.adapter, bad)
    weights = load_file(bad / "adapter_model.safetensors")
    save_file({k: torch.zeros(3, 3) for k in weights}, bad / "adapter_model.safetensors")
    with pytest.raises(AdapterError):
        session.import_adapter("guest", bad)
    shutil.rmtree(bad)
    shutil.copytree(run.adapter, bad)
    (bad / "adapter_model.safetensors").unlink()
    torch.save(weights, bad / "adapter_model.bin")
    with pytest.raises(AdapterError, match=r"pickle|\.bin"):
        session.import_adapter("guest", bad)
    assert session.names("adapter") == ["one"]


def test_the_seven_steps(train, tmp_path, front_end):
    def done():
        return [step.title for step in session.workflow().steps if step.done]

    assert done() == ["data", "format"]
    assert "goal" in session.workflow().next_cell
    ft.goal("counts")
    assert "%%golden" in session.workflow().next_cell
    ft.golden("nums", [{"prompt": "Which is 2?", "contains": "blue"}])
    assert "%%finetune" in session.workflow().next_cell
    train("one")
    evaluation = ft.evaluate("one")
    assert evaluation.models == ("base", "one")
    assert len(evaluation.answers["one"]) == 1
    ft.export("one", tmp_path / "out")
    assert len(done()) == 7


def test_evaluate_asks_only_what_the_run_has_not_asked(train, monkeypatch):
    import sys

    evaluate = sys.modules["ft_magics.session.evaluate"]
    questions = [{"prompt": "Which is 2?", "contains": "blue"}]
    ft.golden("nums", questions)
    train("one")
    asked = []
    answer = evaluate.answer_golden
    monkeypatch.setattr(
        evaluate, "answer_golden", lambda *a, **k: asked.append(1) or answer(*a, **k)
    )
    kept = ft.evaluate("one")
    assert asked == []
    fresh = ft.evaluate("one", against=())
    assert asked == []
    assert fresh.models == ("one",)
    ft.golden("nums", [*questions, {"prompt": "Which is 1?", "contains": "green"}])
    assert len(ft.evaluate("one").answers["one"]) == 2
    assert asked == [1]
    assert ft.evaluate("one").answers["one"][0]["answer"] == kept.answers["one"][0]["answer"]
    assert ft.evaluate("one~0").answers["one~0"], "another spelling is asked, not looked up"
