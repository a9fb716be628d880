"""A JupyterLab and a chromium for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

import lab
import story

SCREENSHOTS = Path(__file__).parents[2] / "screenshots"

Open = Callable[[Any], lab.NotebookPage]
Take = Callable[[lab.NotebookPage, str], Path]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies here, and skip it where there is no browser."""
    missing = pytest.mark.skip(reason="no chromium; name one with FT_CHROMIUM")
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)
            if lab.find_chromium() is None:
                item.add_marker(missing)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that JupyterLab serves."""
    return tmp_path_factory.mktemp("lab")


# For a module, not the session: while playwright is on, its event loop runs in this thread, and
# notebooks that pytest runs later need one of their own.
@pytest.fixture(scope="module")
def jupyterlab(root: Path) -> Iterator[tuple[Any, str]]:
    """playwright's Browser, and the address of JupyterLab."""
    with lab.serve(root) as address, lab.browser() as chromium:
        yield chromium, address


@pytest.fixture
def open_notebook(
    jupyterlab: tuple[Any, str], root: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[[Any], lab.NotebookPage]]:
    """Open a notebook in a folder of its own, so that its runs are its own too."""
    opened: list[lab.NotebookPage] = []

    def open_it(notebook: Any) -> lab.NotebookPage:
        path = f"{request.node.name}/story.ipynb"
        story.save(notebook, root / path)
        page = lab.NotebookPage(*jupyterlab, path)
        opened.append(page)
        page.theme(dark=False)  # the server remembers what a test before chose
        return page

    yield open_it
    for page in opened:
        page.__exit__()


@pytest.fixture
def screenshot() -> Callable[[lab.NotebookPage, str], Path]:
    """Keep a picture in the git-ignored folder screenshots/."""

    def take(page: lab.NotebookPage, name: str) -> Path:
        return page.picture(SCREENSHOTS / f"{name}.png")

    return take


def watch(page: lab.NotebookPage) -> None:
    """Note what the page complains of and where it asks."""
    page.complaints, page.hosts = [], set()  # type: ignore[attr-defined]
    page.page.on(
        "console",
        lambda m: page.complaints.append(m.text) if m.type == "error" else None,  # type: ignore[attr-defined]
    )
    page.page.on("pageerror", lambda error: page.complaints.append(str(error)))  # type: ignore[attr-defined]
    page.page.on("request", lambda r: page.hosts.add(urlsplit(r.url).hostname))  # type: ignore[attr-defined]


def untouched(page: lab.NotebookPage) -> None:
    """No text ran, nothing was asked of other machines, nothing failed, since `watch`."""
    assert page.script("return window.hurt === undefined;")
    assert page.hosts <= {"127.0.0.1", "localhost", None, ""}  # type: ignore[attr-defined]
    assert page.complaints == []  # type: ignore[attr-defined]
