"""What every benchmark shares: lines with a ratio and a goal, the table, the machine's facts."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

__all__ = [
    "Line",
    "Report",
    "interleaved",
    "machine",
    "median",
    "options",
    "peak_memory_bytes",
    "versions",
]

LIBRARIES = ("torch", "transformers", "trl", "peft", "accelerate", "datasets", "ipython")


@dataclass(frozen=True)
class Line:
    """One comparison.

    Attributes:
        what: What was done.
        ours: Our figure, in `unit`.
        against: The peer or the floor; empty where there is nothing to compare with.
        theirs: Its figure, in `unit`.
        unit: `tokens/s`, `ms`, `MiB`.
        ratio: Ours by theirs; None without a peer. The median over rounds where rounds were
            interleaved, so not always the quotient of the two figures.
        goal: `>= 0.95` for the ratio, `<= 50 ms` for the figure; empty where none was set.
        note: What a reader must know to judge it.
    """

    what: str
    ours: float
    unit: str
    against: str = ""
    theirs: float | None = None
    ratio: float | None = None
    goal: str = ""
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; None where none was set."""
        if not self.goal:
            return None
        sign, limit, *unit = self.goal.split()
        figure = self.ours if unit else self.ratio
        if figure is None:
            raise ValueError(f"{self.what}: the goal is for a ratio, and there is none")
        return figure >= float(limit) if sign == ">=" else figure <= float(limit)


@dataclass
class Report:
    """What a benchmark found."""

    title: str
    quick: bool
    lines: list[Line] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    load: float = field(default_factory=lambda: os.getloadavg()[0])
    """Load of the machine before the measurement, averaged over a minute."""

    def add(self, what: str, ours: float, unit: str, **rest: Any) -> None:
        """Add a line; see `Line`."""
        self.lines.append(Line(what, ours, unit, **rest))

    def compare(
        self,
        what: str,
        found: Mapping[str, Sequence[float]],
        unit: str,
        goals: Mapping[str, str] | None = None,
        *,
        less_is_more: bool = False,
    ) -> None:
        """Add a line for each peer of `ours`, with the ratio of each round.

        Args:
            what: What was done.
            found: Contender -> its figures, round by round; one is called `ours`.
            unit: Of the figures.
            goals: Peer -> the goal for the ratio.
            less_is_more: The figures are times: the ratio is theirs by ours, so many times as
                fast is ours.
        """
        ours = found["ours"]
        for name, theirs in found.items():
            if name == "ours":
                continue
            pairs = list(zip(ours, theirs, strict=True))
            ratios = [b / a if less_is_more else a / b for a, b in pairs]
            told = ", ".join(f"{ratio:.2f}" for ratio in ratios)
            self.add(
                what,
                median(ours),
                unit,
                against=name,
                theirs=median(theirs),
                ratio=median(ratios),
                goal=(goals or {}).get(name, ""),
                note=f"against {name}: ratios of the rounds {told}",
            )

    def table(self) -> str:
        """The lines in Markdown, readable as they are in a terminal."""
        head = ("what", "ours", "against", "theirs", "ratio", "goal", "")
        rows = [head]
        for line in self.lines:
            rows.append(
                (
                    line.what,
                    _figure(line.ours, line.unit),
                    line.against,
                    "" if line.theirs is None else _figure(line.theirs, line.unit),
                    "" if line.ratio is None else _ratio(line.ratio),
                    line.goal,
                    {None: "", True: "met", False: "MISSED"}[line.met],
                )
            )
        widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
        rows.insert(1, tuple("-" * width for width in widths))
        return "\n".join(
            "| " + " | ".join(text.ljust(w) for text, w in zip(row, widths, strict=True)) + " |"
            for row in rows
        )

    def text(self) -> str:
        """All of it."""
        notes = [f"{line.what}: {line.note}" for line in self.lines if line.note]
        told = [f"- {text}" for text in [*self.remarks, *notes]]
        facts = machine()
        head = f"{self.title}{' (quick: the figures mean nothing)' if self.quick else ''}"
        where = f"{facts['cpu']}, {facts['cores']} cores, load before {self.load:.1f}"
        if facts["gpu"]:
            where += f", {facts['gpu']}"
        kept = ", ".join(f"{k} {v}" for k, v in versions().items() if v)
        return "\n".join([head, "", self.table(), "", *told, f"- {where}; {kept}"])

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {
            "title": self.title,
            "quick": self.quick,
            "measured": datetime.now(UTC).strftime("%Y-%m-%d"),
            "lines": [{**asdict(line), "met": line.met} for line in self.lines],
            "remarks": self.remarks,
            "load_before": self.load,
            "machine": machine(),
            "versions": versions(),
        }

    def finish(self, file: str | os.PathLike[str] | None) -> None:
        """Print it, and write it as JSON if a file is named."""
        print(self.text(), flush=True)
        if file:
            path = Path(file)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(self.to_dict(), indent=2) + "\n", encoding="utf-8")


def _figure(value: float, unit: str) -> str:
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 0.1 else 4
    return f"{value:.{digits}f} {unit}"


def _ratio(value: float) -> str:
    return f"{value:.2f}" if value >= 0.01 else f"{value:.1g}"


def options(about: str | None, argv: Sequence[str] | None, **flags: str) -> argparse.Namespace:
    """The command line of a benchmark.

    Args:
        about: What it does; the module's docstring.
        argv: Arguments; None takes the process's.
        **flags: Further on/off flags and their help.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--json", metavar="FILE", help="write the result there too")
    parser.add_argument(
        "--quick", action="store_true", help="a tiny model and few rounds: does it run at all?"
    )
    for name, text in flags.items():
        parser.add_argument(f"--{name}", action="store_true", help=text)
    return parser.parse_args(argv)


def machine() -> dict[str, Any]:
    """What the figures were measured on; nothing that names the host."""
    return {
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "system": platform.system(),
        "python": platform.python_version(),
        "gpu": _gpu(),
    }


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _gpu() -> str:
    import sys

    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return ""
    return str(torch.cuda.get_device_name())


def versions() -> dict[str, str]:
    """The libraries' versions; empty for one that is not installed."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = ""
    return found


def median(values: Iterable[float]) -> float:
    """The middle one."""
    return statistics.median(values)


def interleaved(contenders: dict[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Measure A B C, then again, so that a slow minute of the machine meets all of them.

    The order turns with each round: no contender always comes after the same other.

    Args:
        contenders: Name -> a function that measures once and returns its figure.
        rounds: How often each is measured.
    """
    names = list(contenders)
    found: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(rounds):
        at = turn % len(names)
        for name in names[at:] + names[:at]:
            found[name].append(contenders[name]())
    return found


def peak_memory_bytes() -> int:
    """The largest resident set this process has had.

    Not `getrusage`, whose figure a child inherits from a larger parent.

    Raises:
        RuntimeError: The system does not tell.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    raise RuntimeError("the peak of a process's memory is read from /proc, and there is none here")
