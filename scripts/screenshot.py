"""The pictures in README and docs/: notebooks run in a real JupyterLab, written to docs/."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lab import NotebookPage, browser, serve

ROOT = Path(__file__).resolve().parent.parent
RUN_S = 900.0


@dataclass(frozen=True)
class Picture:
    """A picture and how it is taken."""

    notebook: str
    take: Callable[[NotebookPage, Path], None]
    width: int = 1000


def cells_that_start(page: NotebookPage, word: str) -> list[int]:
    """Numbers of the code cells with a line that starts with `word`."""
    sources = page.script("return cells.map(c => c.model.sharedModel.source);")
    return [
        i
        for i, source in enumerate(sources)
        if any(line.startswith(word) for line in source.splitlines())
    ]


def take_training(page: NotebookPage, target: Path) -> None:
    """Run All, wait for the last answers, and take the training cell and the prompts after it."""
    page.run_all()
    (training, *_) = cells_that_start(page, "%%finetune")
    prompts = [i for i in cells_that_start(page, "%%prompt") if i > training]
    last = prompts[0] if prompts else training
    page.wait_for("the prompt's cell", lambda: page.count(last) is not None, RUN_S)
    page.wait_idle(RUN_S)
    page.do("%ft wait", RUN_S)
    page.wait_for("the answers", lambda: ", still " not in page.plain(last), RUN_S)
    page.focus()
    page.picture(target, (training, last))


def take_data(page: NotebookPage, target: Path) -> None:
    """Run the cells up to the first data card with findings, and take it with its live browser."""
    # The first such cell is refused: its rows cannot be used. A later one would take the browser.
    card = cells_that_start(page, "%%dataset")[1]
    for cell in range(card + 1):
        if page.script("return cells[argument].model.type === 'code';", cell):
            page.run(cell)
            page.wait_for("the cell's number", partial(page.count, cell), RUN_S)
            page.wait_idle(RUN_S)
    shown = page.output(card)
    rows = shown.locator(".ft-control output")
    page.wait_for("the live browser", lambda: rows.count() and "of 12" in rows.inner_text())
    page.focus()
    shown.get_by_role("button", name="contradiction").first.click()
    page.wait_for("its rows", lambda: "of 2" in rows.inner_text())
    shown.get_by_role("button", name="Tokens of row 2").first.click()
    page.wait_for("tokens", lambda: shown.locator(".ft-seen mark").count() > 3)
    target.parent.mkdir(parents=True, exist_ok=True)
    shown.locator("[class*=ft-]").first.screenshot(path=str(target))


def shrink(target: Path) -> None:
    """Write a picture with 256 colours: a page has hardly more, and the file is a third."""
    from PIL import Image

    with Image.open(target) as picture:
        small = picture.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    small.save(target, optimize=True)


PICTURES = {
    "catgpt": Picture("01_catgpt.ipynb", take_training),
    "data": Picture("02_data.ipynb", take_data, width=960),
}


def main() -> int:
    """Read the command line and take the pictures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", help=f"of {', '.join(PICTURES)}; all unless named")
    parser.add_argument("--dark", action="store_true", help="in JupyterLab's dark theme")
    parser.add_argument("--to", type=Path, default=ROOT / "docs", help="the folder")
    asked = parser.parse_args()
    for name in asked.names or PICTURES:
        if name not in PICTURES:
            parser.error(f"no picture '{name}'; there are {', '.join(PICTURES)}")
        picture, target = PICTURES[name], asked.to / f"{name}.png"
        folder = Path(tempfile.mkdtemp(prefix="ft_screenshot_"))
        try:
            shutil.copy(ROOT / "notebooks" / picture.notebook, folder)
            with (
                serve(folder) as address,
                browser() as chromium,
                NotebookPage(
                    chromium,
                    address,
                    picture.notebook,
                    width=picture.width,
                    height=2400,
                    scale=1.5,
                ) as page,
            ):
                page.theme(asked.dark)
                picture.take(page, target)
            shrink(target)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        print(target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
