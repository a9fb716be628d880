"""On a CUDA machine: SFT against plain trl, adapters against PEFT, training and prompting at once.

The model has the shape of Llama-3.2-1B and random weights in bf16, and the tokenizer is made here,
one token for a byte: nothing is fetched. It needs torch, transformers, peft, safetensors and
psutil; a part that needs trl and datasets besides says so and is left out where they are missing.
`--tiny` takes a tiny shape in the device's own number format, on a CPU too: does it run at all?

The result goes to benchmarks/results/gpu-NAME.json, NAME being the GPU's; with `--tiny` or
`--quick` only where `--json` says.
"""

from __future__ import annotations

import importlib.util
import re
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from _at_once import at_once, peak_bytes, reset_peak
from _measure import Report, interleaved, median, options
from _random_llama import LLAMA_1B, TINY, make_model

NEEDED = ("torch", "transformers", "peft", "safetensors", "psutil")
FOR_TRAINING = ("trl", "datasets", "accelerate")
RESULTS = Path(__file__).resolve().parent / "results"


@dataclass(frozen=True)
class Size:
    """How much is measured.

    Attributes:
        shape: The model's config.
        batch: Rows in a step.
        length: Tokens in a row; the last half of each carries loss.
        steps: Optimizer steps of a turn; the first is not counted.
        rounds: Turns of each contender.
        counts: Adapters in memory.
        prompts: Prompts, idle and while training.
    """

    shape: dict[str, Any]
    batch: int
    length: int
    steps: int
    rounds: int
    counts: tuple[int, ...]
    prompts: int


def main(argv: list[str] | None = None) -> Report | None:
    said = options(__doc__, argv, tiny="a tiny model, on a CPU if there is no GPU")
    missing = _missing(NEEDED)
    if missing:
        sys.exit(f"gpu.py needs {', '.join(missing)}: install what is missing and run it again.")
    import torch

    if not said.tiny and not torch.cuda.is_available():
        sys.exit("gpu.py: torch sees no CUDA device. `--tiny` tries it out on the CPU.")
    if said.tiny or said.quick:
        shape = TINY if said.tiny else LLAMA_1B
        size = Size(shape, 2, 64, 3, 1, (2, 3), 2)
    else:
        size = Size(LLAMA_1B, 8, 512, 12, 3, (2, 8, 32), 10)
    name = "tiny random llama" if said.tiny else "random weights, shape of Llama-3.2-1B"
    report = Report(f"GPU: {name}", said.tiny or said.quick)
    with tempfile.TemporaryDirectory() as folder:
        _measure(report, size, Path(folder))
    file = said.json
    if not file and not report.quick:
        slug = re.sub(r"[^a-z0-9]+", "-", torch.cuda.get_device_name().lower()).strip("-")
        file = RESULTS / f"gpu-{slug}.json"
        report.remarks.append(f"written to benchmarks/results/{file.name}")
    report.finish(file)
    return report


def _missing(names: tuple[str, ...]) -> list[str]:
    return [name for name in names if importlib.util.find_spec(name) is None]


def _measure(report: Report, size: Size, scratch: Path) -> None:
    """Run each part; one that fails is told in the report, and the others are still measured."""
    from ft_magics import models

    base = models.load(str(make_model(scratch / "model", size.shape)))
    report.remarks.append(
        f"{base.facts.parameters / 1e6:.0f}M parameters in {base.facts.dtype} on "
        f"{base.facts.device}, batch {size.batch} of {size.length} tokens, LoRA r=16 on all "
        "linear layers"
    )
    parts: dict[str, tuple[tuple[str, ...], Callable[[Report, Any, Size, Path], None]]] = {
        "SFT": (FOR_TRAINING, training),
        "adapters": ((), adapters),
        "training and prompting at once": (FOR_TRAINING, together),
    }
    for what, (needs, part) in parts.items():
        missing = _missing(needs)
        if missing:
            report.remarks.append(f"{what}: not measured, {', '.join(missing)} is not installed")
            continue
        try:
            part(report, base, size, scratch)
        except Exception as error:  # What was measured before is worth keeping.
            traceback.print_exc()
            first = (str(error).splitlines() or [""])[0]
            report.remarks.append(f"{what}: FAILED, {type(error).__name__}: {first}")


def random_rows(size: Size) -> list[Any]:
    """Rows of one length, so that no contender is helped or hurt by padding."""
    import torch

    from ft_magics.data import Encoded

    draw = torch.Generator().manual_seed(0)
    rows = []
    for number in range(1, 4 * size.batch + 1):
        ids = torch.randint(0, 250, (size.length,), generator=draw).tolist()
        half = size.length // 2
        rows.append(Encoded(tuple(ids), (-100,) * half + tuple(ids[half:]), 0, number))
    return rows


# ---------------------------------------------------------------------- the parts


def training(report: Report, base: Any, size: Size, scratch: Path) -> None:
    """Tokens per second and peak memory of SFT against a loop by hand and plain trl."""
    from training import Contest

    contest = Contest(base, random_rows(size), size.steps, scratch, size.batch)
    contenders = {
        "ours": contest.ours,
        "by hand": contest.by_hand,
        "trl": contest.trl,
        "trl, no checkpointing": contest.trl_without_checkpointing,
    }
    peaks: dict[str, int] = {}

    def measured(name: str) -> float:
        reset_peak()
        rate = contenders[name]()
        peaks[name] = peak_bytes()
        return rate

    for name in contenders:
        measured(name)  # Once for the kernels' first use, which no later run pays for.
    found = interleaved({n: lambda n=n: measured(n) for n in contenders}, size.rounds)
    _tell_training(report, found, peaks)
    report.remarks.append(
        f"SFT: losses of ours and by hand differ by at most {contest.apart():.1e}"
    )


def _tell_training(report: Report, found: dict[str, list[float]], peaks: dict[str, int]) -> None:
    ours = found.pop("ours")
    for name, theirs in found.items():
        report.add(
            "SFT",
            median(ours),
            "tokens/s",
            against=name,
            theirs=median(theirs),
            ratio=median(a / b for a, b in zip(ours, theirs, strict=True)),
            goal=">= 0.95" if name == "by hand" else "",
        )
        if peaks["ours"]:
            report.add(
                "peak memory of SFT, base included",
                peaks["ours"] / 2**20,
                "MiB",
                against=name,
                theirs=peaks[name] / 2**20,
                ratio=peaks["ours"] / peaks[name],
            )
    if not peaks["ours"]:
        report.remarks.append("memory: not measured, it is read from CUDA")


def adapters(report: Report, base: Any, size: Size, scratch: Path) -> None:
    """Swap and load against PEFT."""
    from adapters import Bench

    folder = scratch / "adapters"
    folder.mkdir()
    Bench(base, folder, size.counts[-1]).measure(report, size.counts, size.rounds)


def together(report: Report, base: Any, size: Size, scratch: Path) -> None:
    """Train in a thread while prompts are answered, each against being alone."""
    from training import Contest

    contest = Contest(base, random_rows(size), 2 * size.steps, scratch, size.batch)
    at_once(report, contest, size.prompts)


if __name__ == "__main__":
    main()
