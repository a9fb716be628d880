"""A chat in a real JupyterLab: asked, streamed, judged, loaded anew, and static without its kernel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from lab import NotebookPage
from story import KERNEL
from tests.browser import conftest
from tests.browser.conftest import Open, Take, watch

CHAT = 3
# What the page shows of the first answer, each time it changes.
GROWN = """
window.grown = [];
const look = () => {
  const text = document.querySelector(".ft-log .ft-text")?.textContent;
  if (text && text !== window.grown.at(-1)) window.grown.push(text);
};
new MutationObserver(look).observe(cells[argument].node, {childList: true, subtree: true, characterData: true});
"""
HURT = "<img src=x onerror='window.hurt = 1'>"
TRAINED = """
import time
import ft_magics as ft
from ft_magics.serving import Server
generate = Server.generate

def slowly(server, *args, on_piece=None, **named):
    def piece(at, text):
        time.sleep(0.01)
        on_piece(at, text)
    return generate(server, *args, on_piece=on_piece and piece, **named)

Server.generate = slowly  # a tiny model is quicker than the eye
rows = [{"user": f"What is number {i}?", "assistant": f"Number {i} is red."} for i in range(4)]
ft.dataset("nums", rows, system="You count.")
run = ft.finetune("ollie", data="nums", max_steps=8, learning_rate=3e-2, lora_r=4)
run.wait().state
""".strip()


@pytest.fixture
def chat(open_notebook: Open, tiny_folder: Path) -> NotebookPage:
    """A page with a chat with the base; `ollie` has been trained."""
    cells = [
        "%load_ext ft_magics",
        f"%ft model {tiny_folder}",
        TRAINED,
        '%ft chat base --system "You count." --max-new-tokens 120',
    ]
    notebook = new_notebook(cells=list(map(new_code_cell, cells)), metadata={"kernelspec": KERNEL})
    page = open_notebook(notebook)
    watch(page)
    page.run_all()
    page.wait_for("the cell", lambda: page.count(CHAT) is not None, 120)
    page.wait_idle()
    live(page)
    return page


def untouched(page: NotebookPage) -> None:
    """As for every page, and no cell failed."""
    conftest.untouched(page)
    assert page.errors() == []


def live(page: NotebookPage) -> None:
    ready = box(page)
    page.wait_for("the live chat", lambda: ready.count() and ready.get_attribute("placeholder"))


def box(page: NotebookPage) -> Any:
    return page.output(CHAT).locator(".ft-foot textarea")


def buttons(page: NotebookPage, name: str) -> Any:
    return page.output(CHAT).get_by_role("button", name=name)


def texts(page: NotebookPage) -> list[str]:
    """The answers, oldest first."""
    return list(page.output(CHAT).locator(".ft-text").all_inner_texts())


def ask(page: NotebookPage, text: str) -> None:
    """Ask, and wait for the whole answer."""
    turns = page.output(CHAT).locator("article")
    before = turns.count()
    box(page).fill(text)
    box(page).press("Enter")
    page.wait_for("a turn", lambda: turns.count() == before + 1)
    idle(page)


def idle(page: NotebookPage) -> None:
    page.wait_for("the answer", lambda: buttons(page, "Send").count())


def shows(page: NotebookPage, text: str) -> None:
    page.wait_for(text, lambda: text in page.output(CHAT).inner_text())


def saved(page: NotebookPage, root: Path) -> str:
    """The chat's outputs, as they lie in the notebook's file."""
    page.script("await panel.context.save();")
    notebook = json.loads((root / page.script("return panel.context.path;")).read_text())
    assert "widgets" not in notebook["metadata"]
    return json.dumps(notebook["cells"][CHAT]["outputs"])


def reload(page: NotebookPage) -> None:
    page.page.reload()
    page.page.wait_for_function("() => window.jupyterapp?.shell.currentWidget?.context?.path")
    page.page.evaluate("() => window.jupyterapp.restored")
    page.script("await panel.context.ready; await panel.sessionContext.ready;")
    page.wait_idle()


def test_it_is_asked_streams_and_is_judged(chat: NotebookPage, screenshot: Take) -> None:
    chat.script(GROWN, CHAT)
    box(chat).click()
    chat.page.keyboard.type("What is number 1?")
    chat.page.keyboard.press("Enter")
    chat.wait_for("some text", lambda: any(texts(chat)))
    idle(chat)
    (answer,) = texts(chat)
    grown = chat.script("return window.grown;")
    assert len(set(map(len, grown))) > 2 and all(map(grown[-1].startswith, grown))
    assert grown[-1].strip() == answer.strip()
    # The card was drawn anew for what is saved; the box kept the focus.
    chat.page.wait_for_timeout(600)
    chat.page.keyboard.type("And 2?")
    assert box(chat).input_value() == "And 2?"
    chat.page.keyboard.press("Shift+Enter")
    chat.page.keyboard.type("Or 3?")
    chat.page.keyboard.press("Enter")
    chat.wait_for("two answers", lambda: len(texts(chat)) == 2)
    idle(chat)
    assert "And 2?\nOr 3?" in chat.output(CHAT).locator("article").last.inner_text()
    buttons(chat, "Bad: the answer of base").last.click()
    shows(chat, "kept as row 1 of votes")
    assert buttons(chat, "Bad: the answer of base").last.get_attribute("aria-pressed") == "true"
    told = chat.do(
        "row = ft.dataset('votes').rows[0]; print([m.role for m in row.prompt], row.label)"
    )
    assert "['system', 'user', 'assistant', 'user'] False" in told[0]["text"]
    chat.focus()
    screenshot(chat, "chat-light")
    chat.theme(dark=True)
    screenshot(chat, "chat-dark")
    chat.theme(dark=False)
    untouched(chat)


def test_it_is_stopped_and_answers_anew(chat: NotebookPage) -> None:
    chat.output(CHAT).get_by_text("Settings").click()
    chat.output(CHAT).get_by_label("Longest answer").fill("450")
    chat.output(CHAT).get_by_label("Temperature").fill("1.5")
    box(chat).fill("What is number 1?")
    box(chat).press("Enter")
    chat.wait_for("some text", lambda: any(texts(chat)))
    buttons(chat, "Stop").click()
    shows(chat, "stopped")
    idle(chat)
    (before,) = texts(chat)
    chat.output(CHAT).get_by_label("Longest answer").fill("12")
    box(chat).focus()
    buttons(chat, "Regenerate").click()
    chat.wait_for(
        "another answer", lambda: buttons(chat, "Send").count() and texts(chat) != [before]
    )
    shows(chat, "cut at 12 tokens")
    buttons(chat, "New conversation").click()
    chat.wait_for("no turn", lambda: texts(chat) == [])
    buttons(chat, "Bring the last one back").click()
    chat.wait_for("the turn", lambda: len(texts(chat)) == 1)
    untouched(chat)


def test_models_are_swapped_and_stand_side_by_side(chat: NotebookPage, screenshot: Take) -> None:
    ask(chat, "What is number 1?")
    picker = chat.output(CHAT).get_by_role("group", name="Who answers")
    picker.get_by_label("Model 1").focus()
    chat.wait_for("its models", lambda: "ollie" in picker.inner_text())
    picker.get_by_label("Model 1").select_option("ollie")
    chat.wait_for("the swap", lambda: box(chat).get_attribute("placeholder") == "Ask ollie …")
    picker.get_by_label("One more model beside it").select_option("base")
    chat.wait_for("both", lambda: box(chat).get_attribute("placeholder") == "Ask both …")
    ask(chat, "And number 2?")
    assert len(texts(chat)) == 3
    buttons(chat, "This one is better: the answer of ollie").click()
    shows(chat, "kept as row 1 of preferences")
    buttons(chat, "Edit: the answer of base").last.click()
    form = chat.output(CHAT).get_by_label("A better answer")
    form.fill(f"Number 2 is red. {HURT}")
    form.press("Control+Enter")
    shows(chat, "kept as row 2 of preferences")
    assert texts(chat)[-1] == f"Number 2 is red. {HURT}"
    chat.focus()
    chat.page.set_viewport_size({"width": 545, "height": 1400})
    whole = chat.output(CHAT).locator(".ft-chat")
    chat.wait_for("a narrow card", lambda: (whole.bounding_box() or {"width": 999})["width"] <= 420)
    assert whole.evaluate("node => node.scrollWidth - node.clientWidth") <= 0
    screenshot(chat, "chat-narrow")
    untouched(chat)


def test_what_is_typed_is_text_and_no_shortcut(chat: NotebookPage) -> None:
    cells = chat.script("return cells.length;")
    chat.output(CHAT).get_by_role("log").click()
    for key in ("d", "d", "a", "b", "x", "m"):
        chat.page.keyboard.press(key)
    assert chat.script("return cells.length;") == cells
    ask(chat, HURT)
    assert chat.output(CHAT).locator("article p").inner_text() == HURT
    # A question that cannot be answered comes back into the box.
    box(chat).fill("number " * 600)
    box(chat).press("Enter")
    shows(chat, "fewer than 512")
    chat.wait_for("the draft", lambda: box(chat).input_value() == "number " * 600)
    assert len(texts(chat)) == 1
    untouched(chat)


def test_a_reloaded_page_has_it_all(chat: NotebookPage, root: Path) -> None:
    chat.output(CHAT).get_by_text("Settings").click()
    chat.output(CHAT).get_by_label("Longest answer").fill("400")
    box(chat).fill("What is number 1?")
    box(chat).press("Enter")
    chat.wait_for("some text", lambda: any(texts(chat)))
    # Not in the middle of an answer: once in three tries such a page did not become live again.
    idle(chat)
    chat.script("await panel.context.save();")
    reload(chat)
    live(chat)
    shows(chat, "What is number 1?")
    (before,) = texts(chat)
    assert before
    ask(chat, "And after that?")
    # The display of the cell is another page's: this one keeps the card itself.
    chat.wait_for("the card", lambda: "And after that?" in saved(chat, root))
    assert len(texts(chat)) == 2 and chat.output(CHAT).locator(".ft-chat").count() == 1
    untouched(chat)


def test_without_its_kernel_the_conversation_stays(chat: NotebookPage, root: Path) -> None:
    ask(chat, "What is number 1?")
    (answer,) = texts(chat)
    chat.wait_for("the card", lambda: "What is number 1?" in saved(chat, root))
    chat.script("await panel.sessionContext.shutdown();")
    shows(chat, "The kernel has ended")
    assert box(chat).is_disabled()
    outputs = saved(chat, root)
    assert "widget" not in outputs and len(outputs) < 30_000
    reload(chat)
    shown = chat.output(CHAT).inner_text()
    assert "What is number 1?" in shown and answer.strip()[:20] in shown
    assert "not found" not in shown.lower() and chat.output(CHAT).locator("button").count() == 0


def test_running_the_cell_again_begins_anew(chat: NotebookPage) -> None:
    ask(chat, "What is number 1?")
    before = chat.count(CHAT)
    chat.run(CHAT)
    chat.wait_for("a new run", lambda: chat.count(CHAT) not in (None, before))
    chat.wait_idle()
    live(chat)
    assert texts(chat) == [] and chat.output(CHAT).locator(".ft-chat").count() == 1
    ask(chat, "And number 2?")
    untouched(chat)
