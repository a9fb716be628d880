"""The model card that lies in a run's folder: what it is, how it was made, how to use it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ft_magics.monitor import RunState
    from ft_magics.session.assignment import Task
    from ft_magics.store import RunFolder

__all__ = ["model_card"]


def model_card(folder: RunFolder, state: RunState, task: Task) -> str:
    """A model card in Markdown, with the metadata block that model hubs read.

    Source: https://huggingface.co/docs/hub/model-cards for the block's fields.
    """
    record, data = folder.record, task.data
    plan, base = record.get("plan") or {}, record.get("base") or {}
    full = plan.get("strategy") == "full"
    kind = "Every weight of" if full else f"A LoRA adapter (rank {plan.get('lora_r')}) for"
    system = task.system
    goal = " ".join(str(record.get("goal") or "").split())
    sections = {
        f"# {folder.name}": [
            f"{kind} `{base.get('name')}`, trained on {len(data.rows)} rows of `{data.name}`"
            f" (sha256 `{data.sha256[:16]}`).",
            *(("", f"Its goal: {goal}") if goal else ()),
        ],
        "## Training": _training(plan, state, record.get("result_step")),
        "## Base": [f"- {k.replace('_', ' ')}: `{base[k]}`" for k in _BASE if base.get(k)],
        "## Golden questions": _golden(state),
        "## Use": [
            *(_USE_FULL if full else _USE_LORA),
            "",
            f"System text that was trained: {system!r}."
            if system
            else "No system text of its own.",
        ],
        "## Versions": [f"- {k} {v}" for k, v in (record.get("versions") or {}).items()],
    }
    lines = [
        "---",
        f"base_model: {base.get('name')}",
        f"library_name: {'transformers' if full else 'peft'}",
        f"tags: [ft_magics, {task.method}, trl]",
        "---",
    ]
    for title, body in sections.items():
        lines += ["", title, "", *body]
    return "\n".join(lines) + "\n"


def _training(plan: dict[str, Any], state: RunState, step: int | None) -> list[str]:
    kept = "" if step is None else f" The weights are those of step {step}."
    return [
        "| setting | value |",
        "|---|---|",
        *(f"| {k} | {plan[k]} |" for k in _SHOWN if plan.get(k) is not None),
        "",
        f"Steps: {state.step}. Last training loss: {_number(state.loss)}."
        f" Last eval loss: {_number(state.eval_loss)}.{kept}",
    ]


_SHOWN = (
    "method",
    "strategy",
    "learning_rate",
    "num_train_epochs",
    "total_steps",
    "per_device_train_batch_size",
    "gradient_accumulation_steps",
    "max_length",
    "lr_scheduler_type",
    "lora_r",
    "lora_alpha",
    "lora_dropout",
    "lora_target_modules",
    "beta",
    "loss_type",
    "desirable_weight",
    "undesirable_weight",
    "dtype",
    "seed",
)
_BASE = ("name", "revision", "sha256", "fingerprint", "parameters", "dtype", "chat_template_sha256")
_USE_LORA = (
    "```python",
    "from peft import AutoPeftModelForCausalLM",
    "",
    'model = AutoPeftModelForCausalLM.from_pretrained("adapter")',
    "```",
)
_USE_FULL = (
    "```python",
    "from transformers import AutoModelForCausalLM",
    "",
    'model = AutoModelForCausalLM.from_pretrained("adapter")',
    "```",
)


def _number(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.3g}"


def _golden(state: RunState) -> list[str]:
    if not state.golden:
        return ["None were asked."]
    models = list(state.golden)
    lines = [f"| question | {' | '.join(models)} |", "|---|" + "---|" * len(models)]
    signs = {True: "pass", False: "fail", None: "not checked"}
    for i, first in enumerate(state.golden[models[0]]):
        cells = []
        for model in models:
            answers = state.golden[model]
            if i < len(answers):
                text = " ".join(answers[i]["answer"].split()).replace("|", "\\|")
                cells.append(f"{signs[answers[i]['passed']]}: {text}")
        question = " ".join(first["prompt"].split()).replace("|", "\\|")
        lines.append(f"| {question} | {' | '.join(cells)} |")
    return lines
