"""The chain from the base to an adapter: complete, found again after a rename, drawn in its card."""

from __future__ import annotations

import shutil

import pytest

import ft_magics as ft
from ft_magics import session
from ft_magics.errors import NameUnknown, SettingError
from ft_magics.magics.render import bundle
from tests.session.conftest import ROWS

MORE = [{"user": f"Say {word}.", "assistant": word} for word in ("one", "two", "three")]


def names(lineage):
    return [link.name for link in lineage.links]


def base_facts():
    return session.current().load(session.current().choice()).base.facts


@pytest.fixture
def chain(train):
    """`two` after `one`, each with rows and golden questions of its own."""
    session.dataset("more", MORE)
    ft.golden("nums", [{"prompt": "Which is 2?", "contains": "blue"}])
    train("one", max_steps=1)
    return train("two", after="one", data="more", learning_rate=7e-3, max_steps=1)


def test_the_chain_from_the_base(chain):
    made = ft.lineage("two")
    assert (made.base, made.fingerprint) == ("tiny", base_facts().fingerprint)
    assert repr(made) == "Lineage(tiny → one → two)"
    one, two = made.links
    assert (one.method, one.data, one.rows, one.golden) == ("sft", "nums", 4, "nums")
    assert one.golden_sha256 == ft.golden("nums").sha256
    assert one.after_step is None and one.settings == {}
    assert (two.data, two.data_sha256, two.rows) == ("more", ft.dataset("more").sha256, 3)
    assert two.after_step == ft.run("one").folder.record["result_step"]
    assert two.settings["learning_rate"][1] == 7e-3
    assert two.reference == "two" and not two.stale and not made.children
    assert made.versions["trl"] and made.settings["lora_r"] == 4
    assert [child.name for child in ft.lineage("one").children] == ["two"]
    assert names(ft.lineage("one")) == ["one"]


def test_a_kept_step_is_told(train):
    train("one", max_steps=4, eval_steps=2, per_device_train_batch_size=1)
    steps = ft.run("one").folder.steps()
    train("two", after=f"one@{steps[0]}")
    assert ft.lineage("two").links[1].after_step == steps[0]


def test_after_a_rename_the_parent_is_still_found(chain):
    session.rename("one", "uno")
    made = ft.lineage("two")
    assert names(made) == ["uno", "two"]
    assert made.links[0].reference == "uno"
    assert not made.stale
    assert [child.name for child in ft.lineage("uno").children] == ["two"]
    session.undo()
    assert names(ft.lineage("two")) == ["one", "two"]


def test_another_adapter_under_the_old_name_is_not_the_parent(chain, train):
    session.rename("one", "uno")
    train("one", learning_rate=9e-3)
    assert names(ft.lineage("two")) == ["uno", "two"]
    assert not ft.lineage("one").children
    assert not ft.lineage("two").stale


def test_a_parent_that_is_gone_is_told_by_what_was_kept_of_it(chain):
    session.delete("adapter:one")
    one, two = ft.lineage("two").links
    assert (one.name, one.reference, one.data, one.rows) == ("one", "", "nums", 4)
    assert one.data_sha256 == ft.dataset("nums").sha256
    assert two.stale == "one was deleted"
    assert "one (no longer kept)" in bundle(ft.lineage("two"))["text/html"]
    session.undo()
    assert ft.lineage("two").links[0].reference == "one"


def test_training_on_is_a_stage_of_its_own(train):
    train("one")
    train("one", continue_=True, learning_rate=5e-3)
    made = ft.lineage("one")
    assert [link.reference for link in made.links] == ["one~1", "one"]
    assert not made.stale, "it goes on from the version before, which is as it was"
    assert not made.children
    assert names(ft.lineage("one~1")) == ["one"]


def test_an_imported_adapter_begins_a_chain(chain, train, tmp_path):
    shutil.copytree(ft.run("one").adapter, tmp_path / "peft")
    session.import_adapter("guest", tmp_path / "peft")
    train("three", after="guest", data="more")
    session.rename("guest", "visitor")
    made = ft.lineage("three")
    assert names(made) == ["visitor", "three"]
    assert (made.links[0].method, made.links[0].data) == ("", "")
    assert made.fingerprint == base_facts().fingerprint
    assert "made elsewhere" in bundle(made)["text/plain"].replace("\n", " ")
    assert not made.stale


def test_the_card_of_a_run_draws_the_chain(chain):
    for shown in bundle(session.show("two")).values():
        text = shown.replace("<strong>", "").replace("</strong>", "").replace("\n", " ")
        assert "tiny → one SFT on nums, 4 rows → two" in text
        assert "stale" not in text
    assert "tiny → one" in bundle(ft.run("one"))["text/plain"]
    before = bundle(session.show("two"))
    session.dataset("nums", ROWS[:2])
    assert "stale: data nums changed" in bundle(session.show("two"))["text/plain"].replace(
        "\n", " "
    )
    session.dataset("nums", ROWS, system="You count.")
    assert bundle(session.show("two")) == before


def test_its_own_card_tells_hashes_settings_and_children(chain):
    shown = bundle(ft.lineage("two"))
    text = " ".join(shown["text/plain"].split())
    assert base_facts().fingerprint[:8] in shown["text/html"]
    assert ft.dataset("more").sha256[:8] in shown["text/html"]
    assert "learning_rate" in shown["text/html"] and "0.007" in shown["text/html"]
    assert "Nothing was made from two so far." in text
    assert "Made from one: two (SFT on more, 3 rows)." in bundle(ft.lineage("one"))["text/plain"]


def test_what_has_no_lineage_is_refused(chain):
    with pytest.raises(SettingError, match="begins at the base"):
        ft.lineage("base")
    with pytest.raises(NameUnknown, match="Did you mean 'two'"):
        ft.lineage("twoo")
    with pytest.raises(NameUnknown):
        ft.lineage("two~3")


def test_a_run_whose_folder_went_meanwhile_still_has_a_card(chain):
    session.delete("adapter:two")
    assert "two" in bundle(chain)["text/plain"] and "→" not in bundle(chain)["text/plain"]
