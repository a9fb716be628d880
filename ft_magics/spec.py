"""What a user may set: typed, with units, checked on construction.

A settings class is a frozen dataclass; each field is followed by its sentence, which is also its
`--help`. None means «chosen from the hardware and the data, and told». Names are trl's and
transformers' own; short aliases and the spellings of other trainers are understood.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from ft_magics.errors import SettingError

__all__ = ["FORMATS", "REPAIRS", "FinetuneSpec", "GenerateSpec", "Ref", "check_name"]

NAME_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
RESERVED = frozenset({"base"})

FORMATS = ("messages", "prompt-completion", "alpaca", "sharegpt", "openai")
"""How a data set can be written."""

REPAIRS = (
    "turns",
    "encoding",
    "line-ends",
    "hidden-characters",
    "white-space",
    "code-fences",
    "equal-sides",
    "duplicates",
)
"""The safe repairs of rows."""


def check_name(name: str, where: str) -> str:
    """Return a name that can be kept.

    Raises:
        SettingError: It is reserved, or has characters that a file or a reference cannot hold.
    """
    if name in RESERVED:
        raise SettingError(where, f"the name '{name}' is reserved", "Choose another name.")
    if not NAME_PATTERN.fullmatch(name):
        raise SettingError(
            where,
            f"'{name}' is not a name",
            "Use up to 64 letters, digits, - and _, beginning with a letter or a digit.",
        )
    return name


@dataclass(frozen=True)
class Ref:
    """A model as a user names it: `base`, `ollie`, `ollie~1`, `ollie@84`, `ollie@now`."""

    name: str
    back: int = 0
    """Versions before the newest one."""
    step: int | Literal["now"] | None = None
    """A kept step; `now` is the current step of a run in progress."""

    @classmethod
    def read(cls, text: str, where: str) -> Ref:
        """Read a reference.

        Raises:
            SettingError: It is not of the form NAME, NAME~N, NAME@STEP or NAME@now.
        """
        found = re.fullmatch(rf"({NAME_PATTERN.pattern})(?:~(\d+))?(?:@(\d+|now))?", text)
        if not found:
            raise SettingError(
                where, f"'{text}' names no model", "Write base, NAME, NAME~1, NAME@84 or NAME@now."
            )
        name, back, step = found.groups()
        if name in RESERVED and text != name:
            raise SettingError(where, f"{name} has no versions and no steps", f"Write {name}.")
        at: int | Literal["now"] | None = None
        if step is not None:
            at = "now" if step == "now" else int(step)
        return cls(name, int(back or 0), at)

    def __str__(self) -> str:
        back = f"~{self.back}" if self.back else ""
        return f"{self.name}{back}{'' if self.step is None else f'@{self.step}'}"


@dataclass(frozen=True, kw_only=True)
class FinetuneSpec:
    """Settings of `%%finetune` and `ft.finetune`."""

    data: str | None = None
    """Name of the data set to train on; not needed where the rows stand in the cell."""
    golden: str | None = None
    """Name of the golden set; the data set's own name is used by itself."""
    train_on_golden: bool = False
    """Also train on rows that are golden questions; they are taken out unless this is set."""
    method: Literal["sft", "dpo", "kto"] | None = None
    """How to train; found from the kind of the rows."""
    strategy: Literal["auto", "lora", "qlora", "full"] = "auto"
    """What is trained: a small adapter (lora), the same on a 4-bit base (qlora), or every weight (full)."""
    model: str | None = None
    """The base model: a built-in name, a hub id, a folder, or a GGUF file."""
    model_revision: str | None = None
    """Commit, tag or branch of a hub model."""
    trust_remote_code: bool = False
    """Run Python code that comes with the model; only for a model whose code you have read."""
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """Number format of the base weights; bfloat16 only where the hardware has it."""
    after: str | None = None
    """Adapter to start from, for a second stage."""
    learning_rate: float | None = None
    """Peak step size of the optimizer; 2e-4 to 2e-3 for LoRA, 1e-5 to 1e-4 for full."""
    num_train_epochs: float | None = None
    """How often each row is seen."""
    max_steps: int | None = None
    """Optimizer steps; overrides num_train_epochs."""
    per_device_train_batch_size: int | None = None
    """Rows in one forward pass on one device."""
    gradient_accumulation_steps: int | None = None
    """Forward passes for one optimizer step."""
    max_length: int | None = None
    """Longest row in tokens; a longer row is cut at its end, and the data card says so."""
    lr_scheduler_type: str | None = None
    """How the learning rate moves: cosine, linear, constant, constant_with_warmup …"""
    warmup_steps: float | None = None
    """Steps of rising learning rate; below 1 it is a share of all steps."""
    weight_decay: float = 0.0
    """Pull of the weights towards zero, per step, in units of the learning rate."""
    max_grad_norm: float = 1.0
    """Gradients longer than this are shortened to it."""
    optim: str = "adamw_torch"
    """Optimizer, by transformers' name for it."""
    gradient_checkpointing: bool | None = None
    """Recompute activations in the backward pass: less memory, about a third slower."""
    seed: int = 42
    """Start of every random choice of the run."""
    eval_steps: int | None = None
    """Optimizer steps between two looks at the eval rows; once an epoch unless set."""
    lora_r: int | None = None
    """Rank of the adapter: its size, and how much it can learn; 16, and more for very many rows."""
    lora_alpha: float | None = None
    """Scale of the adapter, divided by lora_r; twice lora_r unless set."""
    lora_dropout: float = 0.0
    """Share of the adapter's inputs dropped in training, against overfitting."""
    lora_target_modules: list[str] | str = "all-linear"
    """Which layers get an adapter: all-linear, or a list such as [q_proj, v_proj]."""
    beta: float | None = None
    """For preferences: how strongly the model is held to its start; 0.1 unless set."""
    loss_type: str | None = None
    """Which loss of trl's: nll or dft; for pairs sigmoid, ipo, hinge …; for labels kto."""
    desirable_weight: float | None = None
    """For labels: weight of answers marked good; 1, and more where they are few."""
    undesirable_weight: float | None = None
    """For labels: weight of answers marked bad; 1, and more where they are few."""
    trl: dict[str, Any] | None = None
    """Any other field of trl's config, its name checked against the installed trl."""

    aliases: ClassVar[dict[str, str]] = {
        "lr": "learning_rate",
        "epochs": "num_train_epochs",
        "batch": "per_device_train_batch_size",
        "batch_size": "per_device_train_batch_size",
        "rank": "lora_r",
    }
    foreign: ClassVar[dict[str, str]] = {
        "num_epochs": "num_train_epochs",
        "n_epochs": "num_train_epochs",
        "micro_batch_size": "per_device_train_batch_size",
        "train_batch_size": "per_device_train_batch_size",
        "grad_accum": "gradient_accumulation_steps",
        "cutoff_len": "max_length",
        "sequence_len": "max_length",
        "max_seq_length": "max_length",
        "max_seq_len": "max_length",
        "base_model": "model",
        "model_name_or_path": "model",
        "model_name": "model",
        "lora_rank": "lora_r",
        "r": "lora_r",
        "lora_target": "lora_target_modules",
        "target_modules": "lora_target_modules",
        "lora_target_linear": "lora_target_modules",
        "lr_scheduler": "lr_scheduler_type",
        "optimizer": "optim",
        "pref_beta": "beta",
        "dpo_beta": "beta",
        "pref_loss": "loss_type",
        "warmup_ratio": "warmup_steps",
        "finetuning_type": "strategy",
        "stage": "method",
        "torch_dtype": "dtype",
        "datasets": "data",
        "dataset": "data",
    }

    def __post_init__(self) -> None:
        """Refuse values that cannot work, before anything is spent."""
        for name in (
            "num_train_epochs",
            "max_steps",
            "per_device_train_batch_size",
            "gradient_accumulation_steps",
            "eval_steps",
            "lora_r",
            "lora_alpha",
            "max_grad_norm",
            "learning_rate",
            "beta",
            "desirable_weight",
            "undesirable_weight",
        ):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise SettingError("", f"{name} is {value}", "It must be above 0.")
        if self.max_length is not None and self.max_length < 8:
            raise SettingError(
                "", f"max_length is {self.max_length}", "It must be at least 8 tokens."
            )
        if not 0 <= self.lora_dropout < 1:
            raise SettingError(
                "", f"lora_dropout is {self.lora_dropout}", "It must be from 0 to below 1."
            )
        if self.learning_rate is not None and self.learning_rate > 1:
            raise SettingError(
                "",
                f"learning_rate is {self.learning_rate}",
                "A step size above 1 destroys the model; try 2e-4.",
            )
        if self.warmup_steps is not None and self.warmup_steps < 0:
            raise SettingError("", f"warmup_steps is {self.warmup_steps}", "It cannot be negative.")


@dataclass(frozen=True, kw_only=True)
class GenerateSpec:
    """Settings of `%%prompt` and `ft.prompt`."""

    max_new_tokens: int = 256
    """Longest answer in tokens."""
    temperature: float = 0.0
    """0 always takes the likeliest token, so that notebooks repeat; 0.7 is lively."""
    top_p: float = 1.0
    """With a temperature: sample from the likeliest tokens that make up this share."""
    seed: int = 42
    """Start of the random choices, with a temperature."""
    system: str | None = None
    """System text; the one that was trained is used unless set. "" means none."""

    aliases: ClassVar[dict[str, str]] = {"max_tokens": "max_new_tokens"}
    foreign: ClassVar[dict[str, str]] = {}

    def __post_init__(self) -> None:
        """Refuse values that cannot work."""
        if self.max_new_tokens < 1:
            raise SettingError(
                "", f"max_new_tokens is {self.max_new_tokens}", "It must be at least 1."
            )
        if self.temperature < 0:
            raise SettingError("", f"temperature is {self.temperature}", "It cannot be negative.")
        if not 0 < self.top_p <= 1:
            raise SettingError("", f"top_p is {self.top_p}", "It must be above 0, up to 1.")
