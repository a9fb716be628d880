from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ft_magics.errors import FtError, NameUnknown, RunError, SettingError
from ft_magics.events import RunEnded
from ft_magics.store import RunFolder, Store, journal, undo

Start = Callable[..., "subprocess.Popen[str]"]


def save(store: Store, text: str, name: str = "faq") -> None:
    store.save_set("data", name, {"text": text})


def text(store: Store, name: str = "faq", back: int = 0) -> str:
    return str(store.load_set("data", name, back)["text"])


def stop(folder: RunFolder) -> RunFolder:
    folder.emit(RunEnded(state="stopped", step=0))
    return folder


def test_there_is_nothing_to_undo_at_first(store: Store) -> None:
    with pytest.raises(FtError, match="nothing to take back"):
        store.undo()
    save(store, "a")
    with pytest.raises(FtError, match="nothing to take back"):
        store.undo()


def test_a_deleted_set_comes_back_with_its_versions(store: Store) -> None:
    save(store, "a")
    save(store, "b")
    store.delete("data", "faq")
    assert store.set_names("data") == []
    assert store.undo() == "the data set faq is back"
    assert (text(store), text(store, back=1)) == ("b", "a")


def test_a_replaced_set_is_the_one_before_again(store: Store) -> None:
    save(store, "a")
    save(store, "b")
    assert store.undo() == "the data set faq is the one before again"
    assert text(store) == "a"
    # A version's number means one content for ever.
    assert store.save_set("data", "faq", {"text": "c"}) == 3


def test_a_renamed_set_gets_its_name_back(store: Store) -> None:
    save(store, "a")
    store.rename("data", "faq", "questions")
    assert store.set_names("data") == ["questions"]
    assert store.undo() == "the data set questions is called faq again"
    assert store.set_names("data") == ["faq"]


def test_changes_are_taken_back_one_by_one(store: Store) -> None:
    save(store, "a")
    save(store, "b")
    store.rename("data", "faq", "x")
    store.rename("data", "x", "faq")
    store.rename("data", "faq", "x")
    store.delete("data", "x")
    for expected in (["x"], ["faq"], ["x"], ["faq"]):
        store.undo()
        assert store.set_names("data") == expected
    store.undo()
    assert text(store) == "a"
    with pytest.raises(FtError, match="nothing"):
        store.undo()


def test_what_was_made_since_a_delete_stays_the_newest(store: Store) -> None:
    save(store, "old")
    store.delete("data", "faq")
    save(store, "new")
    assert store.undo() == (
        "the data set faq is back as faq~1; the one made since stays the newest"
    )
    assert (text(store), text(store, back=1)) == ("new", "old")


def test_what_was_made_since_a_rename_keeps_its_name(store: Store) -> None:
    save(store, "old")
    store.rename("data", "faq", "x")
    save(store, "new")
    store.undo()
    assert store.set_names("data") == ["faq"]
    assert (text(store), text(store, back=1)) == ("new", "old")


def test_a_name_that_is_taken_is_refused(store: Store) -> None:
    save(store, "a")
    save(store, "b", "other")
    with pytest.raises(SettingError, match="the data set 'other' is there already"):
        store.rename("data", "faq", "other")
    assert store.set_names("data") == ["faq", "other"]


def test_each_kind_has_its_own_names(store: Store) -> None:
    save(store, "a", "catgpt")
    store.save_set("golden", "catgpt", {"text": "g"})
    stop(store.new_run("catgpt", {}, "", ""))
    store.delete("data", "catgpt")
    assert store.set_names("golden") == ["catgpt"]
    assert store.run_names() == ["catgpt"]
    with pytest.raises(NameUnknown, match="no data set 'catgpt'"):
        store.delete("data", "catgpt")
    with pytest.raises(NameUnknown, match="no adapter 'x'"):
        store.rename("adapter", "x", "y")


def test_an_adapter_is_deleted_renamed_and_brought_back(
    store: Store, weights: Callable[[str], Callable[[Path], None]]
) -> None:
    folder = store.new_run("ollie", {"key": "k"}, "", "")
    folder.save_step(3, weights("three"))
    folder.finish(3)
    stop(folder)
    store.rename("adapter", "ollie", "tom")
    found = store.run("tom", with_result=True)
    assert (found.name, found.steps(), found.state) == ("tom", [3], "stopped")
    store.delete("adapter", "tom")
    assert store.run_names() == []
    store.undo()
    assert store.undo() == "the adapter tom is called ollie again"
    assert store.run("ollie", with_result=True).record["key"] == "k"


def test_a_run_trained_again_is_the_one_before_after_undo(store: Store) -> None:
    stop(store.new_run("ollie", {"key": "one"}, "", ""))
    stop(store.new_run("ollie", {"key": "two"}, "", ""))
    assert store.undo() == "the adapter ollie is the one before again"
    assert store.run("ollie").record["key"] == "one"
    assert store.new_run("ollie", {}, "", "").version == 3


def test_a_run_in_progress_stays_where_it_is(store: Store) -> None:
    stop(store.new_run("ollie", {}, "", ""))
    running = store.new_run("ollie", {}, "", "")
    for change in (
        lambda: store.delete("adapter", "ollie"),
        lambda: store.rename("adapter", "ollie", "tom"),
        store.undo,
    ):
        with pytest.raises(RunError, match=r"at work on ollie\. Stop it first: %ft stop ollie\."):
            change()
    assert store.versions("ollie") == [2, 1]
    stop(running)
    store.undo()
    assert store.versions("ollie") == [1]


KERNEL = """
import sys
from pathlib import Path
from ft_magics.store import Store
Store(Path(sys.argv[1])).new_run("ollie", {}, "", "")
"""


def test_a_run_of_another_kernel_stays_where_it_is(store: Store, other_kernel: Start) -> None:
    kernel = other_kernel(KERNEL, store.home)
    with pytest.raises(RunError):
        store.delete("adapter", "ollie")
    kernel.kill()
    kernel.wait()
    store.delete("adapter", "ollie")
    assert store.run_names() == []


def test_the_trash_and_the_journal_are_bounded(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(30):
        save(store, "x", f"set{number}")
        store.delete("data", f"set{number}")
    assert len(list((store.home / "trash").iterdir())) <= journal.MOST_CHANGES + 1
    for _ in range(journal.MOST_CHANGES):
        store.undo()
    assert len(store.set_names("data")) == journal.MOST_CHANGES
    with pytest.raises(FtError, match="nothing"):
        store.undo()


def test_a_heavy_trash_is_emptied_from_its_oldest(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "MOST_TRASH_BYTES", 1000)
    for name in ("a", "b", "c"):
        save(store, "x" * 600, name)
        store.delete("data", name)
    save(store, "d", "d")
    store.rename("data", "d", "e")
    store.undo()
    store.undo()
    assert store.set_names("data") == ["c", "d"]
    with pytest.raises(FtError, match="nothing"):
        store.undo()


def test_a_crash_between_journal_and_move_can_be_undone(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(store, "a")
    with monkeypatch.context() as patched:
        patched.setattr(undo.Shelf, "move", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            store.rename("data", "faq", "x")
    assert store.undo() == "the data set x is called faq again"
    assert text(store) == "a"
