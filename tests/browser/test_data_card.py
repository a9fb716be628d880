"""The rows of a data card in a real JupyterLab: taken over by the live browser, static without it."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from lab import NotebookPage
from story import KERNEL
from tests.browser.conftest import Open, Take, untouched, watch

CARD = 2
HURT = "<script>window.hurt = 1</script><img src=x onerror='window.hurt = 1'>"
ROWS = """
import ft_magics as ft
rows = [{"user": f"What is number {i}?", "assistant": f"It is {i}, which Ollie likes " + "well " * (i % 9) + "enough."}
        for i in range(1, 34)]
rows += [{"user": "What is number 5?", "assistant": "It is six, surely."},
         {"user": HURT, "assistant": "b" + HURT}]
ft.dataset("numbers", rows, system="You count. " + HURT)
""".replace("HURT", repr(HURT)).strip()


@pytest.fixture
def card(open_notebook: Open, tiny_folder: Path) -> NotebookPage:
    """A page in which the browser of rows has taken over."""
    cells = ["%load_ext ft_magics", f"%ft model {tiny_folder}", ROWS]
    notebook = new_notebook(cells=list(map(new_code_cell, cells)), metadata={"kernelspec": KERNEL})
    page = open_notebook(notebook)
    watch(page)
    page.run_all()
    page.wait_for("the card", lambda: page.count(CARD) is not None)
    page.wait_idle()
    taken_over(page)
    return page


def taken_over(page: NotebookPage) -> None:
    rows = page.output(CARD).locator(".ft-control output")
    page.wait_for("the live browser", lambda: rows.count() and "of 35" in rows.inner_text())


def numbers(page: NotebookPage) -> list[int]:
    """The rows on the page."""
    found = page.output(CARD).locator("tr[data-n]")
    return [int(n) for n in found.evaluate_all("rows => rows.map(row => row.dataset.n)")]


def shows(page: NotebookPage, wanted: list[int]) -> None:
    page.wait_for(f"rows {wanted}", lambda: numbers(page) == wanted)


def click(page: NotebookPage, name: str) -> None:
    page.output(CARD).get_by_role("button", name=name).first.click()


def reload(page: NotebookPage) -> None:
    """Save, and load the page anew."""
    page.script("await panel.context.save();")
    page.page.reload()
    page.page.wait_for_function("() => window.jupyterapp?.shell.currentWidget?.context?.path")
    page.page.evaluate("() => window.jupyterapp.restored")
    page.script("await panel.context.ready; await panel.sessionContext.ready;")
    page.wait_idle()


def test_rows_are_paged_filtered_searched_and_seen_as_tokens(
    card: NotebookPage, screenshot: Take
) -> None:
    assert numbers(card) == list(range(1, 11))
    click(card, "Next page")
    shows(card, list(range(11, 21)))
    card.output(CARD).locator(".ft-pager button").last.press("ArrowRight")
    shows(card, list(range(21, 31)))
    click(card, "contradiction")
    shows(card, [5, 34])
    click(card, "Tokens of row 34")
    card.wait_for("tokens", lambda: card.output(CARD).locator(".ft-seen mark").count() > 3)
    seen = card.output(CARD).locator(".ft-seen").inner_text()
    assert "surely" in seen and "<|im_end|>" in seen and "ends the turn" in seen
    card.focus()
    card.script("cells[argument].outputArea.node.scrollIntoView();", CARD)
    screenshot(card, "data-card-light")
    card.theme(dark=True)
    screenshot(card, "data-card-dark")
    card.theme(dark=False)
    click(card, "all rows")
    card.output(CARD).locator("input[type=search]").fill("#12")
    shows(card, [12])
    card.output(CARD).locator("input[type=search]").fill("IS 3, ")
    shows(card, [3])
    untouched(card)


def test_a_narrow_cell(card: NotebookPage, screenshot: Take) -> None:
    card.focus()
    card.page.set_viewport_size({"width": 545, "height": 1400})
    found = card.output(CARD).locator(".ft-control")
    card.wait_for("a narrow card", lambda: (found.bounding_box() or {"width": 999})["width"] <= 420)
    whole = card.output(CARD).locator("[class*=ft-]").first
    assert whole.evaluate("node => node.scrollWidth - node.clientWidth") <= 0
    found.scroll_into_view_if_needed()
    card.script("cells[argument].outputArea.node.scrollIntoView();", CARD)
    screenshot(card, "data-card-narrow")
    untouched(card)


def test_rows_that_hold_html_are_text(card: NotebookPage) -> None:
    card.output(CARD).locator("input[type=search]").fill("onerror")
    shows(card, [35])
    assert HURT in card.output(CARD).locator('tr[data-n="35"]').inner_text()
    click(card, "Tokens of row 35")
    card.wait_for("tokens", lambda: card.output(CARD).locator(".ft-seen mark").count() > 3)
    assert "onerror" in card.output(CARD).locator(".ft-seen").inner_text()
    assert card.output(CARD).locator("img[src=x], tr script").count() == 0
    untouched(card)


def test_a_reloaded_page_is_live_again(card: NotebookPage) -> None:
    click(card, "Next page")
    shows(card, list(range(11, 21)))
    reload(card)
    taken_over(card)
    click(card, "Next page")
    shows(card, list(range(11, 21)))
    untouched(card)


def test_without_its_kernel_the_static_rows_stay(card: NotebookPage, root: Path) -> None:
    click(card, "Next page")
    shows(card, list(range(11, 21)))
    card.script("await panel.sessionContext.shutdown();")
    status = card.output(CARD).locator(".ft-control [role=status]")
    card.wait_for("word of the end", lambda: "kernel has ended" in status.inner_text())
    assert numbers(card) == list(range(11, 21))
    assert card.output(CARD).get_by_role("button", name="Next page").is_disabled()
    reload(card)
    shows(card, list(range(1, 11)))
    shown = card.output(CARD).inner_text()
    assert "The first 10 of 35 rows" in shown and "not found" not in shown.lower()
    assert card.output(CARD).locator(".ft-control").count() == 0
    (file,) = root.glob("test_without_its_kernel*/story.ipynb")
    saved = json.loads(file.read_text())
    assert "widgets" not in saved["metadata"]
    assert "widget" not in json.dumps(saved["cells"][CARD]["outputs"])
    assert card.script("return window.hurt === undefined;")


def test_a_newer_version_takes_the_place(card: NotebookPage) -> None:
    card.run(CARD)
    card.wait_for("a new run", lambda: card.count(CARD) not in (None, 3))
    card.wait_idle()
    taken_over(card)
    assert card.output(CARD).locator(".ft-control").count() == 1
    click(card, "Next page")
    shows(card, list(range(11, 21)))
    untouched(card)


def test_a_kernel_that_does_not_answer_is_waited_for(card: NotebookPage) -> None:
    kernel = int(card.do("import os; print(os.getpid())")[0]["text"])
    status = card.output(CARD).locator(".ft-control [role=status]")
    os.kill(kernel, signal.SIGSTOP)
    try:
        click(card, "Next page")
        card.wait_for("word of the wait", lambda: "busy" in status.inner_text())
        assert numbers(card) == list(range(1, 11))
    finally:
        os.kill(kernel, signal.SIGCONT)
    shows(card, list(range(11, 21)))
    assert status.inner_text() == ""
    untouched(card)


def test_a_busy_cell_is_not_disturbed(card: NotebookPage) -> None:
    """Where the front end has a subshell for it the page comes at once, else after the cell."""
    busy = card.add("import time; print('begun', flush=True); time.sleep(4); print('ended')")
    card.run(busy)
    card.wait_for("the busy cell", lambda: "begun" in card.plain(busy))
    click(card, "Next page")
    shows(card, list(range(11, 21)))
    card.wait_for("its end", lambda: "ended" in card.plain(busy))
    untouched(card)
