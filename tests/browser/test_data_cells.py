"""What a `%%dataset` cell does to the notebook itself, in a real JupyterLab."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nbformat.v4 import new_code_cell, new_notebook

from lab import NotebookPage
from story import KERNEL

MESSY = (
    '%%dataset faq --system "Be kind." --fix --rewrite\n'
    '{"user": "How old is Ollie?", "assistant": "  Six years.  "}\n'
    '{"user": "How old is Ollie?", "assistant": "Six years."}\n'
    '{"user": "What does he eat?", "assistant": "Salmon in the cafÃ©."}'
)
MENDED = (
    '%%dataset faq --system "Be kind."\n'
    '{"user": "How old is Ollie?", "assistant": "Six years."}\n'
    '{"user": "What does he eat?", "assistant": "Salmon in the café."}'
)


def opened(open_notebook: Callable[[Any], NotebookPage], *cells: str) -> NotebookPage:
    notebook = new_notebook(cells=list(map(new_code_cell, cells)), metadata={"kernelspec": KERNEL})
    page = open_notebook(notebook)
    page.run_all()
    page.wait_idle()
    return page


def test_the_repaired_rows_come_into_the_cell(
    open_notebook: Callable[[Any], NotebookPage], tiny_folder: Path
) -> None:
    page = opened(open_notebook, "%load_ext ft_magics", f"%ft model {tiny_folder}", MESSY)

    def source() -> str:
        return str(page.script("return cells[argument].model.sharedModel.getSource();", 2))

    page.wait_for("the repaired rows", lambda: source() == MENDED)
    assert "What was mended" in page.plain(2) and page.errors() == []
    page.run(2)
    page.wait_idle()
    assert "What was mended" not in page.plain(2) and source() == MENDED


def test_a_bar_shows_how_far_a_large_file_is_and_leaves_nothing(
    open_notebook: Callable[[Any], NotebookPage], tiny_folder: Path, tmp_path: Path
) -> None:
    words = "red green blue black white brown pink gold grey teal".split()  # noqa: SIM905
    rows = (
        {"user": f"What is {words[i % 10]} {i}?", "assistant": f"It is {words[i % 7]} and {i}."}
        for i in range(40_000)
    )
    file = tmp_path / "large.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    cells = ["%load_ext ft_magics", f"%ft model {tiny_folder}", "1"]
    page = opened(open_notebook, *cells)
    at = page.add(f"%dataset large --from {file}")
    page.run(at)
    page.wait_for("the bar", lambda: "reading large.jsonl" in json.dumps(page.outputs(at)))
    page.wait_idle(timeout_s=120)
    told = json.dumps(page.outputs(at))
    assert "40,000 rows" in told and "reading large.jsonl" not in told
    assert str(tmp_path) not in told
