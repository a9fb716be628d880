"""What is used of trl, and that it means what it is taken for."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import Trainer
from trl import SFTTrainer

from ft_magics.events import Evaluated, StepEnded
from ft_magics.training import Control, Hooks, Job
from ft_magics.training.batches import collate
from ft_magics.training.callbacks import Progress
from ft_magics.training.methods import sft
from ft_magics.training.methods.sft import Sft, make_trainer
from ft_magics.training.quiet import quiet
from ft_magics.training.random_state import kept_random_states
from ft_magics.training.trees import plant


def make(bench: Any, rows: Any, **settings: Any) -> Sft:
    import threading

    made = rows(4)
    job = Job("x", bench.plan(made, **settings), made, [], bench.folder / "scratch")
    with quiet():
        tree = plant(job, bench.base)
    hooks = Hooks(lambda e: None, Control(), lambda s, w: None, threading.Lock())
    progress = Progress(job, hooks, tree, bench.base, {})
    with kept_random_states(), quiet():
        return make_trainer(job, bench.base, hooks, tree, progress)


@pytest.mark.parametrize(
    ("owner", "name", "arguments"),
    [
        (Trainer, "get_train_dataloader", ()),
        (Trainer, "get_batch_samples", ("epoch_iterator", "num_batches", "device")),
        (Trainer, "_get_num_items_in_batch", ("batch_samples", "device")),
        (Trainer, "training_step", ("model", "inputs", "num_items_in_batch")),
        (SFTTrainer, "compute_loss", ("model", "inputs", "return_outputs", "num_items_in_batch")),
        (Trainer, "_clip_grad_norm", ("model",)),
        (Trainer, "_load_from_checkpoint", ("resume_from_checkpoint", "model")),
        (Trainer, "_get_learning_rate", ()),
        (Trainer, "_load_rng_state", ("checkpoint",)),
        (Trainer, "floating_point_ops", ("inputs",)),
        (SFTTrainer, "log", ("logs", "start_time")),
        (SFTTrainer, "_send_telemetry", ()),
    ],
)
def test_the_seams_are_there(owner: type, name: str, arguments: tuple[str, ...]) -> None:
    found = tuple(inspect.signature(getattr(owner, name)).parameters)
    assert found == ("self", *arguments)


def test_the_config_is_made_of_fields_that_exist(bench: Any, rows: Any) -> None:
    args = make(bench, rows, learning_rate=3e-4, gradient_checkpointing=True, seed=3).args
    assert args.learning_rate == 3e-4
    assert args.gradient_checkpointing is True
    assert (args.bf16, args.fp16) == (False, False)
    assert args.use_cpu == (bench.base.facts.device == "cpu")
    assert args.report_to == []
    assert args.seed == 3


def test_number_formats_follow_the_plan_not_trl(bench: Any, rows: Any) -> None:
    from dataclasses import replace

    made = rows(2)
    for dtype, device, flags in (
        ("float32", "cpu", (False, False)),
        ("bfloat16", "cpu", (True, False)),
        ("float16", "cpu", (False, False)),
    ):
        plan = replace(bench.plan(made), dtype=dtype)
        base = replace(bench.base, facts=replace(bench.base.facts, device=device))
        args = sft._config(Job("x", plan, made, [], Path("unused")), base)
        assert (args.bf16, args.fp16) == flags


def test_loss_is_trls_own(bench: Any, rows: Any) -> None:
    """On the labelled positions, without a mask, against trl's tiled loss over all of them."""
    trainer = make(bench, rows)
    batch = collate(rows(3, seed=5), pad=2)
    count = batch["targets"].numel()
    with torch.no_grad():
        ours = trainer.compute_loss(trainer.model, dict(batch), num_items_in_batch=count)
        trainer._trl_loss = True
        theirs = trainer.compute_loss(trainer.model, dict(batch), num_items_in_batch=count)
    assert float(ours) == pytest.approx(float(theirs), rel=1e-5)


def test_many_logits_take_trls_tiled_loss(
    bench: Any, rows: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, ours = bench.run(max_steps=2)
    monkeypatch.setattr("ft_magics.training.loss.MOST_LOGITS", 1)
    _, theirs = bench.run(max_steps=2)
    for a, b in zip(ours.of(StepEnded), theirs.of(StepEnded), strict=True):
        assert a.loss == pytest.approx(b.loss, rel=1e-5)
        assert a.grad_norm == pytest.approx(b.grad_norm, rel=1e-3)


@pytest.mark.parametrize(
    "settings", [{"loss_type": "dft"}, {"trl": {"label_smoothing_factor": 0.1}}]
)
def test_losses_of_trls_own_are_used(bench: Any, settings: dict[str, Any]) -> None:
    _, plain = bench.run(max_steps=1)
    _, other = bench.run(max_steps=1, **settings)
    assert plain.of(StepEnded)[0].loss != pytest.approx(other.of(StepEnded)[0].loss, rel=1e-5)


def test_eval_loss_is_the_mean_over_tokens(bench: Any, rows: Any) -> None:
    scored = rows(5, seed=8)
    _, seen = bench.run(scored=scored, max_steps=1)

    model = bench.base.model
    total, count = 0.0, 0
    with torch.no_grad():
        for row in scored:
            logits = model(torch.tensor([row.ids])).logits[0]
            for at, label in enumerate(row.labels[1:]):
                if label != -100:
                    total -= float(logits[at].log_softmax(-1)[label])
                    count += 1
    assert seen.of(Evaluated)[0].eval_loss == pytest.approx(total / count, rel=1e-5)


def test_telemetry_and_tokenizer_are_left_alone(
    bench: Any, rows: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(*_: Any, **__: Any) -> None:
        raise AssertionError("telemetry was sent")

    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr("trl.trainer.base_trainer.send_telemetry", ask)
    before = dict(bench.base.tokenizer.special_tokens_map)
    make(bench, rows)
    assert bench.base.tokenizer.special_tokens_map == before
