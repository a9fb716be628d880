"""Reading and checking a data set: rows a second, growth with size, and the memory it takes.

Synthetic rows (a question, some forty words of answer; a few duplicates, contradictions, stray
spaces and addresses among them, as real sets have) in a JSONL file of 10,000, 50,000 and 200,000.
Each measurement is a process of its own. The peer is `datasets`: it reads the same file into Arrow
and checks nothing. Where its rows are each looked at once in Python, that is the least that any
check must do.

Two figures are ratios that can be lost: time per row at 200,000 against 10,000 (linear is 1), and
the peak of memory over that of a process that has only imported what it needs.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from _measure import Report, interleaved, median, options

CHILD = """
import json, os, sys, time
what, file = sys.argv[1:]
def peak():
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
def no_bar():
    import datasets
    datasets.disable_progress_bars()
if what.startswith("ours"):
    import ft_magics as ft
    import rensa, rapidfuzz, ftfy, phonenumbers, pyarrow, numpy  # noqa: F401
    import ft_magics.data, ft_magics.data.sources.source, ft_magics.data.checks  # noqa: F401
else:
    import datasets
    no_bar()
before = peak()
began, cpu = time.perf_counter(), time.process_time()
if what == "ours":
    rows = len(ft.dataset("bench", file).rows)
elif what == "ours-read":
    from ft_magics.data.sources import open_source
    rows = sum(1 for _ in open_source(file, "bench").rows())
elif what == "datasets":
    rows = len(datasets.load_dataset("json", data_files=file, split="train"))
elif what == "datasets-map":
    loaded = datasets.load_dataset("json", data_files=file, split="train")
    rows = sum(1 for row in loaded if row["user"] and row["assistant"])
print(json.dumps({"s": time.perf_counter() - began, "cpu_s": time.process_time() - cpu,
                  "rows": rows, "peak": peak(), "before": before}))
"""


def main(argv: list[str] | None = None) -> Report:
    """Measure, print, and write what was asked for."""
    said = options(__doc__, argv)
    report = Report("reading and checking rows", said.quick)
    sizes = [200, 400] if said.quick else [10_000, 50_000, 200_000]
    with tempfile.TemporaryDirectory() as folder:
        measure(report, Path(folder), sizes, rounds=1 if said.quick else 3)
    report.finish(said.json)
    return report


def measure(report: Report, folder: Path, sizes: list[int], rounds: int) -> None:
    """A line for each size, then the growth and the memory."""
    per_row: dict[int, float] = {}
    over: dict[int, float] = {}
    for size in sizes:
        file = folder / f"{size}.jsonl"
        write(file, size)
        ways = ("ours", "ours-read", "datasets", "datasets-map")
        found: dict[str, list[dict]] = {way: [] for way in ways}

        def once(way: str, file: Path = file, found: dict = found) -> float:
            found[way].append(in_a_process(way, file, folder))
            return found[way][-1]["s"]

        times = interleaved({way: lambda way=way: once(way) for way in ways}, rounds)
        rate = {way: size / median(times[way]) for way in ways}
        per_row[size] = median(times["ours"]) / size
        over[size] = median(one["peak"] - one["before"] for one in found["ours"])
        add_lines(report, size, rate, found)
    small, large = sizes[0], sizes[-1]
    report.add(
        f"time per row at {large:,}",
        per_row[large] * 1e6,
        "µs",
        against=f"at {small:,}",
        theirs=per_row[small] * 1e6,
        ratio=per_row[large] / per_row[small],
        goal="<= 1.2",
    )
    report.add(
        f"memory beyond the imports at {large:,}",
        over[large] / 2**20,
        "MiB",
        against="the file itself",
        theirs=(folder / f"{large}.jsonl").stat().st_size / 2**20,
        ratio=over[large] / (folder / f"{large}.jsonl").stat().st_size,
        note=f"at {small:,}: {over[small] / 2**20:.0f} MiB",
    )


def add_lines(report: Report, size: int, rate: dict[str, float], found: dict) -> None:
    """What one size gave."""
    peers = {
        "ours-read": ("read alone", "datasets-map", "datasets, each row looked at once"),
        "ours": ("read and all checks", "datasets", "datasets, into Arrow, no checks"),
    }
    for way, (what, peer, named) in peers.items():
        report.add(
            f"{size:,} rows: {what}",
            rate[way],
            "rows/s",
            against=named,
            theirs=rate[peer],
            ratio=rate[way] / rate[peer],
        )
    assert {one["rows"] for ones in found.values() for one in ones} == {size}


def in_a_process(way: str, file: Path, folder: Path) -> dict:
    """One measurement; `datasets` gets a cache of its own each time, as a first reading has."""
    with tempfile.TemporaryDirectory(dir=folder) as home:
        done = subprocess.run(
            [sys.executable, "-c", CHILD, way, str(file)],
            capture_output=True,
            text=True,
            env=environment(home),
        )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1])


def environment(home: str) -> dict[str, str]:
    """The process's own, with nothing cached and nothing asked of a network."""
    own = {"FT_HOME": f"{home}/ft", "HF_HOME": f"{home}/hf", "HF_HUB_OFFLINE": "1"}
    return {**os.environ, **own, "HF_DATASETS_CACHE": f"{home}/cache"}


def write(file: Path, size: int) -> None:
    """Rows as a user might have them; the same ones each time."""
    rng = random.Random(7)
    words = [f"{a}{b}{c}" for a in "bdkmst" for b in ("a", "en", "ol", "ur") for c in "lnrt"]
    words += ["the", "a", "of", "and", "to", "in", "is", "it", "for", "with"] * 4

    def text(count: int) -> str:
        said = " ".join(rng.choice(words) for _ in range(count))
        return f"{said[:1].upper()}{said[1:]}"

    with file.open("w", encoding="utf-8") as out:
        before = {"user": "Who?", "assistant": "Nobody."}
        for _ in range(size):
            row = {"user": text(9) + "?", "assistant": text(rng.randint(20, 60)) + "."}
            chance = rng.random()
            if chance < 0.01:
                row = before
            elif chance < 0.02:
                row = {**row, "user": before["user"]}
            elif chance < 0.03:
                row["assistant"] += "  "
            elif chance < 0.032:
                row["assistant"] += " Write to jan.weber@firma-weber.de."
            out.write(json.dumps(row) + "\n")
            before = row


if __name__ == "__main__":
    main()
