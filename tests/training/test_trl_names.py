from __future__ import annotations

from dataclasses import fields

from transformers import SchedulerType
from transformers.training_args import OptimizerNames
from trl import SFTConfig

from ft_magics.training.trl_names import OWNED, check_trl, optimizers, schedulers, trl_fields


def test_names_read_from_source_are_the_real_ones() -> None:
    assert trl_fields() == {f.name for f in fields(SFTConfig)}
    assert optimizers() == {o.value for o in OptimizerNames}
    assert schedulers() < {s.value for s in SchedulerType}


def test_owned_fields_exist() -> None:
    assert OWNED.keys() <= trl_fields("sft") | trl_fields("dpo") | trl_fields("kto")


def test_the_rest_passes() -> None:
    assert check_trl(None, "x") == {}
    assert check_trl({"neftune_noise_alpha": 5}, "x") == {"neftune_noise_alpha": 5}
