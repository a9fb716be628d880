"""What is written of a run: the published weights of a step, and what a resume needs."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file, save_file

from ft_magics.data.encoding.judged import AnyEncoded, EncodedAnswer, sides_of
from ft_magics.errors import RunError
from ft_magics.training.hooks import Job, Weights
from ft_magics.training.trees import Tree

if TYPE_CHECKING:
    import threading

    from ft_magics.models import Base
    from ft_magics.training.methods.steps import Steps

__all__ = [
    "identity",
    "load_progress",
    "load_reference",
    "load_trained",
    "weights_of",
    "write_checkpoint",
    "write_weights",
]

TRAINED_FILE = "trained.safetensors"
PROGRESS_FILE = "progress.json"
# The names under which the trainer looks for them.
OPTIMIZER_FILE = "optimizer.pt"
SCHEDULER_FILE = "scheduler.pt"
SCALER_FILE = "scaler.pt"
STATE_FILE = "trainer_state.json"
REFERENCE_FILE = "reference.safetensors"


def write_weights(folder: Path, tree: Tree, base: Base) -> None:
    """Write the weights as they are published.

    An adapter: `adapter_config.json` and `adapter_model.safetensors`, which PEFT loads by itself.
    A full fine-tune: config, tokenizer and `model.safetensors` in the base's number format, which
    transformers loads by itself.

    Args:
        folder: Empty.
        tree: What was trained.
        base: What it was trained on.
    """
    if tree.config:
        _write_tensors(folder / "adapter_model.safetensors", tree.tensors)
        (folder / "adapter_config.json").write_text(
            json.dumps(tree.config, indent=2, sort_keys=True) + "\n", encoding="utf-8"
        )
        return
    dtype = next(base.model.parameters()).dtype
    buffers = {
        name: tensor
        for name, tensor in tree.model.state_dict().items()
        if name not in tree.trained and not isinstance(tensor, torch.nn.Parameter)
    }
    shared = {p.data_ptr() for p in tree.trained.values()}
    buffers = {name: t for name, t in buffers.items() if t.data_ptr() not in shared}
    weights = {name: tensor.to(dtype) for name, tensor in tree.tensors.items()}
    _write_tensors(folder / "model.safetensors", {**buffers, **weights})
    # The base's own config: the tree's was changed for training (no cache, no dropout).
    base.model.config.save_pretrained(folder)
    if getattr(base.model, "generation_config", None) is not None:
        base.model.generation_config.save_pretrained(folder)
    base.tokenizer.save_pretrained(folder)


def weights_of(tree: Tree, lock: threading.Lock) -> Weights | None:
    """A function that clones the current adapter between two steps; None in a full fine-tune."""
    if not tree.config:
        return None

    def weights() -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
        with lock:
            return {name: t.clone() for name, t in tree.tensors.items()}, dict(tree.config)

    return weights


def write_checkpoint(
    folder: Path, trainer: Steps, tree: Tree, job: Job, progress: dict[str, Any]
) -> None:
    """Write all that the rest of the run depends on. No random state: the run draws from none.

    Args:
        folder: Empty.
        trainer: Between two steps.
        tree: What is trained.
        job: The run; a resume must be of the same one.
        progress: What our own side remembers, JSON-able.
    """
    assert trainer.optimizer is not None
    assert trainer.lr_scheduler is not None
    _write_tensors(folder / TRAINED_FILE, tree.tensors)
    if reference := trainer.kept_tensors():
        _write_tensors(folder / REFERENCE_FILE, reference)
    torch.save(trainer.optimizer.state_dict(), folder / OPTIMIZER_FILE)
    torch.save(trainer.lr_scheduler.state_dict(), folder / SCHEDULER_FILE)
    if trainer.accelerator.scaler is not None:
        torch.save(trainer.accelerator.scaler.state_dict(), folder / SCALER_FILE)
    trainer.state.save_to_json(str(folder / STATE_FILE))
    kept = {"identity": identity(job), **progress}
    (folder / PROGRESS_FILE).write_text(json.dumps(kept), encoding="utf-8")


def load_progress(job: Job) -> dict[str, Any]:
    """What `write_checkpoint` was given as progress; empty for a run from the start.

    Raises:
        RunError: The checkpoint is incomplete, or of a run with other settings or rows.
    """
    if job.checkpoint is None:
        return {}
    needed = (TRAINED_FILE, OPTIMIZER_FILE, SCHEDULER_FILE, STATE_FILE, PROGRESS_FILE)
    missing = [name for name in needed if not (job.checkpoint / name).is_file()]
    if missing:
        raise RunError(
            job.where, f"the checkpoint lacks {', '.join(missing)}", "Train anew with --fresh."
        )
    progress = json.loads((job.checkpoint / PROGRESS_FILE).read_text(encoding="utf-8"))
    if progress.get("identity") != identity(job):
        raise RunError(
            job.where,
            "the checkpoint was made with other settings or rows",
            "Resume with those it was made with, or train anew with --fresh.",
        )
    return dict(progress)


def load_trained(job: Job) -> dict[str, torch.Tensor]:
    """The trained tensors of the job's checkpoint."""
    assert job.checkpoint is not None
    return load_file(job.checkpoint / TRAINED_FILE)


def load_reference(job: Job) -> dict[str, torch.Tensor]:
    """What the weights of the run's start said of its rows; empty for a run from the start."""
    if job.checkpoint is None or not (job.checkpoint / REFERENCE_FILE).is_file():
        return {}
    return load_file(job.checkpoint / REFERENCE_FILE)


def identity(job: Job) -> str:
    """A hash of all that decides the weights of a run, the base and the parent apart."""
    settings = {
        key: value
        for key, value in job.plan.to_dict().items()
        if key not in ("reasons", "memory_bytes", "memory_free_bytes")
    }
    rows = [_content(row) for row in job.train]
    text = json.dumps([settings, rows], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _content(row: AnyEncoded) -> list[Any]:
    label = [row.label] if isinstance(row, EncodedAnswer) else []
    return [*((side.ids, side.labels) for side in sides_of(row)), *label]


def _write_tensors(path: Path, tensors: dict[str, torch.Tensor]) -> None:
    held = {name: tensor.contiguous().cpu() for name, tensor in tensors.items()}
    save_file(held, path, metadata={"format": "pt"})
