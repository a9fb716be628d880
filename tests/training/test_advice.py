"""The advice and the plan are one."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from ft_magics.spec import FinetuneSpec
from ft_magics.training import METHODS, SENTENCES, Advice, Lengths, Traits, advise, plan
from ft_magics.training.sources import SEPARATOR, SOURCE_OF, SOURCES

from .test_plan import CPU, GPU, LARGE, SMALL


def make(rows: int = 20, kind: str = "sft", **known: Any) -> Advice:
    known = {"base": SMALL, "device": CPU, "loaded": True, **known}
    lengths = Lengths([60] * rows, 20 * rows, 0)
    return advise(Traits(kind, rows), {"style"}, lengths, **known)


@pytest.mark.parametrize("rows", [4, 21, 60, 2000])
@pytest.mark.parametrize(
    "settings", [{}, {"lora_r": 8, "learning_rate": 2e-3}, {"strategy": "full"}]
)
@pytest.mark.parametrize(("base", "device"), [(SMALL, CPU), (SMALL, GPU), (LARGE, GPU)])
def test_an_advice_is_the_plan_of_a_run(
    rows: int, settings: dict[str, Any], base: Any, device: Any
) -> None:
    spec = FinetuneSpec(**settings)
    try:
        made = plan(spec, lengths=[60] * rows, eval_rows=0, base=base, device=device,
                    trained_tokens=20 * rows)  # fmt: skip
    except Exception as error:
        assert make(rows, base=base, device=device, spec=spec).problem == str(error).replace(
            "%%finetune", "%ft advise"
        )
    else:
        assert make(rows, base=base, device=device, spec=spec).plan == made


def test_the_first_notebooks_run_stays_what_it_was() -> None:
    spec = FinetuneSpec(num_train_epochs=6.0, learning_rate=2e-3)
    made = make(21, spec=spec).plan
    assert made is not None
    found = (made.strategy, made.lora_r, made.lora_alpha, made.per_device_train_batch_size,
             made.total_steps, made.learning_rate, made.warmup_steps, made.lr_scheduler_type,
             made.max_length)  # fmt: skip
    assert found == ("lora", 16, 32.0, 4, 36, 2e-3, 2, "linear", 1024)


def test_judged_rows_are_advised_their_own_method() -> None:
    for kind, method in (("preference", "dpo"), ("unpaired", "kto")):
        made = make(12, kind)
        assert (made.method, made.way, made.problem) == (method, "finetune", "")
        assert made.plan is not None
        assert (made.plan.method, made.plan.beta) == (method, 0.1)
        assert "arXiv" in made.plan.sources["beta"]


def test_what_cannot_run_is_told_with_the_remedy() -> None:
    made = make(device=replace(CPU, free_bytes=2**20))
    assert made.plan is None and made.estimate is None
    assert "a smaller model" in made.problem
    assert made.sentence == SENTENCES[made.way]


def test_sources_are_named_and_used() -> None:
    used = {name for names in SOURCE_OF.values() for name in names}
    assert used <= SOURCES.keys()
    assert not any(SEPARATOR in text for text in SOURCES.values())
    papers = [text for key, text in SOURCES.items() if key != "own"]
    assert all(any(mark in text for mark in ("arXiv", ".com", ".co", ".ai")) for text in papers)
    assert set(METHODS) == {"sft", "preference", "unpaired"}


def test_advising_needs_no_torch() -> None:
    code = (
        "import sys\n"
        "sys.path[:0] = ['.']\n"
        "from tests.training.test_advice import make\n"
        "assert make().plan.lora_r == 16\n"
        "print(sorted({'torch', 'transformers', 'trl'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
