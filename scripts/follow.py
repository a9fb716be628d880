"""Follow the runs of a home folder by their events, and tell about them in a terminal."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
import threading
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from types import TracebackType
from typing import Any

from ft_magics import events
from ft_magics.monitor import RunState
from ft_magics.widgets import progress_line

__all__ = ["Follower", "Terminal", "side_by_side"]

EVERY_S = 0.5
LONGEST_ANSWER = 240
"""Characters; an untrained model tends to go on and on."""


class Terminal:
    """Lines that stay, and below them one line that changes; without a terminal, lines only."""

    def __init__(self) -> None:
        self.live = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        self._lock = threading.Lock()
        self._shown = ""

    def say(self, text: str, indent: str = "         ") -> None:
        """Print lines that stay."""
        with self._lock:
            self._wipe()
            for line in text.splitlines():
                print(indent + line if line else "")
            sys.stdout.flush()

    def progress(self, text: str, *, keep: bool = False) -> None:
        """Show the line that changes; without a terminal, only those to `keep` are printed."""
        if not self.live:
            if keep:
                self.say(text)
            return
        with self._lock:
            self._wipe()
            self._shown = f"         {text}"[: self.width]
            print(self._shown, end="", flush=True)

    @property
    def width(self) -> int:
        """Columns that a line may fill without breaking."""
        return min(shutil.get_terminal_size().columns - 1, 120)

    def _wipe(self) -> None:
        if self._shown:
            print("\r" + " " * len(self._shown) + "\r", end="")
            self._shown = ""


class Follower:
    """Reads `runs/NAME/VERSION/events.jsonl` below a home while runs write them.

    Args:
        home: The folder of FT_HOME; it need not exist yet.
        terminal: Where to tell about phases and steps.
    """

    def __init__(self, home: Path, terminal: Terminal) -> None:
        self._home = home
        self._terminal = terminal
        self._read_bytes: dict[Path, int] = {}
        self._states: dict[Path, RunState] = {}
        self._told: dict[Path, int] = {}
        self._reading = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="follower", daemon=True)

    def __enter__(self) -> Follower:
        """Skip runs that are there already, and begin."""
        for file in self._files():
            self._read_bytes[file] = file.stat().st_size
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Read what came last, and stop."""
        self._over.set()
        self._thread.join()

    def states(self) -> list[RunState]:
        """The runs that were seen, oldest first."""
        return list(self._states.values())

    def _files(self) -> list[Path]:
        return sorted(self._home.glob("runs/*/*/events.jsonl"))

    def _follow(self) -> None:
        while not self._over.wait(EVERY_S):
            self.catch_up()
        self.catch_up()

    def catch_up(self) -> None:
        """Read and tell what the runs wrote since the last time."""
        with self._reading:
            for file in self._files():
                for event in self._new_events(file):
                    self._states.setdefault(file, RunState()).apply(event)
                    self._tell(file, event)

    def _new_events(self, file: Path) -> list[events.Event]:
        """The events after those already read; a line that is still being written waits."""
        with file.open("rb") as stream:
            stream.seek(self._read_bytes.get(file, 0))
            text = stream.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._read_bytes[file] = self._read_bytes.get(file, 0) + len(whole)
        found = (events.from_line(line) for line in whole.decode().split("\n"))
        return [event for event in found if event is not None]

    def _tell(self, file: Path, event: events.Event) -> None:
        if isinstance(event, events.PhaseBegan | events.Notice):
            self._terminal.say(event.text)
        elif isinstance(event, events.StepEnded):
            state = self._states[file]
            tenth = event.step * 10 // max(state.total_steps, 1)
            keep = tenth > self._told.get(file, 0)
            self._told[file] = tenth
            self._terminal.progress(self._line(state), keep=keep)
        elif isinstance(event, events.RunEnded):
            self._terminal.say(f"{self._line(self._states[file])}\n{event.error}".rstrip())

    def _line(self, state: RunState) -> str:
        return progress_line(state, self._terminal.width - 9)


def side_by_side(golden: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """The golden questions with each model's answer in a column of its own.

    Args:
        golden: model -> one `{"prompt", "answer", "passed", …}` per question, in order.
    """
    models = list(golden)
    gap = "   "
    total = min(shutil.get_terminal_size().columns, 120)
    width = max((total - len(gap) * (len(models) - 1)) // len(models), 20)
    ruler = gap.join(["─" * width] * len(models))
    lines = [gap.join(name.ljust(width) for name in models), ruler]
    for row in zip(*golden.values(), strict=False):
        lines += ["", f"> {row[0]['prompt']}"]
        cells = [textwrap.wrap(_answer(answer), width) or [""] for answer in row]
        for texts in zip_longest(*cells, fillvalue=""):
            lines.append(gap.join(text.ljust(width) for text in texts).rstrip())
    if any(answer.get("passed") is not None for answer in golden[models[0]]):
        lines += [ruler, gap.join(_score(golden[name]).ljust(width) for name in models).rstrip()]
    return "\n".join(lines)


def _answer(answer: Mapping[str, Any]) -> str:
    """The answer's beginning, behind the sign of its check."""
    sign = {True: "✓ ", False: "✗ ", None: ""}[answer.get("passed")]
    text = " ".join(str(answer["answer"]).split())
    cut = text if len(text) <= LONGEST_ANSWER else f"{text[:LONGEST_ANSWER].rstrip()} …"
    return sign + cut


def _score(answers: Sequence[Mapping[str, Any]]) -> str:
    checked = [answer["passed"] for answer in answers if answer.get("passed") is not None]
    return f"{sum(checked)} of {len(checked)} pass"
