from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from ft_magics.errors import MemoryShort, RunError, SettingError
from ft_magics.models import BaseFacts, Device
from ft_magics.settings import settings_of
from ft_magics.spec import FinetuneSpec
from ft_magics.training import Plan, plan

CPU = Device("cpu", "CPU", False, 16 * 2**30, 8 * 2**30)
GPU = Device("cuda", "Some GPU", True, 80 * 2**30, 70 * 2**30)
SMALL = BaseFacts(
    name="small",
    asked="small",
    source="hub",
    revision=None,
    sha256="",
    fingerprint="",
    parameters=135_000_000,
    bytes=538_000_000,
    dtype="float32",
    device="cpu",
    chat_template_sha256="",
    layers=30,
    hidden_size=576,
    intermediate_size=1536,
    vocab_size=49152,
    context_length=8192,
)
LARGE = replace(
    SMALL,
    parameters=8_000_000_000,
    bytes=16_000_000_000,
    dtype="bfloat16",
    device="cuda",
    layers=32,
    hidden_size=4096,
    intermediate_size=14336,
    vocab_size=128_000,
)


def make(
    rows: int = 20,
    *,
    base: BaseFacts = SMALL,
    device: Device = CPU,
    length: int = 60,
    eval_rows: int = 0,
    **settings: Any,
) -> Plan:
    return plan(
        FinetuneSpec(**settings),
        lengths=[length] * rows,
        eval_rows=eval_rows,
        base=base,
        device=device,
    )


@pytest.mark.parametrize(
    ("base", "strategy", "rate"),
    [
        (SMALL, "auto", 1e-3),
        (LARGE, "lora", 2e-4),
        (SMALL, "full", 5e-5),
    ],
)
def test_learning_rate_by_size_and_strategy(base: BaseFacts, strategy: str, rate: float) -> None:
    assert make(base=base, device=GPU, strategy=strategy).learning_rate == rate


@pytest.mark.parametrize(
    ("rows", "batch", "steps", "epochs"),
    [(20, 4, 50, 10), (16, 4, 40, 10), (40, 4, 60, 6), (4, 1, 40, 10), (100, 4, 125, 5)],
)
def test_small_sets_get_enough_steps(rows: int, batch: int, steps: int, epochs: float) -> None:
    made = make(rows)
    assert made.per_device_train_batch_size == batch
    assert (made.total_steps, made.num_train_epochs) == (steps, epochs)


def test_large_sets_get_three_epochs_and_at_most_twenty_evals() -> None:
    made = make(2000, eval_rows=100)
    assert (made.num_train_epochs, made.total_steps) == (3, 1500)
    assert made.eval_steps == 500
    assert make(40, eval_rows=4, num_train_epochs=100.0).eval_steps == 50


def test_max_steps_overrides_epochs() -> None:
    made = make(20, max_steps=7, num_train_epochs=3.0)
    assert (made.total_steps, made.max_steps, made.num_train_epochs) == (7, 7, 1.4)
    assert made.eval_steps == 5


def test_a_share_of_warmup_is_resolved_to_steps() -> None:
    assert make(20, warmup_steps=0.1).warmup_steps == 5
    assert make(20, warmup_steps=3.0).warmup_steps == 3
    assert make(20).warmup_steps == 2


WEIGHTS = {"desirable_weight", "undesirable_weight"}


def test_every_resolved_number_has_a_reason() -> None:
    made = make()
    shown = set(settings_of(FinetuneSpec)) & set(made.to_dict())
    without = shown - made.reasons.keys()
    assert without <= {"method", "strategy", "max_steps", "beta", "loss_type", "trl"} | WEIGHTS
    assert all(reason and not reason.endswith(".") for reason in made.reasons.values())
    assert make(learning_rate=3e-4).reasons["learning_rate"] == "set by you"
    assert make(lora_r=8).reasons["lora_r"] == "set by you"


def test_a_plan_survives_json() -> None:
    made = make(trl={"adam_beta1": 0.8}, lora_target_modules=["q_proj"])
    values = json.loads(json.dumps(made.to_dict()))
    assert Plan.from_dict({**values, "of_a_newer_version": 1}) == made


def test_rows_longer_than_max_length_are_told() -> None:
    made = plan(FinetuneSpec(), lengths=[50] * 9 + [3000], eval_rows=0, base=SMALL, device=CPU)
    assert made.max_length == 1024
    assert made.reasons["max_length"].startswith("1 longer rows are cut")
    assert make(base=replace(SMALL, context_length=512)).max_length == 512


def test_memory_halves_the_batch_and_keeps_the_step() -> None:
    room = make(length=400).memory_bytes
    tight = make(length=400, device=replace(CPU, free_bytes=room - 1))
    assert tight.per_device_train_batch_size == 2
    assert tight.gradient_accumulation_steps == 2
    assert not tight.gradient_checkpointing
    assert "would not fit" in tight.reasons["per_device_train_batch_size"]
    assert tight.memory_bytes <= tight.memory_free_bytes


def test_checkpointing_only_when_memory_needs_it() -> None:
    one = make(length=1000, per_device_train_batch_size=1).memory_bytes
    tight = make(length=1000, device=replace(CPU, free_bytes=one - 1))
    assert tight.gradient_checkpointing
    assert tight.reasons["gradient_checkpointing"] == "memory needs it"


def test_what_cannot_fit_is_refused_with_what_would() -> None:
    one = make(length=1000, per_device_train_batch_size=1, gradient_checkpointing=True)
    tight = replace(CPU, free_bytes=2 * one.memory_bytes)
    with pytest.raises(MemoryShort, match=r"64 rows of 1000 tokens.*GiB free\. Set batch: \d+"):
        make(length=1000, per_device_train_batch_size=64, device=tight)
    with pytest.raises(MemoryShort, match="strategy: lora"):
        make(strategy="full", device=replace(CPU, free_bytes=2**20))
    with pytest.raises(MemoryShort, match="a smaller model, or a max_length below"):
        make(device=replace(CPU, free_bytes=2**20))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"strategy": "qlora"}, "bitsandbytes.*strategy: lora"),
        ({"beta": 0.1}, "beta is for preferences"),
        ({"loss_type": "sigmoid"}, "dft or nll"),
        ({"lr_scheduler_type": "cosin"}, "Did you mean 'cosine'"),
        ({"optim": "adamw"}, "optim is 'adamw'"),
        ({"trl": {"neftune_noise_alfa": 5}}, "Did you mean 'neftune_noise_alpha'"),
        ({"trl": {"learning_rate": 5}}, "setting of its own"),
        ({"trl": {"packing": True}}, "ready tokens"),
        ({"trl": {"report_to": "wandb"}}, "events"),
    ],
)
def test_what_cannot_work_is_refused_by_name(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingError, match=words):
        make(**settings)


def test_no_rows_no_run() -> None:
    with pytest.raises(RunError, match="no rows"):
        plan(FinetuneSpec(), lengths=[], eval_rows=0, base=SMALL, device=CPU)


def test_planning_needs_no_torch() -> None:
    code = (
        "import sys\n"
        "sys.path[:0] = ['tests/training']\n"
        "import test_plan\n"
        "test_plan.make(trl={'adam_beta1': 0.8})\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_rows_longer_than_the_base_can_read_are_refused() -> None:
    with pytest.raises(SettingError, match="max_length is 9000, and small reads at most 8192"):
        make(max_length=9000)
    assert make(max_length=8192).max_length == 8192
    assert make(base=replace(SMALL, context_length=0), max_length=9000).max_length == 9000
