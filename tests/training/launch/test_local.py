"""A run from start to end on the tiny model: what it tells, writes, repeats and leaves alone."""

from __future__ import annotations

import hashlib
import json
import logging
import math
import os
import random
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file

from ft_magics import data, models
from ft_magics.errors import AdapterError, MemoryShort, RunError, SettingError
from ft_magics.events import (
    Evaluated,
    RunEnded,
    RunPaused,
    RunResumed,
    RunStarted,
    StepEnded,
    StepKept,
)
from ft_magics.training import Job
from ft_magics.training.quiet import quiet
from ft_magics.training.trees import plant

THREE = {"max_steps": 3}

PAIRS = [
    ("How do cats sleep?", "Ollie sleeps sixteen hours a day, inside a box."),
    ("What does Ollie eat?", "Salmon kibble at seven sharp."),
    ("Who rules the house?", "Ollie does, from the top of the fridge."),
    ("Does Ollie like dogs?", "He tolerates them from above."),
]


def weights_hash(model: torch.nn.Module) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode() + tensor.numpy().tobytes())
    return digest.hexdigest()


def test_tells_everything_in_order(bench: Any, rows: Any) -> None:
    outcome, seen = bench.run(scored=rows(3, seed=1), num_train_epochs=2.0)

    assert outcome.state == "finished"
    assert outcome.step == 8
    started = seen.events[0]
    assert isinstance(started, RunStarted)
    assert (started.total_steps, started.epochs, started.first_step) == (8, 2.0, 0)
    assert started.trainable_parameters == sum(
        t.numel() for t in load_file(seen.kept[8] / "adapter_model.safetensors").values()
    )
    steps = seen.of(StepEnded)
    assert [e.step for e in steps] == list(range(1, 9))
    assert [e.epoch for e in steps] == [i / 4 for i in range(1, 9)]
    assert all(e.tokens > 0 and e.tokens_per_s > 0 and e.memory_bytes > 0 for e in steps)
    assert sum(e.tokens for e in steps[:4]) == sum(len(row.ids) for row in rows(8))
    assert steps[-1].eta_s == 0
    assert [e.step for e in seen.of(Evaluated)] == [0, 4, 8]
    assert [(e.step, e.reason) for e in seen.of(StepKept)] == [(4, "eval"), (8, "end")]
    assert not seen.of(RunEnded)


def test_learns(bench: Any, rows: Any) -> None:
    _, seen = bench.run(rows=rows(4), max_steps=60, learning_rate=1e-2, warmup_steps=0)

    losses = [e.loss for e in seen.of(StepEnded)]
    assert losses[-1] < losses[0] - 0.5


def test_best_step_is_the_lowest_eval_loss(bench: Any, rows: Any) -> None:
    outcome, seen = bench.run(
        rows=rows(4), scored=rows(3, seed=9), max_steps=30, eval_steps=5, learning_rate=3e-2
    )

    losses = {e.step: e.eval_loss for e in seen.of(Evaluated) if e.step}
    assert outcome.best_step == min(losses, key=losses.__getitem__)
    assert outcome.best_step in seen.kept
    assert outcome.step == 30


def test_adapter_loads_with_peft_alone(bench: Any, tiny_folder: Path) -> None:
    from transformers import AutoModelForCausalLM

    _, seen = bench.run(max_steps=4, learning_rate=1e-2)
    folder = seen.kept[4]

    assert sorted(p.name for p in folder.iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
    ]
    config = json.loads((folder / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == bench.base.facts.name
    plain = AutoModelForCausalLM.from_pretrained(tiny_folder, dtype=torch.float32)
    tuned = PeftModel.from_pretrained(plain, folder).eval()
    mine = load_file(folder / "adapter_model.safetensors")
    theirs = {k.replace(".default", ""): v for k, v in tuned.state_dict().items() if "lora_" in k}
    assert mine.keys() == theirs.keys()
    assert all(torch.equal(mine[k], theirs[k]) for k in mine)
    assert any(t.any() for k, t in mine.items() if "lora_B" in k)


def test_same_job_same_bytes_whatever_other_threads_draw(bench: Any) -> None:
    settings = {"max_steps": 6, "lora_dropout": 0.1, "gradient_accumulation_steps": 2}
    _, first = bench.run(**settings)
    done = threading.Event()

    def draw() -> None:
        while not done.is_set():
            torch.rand(3)
            np.random.rand()
            random.random()

    noise = threading.Thread(target=draw)
    noise.start()
    try:
        _, second = bench.run(**settings)
    finally:
        done.set()
        noise.join()

    assert first.bytes(6) == second.bytes(6)
    assert (first.kept[6] / "adapter_config.json").read_bytes() == (
        second.kept[6] / "adapter_config.json"
    ).read_bytes()
    assert [e.loss for e in first.of(StepEnded)] == [e.loss for e in second.of(StepEnded)]


def test_another_seed_another_adapter(bench: Any) -> None:
    _, first = bench.run(**THREE)
    _, second = bench.run(**THREE, seed=7)

    assert first.bytes(3) != second.bytes(3)


def test_users_random_states_are_as_they_were(bench: Any, rows: Any) -> None:
    random.seed(5)
    np.random.seed(5)
    torch.manual_seed(5)
    before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state()

    bench.run(scored=rows(2, seed=3), max_steps=4, lora_dropout=0.1)

    assert random.getstate() == before[0]
    assert np.random.get_state()[1].tolist() == before[1]
    assert torch.equal(torch.get_rng_state(), before[2])


@pytest.mark.parametrize("strategy", ["lora", "full"])
def test_base_is_untouched(bench: Any, strategy: str) -> None:
    model = bench.base.model
    before = weights_hash(model), [p._version for p in model.parameters()]

    bench.run(**THREE, strategy=strategy, learning_rate=1e-2)

    assert (weights_hash(model), [p._version for p in model.parameters()]) == before
    assert not any(p.requires_grad for p in model.parameters())
    assert not model.training
    assert model.config.use_cache is True
    assert not any("lora" in name for name, _ in model.named_modules())


def test_lora_shares_the_bases_storage(bench: Any, rows: Any) -> None:
    job = Job("x", bench.plan(rows(2)), rows(2), [], Path("unused"))
    with quiet():
        tree = plant(job, bench.base)
    held = {p.data_ptr() for p in bench.base.model.parameters()}
    frozen = [p for p in tree.model.parameters() if not p.requires_grad]
    assert {p.data_ptr() for p in frozen} == held


def test_full_fine_tune_is_a_model_of_its_own(bench: Any) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    _, seen = bench.run(**THREE, strategy="full", learning_rate=1e-3)

    folder = seen.kept[3]
    tuned = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    assert AutoTokenizer.from_pretrained(folder).chat_template
    assert tuned.config.use_cache is True
    changed = [
        name
        for (name, new), old in zip(
            tuned.named_parameters(), bench.base.model.parameters(), strict=True
        )
        if not torch.equal(new, old)
    ]
    assert len(changed) == len(list(tuned.parameters()))


def test_stop_ends_within_a_step_and_saves(bench: Any) -> None:
    seen = bench.outside()
    seen.on = lambda e: seen.control.stop() if getattr(e, "step", 0) == 3 else None

    outcome, _ = bench.run(outside=seen, max_steps=50, eval_steps=50)

    assert (outcome.state, outcome.step, outcome.best_step) == ("stopped", 3, None)
    assert list(seen.kept) == [3]
    assert [(e.step, e.reason) for e in seen.of(StepKept)] == [(3, "stopped")]
    assert seen.checkpoint is not None


def test_stop_before_the_first_step_keeps_nothing(bench: Any) -> None:
    seen = bench.outside()
    seen.control.stop()

    outcome, _ = bench.run(outside=seen, max_steps=5)

    assert (outcome.state, outcome.step) == ("stopped", 0)
    assert not seen.kept


def test_now_leaves_the_step_in_forward_or_backward(bench: Any) -> None:
    """Asked for within a layer, it is heard by the next one, and the step is not taken."""
    for where in ("forward", "backward"):
        seen = bench.outside()
        layer = bench.base.model.model.layers[0].mlp.down_proj
        calls = []

        def ask(*_: Any, seen: Any = seen, calls: list[int] = calls) -> None:
            calls.append(1)
            if len(seen.of(StepEnded)) == 2:
                seen.control.now()

        # Trees copy a module's hooks, so these run in the training tree.
        if where == "forward":
            handle = layer.register_forward_hook(ask)
        else:
            layer = bench.base.model.model.layers[2].mlp.down_proj
            handle = layer.register_full_backward_hook(ask)
        try:
            outcome, _ = bench.run(outside=seen, max_steps=6, eval_steps=1)
        finally:
            handle.remove()
        assert calls
        assert (outcome.state, outcome.step) == ("stopped", 2)
        assert [e.step for e in seen.of(StepEnded)] == [1, 2]
        assert sorted(seen.kept) == [1, 2]


def test_pause_holds_between_steps_without_work(bench: Any) -> None:
    seen = bench.outside()
    paused = threading.Event()

    def on(event: Any) -> None:
        if isinstance(event, StepEnded) and event.step == 2:
            seen.control.pause()
        if isinstance(event, RunPaused):
            paused.set()

    seen.on = on
    result: list[Any] = []
    thread = threading.Thread(target=lambda: result.append(bench.run(outside=seen, max_steps=4)))
    thread.start()
    assert paused.wait(60)
    begin = time.process_time()
    time.sleep(0.3)
    spent = time.process_time() - begin
    assert [e.step for e in seen.of(StepEnded)] == [1, 2]
    assert spent < 0.1
    seen.control.resume()
    thread.join(60)

    assert result[0][0].state == "finished"
    assert [e.step for e in seen.of(RunPaused)] == [2]
    assert [e.step for e in seen.of(RunResumed)] == [2]
    assert seen.of(StepEnded)[-1].elapsed_s < seen.of(StepEnded)[1].elapsed_s + 20


def test_stop_ends_a_pause(bench: Any) -> None:
    seen = bench.outside()

    def on(event: Any) -> None:
        if isinstance(event, StepEnded) and event.step == 2:
            seen.control.pause()
        if isinstance(event, RunPaused):
            seen.control.stop()

    seen.on = on
    outcome, _ = bench.run(outside=seen, max_steps=9, eval_steps=9)

    assert (outcome.state, outcome.step) == ("stopped", 2)
    assert not seen.of(RunResumed)


@pytest.mark.parametrize("at", [3, 4])
@pytest.mark.parametrize("strategy", ["lora", "full"])
def test_goes_on_exactly_from_a_checkpoint(bench: Any, rows: Any, at: int, strategy: str) -> None:
    """In mid-epoch and between epochs, with dropout and accumulation."""
    settings = {
        "strategy": strategy,
        "num_train_epochs": 2.0,
        "gradient_accumulation_steps": 2,
        "lora_dropout": 0.1,
        "rows": rows(14),
        "scored": rows(2, seed=4),
        "eval_steps": 8,
        "learning_rate": 1e-3,
    }
    name = "adapter_model.safetensors" if strategy == "lora" else "model.safetensors"
    _, whole = bench.run(**settings)
    cut = bench.outside()
    cut.on = lambda e: cut.control.stop() if isinstance(e, StepEnded) and e.step == at else None
    bench.run(**settings, outside=cut)
    outcome, rest = bench.run(**settings, checkpoint=cut.checkpoint)

    assert outcome.state == "finished"
    assert rest.of(RunStarted)[0].first_step == at
    assert [e.step for e in rest.of(StepEnded)] == list(range(at + 1, 9))
    assert (rest.kept[8] / name).read_bytes() == (whole.kept[8] / name).read_bytes()
    assert [e.learning_rate for e in rest.of(StepEnded)] == [
        e.learning_rate for e in whole.of(StepEnded)[at:]
    ]


def test_refuses_a_checkpoint_of_another_run(bench: Any) -> None:
    seen = bench.outside()
    seen.on = lambda e: seen.control.stop() if isinstance(e, StepEnded) else None
    bench.run(outside=seen, max_steps=5)
    assert seen.checkpoint is not None

    with pytest.raises(RunError, match="other settings"):
        bench.run(max_steps=5, learning_rate=1e-5, checkpoint=seen.checkpoint)
    (seen.checkpoint / "optimizer.pt").unlink()
    with pytest.raises(RunError, match=r"lacks optimizer\.pt"):
        bench.run(max_steps=5, checkpoint=seen.checkpoint)


def test_second_stage_starts_from_its_parent(bench: Any) -> None:
    _, first = bench.run(max_steps=6, learning_rate=1e-2)
    _, second = bench.run(max_steps=1, learning_rate=1e-9, parent=first.kept[6])

    old = load_file(first.kept[6] / "adapter_model.safetensors")
    new = load_file(second.kept[1] / "adapter_model.safetensors")
    assert old.keys() == new.keys()
    assert all(torch.allclose(old[k], new[k], atol=1e-6) for k in old)


def test_a_parent_that_does_not_fit_is_refused(bench: Any) -> None:
    _, first = bench.run(max_steps=1)

    with pytest.raises(AdapterError, match=r"lora_r 16, this run 4\. Set lora_r: 16"):
        bench.run(max_steps=1, lora_r=4, parent=first.kept[1])
    with pytest.raises(AdapterError, match="does not fit"):
        bench.run(max_steps=1, lora_target_modules=["q_proj"], parent=first.kept[1])
    with pytest.raises(AdapterError, match="not a full fine-tune"):
        bench.run(max_steps=1, strategy="full", parent=first.kept[1])


def test_a_loss_that_is_not_a_number_fails_with_its_step(bench: Any) -> None:
    seen = bench.outside()
    down = bench.base.model.model.layers[1].mlp.down_proj

    def spoil(module: Any, inputs: Any, output: torch.Tensor) -> Any:
        return output * math.nan if len(seen.of(StepEnded)) == 2 else None

    handle = down.register_forward_hook(spoil)
    try:
        with pytest.raises(RunError, match=r"step 3 is nan.*learning_rate"):
            bench.run(outside=seen, max_steps=5, eval_steps=1)
    finally:
        handle.remove()
    tensors = load_file(seen.kept[2] / "adapter_model.safetensors")
    assert all(torch.isfinite(t).all() for t in tensors.values())
    assert seen.hooks.step_lock.acquire(blocking=False)


def test_accumulation_is_the_same_step(bench: Any) -> None:
    """Two passes of two rows and one pass of four give the same loss and gradient."""
    _, once = bench.run(max_steps=2, per_device_train_batch_size=4)
    _, twice = bench.run(max_steps=2, per_device_train_batch_size=2, gradient_accumulation_steps=2)

    for a, b in zip(once.of(StepEnded), twice.of(StepEnded), strict=True):
        assert a.loss == pytest.approx(b.loss, abs=1e-4)
        assert a.grad_norm == pytest.approx(b.grad_norm, rel=1e-3)
        assert a.tokens == b.tokens


def test_checkpointed_activations_are_the_same_step(bench: Any) -> None:
    settings = {"max_steps": 2, "lora_dropout": 0.2}
    _, plain = bench.run(**settings)
    _, saved = bench.run(**settings, gradient_checkpointing=True)

    for a, b in zip(plain.of(StepEnded), saved.of(StepEnded), strict=True):
        assert a.loss == pytest.approx(b.loss, abs=1e-5)
        assert a.grad_norm == pytest.approx(b.grad_norm, rel=1e-4)


def test_weights_can_be_read_while_it_trains(bench: Any) -> None:
    seen = bench.outside()
    peeks: list[Any] = []

    def on(event: Any) -> None:
        if isinstance(event, StepKept):
            assert seen.hooks.weights is not None
            peeks.append((event.step, *seen.hooks.weights()))

    seen.on = on
    bench.run(outside=seen, max_steps=4, eval_steps=2)

    assert seen.hooks.weights is None
    for step, tensors, config in peeks:
        kept = load_file(seen.kept[step] / "adapter_model.safetensors")
        assert kept.keys() == tensors.keys()
        assert all(torch.equal(kept[k], tensors[k]) for k in kept)
        assert config == json.loads((seen.kept[step] / "adapter_config.json").read_text())


def test_prints_nothing(
    bench: Any, rows: Any, capfd: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder
) -> None:
    bench.run(scored=rows(2, seed=2), **THREE)

    captured = capfd.readouterr()
    assert captured.out == ""
    assert captured.err == ""
    assert not [str(w.message) for w in recwarn]


def test_prints_nothing_about_what_trl_will_change(
    bench: Any, capfd: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder
) -> None:
    bench.run(**THREE, trl={"label_smoothing_factor": 0.1})

    captured = capfd.readouterr()
    assert captured.out + captured.err == ""
    assert not [str(w.message) for w in recwarn]


def test_leaves_the_process_as_it_was(bench: Any) -> None:
    before = dict(os.environ), [list(logging.getLogger(n).handlers) for n in ("", "transformers")]
    level = logging.getLogger("transformers").level
    filters = [h.filters[:] for h in logging.getLogger("transformers").handlers]
    bench.run(**THREE)

    assert before == (
        dict(os.environ),
        [list(logging.getLogger(n).handlers) for n in ("", "transformers")],
    )
    assert logging.getLogger("transformers").level == level
    assert [h.filters for h in logging.getLogger("transformers").handlers] == filters


def test_running_out_of_memory_names_the_remedy(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")

    monkeypatch.setattr("ft_magics.training.loss.LabelledHead.loss_sum", full)
    with pytest.raises(MemoryShort, match=r"Set batch: 1 and gradient_accumulation_steps: 2"):
        bench.run(**THREE)
    with pytest.raises(MemoryShort, match="gradient_checkpointing: true"):
        bench.run(**THREE, per_device_train_batch_size=1)


def test_a_paused_run_waits_before_its_first_step(bench: Any) -> None:
    seen = bench.outside()
    seen.control.pause()
    seen.on = lambda e: seen.control.resume() if isinstance(e, RunPaused) else None

    outcome, _ = bench.run(outside=seen, max_steps=2)

    assert outcome.state == "finished"
    assert isinstance(seen.events[0], RunPaused)


def test_a_run_can_follow_another_in_the_same_process(bench: Any) -> None:
    """A full fine-tune between two adapters changes neither them nor the base."""
    _, first = bench.run(**THREE)
    bench.run(**THREE, strategy="full")
    _, second = bench.run(**THREE)

    assert first.bytes(3) == second.bytes(3)


@pytest.mark.gpu
def test_trains_on_the_gpu(bench: Any, rows: Any) -> None:
    assert bench.base.facts.device.startswith("cuda")
    outcome, seen = bench.run(scored=rows(2, seed=1), max_steps=3, lora_dropout=0.1)

    assert outcome.state == "finished"
    assert all(math.isfinite(e.loss) for e in seen.of(StepEnded))
    assert all(e.memory_bytes > 0 for e in seen.of(StepEnded))
    tensors = load_file(seen.kept[3] / "adapter_model.safetensors")
    assert all(t.device.type == "cpu" for t in tensors.values())


def test_leaves_no_files_but_what_the_hooks_wrote(bench: Any) -> None:
    _, seen = bench.run(**THREE)

    assert sorted(p.name for p in seen.folder.iterdir()) == ["steps"]


def test_layers_that_are_not_there_are_refused(bench: Any) -> None:
    with pytest.raises(SettingError, match=r"lora_target_modules.*fit no layer"):
        bench.run(**THREE, lora_target_modules=["q_projection"])
    with pytest.raises(SettingError, match="output layer"):
        bench.run(**THREE, lora_target_modules=["lm_head", "q_proj"])


def test_values_for_trl_reach_it_or_are_refused(bench: Any) -> None:
    _, plain = bench.run(max_steps=3, learning_rate=1e-2)
    _, other = bench.run(max_steps=3, learning_rate=1e-2, trl={"adam_beta1": 0.1})
    assert plain.bytes(3) != other.bytes(3)

    with pytest.raises(SettingError, match="trl"):
        bench.run(**THREE, trl={"label_smoothing_factor": "much", "warmup_ratio": 0.1})


def test_rows_without_a_scored_token_train_nothing(bench: Any, rows: Any) -> None:
    silent = [replace(row, labels=(-100,) * len(row.ids)) for row in rows(2)]
    _, seen = bench.run(rows=silent, max_steps=1)

    assert seen.of(StepEnded)[0].loss == 0


@pytest.mark.real
def test_learns_the_answer_and_where_it_ends(real_bench: Any) -> None:
    real_base = real_bench.base
    made = data.make_dataset("cat", [{"user": q, "assistant": a} for q, a in PAIRS])
    rows = [data.encode(row, real_base.tokenizer) for row in made.rows]
    _, seen = real_bench.run(
        rows=rows, per_device_train_batch_size=4, max_steps=20, learning_rate=2e-3
    )

    losses = [e.loss for e in seen.of(StepEnded)]
    assert losses[0] > 2
    assert losses[-1] < 0.3
    with quiet():
        tuned = PeftModel.from_pretrained(models.share(real_base.model), seen.kept[20]).eval()
    prompt = data.encode_prompt([data.Message("user", PAIRS[0][0])], real_base.tokenizer)
    out = tuned.generate(
        input_ids=torch.tensor([prompt]),
        attention_mask=torch.ones(1, len(prompt), dtype=torch.int64),
        max_new_tokens=40,
        do_sample=False,
    )[0, len(prompt) :].tolist()
    assert out[-1] in data.end_ids(real_base.tokenizer)
    assert "sixteen hours" in real_base.tokenizer.decode(out)
