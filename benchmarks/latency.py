"""What a user waits for while training goes on: a trivial cell, and a prompt's first token.

A real kernel, driven as a notebook drives it. The cell's time is the whole way there and back, as
the client sees it. The first token's time is taken in the kernel, from the call to the first piece
of text. Beside it stands a bare forward pass of the same ids on the same model: nobody's first
token comes earlier, and on a busy machine it waits for the processor as well.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from _measure import Report, median, options
from _workload import CHAT, MODEL, QUESTION, tiny_folder

SETUP = """
%load_ext ft_magics
import json, time
import ft_magics as ft
_facts = ft.model({model!r})
import torch
from ft_magics import data, session
_here = session.current()
_loaded = _here.load(_here.choice())
_tokenizer = _loaded.base.tokenizer
_ids = torch.tensor([data.encode_prompt([data.Message("user", {question!r})], _tokenizer)])

def _first_token_ms():
    began = time.perf_counter()
    pieces = ft.prompt({question!r}, "base", stream=True, max_new_tokens=4)
    next(iter(pieces))
    took = (time.perf_counter() - began) * 1000
    for _ in pieces:
        pass
    return took

def _forward_ms():
    began = time.perf_counter()
    with torch.no_grad():
        _loaded.base.model(input_ids=_ids.to(_loaded.base.model.device), use_cache=True,
                           logits_to_keep=1).logits.argmax()
    return (time.perf_counter() - began) * 1000
"""
TRAIN = """
_run = ft.finetune("bench", rows={rows!r}, max_steps=100000, per_device_train_batch_size=4,
                   gradient_accumulation_steps=1, eval_steps=100000)
"""
READY = "while not _run.monitor.step: time.sleep(0.05)\nprint(json.dumps(_run.state))"
PROMPT = "print(json.dumps([_first_token_ms(), _forward_ms()]))"
STATE = "print(json.dumps([_run.state, _run.monitor.step]))"
STOP = "_run.stop()\n_run.wait()"


class Kernel:
    """A kernel and its client.

    Args:
        home: Where the session keeps things.
    """

    def __init__(self, home: Path) -> None:
        from jupyter_client.manager import start_new_kernel

        self.manager, self.client = start_new_kernel(
            kernel_name="python3", env={**os.environ, "FT_HOME": str(home)}
        )

    def cell(self, code: str) -> tuple[float, str]:
        """Run a cell; seconds until its reply and what it printed.

        Raises:
            RuntimeError: The cell failed.
        """
        printed: list[str] = []

        def hear(message: dict[str, Any]) -> None:
            if message["msg_type"] == "stream" and message["content"]["name"] == "stdout":
                printed.append(message["content"]["text"])

        began = time.perf_counter()
        reply = self.client.execute_interactive(
            code, allow_stdin=True, output_hook=hear, timeout=300
        )
        took = time.perf_counter() - began
        if reply["content"]["status"] != "ok":
            content = reply["content"]
            raise RuntimeError(f"{content.get('ename')}: {content.get('evalue')}")
        return took, "".join(printed)

    def value(self, code: str) -> Any:
        """Run a cell that prints one line of JSON last."""
        return json.loads(self.cell(code)[1].splitlines()[-1])

    def close(self) -> None:
        """End the kernel."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def main(argv: list[str] | None = None) -> Report:
    said = options(__doc__, argv)
    report = Report("Waiting while training goes on", said.quick)
    with tempfile.TemporaryDirectory() as folder:
        model = str(tiny_folder(Path(folder) / "tiny")) if said.quick else MODEL
        kernel = Kernel(Path(folder) / "ft_home")
        try:
            measure(report, kernel, model, *((5, 2) if said.quick else (60, 12)))
        finally:
            kernel.close()
    report.finish(said.json)
    return report


def measure(report: Report, kernel: Kernel, model: str, cells: int, prompts: int) -> None:
    """Measure idle, then during training, then idle again."""
    kernel.cell(SETUP.format(model=model, question=QUESTION))
    _sample(kernel, 3, 2)
    before = _sample(kernel, cells // 2, prompts // 2)
    kernel.cell(TRAIN.format(rows=list(CHAT)))
    kernel.value(READY)
    _, first = kernel.value(STATE)
    busy = _sample(kernel, cells, prompts)
    state, last = kernel.value(STATE)
    if state != "running":
        raise RuntimeError(f"the run was {state} before the measurement was over")
    kernel.cell(STOP)
    after = _sample(kernel, cells - cells // 2, prompts - prompts // 2)
    idle = {key: [*before[key], *after[key]] for key in before}
    _lines(report, idle, busy)
    report.remarks.append(f"training took {last - first} steps during the measurement")


def _sample(kernel: Kernel, cells: int, prompts: int) -> dict[str, list[float]]:
    """Milliseconds of trivial cells, first tokens and bare forwards, spread over some seconds."""
    found: dict[str, list[float]] = {"cell": [], "first": [], "forward": []}
    for number in range(prompts):
        for _ in range(cells * number // prompts, cells * (number + 1) // prompts):
            found["cell"].append(kernel.cell("1 + 1")[0] * 1000)
            time.sleep(0.05)
        first, forward = kernel.value(PROMPT)
        found["first"].append(first)
        found["forward"].append(forward)
    return found


def _lines(report: Report, idle: dict[str, list[float]], busy: dict[str, list[float]]) -> None:
    for what, key in (
        ("trivial cell while training", "cell"),
        ("first token while training", "first"),
        ("bare forward pass while training", "forward"),
    ):
        report.add(
            what,
            median(busy[key]),
            "ms",
            against="idle",
            theirs=median(idle[key]),
            ratio=median(busy[key]) / median(idle[key]),
            note=f"worst {max(busy[key]):.0f} ms of {len(busy[key])}, "
            f"idle {max(idle[key]):.0f} ms of {len(idle[key])}",
        )
    for what, found in (("idle", idle), ("while training", busy)):
        report.add(
            f"first token, {what}",
            median(found["first"]),
            "ms",
            against="bare forward pass",
            theirs=median(found["forward"]),
            ratio=_ratio(found["first"], found["forward"]),
        )


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    return median(a / b for a, b in zip(ours, theirs, strict=True))


if __name__ == "__main__":
    main()
