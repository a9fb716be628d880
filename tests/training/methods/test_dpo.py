"""DPO is trl's own, on the run's own batches, reference and head."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from trl import DPOConfig, DPOTrainer

from ft_magics import models
from ft_magics.data import Encoded, EncodedPair
from ft_magics.events import (
    Evaluated,
    PhaseBegan,
    RunPaused,
    RunResumed,
    RunStarted,
    StepEnded,
)
from ft_magics.training import Control, Hooks, Job
from ft_magics.training.batches import RowOrder
from ft_magics.training.methods.dpo import Dpo
from ft_magics.training.preference_batches import answer_start
from ft_magics.training.quiet import quiet
from ft_magics.training.random_state import kept_random_states
from ft_magics.training.trees import plant
from tests.training.methods.ready import Ready, trl_run

MEASURED = ("rewards/chosen", "rewards/rejected", "rewards/margins", "rewards/accuracies")


class Plain(Ready, DPOTrainer):  # type: ignore[misc]
    measured = MEASURED


def split(pair: EncodedPair) -> dict[str, list[int]]:
    at = answer_start(pair.chosen)
    return {
        "prompt_ids": list(pair.chosen.ids[:at]),
        "chosen_ids": list(pair.chosen.ids[at:]),
        "rejected_ids": list(pair.rejected.ids[at:]),
    }


def plain_run(bench: Any, pairs: Sequence[EncodedPair], **settings: Any) -> list[dict[str, float]]:
    """What trl itself gives for the rows of our run, in the order of our run."""
    plan = bench.plan(pairs, **{"per_device_train_batch_size": 2, **settings})
    order = [i for batch in RowOrder(len(pairs), 2, plan.seed) for i in batch]
    rows = [split(pairs[i]) for i in order]
    return trl_run(bench, plan, Plain, DPOConfig, rows, loss_type=plan.loss_type.split(","))


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"loss_type": "ipo", "beta": 0.3},
        {"loss_type": "hinge"},
        {"loss_type": "sigmoid,sft", "trl": {"loss_weights": [1.0, 0.5]}},
        {"loss_type": "robust", "trl": {"label_smoothing": 0.1}},
        {"trl": {"ld_alpha": 0.5}},
        {"trl": {"use_weighting": True}},
        {"gradient_accumulation_steps": 2},
        {"strategy": "full", "learning_rate": 1e-3},
    ],
    ids=lambda s: ",".join(map(str, s.values())) or "sigmoid",
)
def test_loss_and_rewards_are_trls(bench: Any, pairs: Any, settings: dict[str, Any]) -> None:
    settings = {"learning_rate": 5e-3, "max_steps": 4, **settings}
    rows = pairs(16)
    _, seen = bench.run(rows=rows, **settings)
    ours, theirs = seen.of(StepEnded), plain_run(bench, rows, **settings)
    assert len(ours) == len(theirs) == 4
    for step, told in zip(ours, theirs, strict=True):
        assert step.loss == pytest.approx(told["loss"], rel=1e-4, abs=1e-5)
        for name in MEASURED[:3]:
            assert step.metrics[name] == pytest.approx(told[name], rel=1e-3, abs=1e-4)
    assert any(abs(step.metrics["rewards/margins"]) > 1e-3 for step in ours)


def test_trl_has_the_seams(bench: Any) -> None:
    for name, arguments in (
        ("_prepare_dataset", ("dataset", "processing_class", "args", "dataset_name")),
        ("compute_ref_log_probs", ("model", "inputs")),
        ("compute_loss", ("model", "inputs", "return_outputs", "num_items_in_batch")),
        ("_compute_loss", ("model", "inputs", "return_outputs")),
    ):
        assert tuple(inspect.signature(getattr(DPOTrainer, name)).parameters)[1:] == arguments


def test_the_first_margins_are_nothing_and_the_tokens_are_counted(bench: Any, pairs: Any) -> None:
    rows = pairs(8)
    _, seen = bench.run(rows=rows, max_steps=3)
    first = seen.of(StepEnded)[0]
    assert first.loss == pytest.approx(0.6931, abs=1e-4)
    assert first.metrics["rewards/margins"] == pytest.approx(0.0, abs=1e-4)
    order = next(iter(RowOrder(8, 2, 42)))
    assert first.tokens == sum(len(side.ids) for i in order for side in rows[i].sides)
    assert seen.of(RunStarted)[0].method == "dpo"


def test_a_second_stage_begins_at_the_parent(bench: Any, pairs: Any) -> None:
    _, first = bench.run(max_steps=6, learning_rate=5e-3)
    parent = first.kept[6]
    rows = pairs(6, seed=4)
    _, second = bench.run(rows=rows, scored=pairs(4, seed=9), parent=parent, max_steps=4)
    _, alone = bench.run(rows=rows, max_steps=4)
    start, step = second.of(Evaluated)[0], second.of(StepEnded)[0]
    for told in (start.metrics, step.metrics):
        for name in MEASURED[:3]:
            assert told[name] == pytest.approx(0.0, abs=1e-4)
    assert step.metrics["logps/chosen"] != pytest.approx(
        alone.of(StepEnded)[0].metrics["logps/chosen"], rel=1e-3
    )


def test_one_adapter_and_one_base_is_all_there_is(bench: Any, pairs: Any) -> None:
    before = models.versions(bench.base.model)
    trainer = make(bench, pairs(4))
    assert list(trainer.model.peft_config) == ["default"]
    own = {p.data_ptr() for p in trainer.tree.trained.values()}
    shared = {p.data_ptr() for p in bench.base.model.parameters()}
    assert {p.data_ptr() for p in trainer.model.parameters()} <= own | shared
    assert {p.data_ptr() for p in trainer.ref_model.parameters()} <= shared
    bench.run(rows=pairs(4), max_steps=2)
    assert models.versions(bench.base.model) == before
    assert not any(p.requires_grad for p in bench.base.model.parameters())


@pytest.mark.parametrize("strategy", ["lora", "full"])
def test_only_what_was_trained_is_kept(bench: Any, pairs: Any, strategy: str) -> None:
    _, seen = bench.run(rows=pairs(4), strategy=strategy, max_steps=2)
    kept = {f.name for f in seen.kept[2].rglob("*")}
    assert not kept & {"ref", "training_args.bin", "optimizer.pt", "trainer_state.json"}
    weights = {"lora": "adapter_model.safetensors", "full": "model.safetensors"}[strategy]
    names = load_file(seen.kept[2] / weights)
    assert not [name for name in names if ".ref." in name or "ref_model" in name]


def test_eval_rows_are_scored_each_once(bench: Any, pairs: Any) -> None:
    """Against the loss and the rewards worked out by hand, with the weights of the end."""
    scored = pairs(5, seed=7)
    _, seen = bench.run(rows=pairs(8), scored=scored, max_steps=4, learning_rate=5e-3)
    end = seen.of(Evaluated)[-1]
    from peft import PeftModel

    def sums(model: Any, row: Encoded) -> float:
        with torch.no_grad():
            found = model(torch.tensor([row.ids])).logits[0].log_softmax(-1)
        return sum(float(found[i][t]) for i, t in enumerate(row.labels[1:]) if t != -100)

    start = [[sums(bench.base.model, s) for s in p.sides] for p in scored]
    tree = PeftModel.from_pretrained(models.share(bench.base.model), seen.kept[4]).eval()
    now = [[sums(tree, s) for s in p.sides] for p in scored]
    rewards = 0.1 * (torch.tensor(now) - torch.tensor(start))
    margins = rewards[:, 0] - rewards[:, 1]
    loss = -torch.nn.functional.logsigmoid(margins).mean()
    assert end.eval_loss == pytest.approx(float(loss), abs=1e-4)
    assert end.metrics["rewards/margins"] == pytest.approx(float(margins.mean()), abs=1e-4)
    assert end.metrics["rewards/accuracies"] == pytest.approx(float((margins > 0).float().mean()))


def test_a_run_of_a_few_steps_asks_about_the_rows_it_will_see(bench: Any, pairs: Any) -> None:
    trainer = make(bench, pairs(12), max_steps=2)
    trainer.prepare()
    known = trainer.reference["train"].isfinite().all(dim=1)
    seen = [i for _, batch in zip(range(2), RowOrder(12, 2, 42), strict=False) for i in batch]
    assert known.nonzero().flatten().tolist() == sorted(seen)
    whole = make(bench, pairs(12), max_steps=50)
    whole.prepare()
    assert whole.reference["train"].isfinite().all()


def test_a_stop_while_the_start_is_asked_ends_the_run(bench: Any, pairs: Any) -> None:
    outside = bench.outside()

    def stop(event: Any) -> None:
        if isinstance(event, PhaseBegan):
            outside.control.stop()

    outside.on = stop
    outcome, seen = bench.run(rows=pairs(6), max_steps=4, outside=outside)
    assert (outcome.state, outcome.step) == ("stopped", 0)
    assert not seen.of(StepEnded)


def test_a_pause_while_the_start_is_asked_holds_it(bench: Any, pairs: Any) -> None:
    outside = bench.outside()
    told: list[str] = []

    def watch(event: Any) -> None:
        told.append(type(event).__name__)
        if isinstance(event, PhaseBegan) and told.count("PhaseBegan") == 1:
            outside.control.pause()
        if isinstance(event, RunPaused):
            threading.Timer(0.05, outside.control.resume).start()

    outside.on = watch
    _, seen = bench.run(rows=pairs(6), max_steps=6, per_device_train_batch_size=1, outside=outside)
    assert [len(seen.of(kind)) for kind in (RunPaused, RunResumed, StepEnded)] == [1, 1, 6]
    assert told.index("RunPaused") < told.index("RunStarted")


@pytest.mark.parametrize("strategy", ["lora", "full"])
def test_a_resume_is_exact(bench: Any, pairs: Any, strategy: str) -> None:
    rows = pairs(6)
    given = {"rows": rows, "strategy": strategy, "max_steps": 6, "learning_rate": 1e-3}
    _, whole = bench.run(**given)
    outside = bench.outside()
    outside.on = lambda e: outside.control.stop() if getattr(e, "step", 0) == 3 else None
    bench.run(**given, outside=outside)
    _, rest = bench.run(**given, checkpoint=outside.checkpoint)
    assert [e.step for e in rest.of(StepEnded)] == [4, 5, 6]
    assert [e.loss for e in rest.of(StepEnded)] == [e.loss for e in whole.of(StepEnded)][3:]
    assert not rest.of(PhaseBegan)
    name = {"lora": "adapter_model.safetensors", "full": "model.safetensors"}[strategy]
    ours, theirs = (load_file(seen.kept[6] / name) for seen in (rest, whole))
    assert all(torch.equal(ours[key], theirs[key]) for key in theirs)


def make(bench: Any, rows: Any, **settings: Any) -> Dpo:
    from ft_magics.training.callbacks import Progress
    from ft_magics.training.methods.dpo import make_trainer

    settings.setdefault("per_device_train_batch_size", 2)
    job = Job("x", bench.plan(rows, **settings), rows, [], bench.folder / "scratch")
    with quiet():
        tree = plant(job, bench.base)
    hooks = Hooks(lambda e: None, Control(), lambda s, w: None, threading.Lock())
    progress = Progress(job, hooks, tree, bench.base, {})
    with kept_random_states(), quiet():
        return make_trainer(job, bench.base, hooks, tree, progress)
