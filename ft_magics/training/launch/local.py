"""A run in this process, in whichever thread calls."""

from __future__ import annotations

import contextlib
import gc
import importlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from ft_magics.errors import FtError, MemoryShort, RunError
from ft_magics.events import Notice, RunPaused, RunResumed
from ft_magics.models import Base
from ft_magics.training.callbacks import Progress
from ft_magics.training.control import Control, StopNow
from ft_magics.training.hooks import Hooks, Job, Outcome
from ft_magics.training.methods.steps import Steps
from ft_magics.training.quiet import quiet
from ft_magics.training.random_state import kept_random_states
from ft_magics.training.saving import load_progress, weights_of
from ft_magics.training.trees import Tree, plant

__all__ = ["train"]

_METHODS = {
    "sft": "ft_magics.training.methods.sft",
    "dpo": "ft_magics.training.methods.dpo",
    "kto": "ft_magics.training.methods.kto",
}
"""Method -> the module whose `make_trainer` builds it; imported when it is first used."""


def train(job: Job, base: Base, hooks: Hooks) -> Outcome:
    """Do a run from its first step, or its checkpoint, to its end. Blocks.

    The base is unchanged, and so are the global random states, except for the moment of set-up in
    which they are reseeded and put back.

    Args:
        job: What to do.
        base: The loaded base; its weights are shared with an adapter's run.
        hooks: How the run reaches the outside.

    Returns:
        How it ended.

    Raises:
        SettingError: A setting that only the trainer could refuse.
        AdapterError: The parent does not fit.
        RunError: The loss is not a number any more, the checkpoint is of another run, or the
            libraries below failed.
        MemoryShort: The device ran out of memory.
    """
    if not job.train:
        raise RunError(job.where, "there are no rows to train on", "Add rows to the data set.")
    try:
        with quiet(), _told_in_words(job):
            return _train(job, base, hooks)
    finally:
        # Here the trainer is out of reach; it, its model and its optimizer hold one another in
        # circles, which would otherwise keep their memory until Python happens to look.
        gc.collect()
        if torch.cuda.is_initialized():
            torch.cuda.empty_cache()


def _train(job: Job, base: Base, hooks: Hooks) -> Outcome:
    remembered = load_progress(job)
    tree = plant(job, base)
    for text in tree.notices:
        hooks.emit(Notice(text=text))
    if job.plan.trl.get("neftune_noise_alpha"):
        text = "neftune draws from the shared random state: this run will not repeat exactly"
        hooks.emit(Notice(text=text, severity="warning"))
    progress = Progress(job, hooks, tree, base, remembered)
    with kept_random_states():
        method = importlib.import_module(_METHODS[job.plan.method])
        trainer = method.make_trainer(job, base, hooks, tree, progress)
    hooks.weights = weights_of(tree, hooks.step_lock)
    try:
        return _run(job, hooks, trainer, tree, progress)
    finally:
        hooks.weights = None
        progress.release()
        with contextlib.suppress(OSError):
            job.folder.rmdir()


def _run(job: Job, hooks: Hooks, trainer: Steps, tree: Tree, progress: Progress) -> Outcome:
    try:
        at = progress.kept_step
        hooks.control.hold(
            lambda: hooks.emit(RunPaused(step=at)), lambda: hooks.emit(RunResumed(step=at))
        )
        if not hooks.control.ending:
            with _watched(tree.model, hooks.control):
                trainer.prepare()
                if not hooks.control.ending:
                    trainer.train(resume_from_checkpoint=_path(job))
    except StopNow:
        # Nothing more to do: what was kept before is on disk.
        pass
    state = "finished" if progress.finished and hooks.control.wanted != "now" else "stopped"
    return Outcome(state, progress.kept_step, progress.best_step)  # type: ignore[arg-type]


@contextlib.contextmanager
def _watched(model: nn.Module, control: Control) -> Iterator[None]:
    """Ask before each layer, forward and backward, whether to leave at once.

    A step may take seconds; a layer takes milliseconds. The exception leaves through the autograd
    engine unharmed, and the optimizer's step is not entered.
    """

    def look(_: torch.Tensor) -> None:
        control.check()

    def before(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        control.check()
        hidden = args[0] if args else kwargs.get("hidden_states")
        if isinstance(hidden, torch.Tensor) and hidden.requires_grad:
            # On the tensor: a module's backward hook would wrap every output in a node of its own.
            hidden.register_hook(look)

    lists = [m for m in model.modules() if isinstance(m, nn.ModuleList)]
    layers = max(lists, key=len, default=nn.ModuleList())
    handles = [layer.register_forward_pre_hook(before, with_kwargs=True) for layer in layers]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextlib.contextmanager
def _told_in_words(job: Job) -> Iterator[None]:
    """Turn what the libraries raise into errors with a remedy."""
    try:
        yield
    except FtError:
        raise
    except (torch.OutOfMemoryError, RuntimeError) as error:
        if not _is_memory(error):
            raise
        plan = job.plan
        batch = plan.per_device_train_batch_size
        if batch > 1:
            remedy = f"Set batch: {batch // 2} and gradient_accumulation_steps: "
            remedy += f"{plan.gradient_accumulation_steps * 2}."
        elif not plan.gradient_checkpointing:
            remedy = "Set gradient_checkpointing: true."
        else:
            remedy = "Lower max_length, or take a smaller model."
        raise MemoryShort(job.where, "the device ran out of memory", remedy) from error


def _path(job: Job) -> str | None:
    return str(job.checkpoint) if job.checkpoint else None


def _is_memory(error: BaseException) -> bool:
    text = str(error)
    return isinstance(error, torch.OutOfMemoryError) or (
        "DefaultCPUAllocator" in text or "out of memory" in text
    )
