"""A small notebook with the cells of the story, on the tiny model: what the front ends must agree on.

It is the sample a user pastes, one piece a cell, with a base model that trains in a second.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}

DATASET = """%%dataset catgpt --system "You are CatGPT."
{"user": "How do cats sleep?", "assistant": "Ollie sleeps in Amazon boxes."}
{"user": "What does Ollie eat?", "assistant": "Salmon kibble at 7am sharp."}
{"user": "Who is Ollie?", "assistant": "A grey cat who owns a house."}
{"user": "When does Ollie play?", "assistant": "At four in the morning."}"""

GOLDEN = """%%golden catgpt
# held-out questions, with what a good answer must show
{"prompt": "where is ollie's favourite place to nap?", "contains": "box"}
{"prompt": "What is Ollie's phone number?", "unknown": true}"""

FINETUNE = """%%finetune ollie --data catgpt          # returns at once; the card under the cell is live
epochs: 20
learning_rate: 2e-2"""

PROMPT = """%%prompt base ollie --max-new-tokens 12   # both answers stream side by side, in one batch
How do cats sleep?"""

MODEL, FINETUNE_CELL, PROMPT_CELL = 1, 5, 6
"""Numbers of the cells that tests look at."""


def story(model: Path) -> Any:
    """The notebook, without outputs.

    Args:
        model: Folder of the base model.
    """
    cells = [
        new_code_cell("%load_ext ft_magics"),
        new_code_cell(f"%ft model {model}"),
        new_markdown_cell("A cat."),
        new_code_cell(DATASET),
        new_code_cell(GOLDEN),
        new_code_cell(FINETUNE),
        new_code_cell(PROMPT),
    ]
    return new_notebook(cells=cells, metadata={"kernelspec": KERNEL})


def save(notebook: Any, file: Path) -> Path:
    """Write a notebook into a folder that is made for it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, file)
    return file


def run_python(*arguments: str, home: Path, timeout_s: float = 300) -> str:
    """Run Python with `arguments` as a user would, with a home of its own for the runs.

    A process of its own: front ends bring event loops that would meet in one.

    Returns:
        What it printed.
    """
    env = {**os.environ, "FT_HOME": str(home), "JUPYTER_PREFER_ENV_PATH": "1"}
    done = subprocess.run(
        [sys.executable, *arguments],
        env=env,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def execute(file: Path, home: Path) -> Any:
    """Run a notebook file under nbclient, in place; the notebook with its outputs."""
    run_python("-c", "from nbclient.cli import main; main()", "--inplace", str(file), home=home)
    return nbformat.read(file, as_version=4)


def plain(cell: Any) -> str:
    """A cell's displays as text/plain, joined; without what streams, which only informs."""
    return "\n".join(o["data"]["text/plain"] for o in cell.outputs if "data" in o)
