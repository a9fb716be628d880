from __future__ import annotations

from pathlib import Path

import pytest

from ft_magics.store import find_home, forgets_disk, home

SERVICES = ("COLAB_RELEASE_TAG", "KAGGLE_KERNEL_RUN_TYPE", "BINDER_LAUNCH_HOST")


@pytest.fixture(autouse=True)
def plain_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FT_HOME", "JPY_SESSION_NAME", "BINDER_SERVICE_HOST", *SERVICES):
        monkeypatch.delenv(name, raising=False)


def test_what_the_user_says_is_the_folder_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FT_HOME", str(tmp_path / "env"))
    assert find_home(str(tmp_path / "said")) == tmp_path / "said"
    assert find_home() == tmp_path / "env"
    assert find_home("~/mine") == Path.home() / "mine"
    assert not (tmp_path / "env").exists()


def test_else_it_lies_beside_the_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "cats.ipynb"))
    assert find_home() == tmp_path / ".ft"


@pytest.mark.parametrize("name", ["cats.ipynb", "sub/cats.ipynb", "", "/nowhere/at/all/cats.ipynb"])
def test_a_session_name_that_tells_no_folder_is_passed_over(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_load = find_home()
    monkeypatch.setenv("JPY_SESSION_NAME", name)
    assert find_home() == at_load


def test_a_home_does_not_move_with_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = find_home()
    monkeypatch.chdir(tmp_path)
    assert find_home() == before
    monkeypatch.setattr(home, "_AT_LOAD", None)  # it was deleted before the load
    assert find_home() == tmp_path / ".ft"


def test_most_machines_keep_their_disk() -> None:
    assert forgets_disk() is None


@pytest.mark.parametrize("name", SERVICES)
def test_some_forget_it_and_the_user_is_told_what_to_do(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "1")
    told = forgets_disk()
    assert told is not None
    assert "forgets its disk" in told
    assert "%" in told or "persistence" in told


def test_a_mounted_drive_is_not_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLAB_RELEASE_TAG", "1")
    assert forgets_disk(Path("/content/drive/MyDrive/ft")) is None
    assert forgets_disk(Path("/content/.ft")) is not None
