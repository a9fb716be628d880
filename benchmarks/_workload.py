"""What the benchmarks train and ask: rows, bases, adapters, and a run's outside in memory."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from ft_magics.data import Encoded
    from ft_magics.models import Base
    from ft_magics.training import Hooks, Job

__all__ = [
    "CHAT",
    "MODEL",
    "QUESTION",
    "Watched",
    "adapter_folders",
    "encoded_chat",
    "job",
    "load_base",
    "step_clock",
    "tiny_folder",
]

MODEL = "smollm2-135m-q4"
QUESTION = "How do I get a kitten used to its basket?"

TOPICS = (
    ("a basket", "put the basket where it likes to sleep, leave the door open, and feed it inside"),
    ("a new flat", "give it one quiet room first, and let it explore the others after a few days"),
    ("the vet", "practise short trips, bring its blanket, and ask for an hour with few dogs"),
    ("another cat", "let them smell each other through a closed door before they meet"),
    ("a scratching post", "set it where the cat already scratches, and rub it with catnip"),
    ("brushing", "begin with a minute after a meal, stop before it walks off, and praise it"),
)
ASKS = (
    "How do I get my cat used to {}?",
    "My cat is three years old and wants nothing to do with {}. What would you try first?",
    "I have had two cats before, and neither of them ever minded {}. The one I have now runs off "
    "as soon as it sees what I am up to. Is there a gentle way that takes less than a month?",
    "Tell me in one sentence: {}, and a shy cat?",
)
CHAT = tuple(
    {
        "user": ask.format(topic),
        "assistant": f"With patience: {advice}. Most cats need {3 + i + j} days for {topic}.",
    }
    for i, (topic, advice) in enumerate(TOPICS)
    for j, ask in enumerate(ASKS)
)
"""24 rows of questions and answers, short and long, as a first data set looks."""


def tiny_folder(folder: Path) -> Path:
    """Make a llama of 3 layers with random weights and the real tokenizer; for `--quick`."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from ft_magics import models

    tokenizer = models.load_tokenizer(MODEL)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        tie_word_embeddings=True,
        eos_token_id=tokenizer.eos_token_id,
    )
    torch.manual_seed(0)
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def load_base(quick: bool, scratch: Path) -> Base:
    """SmolLM2-135M, or the tiny model."""
    from ft_magics import models

    return models.load(str(tiny_folder(scratch / "tiny")) if quick else MODEL)


def encoded_chat(tokenizer: Any, *, all_labelled: bool = False) -> list[Encoded]:
    """The rows as our encoder makes them; optionally every token carries loss."""
    from ft_magics import data

    rows = data.make_dataset("chat", CHAT).rows
    encoded = [data.encode(row, tokenizer) for row in rows]
    if all_labelled:
        return [data.Encoded(e.ids, e.ids, e.cut, e.number) for e in encoded]
    return encoded


def job(base: Base, rows: Sequence[Encoded], scratch: Path, **settings: Any) -> Job:
    """A run of our engine, planned as `%%finetune` plans it, without eval rows."""
    from ft_magics import models, training
    from ft_magics.spec import FinetuneSpec

    plan = training.plan(
        FinetuneSpec(**settings),
        lengths=[len(row.ids) for row in rows],
        eval_rows=0,
        base=base.facts,
        device=models.device(),
    )
    return training.Job("bench", plan, rows, (), scratch / "scratch")


def step_clock(step: int, steps: int) -> float:
    """The clock at the end of a step, in seconds.

    On a GPU the first and the last one wait for the work that is still queued; those between do
    not, so that nobody's overlap of processor and GPU is taken away.

    Args:
        step: Counted from 1.
        steps: Steps of the turn.
    """
    import torch

    if step in (1, steps) and torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()


@dataclass
class Watched:
    """A run's outside that keeps when each step ended; kept steps are written as always.

    Attributes:
        scratch: Where kept steps are written.
        steps: Steps of the run.
        on_step: Called at the end of each.
        ended_s: Clock at the end of each step.
        tokens: Tokens of each step, padding not counted.
        losses: Loss of each step.
    """

    scratch: Path
    steps: int
    on_step: Callable[[], None] = lambda: None
    ended_s: list[float] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)

    def hooks(self) -> Hooks:
        """What the engine gets."""
        from ft_magics.training import Control, Hooks

        return Hooks(self._emit, Control(), self._save, threading.Lock())

    def rate(self) -> float:
        """Tokens per second after the first step, which pays for what is made lazily."""
        return sum(self.tokens[1:]) / (self.ended_s[-1] - self.ended_s[0])

    def _emit(self, event: Any) -> None:
        if type(event).__name__ == "StepEnded":
            self.ended_s.append(step_clock(event.step, self.steps))
            self.tokens.append(event.tokens)
            self.losses.append(event.loss)
            self.on_step()

    def _save(self, step: int, write: Callable[[Path], None]) -> None:
        import tempfile

        write(Path(tempfile.mkdtemp(prefix=f"step{step}_", dir=self.scratch)))


def adapter_folders(base: Base, count: int, rank: int, folder: Path) -> list[Path]:
    """Adapters that PEFT itself saved: all linear layers, random weights, each its own."""
    import torch
    from peft import LoraConfig, get_peft_model
    from safetensors.torch import load_file, save_file

    from ft_magics import models

    config = LoraConfig(
        r=rank, lora_alpha=2 * rank, target_modules="all-linear", task_type="CAUSAL_LM"
    )
    first = folder / "adapter0"
    get_peft_model(models.share(base.model), config).save_pretrained(first)
    written = json.loads((first / "adapter_config.json").read_text())
    written["base_model_name_or_path"] = base.facts.name
    draw = torch.Generator().manual_seed(0)
    pattern: dict[str, torch.Tensor] = load_file(first / "adapter_model.safetensors")
    made = []
    for number in range(count):
        here = folder / f"adapter{number}"
        here.mkdir(exist_ok=True)
        tensors = {
            key: (torch.randn(t.shape, generator=draw) * 0.02).to(t.dtype)
            for key, t in pattern.items()
        }
        save_file(tensors, here / "adapter_model.safetensors")
        (here / "adapter_config.json").write_text(json.dumps(written))
        made.append(here)
    base.model.requires_grad_(False)
    return made
