"""KTO is trl's own, on the run's own batches, reference and head."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from trl import KTOConfig, KTOTrainer

from ft_magics import models
from ft_magics.data import EncodedAnswer
from ft_magics.events import Evaluated, RunStarted, StepEnded
from ft_magics.training.batches import DealtOrder
from ft_magics.training.preference_batches import answer_start
from tests.training.methods.ready import Ready, trl_run

MEASURED = ("rewards/chosen", "rewards/rejected", "rewards/margins", "kl")


class Plain(Ready, KTOTrainer):  # type: ignore[misc]
    measured = MEASURED


def columns(batch: Sequence[EncodedAnswer]) -> list[dict[str, Any]]:
    """A batch's rows as trl's own `_prepare_dataset` makes them."""
    found = []
    for row in batch:
        at = answer_start(row.answer)
        ids = list(row.answer.ids)
        found.append({"prompt_ids": ids[:at], "completion_ids": ids[at:], "label": row.label})
    answers = [row["completion_ids"] for row in found]
    rotated = [answers[-1], *answers[:-1]]
    return [row | {"KL_completion_ids": other} for row, other in zip(found, rotated, strict=True)]


def plain_run(bench: Any, rows: Sequence[EncodedAnswer], **settings: Any) -> list[dict[str, float]]:
    """What trl itself gives for the rows of our run, in the order of our run."""
    plan = bench.plan(rows, **{"per_device_train_batch_size": 4, **settings})
    order = DealtOrder([row.label for row in rows], 4, plan.seed)
    made = [row for batch in order for row in columns([rows[i] for i in batch])]
    names = ("loss_type", "desirable_weight", "undesirable_weight")
    own = {name: getattr(plan, name) for name in names}
    return trl_run(bench, plan, Plain, KTOConfig, made, **own)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"loss_type": "apo_zero_unpaired"},
        {"desirable_weight": 1.5},
        {"strategy": "full", "learning_rate": 1e-3},
    ],
    ids=lambda s: ",".join(map(str, s.values())) or "kto",
)
def test_loss_and_rewards_are_trls(bench: Any, answers: Any, settings: dict[str, Any]) -> None:
    settings = {"learning_rate": 5e-3, "max_steps": 4, **settings}
    rows = answers(16)
    _, seen = bench.run(rows=rows, **{"per_device_train_batch_size": 4, **settings})
    ours, theirs = seen.of(StepEnded), plain_run(bench, rows, **settings)
    assert len(ours) == len(theirs) == 4
    for step, told in zip(ours, theirs, strict=True):
        assert step.loss == pytest.approx(told["loss"], rel=1e-4, abs=1e-5)
        assert step.metrics.keys() >= told.keys() - {"loss"}
        for name in told.keys() - {"loss"}:
            assert step.metrics[name] == pytest.approx(told[name], rel=1e-3, abs=1e-4)
    assert any(abs(step.metrics["rewards/margins"]) > 1e-3 for step in ours)


def test_trl_has_the_seams() -> None:
    for name, arguments in (
        ("_prepare_dataset", ("dataset", "processing_class", "args", "dataset_name")),
        ("compute_ref_log_probs", ("model", "inputs")),
        ("_compute_loss", ("model", "inputs", "return_outputs")),
    ):
        assert tuple(inspect.signature(getattr(KTOTrainer, name)).parameters)[1:] == arguments


def test_the_start_is_nothing_and_the_comparison_is_counted(bench: Any, answers: Any) -> None:
    rows = answers(8)
    _, seen = bench.run(rows=rows, scored=answers(6, seed=3), max_steps=2)
    assert seen.of(RunStarted)[0].method == "kto"
    start, first = seen.of(Evaluated)[0], seen.of(StepEnded)[0]
    assert (start.eval_loss, first.loss) == pytest.approx((0.5, 0.5), abs=1e-4)
    for metrics in (start.metrics, first.metrics):
        assert metrics["rewards/margins"] == pytest.approx(0.0, abs=1e-4)
        assert metrics["kl"] == pytest.approx(0.0, abs=1e-4)
    batch = next(iter(DealtOrder([r.label for r in rows], 2, 42)))
    own = sum(len(rows[i].ids) for i in batch)
    # Two rows: each question goes through the model with the other's answer too.
    assert first.tokens == 2 * own


def test_eval_rewards_are_means_over_the_rows_of_a_label(bench: Any, answers: Any) -> None:
    """Worked out by hand, with the weights of the end."""
    scored = answers(7, seed=5)
    _, seen = bench.run(
        rows=answers(8), scored=scored, max_steps=4, learning_rate=5e-3,
        per_device_train_batch_size=3,
    )  # fmt: skip
    end = seen.of(Evaluated)[-1].metrics
    from peft import PeftModel

    tree = PeftModel.from_pretrained(models.share(bench.base.model), seen.kept[4]).eval()
    for label, name in ((True, "rewards/chosen"), (False, "rewards/rejected")):
        rewards = []
        for row in (r.answer for r in scored if r.label is label):
            found = []
            for model in (tree, bench.base.model):
                with torch.no_grad():
                    logits = model(torch.tensor([row.ids])).logits[0].log_softmax(-1)
                kept = enumerate(row.labels[1:])
                found.append(sum(float(logits[i][t]) for i, t in kept if t != -100))
            rewards.append(0.1 * (found[0] - found[1]))
        assert end[name] == pytest.approx(sum(rewards) / len(rewards), abs=1e-4)
    assert end["rewards/margins"] == pytest.approx(
        end["rewards/chosen"] - end["rewards/rejected"], abs=1e-6
    )


def test_desired_answers_of_held_out_rows_get_likelier(bench: Any) -> None:
    """Good answers are of one kind of token, bad ones of another: that carries over."""
    from ft_magics.data import Encoded

    draw = torch.Generator().manual_seed(1)

    def row(number: int, good: bool) -> EncodedAnswer:
        asked = torch.randint(10, 40000, (8,), generator=draw).tolist()
        least = 1000 if good else 2000
        answer = torch.randint(least, least + 10, (6,), generator=draw).tolist()
        ids, labels = (*asked, *answer), (*[-100] * len(asked), *answer)
        return EncodedAnswer(Encoded(tuple(ids), tuple(labels), 0, number), good)

    rows = [row(i, i % 2 == 0) for i in range(24)]
    held = [row(i, i % 2 == 0) for i in range(24, 36)]
    _, seen = bench.run(
        rows=rows, scored=held, max_steps=40, learning_rate=1e-2, per_device_train_batch_size=4
    )
    start, end = seen.of(Evaluated)[0].metrics, seen.of(Evaluated)[-1].metrics
    assert end["logps/chosen"] > start["logps/chosen"] + 0.3
    assert end["logps/rejected"] < start["logps/rejected"]
    assert end["rewards/margins"] > 0.1


def test_a_resume_is_exact(bench: Any, answers: Any) -> None:
    given = {"rows": answers(9), "max_steps": 7, "learning_rate": 1e-3}
    _, whole = bench.run(**given)
    outside = bench.outside()
    outside.on = lambda e: outside.control.stop() if getattr(e, "step", 0) == 3 else None
    bench.run(**given, outside=outside)
    _, rest = bench.run(**given, checkpoint=outside.checkpoint)
    assert [e.loss for e in rest.of(StepEnded)] == [e.loss for e in whole.of(StepEnded)][3:]
    assert rest.bytes(7) == whole.bytes(7)
