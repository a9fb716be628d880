from __future__ import annotations

import dataclasses

import pytest

from ft_magics import models
from ft_magics.errors import MemoryShort, SettingError
from ft_magics.models.devices import Device, check_room, choose_dtype

CPU = Device("cpu", "a CPU", False, 8_000_000_000, 4_000_000_000)
OLD_GPU = Device("cuda", "T4", False, 16_000_000_000, 15_000_000_000)
NEW_GPU = dataclasses.replace(OLD_GPU, name="H100", bf16=True)


def test_the_device_has_memory_and_a_name() -> None:
    found = models.device()
    assert found.kind in ("cuda", "mps", "cpu")
    assert 0 < found.free_bytes <= found.total_bytes
    assert found.name
    assert not (found.kind == "cpu" and found.bf16)


def test_memory_in_use_grows_with_what_is_held() -> None:
    import torch

    before = models.memory_in_use("cpu")
    held = torch.ones(25_000_000)
    assert models.memory_in_use("cpu") - before > 50_000_000
    del held


@pytest.mark.parametrize(
    ("asked", "on", "chosen"),
    [
        ("auto", CPU, "float32"),
        ("auto", OLD_GPU, "float32"),
        ("auto", NEW_GPU, "bfloat16"),
        ("float32", NEW_GPU, "float32"),
        ("float16", OLD_GPU, "float16"),
        ("bfloat16", CPU, "bfloat16"),
    ],
)
def test_the_number_format_comes_from_the_hardware(asked: str, on: Device, chosen: str) -> None:
    assert choose_dtype(asked, on, "model x")[0] == chosen


def test_a_slow_format_is_told() -> None:
    assert "slower" in choose_dtype("bfloat16", CPU, "model x")[1]
    assert choose_dtype("auto", CPU, "model x")[1] == ""


def test_formats_that_cannot_be() -> None:
    with pytest.raises(SettingError, match="T4 has no bfloat16"):
        choose_dtype("bfloat16", OLD_GPU, "model x")
    with pytest.raises(SettingError, match="Did you mean 'bfloat16'"):
        choose_dtype("bfloat61", CPU, "model x")


def test_too_large_a_model_is_refused_before_it_is_read() -> None:
    check_room(3_000_000_000, CPU, "model x")
    with pytest.raises(MemoryShort, match=r"5\.0 GB, and 4\.0 GB of 8\.0 GB are free on cpu"):
        check_room(5_000_000_000, CPU, "model x")
