"""What has changed since an adapter was made, in every way that the notebook can tell."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

import ft_magics as ft
from ft_magics import session
from ft_magics.session.kin import Kin
from ft_magics.session.staleness import Staleness
from tests.session.conftest import ROWS

GOLDEN = [{"prompt": "Which one is the third?", "contains": "blue"}]


def stale():
    return {facts.name: facts.stale for facts in ft.adapters()}


def told(front_end):
    return [text for text in front_end.notices if "%ft list" in text]


def test_editing_rows_tells_at_once_who_was_made_from_them(train, front_end):
    train("ollie", max_steps=1)
    train("polite", after="ollie", data="nums", max_steps=1)
    session.dataset("other", ROWS[:3])
    train("kind", after="ollie", data="other", max_steps=1)
    assert told(front_end) == []
    session.dataset("nums", ROWS[:2], system="You count.")
    [line] = told(front_end)
    assert line == (
        "ollie and polite were made from the rows before; kind was made from ollie. See %ft list."
    )
    assert stale() == {
        "ollie": "data nums changed",
        "polite": "data nums changed; ollie is stale",
        "kind": "ollie is stale",
    }
    session.dataset("nums", ROWS[:1], system="You count.")
    assert len(told(front_end)) == 1, "they were stale before: nothing new to tell"
    session.dataset("nums", ROWS, system="You count.")
    assert not any(stale().values()), "the edit is undone, so they are fresh again"
    assert len(told(front_end)) == 1
    session.dataset("nums", ROWS[:2])
    session.undo()
    assert not any(stale().values())


def test_golden_questions_make_the_exam_old_or_the_adapter(train, front_end):
    ft.golden("nums", GOLDEN)
    train("exam", max_steps=1)
    train("child", after="exam", data="nums", golden="nums", max_steps=1)
    ft.golden("nums", [*GOLDEN, {"prompt": "And the first?", "contains": "red"}])
    assert stale()["exam"] == "golden nums changed since it was examined"
    assert "is stale" not in stale()["child"], "only its examination is old"
    assert told(front_end) == [
        "child and exam were examined by the golden questions before. See %ft list."
    ]
    ft.evaluate("exam")
    ft.evaluate("child")
    assert not any(stale().values())
    ft.golden("nums", [{"prompt": ROWS[0]["user"], "answer": ROWS[0]["assistant"]}])
    train("taken", max_steps=1)
    train("heir", after="taken", data="nums", golden="nums", max_steps=1)
    assert ft.run("taken").folder.record["data"]["golden_rows"] == 1
    ft.golden("nums", GOLDEN)
    assert stale()["taken"] == "golden nums changed"
    assert "taken is stale" in stale()["heir"]


def test_golden_answers_that_chose_the_step_make_the_adapter_stale(train):
    ft.golden("nums", [{"prompt": "Which one is the third?", "answer": "Blue."}])
    train("one", max_steps=1)
    assert ft.run("one").folder.record["golden"]["scores"] is True
    ft.golden("nums", [{"prompt": "Which one is the third?", "answer": "It is blue."}])
    assert stale() == {"one": "golden nums changed"}


def test_an_edited_eval_set_is_another_content(train, front_end):
    session.dataset("held", ROWS[:2])
    session.dataset("nums", ROWS, eval="held")
    run = train("one", max_steps=1)
    assert run.folder.record["data"]["eval"]["name"] == "held"
    session.dataset("held", ROWS[1:3])
    assert stale() == {"one": "eval data held changed"}
    assert "one was chosen by the eval rows before. See %ft list." in front_end.notices
    again = train("one", max_steps=1)
    assert again.folder.version == 2, "the same cell trains anew: what it is scored on is another"
    assert stale() == {"one": ""}


def test_a_cell_whose_new_rows_left_no_adapter(train, monkeypatch):
    from ft_magics import training

    train("one", data=None, rows=ROWS[:2], max_steps=1)

    def fails(*_):
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(training, "train", fails)
    with pytest.raises(ft.RunError):
        train("one", data=None, rows=ROWS[2:], max_steps=1)
    assert stale() == {"one": "its rows changed"}


def test_parents_trained_anew_stale_deleted_and_chosen(train, front_end):
    train("one", max_steps=1)
    train("two", after="one", data="nums", max_steps=1)
    train("three", after="two", data="nums", max_steps=1)
    train("one", max_steps=1, learning_rate=7e-3)
    assert stale() == {"one": "", "two": "one was trained anew", "three": "two is stale"}
    train("old", after="one~1", data="nums", max_steps=1)
    assert stale()["old"] == "", "the version before was asked for by name"
    session.delete("adapter:one")
    assert stale()["two"] == "one was deleted"
    session.undo()
    train("one", max_steps=1)
    assert stale()["two"] == "", "trained back to what it was"
    front_end.notices.clear()
    session.delete("adapter:one")
    assert told(front_end)[0].startswith("old and two were made from one")


def test_a_base_that_is_another_now(train, tiny_folder: Path, tmp_path: Path):
    import torch
    from safetensors.torch import load_file, save_file

    folder = tmp_path / "mine"
    shutil.copytree(tiny_folder, folder)
    session.current().store.set("model", {"name": str(folder)})
    train("one", max_steps=1)
    weights = load_file(folder / "model.safetensors")
    weights["model.norm.weight"] = torch.full_like(weights["model.norm.weight"], 0.5)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    assert stale() == {"one": ""}, "the base in memory is still the one"
    session.memory(free=True)
    assert stale() == {"one": ""}, "not known without loading it"
    session.current().load(session.current().choice())
    assert stale() == {"one": "the base mine is another now"}


def test_a_circle_of_a_damaged_home_ends(train):
    train("one", max_steps=1)
    folder = ft.run("one").folder
    me = {"name": "one", "version": 1, "step": None, "key": folder.record["key"]}
    folder.update_record(parent=me)
    assert stale() == {"one": ""}
    assert [link.name for link in ft.lineage("one").links] == ["one"]


def test_a_listing_reads_each_data_set_once_and_not_again(train, monkeypatch):
    module = sys.modules["ft_magics.session.staleness"]
    train("one", max_steps=1)
    train("two", max_steps=1, learning_rate=7e-3)
    reads = []
    read = module.read_set
    monkeypatch.setattr(module, "read_set", lambda path: reads.append(path) or read(path))
    module._read_sha256.cache_clear()
    for _ in range(3):
        assert not any(stale().values())
    assert len(reads) == 1
    session.dataset("nums", ROWS[:2])
    assert stale()["one"] == stale()["two"] == "data nums changed"
    assert len(reads) == 2


def test_a_damaged_data_set_makes_nobody_stale(train):
    train("one", max_steps=1)
    session.current().store.rows_file("nums").with_name("set.json").write_text("{")
    assert Staleness(session.current()).words(Kin(session.current()).newest("one")) == ""
