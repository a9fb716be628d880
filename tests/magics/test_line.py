"""Words, names, settings and flags of a line."""

from __future__ import annotations

import pytest

from ft_magics.errors import FtError, SettingError
from ft_magics.magics.line import parse_line, split_words


def texts(line: str) -> list[str]:
    return [word.text for word in split_words(line, "here")]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('a "b c" d', ["a", "b c", "d"]),
        ("Don't  stop", ["Don't", "stop"]),
        (r'"C:\new {x} $HOME \"q\""', [r'C:\new {x} $HOME "q"']),
        (r"'C:\dir\'", ["C:\\dir\\"]),
        ("a#b c # d 'e", ["a#b", "c"]),
        ("# all of it", []),
        ('"# kept" x', ["# kept", "x"]),
        ("[q_proj, v_proj] {a: [1, 2]}", ["[q_proj, v_proj]", "{a: [1, 2]}"]),
        ("{never closed", ["{never", "closed"]),
        ('--system="a b" --x=1', ["--system", "a b", "--x=1"]),
        ('""', [""]),
        ("", []),
    ],
)
def test_words_keep_what_is_written(line: str, words: list[str]) -> None:
    assert texts(line) == words


def test_an_open_quote_is_refused() -> None:
    with pytest.raises(SettingError, match="is not closed"):
        texts('--system "You are')


def test_names_settings_and_flags() -> None:
    said = parse_line(
        "finetune", "ollie --data=catgpt --lr 2e-3 --wait --trust-remote-code --rank 8", {}
    )
    assert said.names == ("ollie",)
    assert said.settings == {
        "data": "catgpt",
        "lr": "2e-3",
        "trust_remote_code": "true",
        "rank": "8",
    }
    assert said.flags == {"wait"}


def test_a_flag_of_truth_takes_a_value_where_one_stands() -> None:
    said = parse_line("finetune", "ollie --gradient-checkpointing no --fresh", {})
    assert said.settings == {"gradient_checkpointing": "no"}
    assert said.flags == {"fresh"}


def test_text_is_never_expanded_but_a_variable_is_resolved() -> None:
    names = {"LR": 0.002, "text": "hello"}
    said = parse_line("finetune", "ollie --lr $LR --model $text", names)
    assert said.settings == {"lr": 0.002, "model": "hello"}
    said = parse_line("dataset", "c --system '$text' --eval {text}", names)
    assert said.settings == {"system": "$text", "eval": "{text}"}
    assert parse_line("dataset", "c --system $5", names).settings == {"system": "$5"}


def test_a_missing_variable_is_told() -> None:
    with pytest.raises(SettingError, match="no variable 'LR'"):
        parse_line("finetune", "ollie --lr $LR", {})
    with pytest.raises(SettingError, match="Did you mean 'RATE'"):
        parse_line("finetune", "ollie --lr $RATES", {"RATE": 1})


def test_a_mapping_stands_on_the_line() -> None:
    said = parse_line("finetune", "ollie --trl {neftune_noise_alpha: 5, x: $X}", {"X": "y"})
    assert said.settings == {"trl": {"neftune_noise_alpha": 5, "x": "y"}}


@pytest.mark.parametrize(
    ("magic", "line", "what"),
    [
        ("finetune", "ollie --lora-rnak 4", r"%%finetune ollie: no flag '--lora-rnak'.*--lora-ra?n?k?"),
        ("finetune", "ollie --fersh", "Did you mean '--fresh'"),
        ("dataset", "c --sytem x", "Did you mean '--system'"),
        ("prompt", "base --temprature 1", "Did you mean '--temperature'"),
        ("golden", "c --eval 3", "no flag '--eval'"),
        ("finetune", "ollie --lr", "--lr has no value"),
        ("finetune", "ollie --lr --wait", "--lr has no value"),
        ("finetune", "ollie --wait=1", "--wait takes no value"),
        ("finetune", "ollie --lr 1 --learning-rate 2", "learning_rate is given twice"),
        ("finetune", "ollie polly", "one word too many: 'polly'"),
        ("finetune", "--lr 1", "a name is missing"),
        ("ft rename", "ollie", "a name is missing. Write %ft rename OLD NEW"),
        ("ft list", "all", "one word too many"),
        ("ft edit", '"He said "hi" to Ollie"', "double quotes in it stands in single ones"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_with_the_remedy(magic: str, line: str, what: str) -> None:
    with pytest.raises(SettingError, match=what):
        parse_line(magic, line, {})


def test_a_flag_of_a_later_version_says_so() -> None:
    with pytest.raises(FtError, match="--on is not here yet"):
        parse_line("finetune", "ollie --on gpus:4", {})


def test_a_flag_that_may_stand_alone_takes_only_a_value_that_is_like_one() -> None:
    assert parse_line("dataset", "cats --shuffle 7", {}).settings == {"shuffle": "7"}
    assert parse_line("dataset", "--shuffle cats", {}).settings == {"shuffle": "true"}
    assert parse_line("dataset", "--fix cats", {}).names == ("cats",)
    # A misspelt one is refused by its name, not as a word too many.
    assert parse_line("dataset", "cats --fix whitespace", {}).settings == {"fix": "whitespace"}
    assert parse_line("dataset", "cats --fix all --eval none", {}).settings == {
        "fix": "all",
        "eval": "none",
    }


def test_help_needs_no_name() -> None:
    assert parse_line("finetune", "--help", {}).flags == {"help"}
    assert parse_line("ft rename", "-h", {}).flags == {"help"}


def test_other_spellings_stay_for_the_settings_to_tell() -> None:
    said = parse_line("finetune", "ollie --cutoff-len 64 --micro-batch-size 2", {})
    assert said.settings == {"cutoff_len": "64", "micro_batch_size": "2"}
