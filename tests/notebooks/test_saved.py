"""The notebooks that users read first: saved with outputs, and written for the real model.

`make test` runs its cells under nbval on the real model; here is what nbval does not see.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.name)
def notebook(request: pytest.FixtureRequest) -> Any:
    """Each notebook of the project."""
    return nbformat.read(request.param, as_version=4)


def test_it_is_saved_with_its_outputs(notebook: Any) -> None:
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    counts = [cell.execution_count for cell in code]
    assert counts == list(range(1, len(code) + 1))
    # A cell that is to fail, because it shows an error, says so.
    meant = [c for c in code if "raises-exception" not in c.metadata.get("tags", [])]
    assert not [o for cell in meant for o in cell.outputs if o.output_type == "error"]


def test_what_is_saved_repeats(notebook: Any) -> None:
    """No time, rate, path or address of an object stands in an output."""
    told = re.compile(r"tokens/s|/tmp/|/home/|\bETA\b| at 0x[0-9a-f]{6}|\d+ s left")
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            texts = [output.get("text", ""), *map(str, output.get("data", {}).values())]
            assert not [found.group() for text in texts if (found := told.search(text))]


def test_outputs_are_small_and_need_no_kernel(notebook: Any) -> None:
    assert "widgets" not in notebook.metadata
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            assert not [mime for mime in data if "widget-view" in mime]
            assert sum(len(str(value)) for value in data.values()) < 30_000


def test_only_what_the_machine_decides_is_left_uncompared(notebook: Any) -> None:
    """The curve and the table with the last loss, whose last digits depend on the processor; and
    the advice, which knows the machine's memory and speed."""
    skipped = [
        cell.source
        for cell in notebook.cells
        if {"nbval-skip", "nbval-ignore-output"} & set(cell.metadata.get("tags", []))
    ]
    assert all(source.lstrip().startswith(("%%finetune", "%ft list", "%ft advise")) for source in skipped)


def test_it_names_the_model_whose_answers_it_shows(notebook: Any) -> None:
    sources = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert "smollm2-135m-q4" in sources
