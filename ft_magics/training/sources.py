"""Where the numbers and rules of an advice come from: papers and guides, named with each of them."""

from __future__ import annotations

__all__ = ["JUDGED_SOURCE_OF", "SEPARATOR", "SOURCES", "SOURCE_OF", "cite"]

SEPARATOR = "; "
"""Between two sources; none holds it."""

SOURCES: dict[str, str] = {
    "adamw": "Loshchilov & Hutter 2017, «Decoupled Weight Decay Regularization», arXiv 1711.05101",
    "alpaca": "Stanford Alpaca, github.com/tatsu-lab/stanford_alpaca, for three passes",
    "capacity": "Allen-Zhu & Li 2024, «Knowledge Capacity Scaling Laws», arXiv 2404.05405",
    "checkpointing": "Chen et al. 2016, «Training Deep Nets with Sublinear Memory Cost», "
    "arXiv 1604.06174",
    "clipping": "Pascanu et al. 2013, «On the difficulty of training RNNs», arXiv 1211.5063",
    "dpo": "Rafailov et al. 2023, «Direct Preference Optimization», arXiv 2305.18290",
    "few-shot": "Brown et al. 2020, «Language Models are Few-Shot Learners», arXiv 2005.14165",
    "forgets-less": "Biderman et al. 2024, «LoRA Learns Less and Forgets Less», arXiv 2405.09673",
    "guide": "OpenAI's fine-tuning guide, platform.openai.com/docs/guides/fine-tuning",
    "kaplan": "Kaplan et al. 2020, «Scaling Laws for Neural Language Models», arXiv 2001.08361",
    "kto": "Ethayarajh et al. 2024, «KTO», arXiv 2402.01306",
    "lima": "Zhou et al. 2023, «LIMA: Less Is More for Alignment», arXiv 2305.11206",
    "lora": "Hu et al. 2021, «LoRA», arXiv 2106.09685",
    "lora-land": "Zhao et al. 2024, «LoRA Land», arXiv 2405.00732",
    "many-shot": "Agarwal et al. 2024, «Many-Shot In-Context Learning», arXiv 2404.11018",
    "memory": "Korthikanti et al. 2022, «Reducing Activation Recomputation», arXiv 2205.05198",
    "new-facts": "Gekhman et al. 2024, «Does Fine-Tuning LLMs on New Knowledge Encourage "
    "Hallucinations?», arXiv 2405.05904",
    "own": "measured with SmolLM2-135M: 16 rows were known by heart after 24 steps",
    "qlora": "Dettmers et al. 2023, «QLoRA», arXiv 2305.14314",
    "rag": "Lewis et al. 2020, «Retrieval-Augmented Generation», arXiv 2005.11401",
    "rag-or-tune": "Ovadia et al. 2023, «Fine-Tuning or Retrieval?», arXiv 2312.05934",
    "regret": "Thinking Machines 2025, «LoRA Without Regret», thinkingmachines.ai/blog/lora",
    "small-batch": "Masters & Luschi 2018, «Revisiting Small Batch Training», arXiv 1804.07612",
    "trl": "trl's own default, huggingface.co/docs/trl/sft_trainer",
    "zephyr": "Tunstall et al. 2023, «Zephyr: Direct Distillation of LM Alignment», "
    "arXiv 2310.16944",
    "zero-memory": "Rajbhandari et al. 2020, «ZeRO», arXiv 1910.02054",
    "zero": "Bergsma et al. 2025, «Straight to Zero», arXiv 2502.15938",
}
"""By a short name."""

SOURCE_OF: dict[str, tuple[str, ...]] = {
    "strategy": ("regret",),
    "lora_r": ("regret", "capacity"),
    "lora_alpha": ("forgets-less",),
    "lora_target_modules": ("qlora",),
    "learning_rate": ("qlora", "regret"),
    "num_train_epochs": ("alpaca", "own"),
    "per_device_train_batch_size": ("small-batch",),
    "max_length": ("trl",),
    "lr_scheduler_type": ("zero",),
    "warmup_steps": ("qlora",),
    "max_grad_norm": ("clipping",),
    "optim": ("adamw",),
    "gradient_checkpointing": ("checkpointing",),
    "memory": ("memory", "zero-memory"),
}
"""Setting -> what its default rests on; a setting that is not here follows from the others."""

JUDGED_SOURCE_OF: dict[str, dict[str, tuple[str, ...]]] = {
    "dpo": {"method": ("dpo",), "beta": ("dpo",), "learning_rate": ("zephyr", "regret")},
    "kto": {"method": ("kto",), "beta": ("kto",), "learning_rate": ("kto", "regret")},
}
"""Method -> the same, where it differs from that."""


def cite(*names: str) -> str:
    """Sources as they are shown, the first named first.

    Args:
        names: Keys of `SOURCES`.
    """
    return SEPARATOR.join(SOURCES[name] for name in names)
