"""Time per DPO step with LoRA: ours, and trl's DPOTrainer.

All train the same pairs (the same ids) on the same frozen weights from the same adapter, in one
process, turn by turn, in the order of our run. A step is timed from the end of the first one to the
end of the last; what is done before the first step (ours asks the model as it is about every row,
trl with `precompute_ref_log_probs` too) is counted in the lines called «in all».

- ours: `ft_magics.training.train`, with its events and its kept step.
- trl: DPOTrainer with the defaults of its config (checkpointing of activations, the reference asked
  in each step by switching the adapter off), but for what must be set to compare at all: batch
  size, steps, learning rate, and bf16 off on a CPU.
- trl, no checkpointing: the same, activations kept, as ours keeps them.
- trl, precomputed: without checkpointing, and with the reference computed before the first step.

The margins of all must be equal, else there is nothing to compare.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from _measure import Report, interleaved, options
from _workload import CHAT, Watched, load_base, step_clock

BATCH = 4
RATE = 1e-4
CURT = "No idea. Just give it time, I guess."


def encoded_pairs(tokenizer: Any) -> list[Any]:
    """The chat rows as pairs: the full answer is better than a curt one."""
    from ft_magics import data

    pairs = [
        {"prompt": row["user"], "chosen": row["assistant"], "rejected": f"{CURT} {i}"}
        for i, row in enumerate(CHAT)
    ]
    rows = data.make_dataset("pairs", pairs).rows
    chats = [chat for row in rows for chat in data.conversations(row)]
    return data.joined(rows, data.encode_rows(chats, tokenizer))


class Contest:
    """The contenders on one base and one list of pairs.

    Args:
        base: The loaded base.
        pairs: Pairs as token ids and labels.
        steps: Optimizer steps of a turn; the first is not counted.
        scratch: A folder for what is written.
    """

    def __init__(self, base: Any, pairs: Sequence[Any], steps: int, scratch: Path) -> None:
        from ft_magics import models, training
        from ft_magics.spec import FinetuneSpec
        from ft_magics.training.batches import RowOrder

        self.base, self.pairs, self.steps, self.scratch = base, pairs, steps, scratch
        self.on_cpu = next(base.model.parameters()).device.type == "cpu"
        plan = training.plan(
            FinetuneSpec(
                per_device_train_batch_size=BATCH,
                gradient_accumulation_steps=1,
                gradient_checkpointing=False,
                max_steps=steps,
                learning_rate=RATE,
                lr_scheduler_type="constant",
                warmup_steps=0,
            ),
            lengths=[len(pair.ids) for pair in pairs],
            eval_rows=0,
            base=base.facts,
            device=models.device(),
            method="dpo",
        )
        self.job = training.Job("bench", plan, pairs, (), scratch / "scratch")
        order = RowOrder(len(pairs), BATCH, plan.seed)
        self.order = []
        for epoch in range(-(-steps // len(order))):
            order.set_epoch(epoch)
            self.order += [i for batch in order for i in batch]
        self.margins: dict[str, list[float]] = {}
        self.whole_ms: dict[str, list[float]] = {}

    def ours(self) -> float:
        """Our engine; milliseconds a step, as for all contenders."""
        from ft_magics.training import train

        margins: list[float] = []

        class Margins(Watched):
            def _emit(self, event: Any) -> None:
                super()._emit(event)
                if type(event).__name__ == "StepEnded":
                    margins.append(event.metrics["rewards/margins"])

        watched = Margins(self.scratch, self.steps)
        began = time.perf_counter()
        train(self.job, self.base, watched.hooks())
        self.whole_ms.setdefault("ours", []).append(1000 * (time.perf_counter() - began))
        self.margins["ours"] = margins
        return 1000 * (watched.ended_s[-1] - watched.ended_s[0]) / (self.steps - 1)

    def trl(self) -> float:
        """DPOTrainer with the defaults of its config."""
        return self._trl("trl")

    def trl_without_checkpointing(self) -> float:
        """DPOTrainer, activations kept."""
        return self._trl("trl, no checkpointing", gradient_checkpointing=False)

    def trl_precomputed(self) -> float:
        """DPOTrainer, activations kept and the reference computed before."""
        return self._trl(
            "trl, precomputed", gradient_checkpointing=False, precompute_ref_log_probs=True
        )

    def _trl(self, name: str, **changed: Any) -> float:
        ended: list[float] = []
        margins: list[float] = []
        began = time.perf_counter()
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            self._trainer(folder, ended, margins, changed).train()
        self.whole_ms.setdefault(name, []).append(1000 * (time.perf_counter() - began))
        self.margins[name] = margins
        return 1000 * (ended[-1] - ended[0]) / (self.steps - 1)

    def _trainer(
        self, folder: str, ended: list[float], margins: list[float], changed: dict[str, Any]
    ) -> Any:
        """Trl's own trainer on ready ids, which notes when each step ended and its margin."""
        from datasets import Dataset
        from transformers import PrinterCallback, TrainerCallback
        from trl import DPOConfig, DPOTrainer

        from ft_magics.training.preference_batches import answer_start
        from ft_magics.training.trees import plant

        steps = self.steps

        class Clock(TrainerCallback):
            def on_step_end(self, *_: Any, **__: Any) -> None:
                ended.append(step_clock(len(ended) + 1, steps))

        class Ready(DPOTrainer):
            def _prepare_dataset(self, dataset: Any, *_: Any) -> Any:
                return dataset

            def compute_loss(self, *given: Any, **named: Any) -> Any:
                loss = super().compute_loss(*given, **named)
                margins.append(self._metrics["train"]["rewards/margins"][-1])
                return loss

        rows = []
        for pair in (self.pairs[i] for i in self.order):
            at = answer_start(pair.chosen)
            sides = [list(side.ids) for side in pair.sides]
            # What follows the end of the answer is not trained: the rows are cut there.
            last = [max(i for i, t in enumerate(side.labels) if t != -100) for side in pair.sides]
            chosen, rejected = (ids[at : end + 1] for ids, end in zip(sides, last, strict=True))
            rows.append(
                {"prompt_ids": sides[0][:at], "chosen_ids": chosen, "rejected_ids": rejected}
            )
        args = DPOConfig(
            output_dir=folder,
            per_device_train_batch_size=BATCH,
            max_steps=steps,
            learning_rate=RATE,
            lr_scheduler_type="constant",
            train_sampling_strategy="sequential",
            report_to="none",
            disable_tqdm=True,
            save_strategy="no",
            use_cpu=self.on_cpu,
            **({"bf16": False} if self.on_cpu else {}),
            **changed,
        )
        trainer = Ready(
            model=plant(self.job, self.base).model,
            args=args,
            train_dataset=Dataset.from_list(rows),
            processing_class=self.base.tokenizer,
            callbacks=[Clock()],
        )
        trainer.remove_callback(PrinterCallback)
        return trainer

    def apart(self) -> float:
        """The largest difference between the margins of ours and of trl's, in a turn."""
        ours = self.margins["ours"]
        return max(
            abs(a - b)
            for theirs in self.margins.values()
            for a, b in zip(ours, theirs, strict=True)
        )


def main(argv: list[str] | None = None) -> Report:
    said = options(__doc__, argv)
    report = Report("DPO with LoRA r=16 on all linear layers, batches of 4 pairs", said.quick)
    with tempfile.TemporaryDirectory() as folder:
        measure(report, Path(folder), said.quick)
    report.finish(said.json)
    return report


def measure(report: Report, scratch: Path, quick: bool) -> None:
    base = load_base(quick, scratch)
    # Six batches of four pairs are one epoch: the case in which asking beforehand saves least.
    rounds, steps = (1, 3) if quick else (3, 6)
    contest = Contest(base, encoded_pairs(base.tokenizer), steps, scratch)
    found = interleaved(
        {
            "ours": contest.ours,
            "trl": contest.trl,
            "trl, no checkpointing": contest.trl_without_checkpointing,
            "trl, precomputed": contest.trl_precomputed,
        },
        rounds,
    )
    report.compare("a step", found, "ms", {"trl": ">= 1.3"}, less_is_more=True)
    whole = f"{steps} steps in all (one epoch)"
    report.compare(whole, contest.whole_ms, "ms", less_is_more=True)
    apart, largest = contest.apart(), max(map(abs, contest.margins["ours"]))
    report.remarks.append(
        f"margins of ours and of trl's differ by at most {apart:.1e} in {steps} steps, "
        f"and reach {largest:.2g}"
    )
    if apart > max(1e-3, 0.02 * largest):
        raise RuntimeError("the trainers learned different things: there is nothing to compare")


if __name__ == "__main__":
    main()
