from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ft_magics.store import saves
from ft_magics.store.disk import numbered

Weights = Callable[[str], Callable[[Path], None]]


def test_what_a_crash_left_half_written_is_swept_with_the_next_save(
    tmp_path: Path, weights: Weights
) -> None:
    half = tmp_path / ".000002.abcdef"
    half.mkdir()
    (half / "adapter_model.safetensors").write_text("ha")
    assert numbered(tmp_path) == []
    saves.save(tmp_path, 3, weights("three"))
    assert [path.name for path in tmp_path.iterdir()] == ["000003"]


def test_the_oldest_steps_go_but_never_those_that_are_held(
    tmp_path: Path, weights: Weights
) -> None:
    for step in range(1, 9):
        saves.save(tmp_path, step, weights("x"))
    assert saves.bound(tmp_path, 4, 1 << 30, never=[2]) == [1, 3, 4, 5]
    assert numbered(tmp_path) == [2, 6, 7, 8]
    assert saves.bound(tmp_path, 4, 1 << 30, never=[]) == []


def test_heavy_steps_are_fewer_but_the_newest_stays(tmp_path: Path, weights: Weights) -> None:
    for step in (1, 2, 3):
        saves.save(tmp_path, step, weights("x" * 1000))
    saves.bound(tmp_path, 20, 2500, never=[])
    assert numbered(tmp_path) == [2, 3]
    saves.bound(tmp_path, 20, 10, never=[])
    assert numbered(tmp_path) == [3]


def test_only_the_newest_checkpoint_stays(tmp_path: Path, weights: Weights) -> None:
    assert saves.newest_checkpoint(tmp_path) is None
    saves.save_checkpoint(tmp_path, 5, weights("five"))
    saves.save_checkpoint(tmp_path, 10, weights("ten"))
    assert saves.newest_checkpoint(tmp_path) == tmp_path / "000010"
    assert numbered(tmp_path) == [10]


def test_a_checkpoint_that_fails_leaves_the_one_before(tmp_path: Path, weights: Weights) -> None:
    saves.save_checkpoint(tmp_path, 5, weights("five"))

    def fail(staging: Path) -> None:
        (staging / "optimizer.pt").write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        saves.save_checkpoint(tmp_path, 10, fail)
    found = saves.newest_checkpoint(tmp_path)
    assert found is not None
    assert found.name == "000005"


@pytest.mark.parametrize("damage", ["shorter", "gone", "no manifest"])
def test_a_damaged_checkpoint_is_set_aside(tmp_path: Path, weights: Weights, damage: str) -> None:
    saves.save_checkpoint(tmp_path, 5, weights("five"))
    file = tmp_path / "000005" / "adapter_model.safetensors"
    if damage == "shorter":
        file.write_text("fi")
    elif damage == "gone":
        file.unlink()
    else:
        (tmp_path / "000005" / saves.MANIFEST).unlink()
    assert saves.newest_checkpoint(tmp_path) is None
    assert (tmp_path / "000005.damaged").is_dir()
    # The same step can be saved again.
    saves.save_checkpoint(tmp_path, 5, weights("five"))
    assert saves.newest_checkpoint(tmp_path) == tmp_path / "000005"


def test_linked_files_hold_the_same_and_go_their_own_ways(tmp_path: Path, weights: Weights) -> None:
    saves.save(tmp_path, 1, weights("one"))
    (tmp_path / "000001" / "deep").mkdir()
    (tmp_path / "000001" / "deep" / "a").write_text("a")
    goal = tmp_path / "goal"
    goal.mkdir()
    saves.link_tree(tmp_path / "000001", goal)
    saves.drop(tmp_path, 1)
    assert (goal / "adapter_model.safetensors").read_text() == "one"
    assert (goal / "deep" / "a").read_text() == "a"


def test_where_a_disk_knows_no_links_files_are_copied(
    tmp_path: Path, weights: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, target: Path) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    saves.save(tmp_path, 1, weights("one"))
    goal = tmp_path / "goal"
    goal.mkdir()
    saves.link_tree(tmp_path / "000001", goal)
    assert (goal / "adapter_model.safetensors").read_text() == "one"
