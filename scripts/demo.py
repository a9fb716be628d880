"""The main job in the terminal: run notebooks/01_catgpt.ipynb and show what changed.

The notebook runs headless on a copy, in a kernel of this environment, with a fresh home for its
runs unless FT_HOME names one. What the training does is read from the run's own events.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

from follow import Follower, Terminal, side_by_side

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = ROOT / "notebooks" / "01_catgpt.ipynb"


class TalkingClient(NotebookClient):
    """Runs a notebook and says on the terminal which cell it is at and what that cell prints."""

    terminal: Terminal

    def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> Any:
        """Pass on what a cell prints; displays are left to the notebook."""
        if msg["msg_type"] == "stream":
            self.terminal.say(msg["content"]["text"].rstrip())
        return super().process_message(msg, cell, cell_index)


def first_line(source: str) -> str:
    """The line of a code cell that says best what it does: the first that is no comment."""
    lines = [line.strip() for line in source.splitlines()]
    return next((line for line in lines if line and not line.startswith("#")), "")


def execute(notebook: Any, folder: Path, terminal: Terminal, follower: Follower) -> None:
    """Run all cells of `notebook` in `folder`, each announced by its first line.

    What the kernel itself complains about goes to `folder/kernel.log`.

    Raises:
        CellExecutionError: A cell failed.
        DeadKernelError: The kernel died, mostly for want of memory.
    """
    code = [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]

    def announce(cell: Any, cell_index: int) -> None:
        if cell_index in code:
            follower.catch_up()
            number = f"[{code.index(cell_index) + 1}/{len(code)}]"
            line, *_ = first_line(cell.source).split("  #")
            terminal.say(f"{number:>7}  {line.rstrip()}", indent="")

    client = TalkingClient(
        notebook,
        timeout=None,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        on_cell_execute=announce,
    )
    client.terminal = terminal
    with (folder / "kernel.log").open("w") as log:
        client.execute(stderr=log)


def answers(notebook: Any) -> str:
    """What `%%prompt` cells with several models showed, as text, in the notebook's order."""
    found = []
    for cell in notebook.cells:
        words = first_line(cell.source).split() if cell.cell_type == "code" else []
        names = [word for word in words[1:] if not word.startswith("-")]
        if not words or words[0] != "%%prompt" or len(names) < 2:
            continue
        texts = [
            output["data"]["text/plain"]
            for output in cell.outputs
            if "text/plain" in output.get("data", {})
        ]
        found += texts[-1:]
    return "\n\n".join(found)


def report(notebook: Any, follower: Follower, elapsed_s: float) -> str:
    """The end of the demo: both models' answers, the verdict, the time, and where to go on."""
    parts = []
    for state in follower.states():
        if len(state.golden) > 1:
            parts.append(side_by_side(state.golden))
    if not parts:
        parts.append(answers(notebook))
    parts += [f"{s.name}: {s.verdict}" for s in follower.states() if s.verdict]
    minutes, seconds = divmod(round(elapsed_s), 60)
    parts.append(f"Done in {minutes} min {seconds} s. Open the notebook and try it: make lab")
    return "\n\n".join(part for part in parts if part)


def demo(notebook_path: Path, home: Path, folder: Path) -> int:
    """Run the notebook and tell what happens.

    Args:
        notebook_path: The notebook; it is not changed.
        home: Where the runs are kept.
        folder: An empty folder to work in.

    Returns:
        The exit status: 0 when every cell ran.
    """
    began_s = time.monotonic()
    notebook = nbformat.read(notebook_path, as_version=4)
    terminal = Terminal()
    terminal.say(f"Running {notebook_path.name} on this machine; nothing of yours is changed.", "")
    with Follower(home, terminal) as follower:
        try:
            execute(notebook, folder, terminal, follower)
        except CellExecutionError as error:
            terminal.say(f"A cell failed. {error.ename}: {error.evalue}", "")
            return 1
        except DeadKernelError:
            terminal.say("The kernel died; most often the machine is short of memory.", "")
            terminal.say((folder / "kernel.log").read_text()[-2000:])
            return 1
    print("\n" + report(notebook, follower, time.monotonic() - began_s))
    return 0


def main() -> int:
    """Read the command line, and clean up behind the demo."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("notebook", nargs="?", type=Path, default=NOTEBOOK)
    path = parser.parse_args().notebook
    folder = Path(tempfile.mkdtemp(prefix="ft_demo_"))
    home = Path(os.environ.setdefault("FT_HOME", str(folder / "home")))
    # The user's own kernels and start-up files stay out of it.
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"
    os.environ["IPYTHONDIR"] = str(folder / "ipython")
    try:
        return demo(path, home, folder)
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
