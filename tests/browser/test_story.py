"""The story in a real JupyterLab, as a user sees it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from nbformat.v4 import new_code_cell

from lab import NotebookPage
from story import FINETUNE_CELL, PROMPT_CELL, execute, plain, save, story
from tests.browser.conftest import Open, Take

LONG = "%%finetune long --data catgpt\nmax_steps: 3000\neval_steps: 100"


@pytest.fixture(scope="module")
def executed(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The story as nbclient ends it."""
    folder = tmp_path_factory.mktemp("nbclient")
    return execute(save(story(tiny_folder), folder / "story.ipynb"), folder / "home")


def long_story(model: Path) -> Any:
    """The story up to a run that goes on until it is stopped."""
    notebook = story(model)
    notebook.cells = [*notebook.cells[:FINETUNE_CELL], new_code_cell(LONG)]
    return notebook


def start_long_run(page: NotebookPage) -> None:
    """Run All, and wait until the first steps are in the curve."""
    page.run_all()
    page.wait_for("the long run's cell", lambda: page.count(FINETUNE_CELL) is not None)
    page.wait_idle()
    page.wait_for("a step", lambda: re.search(r"step [1-9]\d* of", page.plain(FINETUNE_CELL)))
    assert curve(page)


def curve(page: NotebookPage) -> str:
    """The drawn curve of the training cell, as its SVG's source; empty before there is one."""
    drawn = page.output(FINETUNE_CELL).locator("svg")
    return str(drawn.first.evaluate("node => node.outerHTML")) if drawn.count() else ""


def test_run_all_ends_with_the_answers_of_nbclient(
    open_notebook: Open, executed: Any, tiny_folder: Path, screenshot: Take
) -> None:
    page = open_notebook(story(tiny_folder))
    page.run_all()
    wanted = plain(executed.cells[PROMPT_CELL]).strip()
    page.wait_for(
        "nbclient's answers", lambda: page.plain(PROMPT_CELL).strip() == wanted, timeout_s=120
    )
    page.wait_for("the static card", lambda: curve(page) and "ollie" in page.plain(FINETUNE_CELL))
    page.wait_idle()
    page.focus()
    screenshot(page, "story-light")
    page.theme(dark=True)
    screenshot(page, "story-dark")
    assert page.plain(FINETUNE_CELL).strip() == plain(executed.cells[FINETUNE_CELL]).strip()


def test_the_curve_grows_while_the_kernel_is_free(
    open_notebook: Open, tiny_folder: Path, screenshot: Take
) -> None:
    page = open_notebook(long_story(tiny_folder))
    start_long_run(page)
    before = curve(page)
    busy = "import ft_magics as ft\nprint(6 * 7, ft.run('long').active)"
    assert page.do(busy)[0]["text"].split() == ["42", "True"]
    page.wait_for("a longer curve", lambda: curve(page) not in ("", before))
    screenshot(page, "training-light")
    page.do("%ft stop long")
    page.wait_for(
        "the end of the run",
        lambda: page.do("print(ft.run('long').state)")[0]["text"].strip() == "stopped",
    )
    assert curve(page)


def test_a_prompt_answers_while_its_model_trains(open_notebook: Open, tiny_folder: Path) -> None:
    page = open_notebook(long_story(tiny_folder))
    start_long_run(page)
    cell = page.add("%%prompt long --max-new-tokens 8\nHow do cats sleep?")
    page.run(cell)
    page.wait_for("an answer of now", lambda: "still training" in page.plain(cell))
    page.do("%ft stop long")
    page.wait_for("the last answer", lambda: "still training" not in page.plain(cell))


def test_an_error_is_one_line(open_notebook: Open, tiny_folder: Path, screenshot: Take) -> None:
    page = open_notebook(story(tiny_folder))
    page.do("%load_ext ft_magics")
    (error,) = page.do("%%finetune ollie --data nothere")
    assert error["output_type"] == "error"
    assert len(error["traceback"]) == 1
    assert "nothere" in error["traceback"][0]
    cell = page.script("return cells.length - 1;")
    assert len(page.output(cell).inner_text().strip().splitlines()) == 1
    screenshot(page, "error-light")


# The colours of every text in the training cell, over what lies behind it, as WCAG's contrast.
CONTRASTS = """
const paint = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
const rgba = colour => {
  paint.clearRect(0, 0, 1, 1); paint.fillStyle = colour; paint.fillRect(0, 0, 1, 1);
  return [...paint.getImageData(0, 0, 1, 1).data];
};
const light = c => c.slice(0, 3).map(v => v / 255)
  .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const behind = node => {
  for (let n = node; n; n = n.parentElement) {
    const c = rgba(getComputedStyle(n).backgroundColor);
    if (c[3] > 250) return c;
  }
  return [255, 255, 255, 255];
};
const found = [];
for (const node of cells[argument].outputArea.node.querySelectorAll('*')) {
  const own = [...node.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
  if (!own || ['STYLE', 'TITLE', 'DESC'].includes(node.tagName.toUpperCase())) continue;
  if (!node.getClientRects().length) continue;
  const style = getComputedStyle(node);
  const text = rgba(node.closest('svg') ? style.fill : style.color);
  const [a, b] = [light(text), light(behind(node))].sort((x, y) => y - x);
  found.push([(a + 0.05) / (b + 0.05), node.textContent.trim().slice(0, 40)]);
}
return found;
"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_texts_can_be_read_in_both_themes(
    open_notebook: Open, tiny_folder: Path, dark: bool
) -> None:
    page = open_notebook(story(tiny_folder))
    page.theme(dark=dark)
    page.run_all()
    page.wait_for("a curve", lambda: curve(page))
    page.wait_for("answers", lambda: "ollie" in page.plain(PROMPT_CELL))
    for cell in (FINETUNE_CELL, PROMPT_CELL):
        texts = page.script(CONTRASTS, cell)
        assert texts
        assert not [text for contrast, text in texts if contrast < 4.5]
