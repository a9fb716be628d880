"""Tokens per second of SFT with LoRA: ours, a loop written by hand, and trl's SFTTrainer.

All train the same rows (the same ids and labels) on the same frozen weights with the same LoRA
config, in one process, turn by turn. Counted are tokens without padding, from the end of the first
step to the end of the last.

- ours: `ft_magics.training.train`, with its events and its kept step.
- by hand: what a person writes in ten minutes. PEFT's injected LoRA, torch's AdamW, the loss of
  `model(input_ids, attention_mask, labels)`, which scores every position; clipping as ours has it.
  It gets our very batches, in our order, and begins with our adapter, so the losses must be equal.
- by hand, sharper: the same loop, the language model head on labelled positions only, no mask.
  What is left between it and ours is what our machinery around a step costs.
- trl: SFTTrainer on the same ids and labels with the defaults of its config (among them
  checkpointing of activations), but for what must be set to compare at all: batch size, steps, and
  bf16 off on a CPU, where it would take twenty times as long. Its own order of rows.
- trl, no checkpointing: the same, activations kept, as ours keeps them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from _measure import Report, interleaved, options
from _workload import Watched, encoded_chat, job, load_base, step_clock

BATCH = 4
RATE = 1e-3
STRICT = "by hand, sharper"


class Contest:
    """The contenders on one base and one list of rows.

    Args:
        base: The loaded base.
        rows: Rows as token ids and labels.
        steps: Optimizer steps of a turn; the first is not counted.
        scratch: A folder for what is written.
        batch: Rows in a step.
    """

    def __init__(
        self, base: Any, rows: Sequence[Any], steps: int, scratch: Path, batch: int = BATCH
    ) -> None:
        self.base, self.rows, self.steps, self.scratch = base, rows, steps, scratch
        self.device = next(base.model.parameters()).device
        self.job = job(
            base,
            rows,
            scratch,
            per_device_train_batch_size=batch,
            gradient_accumulation_steps=1,
            gradient_checkpointing=False,
            max_steps=steps,
            learning_rate=RATE,
            lr_scheduler_type="constant",
            warmup_steps=0,
        )
        self.losses: dict[str, list[float]] = {}

    def ours(self) -> float:
        """Our engine; tokens per second, as for all contenders."""
        from ft_magics.training import train

        watched = Watched(self.scratch, self.steps)
        train(self.job, self.base, watched.hooks())
        self.losses["ours"] = watched.losses
        return watched.rate()

    def by_hand(self) -> float:
        """The obvious loop."""
        return self._loop("by hand", _obvious_loss)

    def sharper(self) -> float:
        """The loop with the head on labelled positions only."""
        return self._loop(STRICT, _labelled_loss)

    def _loop(self, name: str, loss_of: Callable[[Any, Any], Any]) -> float:
        import torch

        model = self._peft_model()
        batches = self._our_batches()
        trained = [p for p in model.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(trained, lr=RATE, weight_decay=self.job.plan.weight_decay)
        model.train()
        ended, losses = [], []
        for batch in batches:
            batch = {k: v.to(self.device) for k, v in batch.items()}
            with torch.autocast(self.device.type, enabled=self._half, dtype=torch.bfloat16):
                loss = loss_of(model, batch)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(trained, self.job.plan.max_grad_norm)
            optimizer.step()
            optimizer.zero_grad()
            losses.append(loss.item())
            ended.append(step_clock(len(ended) + 1, self.steps))
        self.losses[name] = losses
        tokens = sum(int(batch["attention_mask"].sum()) for batch in batches[1:])
        return tokens / (ended[-1] - ended[0])

    @property
    def _half(self) -> bool:
        return self.base.facts.dtype == "bfloat16"

    def _our_batches(self) -> list[dict[str, Any]]:
        """The rows of our steps, padded; made before the clock starts, in the hand's favour."""
        from ft_magics.training.batches import RowOrder, TrainLoader, collate

        pad, plan = self.base.tokenizer.pad_token_id, self.job.plan
        order = RowOrder(len(self.rows), plan.per_device_train_batch_size, plan.seed)
        loader = TrainLoader(self.rows, order, lambda chosen: collate(chosen, pad))
        batches: list[dict[str, Any]] = []
        epoch = 0
        while len(batches) < self.steps:
            loader.set_epoch(epoch)
            batches += list(loader)
            epoch += 1
        return batches[: self.steps]

    def _peft_model(self) -> Any:
        """PEFT's own LoRA on a tree of its own, its start copied from our run's."""
        import torch
        from peft import get_peft_model

        from ft_magics import models
        from ft_magics.training.trees import plant

        start = plant(self.job, self.base).tensors
        model = get_peft_model(models.share(self.base.model), self._lora())
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if parameter.requires_grad:
                    parameter.data = start[name.replace(".default", "")].clone()
        return model

    def apart(self) -> float:
        """The largest relative difference between the losses of ours and of the loops by hand."""
        ours = self.losses["ours"]
        return max(
            abs(a - b) / abs(b)
            for theirs in self.losses.values()
            for a, b in zip(ours, theirs, strict=True)
        )

    def _lora(self) -> Any:
        from peft import LoraConfig

        plan = self.job.plan
        return LoraConfig(
            r=plan.lora_r,
            lora_alpha=plan.lora_alpha,
            lora_dropout=plan.lora_dropout,
            target_modules=plan.lora_target_modules,
            task_type="CAUSAL_LM",
        )

    def trl(self) -> float:
        """SFTTrainer with the defaults of its config."""
        return self._trl()

    def trl_without_checkpointing(self) -> float:
        """SFTTrainer, activations kept."""
        return self._trl(activation_checkpointing=False)

    def _trl(self, **changed: Any) -> float:
        ended: list[float] = []
        seen: list[int] = []
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            trainer = self._sft_trainer(folder, ended, seen, changed)
            trainer.train()
        return sum(seen[1:]) / (ended[-1] - ended[0])

    def _sft_trainer(
        self, folder: str, ended: list[float], seen: list[int], changed: dict[str, Any]
    ) -> Any:
        """Trl's own trainer, which notes when each step ended and how many tokens it saw."""
        from datasets import Dataset
        from transformers import PrinterCallback, TrainerCallback
        from trl import SFTConfig, SFTTrainer

        from ft_magics import models

        steps = self.steps

        class Clock(TrainerCallback):
            def on_step_end(self, *_: Any, **__: Any) -> None:
                ended.append(step_clock(len(ended) + 1, steps))

        class Counting(SFTTrainer):
            """Counts the tokens of a batch on its way to the model."""

            def training_step(self, model: Any, inputs: Any, *rest: Any, **named: Any) -> Any:
                seen.append(int(inputs["attention_mask"].sum()))
                return super().training_step(model, inputs, *rest, **named)

        on_cpu = self.device.type == "cpu"
        args = SFTConfig(
            output_dir=folder,
            per_device_train_batch_size=self.job.plan.per_device_train_batch_size,
            max_steps=steps,
            report_to="none",
            disable_tqdm=True,
            save_strategy="no",
            use_cpu=on_cpu,
            **({"bf16": False} if on_cpu else {}),
            **changed,
        )
        ids, labels = [list(r.ids) for r in self.rows], [list(r.labels) for r in self.rows]
        trainer = Counting(
            model=models.share(self.base.model),
            args=args,
            train_dataset=Dataset.from_dict({"input_ids": ids, "labels": labels}),
            processing_class=self.base.tokenizer,
            peft_config=self._lora(),
            callbacks=[Clock()],
        )
        trainer.remove_callback(PrinterCallback)
        return trainer


def _obvious_loss(model: Any, batch: Any) -> Any:
    return model(
        input_ids=batch["input_ids"],
        attention_mask=batch["attention_mask"],
        labels=batch["labels"],
    ).loss


def _labelled_loss(model: Any, batch: Any) -> Any:
    from torch.nn import functional

    inner = model.get_base_model()
    hidden = inner.model(input_ids=batch["input_ids"], use_cache=False).last_hidden_state
    chosen = hidden.reshape(-1, hidden.shape[-1])[batch["positions"]]
    return functional.cross_entropy(inner.lm_head(chosen).float(), batch["targets"])


def main(argv: list[str] | None = None) -> Report:
    said = options(__doc__, argv)
    report = Report("SFT with LoRA r=16 on all linear layers, batch 4", said.quick)
    with tempfile.TemporaryDirectory() as folder:
        measure(report, Path(folder), said.quick)
    report.finish(said.json)
    return report


def measure(report: Report, scratch: Path, quick: bool) -> None:
    base = load_base(quick, scratch)
    rounds, steps = (1, 2) if quick else (3, 4)
    chat = Contest(base, encoded_chat(base.tokenizer), steps, scratch)
    found = interleaved(
        {
            "ours": chat.ours,
            "by hand": chat.by_hand,
            STRICT: chat.sharper,
            "trl": chat.trl,
            "trl, no checkpointing": chat.trl_without_checkpointing,
        },
        rounds,
    )
    share = sum(row.trained for row in chat.rows) / sum(len(row.ids) for row in chat.rows)
    report.compare(
        f"chat rows, {share:.0%} of tokens labelled", found, "tokens/s", {"by hand": ">= 0.95"}
    )
    whole = Contest(base, encoded_chat(base.tokenizer, all_labelled=True), steps, scratch)
    found = interleaved({"ours": whole.ours, "by hand": whole.by_hand}, rounds)
    report.compare("the same rows, every token labelled", found, "tokens/s", {"by hand": ">= 0.95"})
    for contest, what in ((chat, "chat"), (whole, "every token")):
        apart = contest.apart()
        report.remarks.append(
            f"{what}: losses of ours and by hand differ by at most {apart:.1e} in {steps} steps"
        )
        if apart > 1e-3:
            raise RuntimeError("the loops trained different things: there is nothing to compare")


if __name__ == "__main__":
    main()
