"""A JupyterLab in a headless chromium, driven from Python.

Nothing of the user's is read or changed: `serve` gives it a server of its own, and the browser's
profile is a fresh one. Cells are run by JupyterLab's own commands, as its buttons do.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from lab_server import TIMEOUT_S, serve

__all__ = ["NotebookPage", "browser", "find_chromium", "serve"]

BROWSER_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find_chromium() -> str | None:
    """The browser to use: FT_CHROMIUM, else one that is installed; None if there is none."""
    asked = os.environ.get("FT_CHROMIUM")
    names = (asked,) if asked else ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


@contextlib.contextmanager
def browser() -> Iterator[Any]:
    """A headless chromium, as playwright's Browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=BROWSER_FLAGS)
        try:
            yield chromium
        finally:
            chromium.close()


# In the page: the app, the notebook panel that is in front, and its cells.
_PAGE = """
const app = window.jupyterapp;
const panel = app.shell.currentWidget;
const cells = panel.content.widgets;
"""


class NotebookPage:
    """One notebook, open in JupyterLab.

    Args:
        chromium: playwright's Browser.
        address: What `serve` gave.
        path: The notebook, relative to the server's root.
        width: Of the window, in CSS pixels.
        height: Of the window, in CSS pixels.
        scale: Device pixels per CSS pixel, for pictures.
    """

    def __init__(
        self,
        chromium: Any,
        address: str,
        path: str,
        *,
        width: int = 1200,
        height: int = 1400,
        scale: float = 1.0,
    ) -> None:
        self.page = chromium.new_page(
            viewport={"width": width, "height": height}, device_scale_factor=scale
        )
        self.page.set_default_timeout(TIMEOUT_S * 1000)
        # A workspace of its own: else the tabs and kernels of notebooks opened before come back.
        workspace = secrets.token_hex(4)
        self.page.goto(address.format(workspace=workspace, path=quote(path)))
        self.page.wait_for_function("() => window.jupyterapp")
        self.page.evaluate("() => window.jupyterapp.restored")
        self.page.wait_for_function(
            "path => window.jupyterapp.shell.currentWidget?.context?.path === path", arg=path
        )
        self.script("await panel.context.ready; await panel.sessionContext.ready;")
        self.wait_idle()

    def __enter__(self) -> NotebookPage:
        return self

    def __exit__(self, *_: object) -> None:
        """End the kernel too: a run may still be going on in it."""
        self.script("await panel.sessionContext.shutdown();")
        self.page.close()

    def script(self, code: str, argument: Any = None) -> Any:
        """Run JavaScript with `app`, `panel`, `cells` and the `argument`; give what it returns."""
        return self.page.evaluate(f"async argument => {{ {_PAGE} {code} }}", argument)

    def command(self, name: str, arguments: dict[str, Any] | None = None) -> None:
        """Execute a JupyterLab command without waiting for what it starts."""
        code = "app.commands.execute(argument[0], argument[1]);"
        self.script(code, [name, arguments or {}])

    def run_all(self) -> None:
        """Run All, from the menu; returns at once."""
        self.command("notebook:run-all-cells")

    def run(self, cell: int) -> None:
        """Run one cell, counted from 0 over all cells; returns at once."""
        self.script(
            "panel.content.activeCellIndex = argument; panel.content.deselectAll();"
            "app.commands.execute('notebook:run-cell');",
            cell,
        )

    def add(self, source: str) -> int:
        """Append a code cell; its number."""
        return int(
            self.script(
                "panel.content.model.sharedModel.addCell({cell_type: 'code', source: argument});"
                "return panel.content.model.cells.length - 1;",
                source,
            )
        )

    def wait_idle(self, timeout_s: float = TIMEOUT_S) -> None:
        """Wait until no cell runs or waits to run. A training run may go on all the same."""

        def idle() -> bool:
            return bool(
                self.script(
                    "return panel.sessionContext.session?.kernel?.status === 'idle' && "
                    "!cells.some(c => c.node.querySelector('.jp-InputPrompt')"
                    "?.textContent.includes('*'));"
                )
            )

        self.wait_for("an idle kernel", idle, timeout_s)

    def wait_for(self, what: str, ready: Callable[[], Any], timeout_s: float = TIMEOUT_S) -> Any:
        """Wait until `ready` gives something true, and give that.

        Raises:
            TimeoutError: It never did.
        """
        until_s = time.monotonic() + timeout_s
        while not (found := ready()):
            if time.monotonic() > until_s:
                errors = "; ".join(self.errors()) or "no cell failed"
                raise TimeoutError(f"{what}: not within {timeout_s:.0f} s ({errors})")
            self.page.wait_for_timeout(100)
        return found

    def do(self, source: str, timeout_s: float = TIMEOUT_S) -> list[dict[str, Any]]:
        """Append a cell, run it, wait for it; its outputs as in a notebook file."""
        cell = self.add(source)
        self.run(cell)
        self.wait_for("the cell's number", lambda: self.count(cell) is not None, timeout_s)
        self.wait_idle(timeout_s)
        return self.outputs(cell)

    def count(self, cell: int) -> int | None:
        """The cell's execution count; None before it has run."""
        found = self.script("return cells[argument].model.executionCount;", cell)
        return None if found is None else int(found)

    def outputs(self, cell: int) -> list[dict[str, Any]]:
        """A cell's outputs, as they would be saved."""
        return list(self.script("return cells[argument].model.outputs.toJSON();", cell))

    def errors(self) -> list[str]:
        """The errors that cells ended with, as `name: text`."""
        return list(
            self.script(
                "return cells.flatMap(c => c.model.outputs?.toJSON() ?? [])"
                ".filter(o => o.output_type === 'error').map(o => `${o.ename}: ${o.evalue}`);"
            )
        )

    def plain(self, cell: int) -> str:
        """A cell's outputs as text/plain and streams, joined."""
        texts = []
        for output in self.outputs(cell):
            text = output.get("text", output.get("data", {}).get("text/plain", ""))
            texts.append("".join(text) if isinstance(text, list) else text)
        return "\n".join(texts)

    def output(self, cell: int) -> Any:
        """Where a cell's outputs are drawn, as playwright's Locator."""
        return (
            self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell")
            .nth(cell)
            .locator(".jp-Cell-outputArea")
        )

    def theme(self, dark: bool) -> None:
        """Change to JupyterLab's light or dark theme and wait until it is drawn."""
        name = "JupyterLab Dark" if dark else "JupyterLab Light"
        self.command("apputils:change-theme", {"theme": name})
        self.page.wait_for_function(
            "light => document.body.dataset.jpThemeLight === light", arg=str(not dark).lower()
        )
        # A change of theme puts the start-up splash over the page for a moment.
        self.page.wait_for_selector("#jupyterlab-splash", state="detached")

    def focus(self) -> None:
        """Fold the side bars away, for a picture of the notebook alone."""
        self.script(
            "app.shell.collapseLeft(); app.shell.collapseRight();"
            "panel.content.deselectAll(); document.activeElement?.blur();"
        )

    def picture(self, file: Path, cells: tuple[int, int] | None = None) -> Path:
        """Save a picture of the window, or of the cells from the first to the last.

        Args:
            file: A PNG; its folder is made.
            cells: First and last cell, both in the picture. They must fit the window's height.
        """
        file.parent.mkdir(parents=True, exist_ok=True)
        clip = None
        if cells is not None:
            self.script("cells[argument].node.scrollIntoView({block: 'start'});", cells[0])
            clip = self.script(
                "const [a, b] = argument.map(i => cells[i].node.getBoundingClientRect());"
                "return {x: a.x, y: a.y, width: a.width, height: b.bottom - a.y};",
                list(cells),
            )
        self.page.screenshot(path=str(file), clip=clip)
        return file
