"""Judging answers where they stand, in a real JupyterLab: buttons under them, and blind pairs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from lab import NotebookPage
from story import DATASET, FINETUNE, KERNEL, PROMPT
from tests.browser.conftest import Open, Take, untouched, watch

ANSWERS = 2
HURT = "<script>window.hurt = 1</script><img src=x onerror='window.hurt = 1'>"
# Two answers as a prompt leaves them; what the tiny model writes can not be read.
SHOWN = f"""
from ft_magics.session import Answers, Column
Answers("How do cats sleep?", "You are CatGPT.", [
    Column("base", "Cats sleep in a variety of ways, but most curl up on a favourite bed. {HURT}"),
    Column("ollie", "Ollie logs 12 to 16 hours of sleep a day, inside Amazon boxes."),
])
""".strip()


FOCUSED = "node => node === document.activeElement"


@pytest.fixture
def opened(open_notebook: Open, tiny_folder: Path) -> Callable[..., NotebookPage]:
    """Opens a notebook of these cells, runs it, and notes what the page complains of."""

    def open_it(*sources: str) -> NotebookPage:
        cells = ["%load_ext ft_magics", f"%ft model {tiny_folder}", *sources]
        notebook = new_notebook(
            cells=list(map(new_code_cell, cells)), metadata={"kernelspec": KERNEL}
        )
        page = open_notebook(notebook)
        watch(page)
        page.focus()
        page.run_all()
        last = len(cells) - 1
        page.wait_for("the last cell", lambda: page.count(last) is not None or page.errors())
        assert page.errors() == []
        page.wait_idle()
        return page

    return open_it


def judging(page: NotebookPage, cell: int = ANSWERS, at: int = 0) -> Any:
    """The buttons under one answer."""
    found = page.output(cell).locator(".ft-judge")
    page.wait_for("the buttons", lambda: found.count() > at)
    return found.nth(at)


def press(page: NotebookPage, name: str, at: int = 0, cell: int = ANSWERS) -> None:
    judging(page, cell, at).get_by_text(name, exact=True).click()


def says(page: NotebookPage, words: str, at: int = 0, cell: int = ANSWERS) -> None:
    status = judging(page, cell, at).locator("[role=status]")
    page.wait_for(f"«{words}»", lambda: words in status.inner_text())


def pressed(page: NotebookPage, at: int = 0, cell: int = ANSWERS) -> list[str]:
    found = judging(page, cell, at).locator("button[aria-pressed=true]")
    return [text.strip() for text in found.all_inner_texts()]


def told(page: NotebookPage, source: str) -> str:
    """What a cell prints."""
    return "".join(output.get("text", "") for output in page.do(source)).strip()


def reload(page: NotebookPage) -> None:
    """Save, and load the page anew."""
    page.script("await panel.context.save();")
    page.page.reload()
    page.page.wait_for_function("() => window.jupyterapp?.shell.currentWidget?.context?.path")
    page.page.evaluate("() => window.jupyterapp.restored")
    page.script("await panel.context.ready; await panel.sessionContext.ready;")
    page.wait_idle()


def folder_of(root: Path, test: str) -> Path:
    (file,) = root.glob(f"{test}*/story.ipynb")
    return file.parent


def without_widgets(folder: Path, cell: int) -> None:
    """Nothing of the controls is in the saved notebook."""
    saved = json.loads((folder / "story.ipynb").read_text())
    assert "widgets" not in saved["metadata"]
    outputs = json.dumps(saved["cells"][cell]["outputs"])
    assert "widget" not in outputs and "<button" not in outputs


def narrow(page: NotebookPage, selector: str, cell: int = ANSWERS) -> None:
    """A window in which the cell's output is 420 px wide or less; nothing may stick out."""
    page.focus()
    page.page.set_viewport_size({"width": 545, "height": 1400})
    found = page.output(cell).locator(selector).first
    page.wait_for("a narrow card", lambda: (found.bounding_box() or {"width": 999})["width"] <= 420)
    whole = page.output(cell).locator("[class*=ft-]").first
    assert whole.evaluate("node => node.scrollWidth - node.clientWidth") <= 0


# ---------------------------------------------------------------------- buttons under answers


def test_a_prompt_is_judged_where_it_stands(
    opened: Callable[..., NotebookPage], root: Path
) -> None:
    """The answers of a run in progress get their buttons when they are the last ones."""
    page = opened(DATASET, FINETUNE, PROMPT)
    at = ANSWERS + 2
    judging(page, at, 1)
    assert "still training" not in page.plain(at)
    press(page, "Good", 1, at)
    says(page, "kept as row 1 of votes", 1, at)
    assert pressed(page, 1, at) == ["Good"]
    (rows,) = folder_of(root, "test_a_prompt_is_judged").glob(".ft/data/votes/*/rows.jsonl")
    assert len(rows.read_text().splitlines()) == 1
    votes = "import ft_magics as ft; print([row.label for row in ft.dataset('votes').rows])"
    assert told(page, votes) == "[True]"
    press(page, "Bad", 1, at)
    says(page, "in place of what it said before", 1, at)
    assert pressed(page, 1, at) == ["Bad"] and pressed(page, 0, at) == []
    assert told(page, votes) == "[False]"
    assert len(rows.read_text().splitlines()) == 1
    press(page, "This one is better", 1, at)
    says(page, "kept as row 1 of preferences", 1, at)
    press(page, "This one is better", 0, at)
    says(page, "of preferences", 0, at)
    assert pressed(page, 0, at) == ["This one is better"] and pressed(page, 1, at) == ["Bad"]
    page.run(at)
    page.wait_idle()
    # The same answers again: one set of buttons, and what was pressed stays pressed.
    page.wait_for("the same state", lambda: pressed(page, 1, at) == ["Bad"])
    assert page.output(at).locator(".ft-judge").count() == 2
    untouched(page)


def test_an_edit_by_keys(opened: Callable[..., NotebookPage], screenshot: Take) -> None:
    page = opened(SHOWN)
    cells = page.script("return cells.length;")
    first = judging(page).get_by_text("Good", exact=True)
    first.focus()
    for _ in range(2):
        page.page.keyboard.press("Tab")
    # In command mode these would delete the cell and add one.
    for key in ("d", "d", "b", "a"):
        page.page.keyboard.press(key)
    assert page.script("return cells.length;") == cells
    page.page.keyboard.press("Enter")
    text = judging(page).locator("textarea")
    page.wait_for("the editor", lambda: text.count() and text.evaluate(FOCUSED))
    assert text.input_value().startswith("Cats sleep in a variety") and HURT in text.input_value()
    page.page.keyboard.press("Escape")
    page.wait_for("no editor", lambda: text.count() == 0)
    edit = judging(page).get_by_text("Edit", exact=True)
    assert edit.evaluate(FOCUSED)
    page.page.keyboard.press("Enter")
    page.page.keyboard.press("Control+Enter")
    says(page, "The edit is the same as the answer")
    screenshot(page, "judge-refused")
    text.fill("In boxes, <b>mostly</b>.")
    text.press("Control+Enter")
    says(page, "kept as row 1 of preferences")
    page.wait_for("no editor", lambda: text.count() == 0)
    assert edit.evaluate(FOCUSED)
    rows = "import ft_magics as ft; (row,) = ft.dataset('preferences').rows; print(row.chosen[0].content, '|', row.rejected[0].content[:10])"
    assert told(page, rows) == "In boxes, <b>mostly</b>. | Cats sleep"
    edit.press("Enter")
    page.wait_for("the edit", lambda: text.count() and text.input_value().startswith("In boxes"))
    assert page.count(ANSWERS) == 3
    untouched(page)


def test_answers_are_text_in_any_theme_and_width(
    opened: Callable[..., NotebookPage], screenshot: Take
) -> None:
    page = opened(SHOWN)
    press(page, "Good", at=1)
    says(page, "kept as row 1 of votes", at=1)
    press(page, "Edit")
    judging(page).locator("textarea").fill("Cats sleep in boxes, when they are let.")
    screenshot(page, "judge-light")
    page.theme(dark=True)
    screenshot(page, "judge-dark")
    page.theme(dark=False)
    narrow(page, ".ft-judge")
    screenshot(page, "judge-narrow")
    assert page.output(ANSWERS).locator("img, script").count() == 0
    untouched(page)


def test_a_reloaded_page_shows_what_was_pressed(opened: Callable[..., NotebookPage]) -> None:
    page = opened(SHOWN)
    press(page, "Bad")
    says(page, "kept as row 1 of votes")
    reload(page)
    page.wait_for("the vote", lambda: pressed(page) == ["Bad"])
    press(page, "Good")
    says(page, "in place of")
    untouched(page)


def test_without_a_kernel_there_are_no_buttons(
    opened: Callable[..., NotebookPage], root: Path
) -> None:
    page = opened(SHOWN)
    press(page, "Good", at=1)
    says(page, "kept as row 1 of votes", at=1)
    page.script("await panel.sessionContext.shutdown();")
    says(page, "kernel has ended")
    assert judging(page).get_by_text("Good", exact=True).is_disabled()
    reload(page)
    page.wait_for("the answers", lambda: "Ollie logs" in page.output(ANSWERS).inner_text())
    assert page.output(ANSWERS).locator(".ft-judge, button").count() == 0
    assert "not found" not in page.output(ANSWERS).inner_text().lower()
    without_widgets(folder_of(root, "test_without_a_kernel_there"), ANSWERS)
    assert page.script("return window.hurt === undefined;")


# ---------------------------------------------------------------------- blind comparisons

QUESTIONS = ["How do cats sleep?", "What does Ollie eat?", "Who is Ollie?", f"And {HURT}?"]
DUEL = ANSWERS + 1


@pytest.fixture(scope="module")
def other(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter for the tiny model whose answers are others than the base's."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    folder = tmp_path_factory.mktemp("adapters") / "other"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        model = AutoModelForCausalLM.from_pretrained(tiny_folder)
        config = LoraConfig(
            r=4,
            lora_alpha=64,
            target_modules="all-linear",
            init_lora_weights=False,
            task_type="CAUSAL_LM",
        )
        get_peft_model(model, config).save_pretrained(folder)
    return folder


@pytest.fixture
def compared(opened: Callable[..., NotebookPage], other: Path) -> NotebookPage:
    """A page with a blind comparison of the tiny model and that adapter."""
    ask = f"ft.prefer('base', 'ollie', {QUESTIONS!r}, max_new_tokens=12, seed=3)"
    return opened(f"%ft import ollie {other}", f"import ft_magics as ft\n{ask}")


SIDES = ".ft-two span"


def duel(page: NotebookPage) -> Any:
    """The live comparison, when there is a pair to be read."""
    root = page.output(DUEL).locator(".ft-duel")
    page.wait_for("a pair", lambda: root.count() and root.get_attribute("aria-busy") == "false")
    return root


def progress(page: NotebookPage) -> str:
    return str(page.output(DUEL).locator(".ft-head code").inner_text())


def at(page: NotebookPage, number: int) -> None:
    """The comparison shows this pair, and its answers are there."""
    page.wait_for(f"pair {number}", lambda: progress(page) == f"{number} of {len(QUESTIONS)}")
    duel(page)


def test_a_comparison_by_keys(compared: NotebookPage, screenshot: Take) -> None:
    page = compared
    root = duel(page)
    at(page, 1)
    assert root.inner_text().startswith("How do cats sleep?")
    page.wait_for("the focus", lambda: root.evaluate(FOCUSED))
    screenshot(page, "prefer-light")
    page.theme(dark=True)
    screenshot(page, "prefer-dark")
    page.theme(dark=False)
    root.focus()
    page.page.keyboard.press("1")
    at(page, 2)
    kept = "print(len(ft.dataset('preferences').rows))"
    assert told(page, kept) == "1"
    root.focus()
    page.page.keyboard.press("Space")
    at(page, 3)
    page.page.keyboard.press("Backspace")
    at(page, 2)
    page.page.keyboard.press("2")
    at(page, 3)
    # The focus stays, so that no key goes to the notebook.
    assert duel(page).evaluate(FOCUSED)
    page.page.keyboard.press("s")
    at(page, 4)
    status = duel(page).locator("[role=status]").inner_text()
    assert "base" not in status and "ollie" not in status and "1 skipped" in status
    assert told(page, kept) == "2"
    duel(page).get_by_text("Tie").click()
    page.wait_for("the result", lambda: "ollie" in page.output(DUEL).inner_text())
    assert page.output(DUEL).locator(".ft-duel").count() == 0
    shown = page.output(DUEL).inner_text()
    assert "%" in shown and "tie" in shown
    screenshot(page, "prefer-result")
    assert "data-ft-prefer" not in json.dumps(page.outputs(DUEL))
    untouched(page)


def test_nothing_tells_which_side_is_whose(compared: NotebookPage) -> None:
    """All that the page was sent, as messages and as HTML, before the end."""
    page = compared
    duel(page)
    model = """
    const [duel] = document.querySelectorAll('[data-ft-prefer]');
    return JSON.stringify(duel.ftOwner.model.get('pair'));
    """
    for number in (1, 2, 3):
        at(page, number)
        state = json.loads(page.script(model))
        texts = {state.pop(name) for name in ("question", "system", "left", "right")}
        assert len(texts) == 4
        assert not [name for name in ("base", "ollie", "first", "second") if name in str(state)]
        html = page.output(DUEL).locator("[data-ft-prefer]").evaluate("node => node.outerHTML")
        for text in sorted(texts, key=len, reverse=True):
            html = html.replace(text, "")
        assert "base" not in html and "first" not in html
        duel(page).press("1")
    at(page, 4)


def test_a_reloaded_page_goes_on_at_the_same_pair(compared: NotebookPage, screenshot: Take) -> None:
    page = compared
    duel(page).press("2")
    at(page, 2)
    before = duel(page).locator(SIDES).all_inner_texts()
    reload(page)
    at(page, 2)
    assert duel(page).locator(SIDES).all_inner_texts() == before
    duel(page).press("1")
    at(page, 3)
    duel(page).press("s")
    at(page, 4)
    assert HURT in duel(page).inner_text()
    assert page.output(DUEL).locator("img, script").count() == 0
    narrow(page, ".ft-duel", DUEL)
    page.script("cells[argument].outputArea.node.scrollIntoView();", DUEL)
    screenshot(page, "prefer-narrow")
    untouched(page)


def test_a_key_judges_only_what_can_be_seen(compared: NotebookPage) -> None:
    page = compared
    root = duel(page)
    page.add("1\n" * 100)
    page.script("cells[cells.length - 1].node.scrollIntoView({block: 'end'});")
    root.evaluate("node => node.focus({preventScroll: true})")
    page.page.keyboard.press("1")
    box = root.locator(".ft-two")
    page.wait_for(
        "the pair", lambda: box.evaluate("node => node.getBoundingClientRect().bottom > 0")
    )
    assert progress(page) == "1 of 4"
    page.page.keyboard.press("1")
    at(page, 2)


def test_without_a_kernel_the_pair_stands_there(compared: NotebookPage, root: Path) -> None:
    page = compared
    duel(page)
    page.script("await panel.sessionContext.shutdown();")
    status = page.output(DUEL).locator(".ft-duel [role=status]")
    page.wait_for("word of the end", lambda: "kernel has ended" in status.inner_text())
    reload(page)
    page.wait_for("the card", lambda: "How do cats" in page.output(DUEL).inner_text())
    assert page.output(DUEL).locator(".ft-duel, button").count() == 0
    assert "not found" not in page.output(DUEL).inner_text().lower()
    without_widgets(folder_of(root, "test_without_a_kernel_the_pair"), DUEL)
