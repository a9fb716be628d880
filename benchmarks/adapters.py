"""Swapping between adapters in memory, and loading one from disk, against PEFT's own ways.

The same adapters (LoRA r=16 on all linear layers, 20 MB each, saved by PEFT) on the same base.

- swap: `Server.use` against `PeftModel.set_adapter`, with 2, 8 and 32 adapters in memory. A second
  figure adds the logits of a short prompt after the swap, so that work which a swap only puts off
  would show.
- load: `Server.load` and `use` against PEFT's `load_adapter` and `set_adapter`, with few and with
  many adapters in memory, the file in the file cache for both. PEFT's `low_cpu_mem_usage=True` is
  measured too, for it is PEFT's quick way.
- The logits of the same adapter through both must agree.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from _measure import Report, interleaved, median, options
from _workload import QUESTION, adapter_folders, load_base

CLOSE = 1e-4
"""Largest difference of two logits that rounding explains in float32."""


def main(argv: list[str] | None = None) -> Report:
    said = options(__doc__, argv)
    report = Report("Adapters in memory and from disk", said.quick)
    with tempfile.TemporaryDirectory() as folder:
        base = load_base(said.quick, Path(folder))
        counts, rounds = ((2, 3), 2) if said.quick else ((2, 8, 32), 5)
        Bench(base, Path(folder), counts[-1]).measure(report, counts, rounds)
    report.finish(said.json)
    return report


class Bench:
    """A server and a PeftModel with the same adapters.

    Args:
        base: The loaded base.
        folder: Scratch folder.
        most: Adapters on disk.
    """

    def __init__(self, base: Any, folder: Path, most: int) -> None:
        from peft import PeftModel

        from ft_magics import data, models
        from ft_magics.serving import Server

        self.base = base
        self.folders = adapter_folders(base, most + 1, 16, folder)
        self.server = Server(base)
        self.server.load("a0", self.folders[0])
        self.peft = PeftModel.from_pretrained(
            models.share(base.model), self.folders[0], adapter_name="a0"
        ).eval()
        self.loaded = 1
        self.ids = data.encode_prompt([data.Message("user", QUESTION)], base.tokenizer)
        self.on_gpu = next(base.model.parameters()).is_cuda

    def measure(self, report: Report, counts: tuple[int, ...], rounds: int) -> None:
        """Add every line."""
        for count in counts:
            self._fill(count)
            self._agree(report, count)
            self._swap(report, count, rounds)
            if count in (counts[0], counts[-1]):
                self._load(report, count, rounds)

    def _fill(self, count: int) -> None:
        while self.loaded < count:
            name, folder = f"a{self.loaded}", self.folders[self.loaded]
            self.server.load(name, folder)
            self.peft.load_adapter(folder, adapter_name=name, low_cpu_mem_usage=True)
            self.loaded += 1

    def _agree(self, report: Report, count: int) -> None:
        """The newest adapter gives the same logits through both.

        Raises:
            RuntimeError: It does not.
        """
        name = f"a{count - 1}"
        self.server.use(name)
        self.peft.set_adapter(name)
        ours, theirs = self.server.logits(self.ids), self._peft_logits()
        apart = float((ours - theirs).abs().max())
        self.server.use(None)
        plain = float((ours - self.server.logits(self.ids)).abs().max())
        report.remarks.append(
            f"{count} adapters: logits of ours and PEFT's differ by at most {apart:.1g} (the "
            f"adapter moves them by up to {plain:.1f})"
        )
        if apart > CLOSE * max(1.0, float(theirs.abs().max())) * (1000 if self._half else 1):
            raise RuntimeError("ours and PEFT's logits differ: there is nothing to compare")

    @property
    def _half(self) -> bool:
        return bool(self.base.facts.dtype != "float32")

    def _peft_logits(self) -> Any:
        import torch

        batch = torch.tensor([self.ids], device=next(self.base.model.parameters()).device)
        with torch.no_grad():
            return self.peft(input_ids=batch, use_cache=False).logits[0]

    def _swap(self, report: Report, count: int, rounds: int) -> None:
        def alone(use: Callable[[str], Any]) -> float:
            return self._ms(lambda: [use(f"a{i % count}") for i in range(20)]) / 20

        def answering(use: Callable[[str], Any], logits: Callable[[], Any]) -> float:
            return self._ms(lambda: [(use(f"a{i % count}"), logits()) for i in range(4)]) / 4

        def ours() -> Any:
            return self.server.logits(self.ids)

        peft = self.peft.set_adapter
        self._compare(
            report,
            f"swap among {count}",
            interleaved(
                {"ours": lambda: alone(self.server.use), "set_adapter": lambda: alone(peft)}, rounds
            ),
            goal="<= 1 ms",
        )
        self._compare(
            report,
            f"swap among {count}, and logits of a prompt",
            interleaved(
                {
                    "ours": lambda: answering(self.server.use, ours),
                    "set_adapter": lambda: answering(peft, self._peft_logits),
                },
                rounds,
            ),
        )

    def _load(self, report: Report, count: int, rounds: int) -> None:
        folder = self.folders[-1]
        size = (folder / "adapter_model.safetensors").stat().st_size / 1e6

        def ours() -> float:
            took = self._ms(lambda: (self.server.load("new", folder), self.server.use("new")))
            self.server.drop("new")
            return took

        def theirs(**how: Any) -> float:
            def put() -> None:
                self.peft.load_adapter(folder, adapter_name="new", **how)
                self.peft.set_adapter("new")

            took = self._ms(put)
            self.peft.set_adapter("a0")
            self.peft.delete_adapter("new")
            return took

        self._compare(
            report,
            f"load {size:.0f} MB and use it, {count} in memory",
            interleaved(
                {
                    "ours": ours,
                    "load_adapter": theirs,
                    "load_adapter, low_cpu_mem": lambda: theirs(low_cpu_mem_usage=True),
                },
                min(3, rounds),
            ),
            goal="<= 100 ms",
        )

    def _ms(self, do: Callable[[], Any]) -> float:
        if self.on_gpu:
            import torch

            torch.cuda.synchronize()
        began = time.perf_counter()
        do()
        if self.on_gpu:
            torch.cuda.synchronize()
        return (time.perf_counter() - began) * 1000

    def _compare(
        self, report: Report, what: str, found: dict[str, list[float]], goal: str = ""
    ) -> None:
        ours = found.pop("ours")
        for name, theirs in found.items():
            report.add(
                what,
                median(ours),
                "ms",
                against=f"PEFT's {name}",
                theirs=median(theirs),
                ratio=median(a / b for a, b in zip(ours, theirs, strict=True)),
                goal=goal,
            )


if __name__ == "__main__":
    main()
