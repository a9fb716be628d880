from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ft_magics.errors import SettingError
from ft_magics.settings import read_settings, settings_of
from ft_magics.spec import FinetuneSpec, GenerateSpec, Ref, check_name


def read(**values: Any) -> FinetuneSpec:
    spec, _ = read_settings(FinetuneSpec, values, "%%finetune ollie")
    assert isinstance(spec, FinetuneSpec)
    return spec


# ---------------------------------------------------------------- names and references


@pytest.mark.parametrize("name", ["a", "catgpt", "A-b_9", "9lives", "x" * 64])
def test_names_that_can_be_kept(name: str) -> None:
    assert check_name(name, "") == name


@pytest.mark.parametrize(
    "name", ["", "-a", "_a", "a b", "../a", "a/b", "a.b", "ä", "x" * 65, "a\n"]
)
def test_names_that_cannot(name: str) -> None:
    with pytest.raises(SettingError, match="is not a name"):
        check_name(name, "%%dataset")


def test_base_is_reserved() -> None:
    with pytest.raises(SettingError, match="'base' is reserved"):
        check_name("base", "%%finetune base")


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("base", Ref("base")),
        ("ollie", Ref("ollie")),
        ("ollie~1", Ref("ollie", back=1)),
        ("ollie@84", Ref("ollie", step=84)),
        ("ollie@now", Ref("ollie", step="now")),
        ("ollie~2@84", Ref("ollie", back=2, step=84)),
    ],
)
def test_a_reference_is_read_and_written(text: str, ref: Ref) -> None:
    assert Ref.read(text, "%%prompt") == ref
    assert str(ref) == text


@pytest.mark.parametrize("text", ["", "ollie~", "ollie~x", "ollie@", "ollie@best", "a b", "~1"])
def test_what_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(SettingError, match="names no model"):
        Ref.read(text, "%%prompt")


@pytest.mark.parametrize("text", ["base~1", "base@84", "base@now"])
def test_the_base_has_no_versions(text: str) -> None:
    with pytest.raises(SettingError, match=r"no versions .* Write base\."):
        Ref.read(text, "%%prompt")


# ---------------------------------------------------------------- settings


@pytest.mark.parametrize(
    ("written", "value", "name", "read_as"),
    [
        ("learning-rate", "2e-3", "learning_rate", 0.002),
        ("lr", 1, "learning_rate", 1.0),
        ("epochs", "6", "num_train_epochs", 6.0),
        ("batch", "4", "per_device_train_batch_size", 4),
        ("rank", 8.0, "lora_r", 8),
        ("max-length", None, "max_length", None),
        ("max_length", "none", "max_length", None),
        ("gradient_checkpointing", "yes", "gradient_checkpointing", True),
        ("gradient_checkpointing", False, "gradient_checkpointing", False),
        ("strategy", "full", "strategy", "full"),
        ("lora_target_modules", "all-linear", "lora_target_modules", "all-linear"),
        ("lora_target_modules", "[q_proj, v_proj]", "lora_target_modules", ["q_proj", "v_proj"]),
        ("lora_target_modules", "q_proj,v_proj", "lora_target_modules", ["q_proj", "v_proj"]),
        ("trl", {"neftune_noise_alpha": 5}, "trl", {"neftune_noise_alpha": 5}),
    ],
)
def test_a_setting_is_read_in_its_type(written: str, value: Any, name: str, read_as: Any) -> None:
    found = getattr(read(**{written: value}), name)
    assert found == read_as
    assert type(found) is type(read_as)


@pytest.mark.parametrize(
    ("theirs", "ours", "value"),
    [
        ("cutoff_len", "max_length", 512),
        ("micro_batch_size", "per_device_train_batch_size", 2),
        ("lora_rank", "lora_r", 4),
        ("pref_beta", "beta", 0.1),
        ("base_model", "model", "gpt2"),
    ],
)
def test_other_trainers_spellings_are_taken_and_told(theirs: str, ours: str, value: Any) -> None:
    spec, notices = read_settings(FinetuneSpec, {theirs: value}, "")
    assert getattr(spec, ours) == value
    assert notices == [f"using {ours} for {theirs}"]


def test_every_alias_and_foreign_name_leads_to_a_setting() -> None:
    for spec in (FinetuneSpec, GenerateSpec):
        known = settings_of(spec)
        assert {*spec.aliases.values(), *spec.foreign.values()} <= set(known)
        assert not set(spec.aliases) & set(known)


def test_a_wrong_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(SettingError) as caught:
        read(lerning_rate=1e-3)
    assert str(caught.value) == (
        "%%finetune ollie: no setting 'lerning_rate'. Did you mean 'learning_rate'?"
    )


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"lora_r": "many"}, "lora_r is 'many'. It must be a whole number."),
        ({"lora_r": 1.5}, "lora_r is 1.5. It must be a whole number."),
        ({"lora_r": True}, "It must be a whole number."),
        ({"lora_r": "inf"}, "It must be a whole number."),
        ({"lora_r": "nan"}, "It must be a whole number."),
        ({"lora_r": 0}, "lora_r is 0. It must be above 0."),
        ({"learning_rate": "fast"}, "It must be a number, such as 2e-4."),
        ({"learning_rate": "nan"}, "It must be a finite number."),
        ({"learning_rate": True}, "It must be a number."),
        ({"learning_rate": 2}, "A step size above 1 destroys the model"),
        ({"learning_rate": -1e-4}, "It must be above 0."),
        ({"lora_dropout": 1.0}, "It must be from 0 to below 1."),
        ({"max_length": 4}, "It must be at least 8 tokens."),
        ({"warmup_steps": -1}, "It cannot be negative."),
        ({"strategy": "lorra"}, "strategy is 'lorra'. Did you mean 'lora'?"),
        ({"trust_remote_code": "perhaps"}, "It must be true or false."),
        ({"trust_remote_code": 1}, "It must be true or false."),
        ({"model": 7}, "It must be text."),
        ({"trl": 5}, "It must be a mapping"),
    ],
)
def test_a_wrong_value_is_refused_with_the_right_kind(values: dict[str, Any], told: str) -> None:
    with pytest.raises(SettingError) as caught:
        read(**values)
    assert told in str(caught.value)
    assert str(caught.value).startswith("%%finetune ollie: ")


def test_all_wrong_settings_are_told_at_once() -> None:
    with pytest.raises(SettingError) as caught:
        read(lerning_rate=1, rank="x")
    assert "lerning_rate" in str(caught.value)
    assert "rank is 'x'" in str(caught.value)


def test_a_setting_given_under_two_names_is_refused() -> None:
    with pytest.raises(SettingError, match="learning_rate is given twice"):
        read(lr=1e-3, learning_rate=1e-3)


def test_generation_settings_are_checked() -> None:
    spec, _ = read_settings(GenerateSpec, {"max-tokens": "9", "temperature": "0.7"}, "")
    assert (spec.max_new_tokens, spec.temperature, spec.seed) == (9, 0.7, 42)
    for wrong in ({"max_new_tokens": 0}, {"temperature": -1}, {"top_p": 0}, {"top_p": 1.1}):
        with pytest.raises(SettingError):
            read_settings(GenerateSpec, wrong, "%%prompt")


@pytest.mark.parametrize("spec", [FinetuneSpec, GenerateSpec])
def test_every_setting_has_a_sentence_a_flag_and_its_default(spec: Any) -> None:
    found = settings_of(spec)
    assert list(found) == [field.name for field in dataclasses.fields(spec)]
    for name, setting in found.items():
        assert setting.sentence.endswith((".", "…")), name
        assert setting.flag == "--" + name.replace("_", "-")
        assert setting.default == getattr(spec(), name)


def test_choices_and_aliases_are_known_to_help_and_completion() -> None:
    found = settings_of(FinetuneSpec)
    assert found["strategy"].choices == ("auto", "lora", "qlora", "full")
    assert found["method"].choices == ("sft", "dpo", "kto")
    assert found["seed"].choices == ()
    assert found["per_device_train_batch_size"].aliases == ("batch", "batch_size")


def test_a_spec_goes_through_json_and_back() -> None:
    import json

    spec = read(lr="2e-3", lora_target_modules="q_proj,v_proj", trl={"a": 1})
    assert FinetuneSpec(**json.loads(json.dumps(dataclasses.asdict(spec)))) == spec
