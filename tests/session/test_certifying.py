"""The certificate of a run: before it, beside what it leaves, and when it is used."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest

import ft_magics as ft
from ft_magics import data, session
from ft_magics.data.encoding.certificate import Certificate
from ft_magics.errors import AdapterError, DataError, RunError
from ft_magics.session.certifying import FILE, certified


def spoil(folder: Any, **changes: Any) -> None:
    record = json.loads((folder / FILE).read_text())
    (folder / FILE).write_text(json.dumps({**record, **changes}))


def test_it_lies_beside_the_weights_of_every_kept_step(train):
    run = train("one")
    base = session.current().load(session.current().choice()).base
    kept = [run.adapter, *(run.folder.step_folder(step) for step in run.folder.steps())]
    for folder in kept:
        read = Certificate.from_record(json.loads((folder / FILE).read_text()))
        assert read.rows == 4 and read.problems == []
        assert read.system == "You count." and "You count." in read.prefix
        assert read.matches(base.tokenizer) == ""


def test_an_adapter_whose_prompt_would_be_another_is_refused(train, tmp_path):
    run = train("one")
    session.current().free()
    spoil(run.adapter, template_sha256="0" * 64)
    with pytest.raises(AdapterError, match=r"one: .*chat template is another one.*train it anew"):
        ft.use("one")
    with pytest.raises(AdapterError, match="chat template is another one"):
        ft.prompt("Hi", "one", max_new_tokens=2)
    with pytest.raises(AdapterError, match="chat template is another one"):
        ft.export("one", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_second_stage_of_such_an_adapter_is_refused(train):
    run = train("one")
    spoil(run.adapter, template_sha256="0" * 64)
    with pytest.raises(RunError, match=r"--after one: .*chat template is another one"):
        train("two", after="one")


def test_other_tokens_of_the_prompt_and_a_damaged_file_are_refused(train):
    run = train("one")
    session.current().free()
    spoil(run.adapter, prefix_ids=[1, 2, 3])
    with pytest.raises(AdapterError, match="other tokens"):
        ft.use("one")
    (run.adapter / FILE).write_text('{"rows": 4}')
    with pytest.raises(AdapterError, match=r"damaged.*Delete certificate.json"):
        ft.use("one")
    (run.adapter / FILE).unlink()
    assert ft.use("one") == "one"


def test_it_is_exported_and_taken_in_again(train, tmp_path):
    run = train("one")
    folder = ft.export("one", tmp_path / "out")
    assert (folder / FILE).read_bytes() == (run.adapter / FILE).read_bytes()
    session.import_adapter("back", folder)
    assert ft.use("back") == "back"
    shutil.copytree(folder, tmp_path / "other")
    spoil(tmp_path / "other", ends=[[5, "x"]])
    with pytest.raises(AdapterError, match="ends an answer with other tokens"):
        session.import_adapter("other", tmp_path / "other")


def test_a_failed_check_stops_a_run_before_it_trains(front_end, tiny_base):
    thinks = data.Message("assistant", "b", trained=True, reasoning="Hm.")
    rows = [
        data.Row(i, (data.Message("user", "a"), thinks if i in (2, 5) else PLAIN))
        for i in (1, 2, 5)
    ]
    with pytest.raises(DataError) as raised:
        certified(rows, tiny_base.tokenizer, None, "%%finetune one")
    told = raised.value.problems
    assert [line.partition(":")[0] for line in told] == ["row 2", "row 5"]
    assert all(
        "does not render 'reasoning'" in line and "remove the field" in line for line in told
    )
    assert str(raised.value).startswith("%%finetune one: 2 problems")
    untrained = data.Row(7, (data.Message("user", "a"), data.Message("assistant", "b")))
    with pytest.raises(DataError, match="%%finetune one, row 7: no token of it is trained"):
        certified([untrained], tiny_base.tokenizer, None, "%%finetune one")


PLAIN = data.Message("assistant", "b", trained=True)


def test_a_run_on_rows_that_are_not_rendered_fails_with_the_rows(front_end):
    rows = [
        {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]},
        {
            "messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}],
            "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}],
        },
    ]
    session.dataset("tooled", rows)
    with pytest.raises((RunError, DataError), match=r"row 2: .*does not render 'tools'"):
        run = ft.finetune("one", data="tooled", max_steps=2)
        run.wait()
    assert "one" not in session.names("adapter") or ft.run("one").folder.steps() == []
