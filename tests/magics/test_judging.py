"""Votes, edits and the blind comparison in a notebook, by word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ft_magics import session
from ft_magics.errors import SettingError
from ft_magics.magics.completion import complete
from ft_magics.magics.help import help_of
from ft_magics.magics.render import bundle
from ft_magics.magics.verbs import run_verb
from ft_magics.session import Answers, Column, Kept

from .conftest import Calls


@pytest.mark.parametrize(
    ("line", "verb", "args", "named"),
    [
        ("vote 1", "vote", ("1",), {}),
        ("vote up", "vote", ("up",), {}),
        ("vote down ollie~1 --collect tone", "vote", ("down", "ollie~1"), {"collect": "tone"}),
        ('edit "a better # text"', "edit", ("a better # text",), {}),
        ('edit 2 "better"', "edit", ("better", "2"), {}),
        ("edit ollie $BEST", "edit", ("from a variable", "ollie"), {}),
        ('edit "$BEST"', "edit", ("$BEST",), {}),
        ("prefer base ollie", "prefer", ("base", "ollie"), {}),
        ("prefer a b --prompts $LIST --seed 7", "prefer", ("a", "b"),
         {"prompts": ["x"], "seed": "7"}),
        ("prefer a b --prompts golden:cats --temperature 0.7 --collect c", "prefer", ("a", "b"),
         {"prompts": "golden:cats", "temperature": "0.7", "collect": "c"}),
    ],
)  # fmt: skip
def test_each_verb_is_one_call(
    calls: Calls, line: str, verb: str, args: tuple[Any, ...], named: dict[str, Any]
) -> None:
    run_verb(line, {"BEST": "from a variable", "LIST": ["x"]})
    ((made, given, more),) = calls.made
    where = more.pop("where")
    assert (made, given, more) == (verb, args, named)
    assert where.startswith(f"%ft {verb}")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("vote", "a name is missing"),
        ("vote up 1 2", "one word too many"),
        ("edit", "a name is missing"),
        ("edit $NOBODY", "no variable 'NOBODY'"),
        ("prefer base", "a name is missing"),
        ("prefer a b --promts x", "--prompts"),
    ],
)
def test_a_wrong_line_is_refused(calls: Calls, line: str, told: str) -> None:
    with pytest.raises(SettingError, match=told):
        run_verb(line, {})
    assert calls.made == []


def test_the_line_of_a_prompt_says_where_they_go(shell: Any, calls: Calls) -> None:
    calls.results["ask"] = Answers("How?", None, [])
    shell.run_cell("%%prompt base --collect tone\nHow?").raise_error()
    asked = [named for verb, _, named in calls.made if verb == "ask"]
    assert asked[0]["collect"] == "tone"


@pytest.mark.parametrize("verb", ["vote", "edit", "prefer"])
def test_each_has_its_help(verb: str) -> None:
    text = help_of(verb)
    assert f"%ft {verb}" in text
    assert "--collect" in text
    assert verb not in help_of("").splitlines()[-1]


def test_tab_knows_the_words(calls: Calls) -> None:
    calls.results["names"] = ["base", "ollie"]
    assert [text for text, _ in complete("", "%ft vote ")[1]][:4] == ["up", "down", "1", "2"]
    assert "skip" in [text for text, _ in complete("", "%ft vote s")[1]]
    assert ("ollie", "model") in complete("", "%ft prefer o")[1]
    flags = [text for text, _ in complete("", "%ft prefer a b --")[1]]
    assert {"--prompts", "--collect", "--temperature", "--seed"} <= set(flags)
    assert "--collect" in [text for text, _ in complete("", "%%prompt --co")[1]]


def test_a_vote_in_a_notebook_shows_what_was_kept(shell: Any) -> None:
    columns = [Column("base", "idk"), Column("ollie", "Boxes.")]
    session.current().last_answers = Answers("Where?", None, columns)
    result = shell.run_cell("%ft vote 2")
    assert isinstance(result.result, Kept)
    card = bundle(result.result)
    assert card["text/plain"].startswith("kept as row 1 of preferences; train on them: %%finetune")
    shell.run_cell('%ft edit ollie "On <b>boxes</b>."').raise_error()
    row = session.dataset("preferences").rows[1]
    assert row.chosen[0].content == "On <b>boxes</b>."


def test_a_refusal_is_one_line(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    result = shell.run_cell("%ft vote 1")
    assert isinstance(result.error_in_exec, SettingError)
    assert "SettingError: %ft vote 1: there is no answer to judge." in capsys.readouterr().out


def test_collected_rows_can_be_written_into_a_cell(shell: Any) -> None:
    session.current().last_answers = Answers("Where?", "S", [Column("base", "idk")])
    shell.run_cell("%ft vote down").raise_error()
    lines = session.row_lines(session.dataset("votes"))
    shell.run_cell("\n".join(["%%dataset again", *lines])).raise_error()
    assert session.dataset("again").rows == session.dataset("votes").rows


def test_a_blind_comparison_by_word(
    shell: Any, tiny_folder: Path, tiny_base: Any, tmp_path: Path
) -> None:
    import copy

    import torch
    from peft import LoraConfig, get_peft_model

    session.current().store.set("model", {"name": str(tiny_folder)})
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        config = LoraConfig(r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
        get_peft_model(copy.deepcopy(tiny_base.model), config).save_pretrained(tmp_path / "peft")
    session.import_adapter("zebra", tmp_path / "peft")
    shell.user_ns["ASK"] = ["What is number 1?", "What is number 2?"]
    line = "%ft prefer base zebra --prompts $ASK --max-new-tokens 4"
    first = shell.run_cell(line).result
    seen = bundle(first)
    assert "What is number 1?" in seen["text/plain"]
    assert "zebra" not in seen["text/plain"] + seen["text/html"]
    assert bundle(shell.run_cell(line).result) == seen
    second = bundle(shell.run_cell("%ft vote 1").result)
    assert "What is number 2?" in second["text/plain"]
    last = bundle(shell.run_cell("%ft vote tie").result)
    assert "zebra" in last["text/plain"]
    assert "--data preferences" in last["text/plain"]
