"""Peak memory of base + training + prompting in one process, against training alone.

Each variant is a fresh process on the same model, rows, batch and steps; what counts is the largest
resident set the process ever had (VmHWM: everything, Python and libraries included).

- together: what a notebook does. The session trains in the background, keeps its run on disk, and
  answers one prompt after another with the base and with the adapter of the current step.
- session, no prompt: the same without a prompt, to see what the prompts add.
- alone: the training engine on the loaded base, no session, no server, no prompt.
- by hand: the plain PyTorch loop of training.py, alone in its process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from _measure import Report, interleaved, median, options, peak_memory_bytes
from _workload import (
    CHAT,
    MODEL,
    QUESTION,
    Watched,
    encoded_chat,
    job,
    tiny_folder,
)

SETTINGS = {
    "per_device_train_batch_size": 4,
    "gradient_accumulation_steps": 1,
    "gradient_checkpointing": False,
    "learning_rate": 1e-3,
}


def main(argv: list[str] | None = None) -> Report:
    said = options(__doc__, argv)
    report = Report("Peak memory, LoRA r=16, batch 4", said.quick)
    rounds, steps = (1, 6) if said.quick else (2, 8)
    with tempfile.TemporaryDirectory() as folder:
        model = str(tiny_folder(Path(folder) / "tiny")) if said.quick else MODEL
        measure(report, model, steps, rounds)
    report.finish(said.json)
    return report


def measure(report: Report, model: str, steps: int, rounds: int) -> None:
    """Run the variants in turn, each in a process of its own."""
    told: dict[str, dict[str, Any]] = {}

    def once(variant: str) -> float:
        told[variant] = _in_a_process(variant, model, steps)
        return told[variant]["peak_bytes"] / 2**20

    found = interleaved({name: lambda name=name: once(name) for name in VARIANTS}, rounds)
    together = found["together"]
    for name, goal in (("alone", "<= 1.05"), ("session, no prompt", ""), ("by hand", "")):
        ratios = [a / b for a, b in zip(together, found[name], strict=True)]
        report.add(
            "base + training + prompting",
            median(together),
            "MiB",
            against=f"training: {name}",
            theirs=median(found[name]),
            ratio=median(ratios),
            goal=goal,
            note=f"against {name}: {', '.join(f'{ratio:.3f}' for ratio in ratios)} in the rounds",
        )
    facts = told["together"]
    report.remarks.append(
        f"{facts['answers']} prompts were answered by base and adapter during {steps} steps; the "
        f"loaded base and the libraries take {facts['base_bytes'] / 2**20:.0f} MiB of it"
    )


def _in_a_process(variant: str, model: str, steps: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(
            [sys.executable, __file__, "--variant", variant, model, str(steps), home],
            env={**os.environ, "FT_HOME": str(Path(home) / "ft_home")},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    return json.loads(done.stdout.splitlines()[-1])


def together(model: str, steps: int, scratch: Path) -> dict[str, Any]:
    """Train in the background and prompt meanwhile."""
    from ft_magics import session

    run, base_bytes = _in_the_background(model, steps)
    answers = 0
    while run.active:
        models = ["base", "bench"] if run.monitor.step else ["base"]
        session.ask(QUESTION, models, show=False, max_new_tokens=24)
        answers += run.active and len(models) == 2
    run.wait()
    if not answers:
        raise RuntimeError("training was over before the first prompt was answered")
    return {"answers": answers, "base_bytes": base_bytes}


def session_alone(model: str, steps: int, scratch: Path) -> dict[str, Any]:
    """Train in the background and wait."""
    run, base_bytes = _in_the_background(model, steps)
    run.wait()
    return {"base_bytes": base_bytes}


def _in_the_background(model: str, steps: int) -> tuple[Any, int]:
    """A run of the session, and the peak of memory with the base loaded before it."""
    from ft_magics import session

    class Answering(session.StaticFrontEnd):
        """Somebody is there, so that training goes on in the background."""

        can_answer = True

    session.set_front_end(Answering())
    session.model(model)
    here = session.current()
    here.load(here.choice())
    base_bytes = peak_memory_bytes()
    return session.finetune("bench", rows=CHAT, max_steps=steps, **SETTINGS), base_bytes


def alone(model: str, steps: int, scratch: Path) -> dict[str, Any]:
    """Train, and nothing else."""
    from ft_magics import models
    from ft_magics.training import train

    base = models.load(model)
    rows = encoded_chat(base.tokenizer)
    hooks = Watched(scratch, steps).hooks()
    train(job(base, rows, scratch, max_steps=steps, **SETTINGS), base, hooks)
    return {}


def by_hand(model: str, steps: int, scratch: Path) -> dict[str, Any]:
    """Train by the loop of training.py."""
    from training import Contest

    from ft_magics import models

    base = models.load(model)
    Contest(base, encoded_chat(base.tokenizer), steps, scratch).by_hand()
    return {}


VARIANTS: dict[str, Callable[[str, int, Path], dict[str, Any]]] = {
    "together": together,
    "alone": alone,
    "session, no prompt": session_alone,
    "by hand": by_hand,
}

if __name__ == "__main__":
    if sys.argv[1:2] == ["--variant"]:
        _, _, variant, name, count, folder = sys.argv
        facts = VARIANTS[variant](name, int(count), Path(folder))
        print(json.dumps({**facts, "peak_bytes": peak_memory_bytes()}))
    else:
        main()
