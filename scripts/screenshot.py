"""The README's picture: notebooks/01_catgpt.ipynb, run in a real JupyterLab, written to docs/."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from lab import NotebookPage, browser, serve

ROOT = Path(__file__).resolve().parent.parent
RUN_S = 900.0


def cells_that_start(page: NotebookPage, word: str) -> list[int]:
    """Numbers of the code cells with a line that starts with `word`."""
    sources = page.script("return cells.map(c => c.model.sharedModel.source);")
    return [
        i
        for i, source in enumerate(sources)
        if any(line.startswith(word) for line in source.splitlines())
    ]


def take(page: NotebookPage, target: Path, dark: bool) -> None:
    """Run All, wait for the last answers, and take the training cell and the prompts after it."""
    page.theme(dark)
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


def main() -> int:
    """Read the command line and take the picture."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--dark", action="store_true", help="in JupyterLab's dark theme")
    parser.add_argument("--to", type=Path, default=ROOT / "docs" / "catgpt.png")
    parser.add_argument("--notebook", type=Path, default=ROOT / "notebooks" / "01_catgpt.ipynb")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="ft_screenshot_"))
    try:
        shutil.copy(asked.notebook, folder)
        with (
            serve(folder) as address,
            browser() as chromium,
            NotebookPage(
                chromium, address, asked.notebook.name, width=1000, height=2400, scale=1.5
            ) as page,
        ):
            take(page, asked.to, asked.dark)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(asked.to)
    return 0


if __name__ == "__main__":
    sys.exit(main())
