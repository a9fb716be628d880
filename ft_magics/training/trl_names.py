"""The names that the installed trl and transformers know, read from their source.

Reading takes milliseconds; importing them takes seconds, and a mistyped name should be refused
before that.
"""

from __future__ import annotations

import ast
import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

from ft_magics.errors import SettingError, nearest

__all__ = ["check_trl", "loss_types", "optimizers", "schedulers", "trl_fields"]

_CONFIGS = {
    "sft": ("trl", "trainer/sft_config.py", "SFTConfig"),
    "dpo": ("trl", "trainer/dpo_config.py", "DPOConfig"),
    "kto": ("trl", "trainer/kto_config.py", "KTOConfig"),
}
_SHARED = (
    ("trl", "trainer/base_config.py", "_BaseConfig"),
    ("transformers", "training_args.py", "TrainingArguments"),
)
_LOSSES = {
    "dpo": ("trl", "trainer/dpo_trainer.py", "DPOTrainer"),
    "kto": ("trl", "trainer/kto_trainer.py", "KTOTrainer"),
}
"""Where the names of losses are compared with."""

_OWNED = {
    "It is a setting of its own: write it without trl.": """
        learning_rate num_train_epochs max_steps per_device_train_batch_size max_length
        gradient_accumulation_steps lr_scheduler_type warmup_steps weight_decay max_grad_norm optim
        gradient_checkpointing activation_checkpointing seed eval_steps loss_type trust_remote_code
        beta desirable_weight undesirable_weight
    """,
    "The rows reach the trainer as ready tokens, so it would change nothing.": """
        packing packing_strategy padding_free eval_packing completion_only_loss assistant_only_loss
        dataset_text_field dataset_kwargs dataset_num_proc eos_token pad_token pad_to_multiple_of
        truncation_mode shuffle_dataset chat_template_path model_init_kwargs remove_unused_columns
        label_names
    """,
    "The model as it is at the run's start is asked once, before the first step.": """
        precompute_ref_log_probs precompute_ref_batch_size sync_ref_model ref_model_mixup_alpha
        ref_model_sync_steps
    """,
    "What is kept, and where, is decided by ft_magics.": """
        output_dir save_strategy save_steps save_total_limit save_only_model save_on_each_node
        enable_jit_checkpoint load_best_model_at_end metric_for_best_model greater_is_better
        resume_from_checkpoint ignore_data_skip restore_callback_states_from_checkpoint push_to_hub
        hub_token hub_private_repo hub_model_id hub_strategy hub_always_push hub_revision
    """,
    "Progress comes as events of ft_magics; see eval_steps.": """
        logging_strategy logging_steps logging_first_step logging_nan_inf_filter log_level
        log_level_replica log_on_each_node disable_tqdm report_to run_name project trackio_space_id
        trackio_bucket_id trackio_static_space_id include_num_input_tokens_seen eval_strategy
        eval_delay eval_on_start per_device_eval_batch_size prediction_loss_only
        eval_do_concat_batches eval_use_gather_object eval_accumulation_steps include_for_metrics
        batch_eval_metrics do_train do_eval do_predict skip_memory_metrics debug
    """,
    "Device and number format follow the base; see dtype.": """
        bf16 fp16 bf16_full_eval fp16_full_eval use_cpu auto_find_batch_size local_rank ddp_backend
        fsdp fsdp_config deepspeed parallelism_config accelerator_config
    """,
    "The order of rows comes from the seed, so that runs repeat.": """
        data_seed full_determinism train_sampling_strategy length_column_name dataloader_drop_last
        dataloader_num_workers dataloader_pin_memory dataloader_persistent_workers
        dataloader_prefetch_factor dataloader_multiprocessing_context dataloader_in_order
    """,
}
OWNED = {name: reason for reason, names in _OWNED.items() for name in names.split()}
"""Fields of trl's config that cannot be passed through, and the remedy."""


def check_trl(values: dict[str, Any] | None, where: str, method: str = "sft") -> dict[str, Any]:
    """Check the names of settings that go straight to trl's config.

    Args:
        values: Field and value, as the user wrote them.
        where: The cell, for errors.
        method: Whose config it is: sft, dpo or kto.

    Returns:
        The same, or an empty dict for None.

    Raises:
        SettingError: The installed trl has no such field, or it is decided elsewhere.
    """
    for name in values or {}:
        if name not in trl_fields(method):
            free = trl_fields(method) - OWNED.keys()
            raise SettingError(f"{where}, trl", f"no field '{name}'", nearest(name, free))
        if name in OWNED:
            raise SettingError(f"{where}, trl", f"'{name}' cannot be passed on", OWNED[name])
    return dict(values or {})


@cache
def trl_fields(method: str = "sft") -> frozenset[str]:
    """The names of all fields of the installed config of a method."""
    found: set[str] = set()
    for package, file, name in (_CONFIGS[method], *_SHARED):
        for node in _class(package, file, name).body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                found.add(node.target.id)
    return frozenset(found)


@cache
def loss_types(method: str) -> frozenset[str]:
    """The losses that the installed trainer of a method knows; of sft, those that fit our rows."""
    if method == "sft":
        return frozenset({"nll", "dft"})
    found: set[str] = set()
    for node in ast.walk(_class(*_LOSSES[method])):
        # `loss_type == "sigmoid"`, `self.loss_type == "kto"`
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq):
            left, right = node.left, node.comparators[0]
            named = getattr(left, "id", None) or getattr(left, "attr", None)
            if named == "loss_type" and isinstance(right, ast.Constant):
                found.add(str(right.value))
    return frozenset(found)


@cache
def optimizers() -> frozenset[str]:
    """The names of the optimizers that the installed transformers knows."""
    return _members("transformers", "training_args.py", "OptimizerNames")


@cache
def schedulers() -> frozenset[str]:
    """The learning rate schedules that need no eval loss and no settings of their own."""
    known = _members("transformers", "trainer_utils.py", "SchedulerType")
    return known - {"reduce_lr_on_plateau", "greedy"}


def _members(package: str, file: str, name: str) -> frozenset[str]:
    return frozenset(
        node.value.value
        for node in _class(package, file, name).body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _class(package: str, file: str, name: str) -> ast.ClassDef:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise SettingError("", f"{package} is not installed", f"Run: pip install {package}")
    tree = ast.parse((Path(spec.origin).parent / file).read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            return node
    raise LookupError(f"{package}/{file} has no class {name}")
