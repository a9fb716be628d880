"""When to fine-tune, and when a prompt or retrieval does."""

from __future__ import annotations

from typing import Any

import pytest

from ft_magics.training.suitability import judge
from ft_magics.training.traits import Traits


def traits(rows: int, **values: Any) -> Traits:
    return Traits(values.pop("kind", "sft"), rows, looked_at=rows, distinct=rows, **values)


def labels(rows: int) -> Traits:
    return Traits("sft", rows, short_share=1.0, distinct=3, looked_at=rows)


@pytest.mark.parametrize(
    ("found", "wants", "fits", "way"),
    [
        (traits(4), set(), False, "prompt"),
        (traits(9), {"format"}, False, "prompt"),
        (traits(4, kind="preference"), set(), False, "either"),
        (traits(12, kind="preference"), set(), False, "finetune"),
        (traits(12, kind="unpaired"), set(), False, "finetune"),
        (traits(21), set(), False, "finetune"),
        (traits(21), set(), True, "either"),
        (traits(21), {"knowledge"}, True, "prompt"),
        (traits(21), {"knowledge", "format"}, False, "finetune"),
        (traits(21), {"knowledge", "format"}, True, "either"),
        (traits(500), set(), False, "finetune"),
        (traits(500), {"knowledge"}, False, "either"),
        (traits(500), {"knowledge", "fresh"}, False, "retrieval"),
        (traits(500), {"fresh", "style"}, False, "either"),
        (traits(500), {"style"}, False, "finetune"),
        (traits(500, context_share=0.8), set(), False, "retrieval"),
        (traits(500, context_share=0.8), {"format"}, False, "either"),
        (traits(500, context_share=0.4), set(), False, "finetune"),
        (traits(60, json_share=1.0), set(), True, "finetune"),
        (labels(60), {"knowledge"}, False, "finetune"),
        (labels(60), {"task"}, True, "finetune"),
    ],
)
def test_the_way(found: Traits, wants: set[str], fits: bool, way: str) -> None:
    said, reasons = judge(found, wants, tokens=1000, context_length=4096 if fits else 512)
    assert said == way, reasons
    assert all(r.text.endswith(".") and r.source for r in reasons)
    if said != "either":
        assert reasons[0].way == said


def test_reasons_name_what_was_counted() -> None:
    _, reasons = judge(traits(500, context_share=0.8), set(), tokens=9, context_length=9)
    texts = " ".join(r.text for r in reasons)
    assert "80% of the prompts" in texts and "500 rows" in texts
    _, (first, *_) = judge(traits(1), set())
    assert "only 1 row:" in first.text
    _, reasons = judge(traits(20), set(), tokens=1000, context_length=4096)
    assert any("1,000 tokens" in r.text and "2404.11018" in r.source for r in reasons)
