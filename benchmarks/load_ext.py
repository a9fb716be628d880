"""How long `%load_ext ft_magics` takes in a fresh kernel process, against an empty extension.

Each measurement is a process of its own that imports what a kernel has imported before its first
cell (ipykernel's shell, where it is installed), makes a shell, and runs one `%load_ext` line. The
floor is the same process with an extension that does nothing. Two figures: the clock around the
line, and the whole life of the process, which also shows what a line would only put off.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _measure import Report, interleaved, median, options

CHILD = """
import json, sys, time
try:
    import ipykernel.ipkernel
    from ipykernel.zmqshell import ZMQInteractiveShell as Shell
except ImportError:
    from IPython.core.interactiveshell import InteractiveShell as Shell
sys.path.insert(0, sys.argv[2])
shell = Shell.instance()
shell.run_cell("1 + 1", silent=True)
before = set(sys.modules)
began = time.perf_counter()
result = shell.run_cell("%load_ext " + sys.argv[1], silent=True)
took_ms = (time.perf_counter() - began) * 1000
result.raise_error()
new = set(sys.modules) - before
heavy = [n for n in ("torch", "transformers", "trl", "peft", "datasets", "pandas", "numpy",
                     "ipywidgets", "anywidget") if n in new]
print(json.dumps({"took_ms": took_ms, "modules": len(new), "heavy": heavy}))
"""


def main(argv: list[str] | None = None) -> Report:
    said = options(__doc__, argv)
    report = Report("%load_ext ft_magics", said.quick)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "nothing_ext.py").write_text("def load_ipython_extension(shell): pass\n")
        measure(report, folder, rounds=1 if said.quick else 15)
    report.finish(said.json)
    return report


def measure(report: Report, folder: str, rounds: int) -> None:
    found: dict[str, list[dict]] = {"ft_magics": [], "nothing_ext": []}

    def once(name: str) -> float:
        found[name].append(_load_in_a_process(name, folder))
        return found[name][-1]["whole_ms"]

    for name in found:
        once(name)
        found[name].clear()  # That one wrote the byte code and warmed the file cache.
    interleaved({name: lambda name=name: once(name) for name in found}, rounds)
    _tell(report, found["ft_magics"], found["nothing_ext"])


def _load_in_a_process(name: str, folder: str) -> dict:
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", CHILD, name, folder], capture_output=True, text=True, check=True
    )
    whole_ms = (time.perf_counter() - began) * 1000
    return {**json.loads(done.stdout.splitlines()[-1]), "whole_ms": whole_ms}


def _tell(report: Report, ours: list[dict], floor: list[dict]) -> None:
    line = [a["took_ms"] - b["took_ms"] for a, b in zip(ours, floor, strict=True)]
    whole = [a["whole_ms"] - b["whole_ms"] for a, b in zip(ours, floor, strict=True)]
    report.add(
        "the line, over the floor's",
        median(line),
        "ms",
        goal="<= 50 ms",
        note=f"{min(line):.1f} to {max(line):.1f} ms in {len(line)} pairs of processes; the floor's "
        f"own line takes {median(r['took_ms'] for r in floor):.1f} ms",
    )
    report.add(
        "the whole process",
        median(r["whole_ms"] for r in ours),
        "ms",
        against="empty extension",
        theirs=median(r["whole_ms"] for r in floor),
        ratio=median(a["whole_ms"] / b["whole_ms"] for a, b in zip(ours, floor, strict=True)),
        note=f"{median(whole):+.0f} ms (median of the pairs)",
    )
    heavy = ours[-1]["heavy"]
    report.remarks.append(
        f"it imports {ours[-1]['modules']} modules that the kernel had not, of the heavy ones "
        f"{', '.join(heavy) if heavy else 'none'}"
    )


if __name__ == "__main__":
    main()
