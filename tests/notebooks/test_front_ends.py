"""A notebook ends with the same answers whoever runs it: nbclient, papermill, nbval."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest

from story import FINETUNE_CELL, PROMPT_CELL, execute, plain, run_python, save, story

pytestmark = pytest.mark.notebook


@pytest.fixture(scope="module")
def executed(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The story, run once by nbclient."""
    folder = tmp_path_factory.mktemp("nbclient")
    return execute(save(story(tiny_folder), folder / "story.ipynb"), folder / "home")


def test_the_cells_can_be_pasted_and_train_a_model(executed: Any) -> None:
    answers = plain(executed.cells[PROMPT_CELL])
    assert "base" in answers
    assert "ollie" in answers
    assert executed.cells[FINETUNE_CELL].outputs


def test_papermill_ends_with_the_same_answers(
    executed: Any, tiny_folder: Path, tmp_path: Path
) -> None:
    source = save(story(tiny_folder), tmp_path / "story.ipynb")
    target = tmp_path / "done.ipynb"
    arguments = ("--cwd", str(tmp_path), "--kernel", "python3", "--no-progress-bar")
    run_python("-m", "papermill", str(source), str(target), *arguments, home=tmp_path / "home")
    done = nbformat.read(target, as_version=4)
    assert plain(done.cells[PROMPT_CELL]) == plain(executed.cells[PROMPT_CELL])


def test_nbval_finds_every_output_again(executed: Any, tmp_path: Path) -> None:
    # Strict: the curve and the cards too, since it is the same processor.
    save(executed, tmp_path / "story.ipynb")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    arguments = ("-m", "pytest", "-q", "--nbval", "--nbval-current-env", "-p", "no:cacheprovider")
    printed = run_python(*arguments, "-c", str(tmp_path / "pytest.ini"), str(tmp_path / "story.ipynb"),
                         home=tmp_path / "home")  # fmt: skip
    assert "passed" in printed


def test_a_second_run_of_the_notebook_saves_the_same_file(
    executed: Any, tiny_folder: Path, tmp_path: Path
) -> None:
    file = save(story(tiny_folder), tmp_path / "story.ipynb")
    first = [cell.get("outputs") for cell in execute(file, tmp_path / "home").cells]
    again = [cell.get("outputs") for cell in execute(file, tmp_path / "home").cells]
    assert first == again
    assert first == [cell.get("outputs") for cell in executed.cells]


def test_outputs_are_small_and_hold_no_widget_state(executed: Any) -> None:
    assert "widgets" not in executed.metadata
    for cell in executed.cells:
        for output in cell.get("outputs", []):
            assert len(str(output.get("data", ""))) < 30_000
            assert "application/vnd.jupyter.widget-view+json" not in output.get("data", {})


def test_parameters_of_papermill_reach_a_setting(tiny_folder: Path, tmp_path: Path) -> None:
    notebook = story(tiny_folder)
    notebook.cells.insert(0, nbformat.v4.new_code_cell("steps = 500"))
    notebook.cells[0].metadata["tags"] = ["parameters"]
    notebook.cells[FINETUNE_CELL + 1].source = "%%finetune ollie --data catgpt --max-steps $steps"
    notebook.cells.append(
        nbformat.v4.new_code_cell("import ft_magics as ft\nlen(ft.run('ollie').history)")
    )
    source = save(notebook, tmp_path / "story.ipynb")
    target = tmp_path / "done.ipynb"
    arguments = ("-p", "steps", "3", "--cwd", str(tmp_path), "--no-progress-bar")
    run_python("-m", "papermill", str(source), str(target), *arguments, home=tmp_path / "home")
    done = nbformat.read(target, as_version=4)
    assert plain(done.cells[-1]) == "3"


def test_a_failing_run_fails_its_cell(tiny_folder: Path, tmp_path: Path) -> None:
    notebook = story(tiny_folder)
    notebook.cells[FINETUNE_CELL].source = "%%finetune ollie --data nothere"
    file = save(notebook, tmp_path / "story.ipynb")
    with pytest.raises(AssertionError, match="nothere"):
        execute(file, tmp_path / "home")
