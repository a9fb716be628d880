"""Settings, rows, or settings above rows."""

from __future__ import annotations

from typing import Any

import pytest

from ft_magics.errors import SettingError
from ft_magics.magics.body import both_places, parse_body
from ft_magics.settings import read_settings
from ft_magics.spec import FinetuneSpec

ROW = '{"user": "a", "assistant": "b"}\n'


def parsed(body: str, magic: str = "finetune", **names: Any) -> tuple[dict[str, Any], str | None]:
    return parse_body(magic, body, names, "%%finetune ollie")


@pytest.mark.parametrize("body", ["", "\n", "  \n\n", "# only a comment\n"])
def test_an_empty_body_says_nothing(body: str) -> None:
    assert parsed(body) == ({}, None)


def test_settings_follow_yaml_1_2() -> None:
    body = "epochs: 6   # six\nlearning_rate: 2e-3\nlora_r: 010\ntrust_remote_code: no\n"
    settings, rows = parsed(body)
    assert settings == {
        "epochs": 6,
        "learning_rate": 0.002,
        "lora_r": 10,
        "trust_remote_code": "no",
    }
    assert rows is None
    spec, _ = read_settings(FinetuneSpec, settings, "")
    assert (spec.lora_r, spec.trust_remote_code) == (10, False)


def test_text_settings_are_text_as_written() -> None:
    settings, _ = parsed("model: 2024-01-01\nmodel_revision: 1e10\nafter: ~\n")
    assert settings == {"model": "2024-01-01", "model_revision": "1e10", "after": None}


def test_nested_values() -> None:
    settings, _ = parsed(
        "trl: {neftune_noise_alpha: 5, eps: $EPS}\nlora_target_modules:\n- a\n- b\n", EPS=1e-8
    )
    assert settings == {
        "trl": {"neftune_noise_alpha": 5, "eps": 1e-8},
        "lora_target_modules": ["a", "b"],
    }


def test_variables_are_resolved_where_they_are_plain() -> None:
    settings, _ = parsed("lr: $LR\nmodel: '$LR'\n", LR=0.5)
    assert settings == {"lr": 0.5, "model": "$LR"}
    with pytest.raises(SettingError, match="no variable 'LR'"):
        parsed("lr: $LR\n")


@pytest.mark.parametrize(
    "body", [ROW, f"# rows\n{ROW}", f"[{ROW.strip()}]", "user: a\nassistant: b"]
)
def test_rows(body: str) -> None:
    assert parsed(body) == ({}, body)


def test_settings_above_rows() -> None:
    assert parsed(f"epochs: 2\n---\n{ROW}") == ({"epochs": 2}, ROW)
    assert parsed(f"---\nepochs: 2\n---\n{ROW}") == ({"epochs": 2}, ROW)
    assert parsed(f"{{epochs: 2}}\n---\n{ROW}") == ({"epochs": 2}, ROW)
    assert parsed(f"---\n{ROW}") == ({}, f"\n{ROW}")
    assert parsed("epochs: 2\n---\n\n") == ({"epochs": 2}, None)


def test_a_rule_inside_a_dialogue_is_text() -> None:
    body = "user: a\n---\nassistant: b\n"
    assert parsed(body) == ({}, body)


def test_a_typo_is_still_a_setting() -> None:
    settings, rows = parsed("epoch: 6\nlearning_rat: 1\n")
    assert set(settings) == {"epoch", "learning_rat"}
    assert rows is None


def test_what_could_be_both_is_refused() -> None:
    with pytest.raises(SettingError, match="could be one row of JSON, or settings"):
        parsed('{"epochs": 6, "lr": 1}\n')


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("epochs 6\n", "Write epochs: 6"),
        ("epochs=6\n", "Write epochs: 6"),
        ("epochs: 6\nlr: [\n", "no YAML, line"),
        ("epochs: 6\nepochs: 7\n", "epochs is given twice"),
        (f"{ROW}%%golden catgpt\n", "a second %%golden catgpt in this cell"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_remedy(body: str, what: str) -> None:
    with pytest.raises(SettingError, match=what):
        parsed(body)


def test_the_other_cells_take_their_body_as_it_is() -> None:
    assert parsed("epochs: 6\n", "dataset") == ({}, "epochs: 6\n")
    assert parsed(ROW, "golden") == ({}, ROW)
    assert parsed("\n What costs $5 {x}?\n%%dataset\n\n", "prompt") == (
        {},
        "What costs $5 {x}?\n%%dataset",
    )
    assert parsed("\n", "prompt") == ({}, None)


def test_a_setting_stands_in_one_place() -> None:
    assert both_places(FinetuneSpec, {"lr": 1}, {"epochs": 2}, "") == {"lr": 1, "epochs": 2}
    with pytest.raises(SettingError, match="learning_rate stands on the line and in the body"):
        both_places(FinetuneSpec, {"lr": 1}, {"learning_rate": 2}, "")
    with pytest.raises(SettingError, match="max_length stands on the line"):
        both_places(FinetuneSpec, {"max_length": 1}, {"cutoff_len": 2}, "")
