"""What is kept of a run before it starts, and the key that says «the same run»."""

from __future__ import annotations

import shutil

import ft_magics as ft
from ft_magics import session
from ft_magics.session.lineage import weights_key
from tests.session.conftest import ROWS


def test_an_adapter_knows_all_it_was_made_of(train):
    ft.golden("nums", [{"prompt": "Which is the third?", "contains": "blue"}])
    one = train("one", max_steps=1)
    record = train("two", after="one", data="nums", learning_rate=7e-3, max_steps=1).folder.record
    facts = session.current().load(session.current().choice()).base.facts
    assert record["method"] == "sft"
    assert record["data"]["sha256"] == ft.dataset("nums").sha256
    assert record["golden"]["sha256"] == ft.golden("nums").sha256
    assert record["golden"]["scores"] is False and record["data"]["golden_rows"] == 0
    assert record["parent"]["name"] == "one"
    assert record["parent"]["key"] == one.folder.record["key"]
    assert record["parent"]["data"]["sha256"] == one.folder.record["data"]["sha256"]
    assert record["base"]["fingerprint"] == facts.fingerprint
    assert record["plan"]["learning_rate"] == record["spec"]["learning_rate"] == 7e-3
    assert set(record["versions"]) == {"torch", "transformers", "trl", "peft", "accelerate"}


def test_an_imported_parent_is_the_same_after_a_rename(train, front_end, tmp_path):
    run = train("one", max_steps=1)
    shutil.copytree(run.adapter, tmp_path / "peft")
    session.import_adapter("guest", tmp_path / "peft")
    kept = session.current().store.run("guest")
    assert kept.record["key"] == weights_key(tmp_path / "peft") != run.folder.record["key"]
    train("two", after="guest", data="nums", max_steps=1)
    session.rename("guest", "visitor")
    front_end.notices.clear()
    again = train("two", after="visitor", data="nums", max_steps=1)
    assert again.folder.version == 1 and "two: unchanged; --fresh trains again" in front_end.notices


def test_an_interrupted_second_stage_finds_its_renamed_parent(train):
    from ft_magics.session.task import task_of_record

    train("one", max_steps=1)
    two = train("two", after="one", data="nums", max_steps=1)
    session.rename("one", "uno")
    task = task_of_record(session.current(), two.folder, "resume")
    assert task.parent.name == "uno"


def test_what_is_scored_on_belongs_to_the_key(train):
    session.dataset("held", ROWS[:2])
    session.dataset("nums", ROWS, eval="held")
    first = train("one", max_steps=1).folder.record["key"]
    session.dataset("held", ROWS[1:3])
    assert train("one", max_steps=1).folder.record["key"] != first
    session.dataset("held", ROWS[:2])
    assert train("one", max_steps=1).folder.record["key"] == first
