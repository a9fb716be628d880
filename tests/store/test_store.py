from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ft_magics.errors import AdapterError, FtError, NameUnknown, SettingError
from ft_magics.events import RunEnded
from ft_magics.store import RunFolder, Store

Weights = Callable[[str], Callable[[Path], None]]


def record(text: str) -> dict[str, Any]:
    return {"name": "faq", "rows": [{"user": text}], "eval": None}


def finished(store: Store, name: str, content: str, weights: Weights) -> RunFolder:
    folder = store.new_run(name, {"key": content}, "", "")
    folder.save_step(1, weights(content))
    folder.finish(1)
    folder.emit(RunEnded(state="finished", step=1))
    return folder


def failed(store: Store, name: str) -> RunFolder:
    folder = store.new_run(name, {}, "", "")
    folder.emit(RunEnded(state="failed", step=0, error="x"))
    return folder


def test_a_home_is_made_when_it_is_first_written_to(store: Store) -> None:
    assert store.set_names("data") == store.set_names("golden") == store.run_names() == []
    assert store.get("goal") is None
    assert store.set_names("data") == []
    assert store.versions("ollie") == []
    assert not store.home.exists()
    store.set("goal", "cats")
    assert (store.home / ".gitignore").read_text() == "*\n"


def test_the_users_own_gitignore_stays(store: Store) -> None:
    store.home.mkdir(parents=True)
    (store.home / ".gitignore").write_text("!record.json\n")
    store.set("goal", "cats")
    assert (store.home / ".gitignore").read_text() == "!record.json\n"


# ---------------------------------------------------------------- sets


def test_a_set_is_kept_with_its_version(store: Store) -> None:
    assert store.save_set("data", "faq", record("a")) == 1
    assert store.load_set("data", "faq") == {**record("a"), "version": 1}
    assert store.set_names("data") == ["faq"]
    assert store.set_names("golden") == []
    assert store.load_set("data", "faq")["version"] == 1


def test_the_same_content_is_the_same_version(store: Store) -> None:
    store.save_set("data", "faq", record("a"))
    assert store.save_set("data", "faq", record("a")) == 1
    assert store.save_set("data", "faq", {**record("a"), "version": 7}) == 1
    assert store.save_set("data", "faq", {**record("a"), "rows": ({"user": "a"},)}) == 1
    assert store.save_set("data", "faq", record("b")) == 2
    assert store.save_set("data", "faq", record("a")) == 3


def test_the_five_versions_before_are_kept(store: Store) -> None:
    for number in range(9):
        store.save_set("golden", "faq", record(str(number)))
    assert store.load_set("golden", "faq")["rows"] == [{"user": "8"}]
    assert store.load_set("golden", "faq", 5)["rows"] == [{"user": "3"}]
    with pytest.raises(NameUnknown, match=r"no version ~6\. 5 versions before it are kept\."):
        store.load_set("golden", "faq", 6)


def test_an_unknown_set_is_told_with_the_nearest(store: Store) -> None:
    store.save_set("data", "catgpt", record("a"))
    with pytest.raises(NameUnknown, match=r"no data set 'catgtp'\. Did you mean 'catgpt'\?"):
        store.load_set("data", "catgtp")
    with pytest.raises(NameUnknown):
        store.load_set("golden", "catgpt")


@pytest.mark.parametrize("name", ["../out", "a/b", ".", "", "base"])
def test_a_name_never_leads_out_of_the_home(store: Store, name: str) -> None:
    store.save_set("data", "faq", record("a"))
    for change in (
        lambda: store.save_set("data", name, record("a")),
        lambda: store.new_run(name, {}, "", ""),
        lambda: store.rename("data", "faq", name),
    ):
        with pytest.raises(SettingError):
            change()
    for look in (
        lambda: store.load_set("data", name),
        lambda: store.run(name),
        lambda: store.delete("data", name),
    ):
        with pytest.raises(NameUnknown):
            look()


def test_text_of_any_kind_goes_round(store: Store) -> None:
    odd = record("Grüße \ud83d \u2028 🐈 \\")
    store.save_set("data", "faq", odd)
    assert store.load_set("data", "faq") == {**odd, "version": 1}
    assert store.save_set("data", "faq", odd) == 1


def test_the_rows_of_a_set_lie_beside_it(store: Store) -> None:
    with store.new_file() as file:
        file.write_text('{"number": 1}\n')
        assert store.save_set("data", "faq", record("a"), file) == 1
        assert not file.exists()
    assert store.rows_file("faq").read_text() == '{"number": 1}\n'
    with store.new_file() as file:
        file.write_text("the same again")
        assert store.save_set("data", "faq", record("a"), file) == 1
    assert store.rows_file("faq").read_text() == '{"number": 1}\n'
    assert not any((store.home / "tmp").iterdir())
    store.rename("data", "faq", "other")
    assert store.rows_file("other").is_file()
    store.delete("data", "other")
    store.undo()
    assert store.rows_file("other").is_file()


def test_a_damaged_set_is_told_with_its_file(store: Store) -> None:
    store.save_set("data", "faq", record("a"))
    (store.home / "data" / "faq" / "0001" / "set.json").write_text("{")
    with pytest.raises(FtError, match=r"set\.json: is damaged"):
        store.load_set("data", "faq")


# ---------------------------------------------------------------- runs


def test_a_run_of_the_same_name_is_a_new_version(store: Store, weights: Weights) -> None:
    first = finished(store, "ollie", "one", weights)
    second = store.new_run("ollie", {"key": "two"}, "", '{"prompt": "?"}')
    assert (first.version, second.version) == (1, 2)
    assert (second.path / "golden.jsonl").read_text() == '{"prompt": "?"}'
    assert store.run_names() == ["ollie"]
    assert store.versions("ollie") == [2, 1]
    assert store.run("ollie").version == 2
    assert store.run("ollie", 1).version == 1
    assert store.run("ollie", with_result=True).version == 1


def test_versions_before_count_only_those_with_an_adapter(store: Store, weights: Weights) -> None:
    finished(store, "ollie", "one", weights)
    failed(store, "ollie")
    finished(store, "ollie", "three", weights)
    assert store.run("ollie", 1).version == 2
    assert store.run("ollie", 1, with_result=True).version == 1
    with pytest.raises(NameUnknown, match=r"no version ~2\. One version before it is kept\."):
        store.run("ollie", 2, with_result=True)


def test_an_unknown_run_is_told_with_the_nearest(store: Store) -> None:
    store.new_run("ollie", {}, "", "")
    with pytest.raises(NameUnknown, match=r"Did you mean 'ollie'\?"):
        store.run("olli")
    with pytest.raises(NameUnknown, match="'ollie' has no adapter yet"):
        store.run("ollie", with_result=True)


def test_old_versions_go_but_not_the_last_adapters(store: Store, weights: Weights) -> None:
    for number in range(1, 4):
        finished(store, "ollie", str(number), weights)
    for _ in range(9):
        failed(store, "ollie")
    assert store.versions("ollie") == [12, 11, 10, 9, 8, 7, 3, 2, 1]
    for number in range(13, 20):
        finished(store, "ollie", str(number), weights)
    store.prune("ollie")
    assert store.versions("ollie") == [19, 18, 17, 16, 15, 14]


def test_a_version_that_is_running_is_never_dropped(store: Store, weights: Weights) -> None:
    running = store.new_run("ollie", {}, "", "")
    for number in range(2, 12):
        finished(store, "ollie", str(number), weights)
    assert running.version in store.versions("ollie")
    running.emit(RunEnded(state="stopped", step=0))
    assert running.version in store.prune("ollie")


def test_a_run_that_cannot_be_made_leaves_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(TypeError):
        store.new_run("ollie", {"key": object()}, "", "")
    assert store.run_names() == []
    assert store.new_run("ollie", {}, "", "").name == "ollie"


# ---------------------------------------------------------------- adapters from outside


def test_an_adapter_from_outside_is_copied_without_pickles(
    store: Store, tmp_path: Path, weights: Weights
) -> None:
    source = tmp_path / "theirs"
    source.mkdir()
    weights("theirs")(source)
    (source / "training_args.bin").write_text("pickle")
    (source / "checkpoint-8").mkdir()
    folder = store.import_adapter("cats", source)
    assert folder.adapter is not None
    assert sorted(path.name for path in folder.adapter.iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
    ]
    assert folder.state == "finished"
    assert folder.record["imported"] is True
    assert str(tmp_path) not in (folder.path / "record.json").read_text()
    assert store.run("cats", with_result=True).version == 1


@pytest.mark.parametrize("files", [[], ["adapter_model.bin", "adapter_config.json"]])
def test_a_folder_without_safetensors_is_refused(
    store: Store, tmp_path: Path, files: list[str]
) -> None:
    source = tmp_path / "theirs"
    source.mkdir()
    for name in files:
        (source / name).touch()
    with pytest.raises(AdapterError, match=r"no \*\.safetensors"):
        store.import_adapter("cats", source)
    with pytest.raises(AdapterError):
        store.import_adapter("cats", tmp_path / "nowhere")
    assert store.run_names() == []


# ---------------------------------------------------------------- small state


def test_small_things_are_kept(store: Store) -> None:
    store.set("model", {"name": "smollm2-135m"})
    store.set("in_use", "ollie")
    again = Store(store.home)
    assert again.get("model") == {"name": "smollm2-135m"}
    assert again.get("in_use") == "ollie"
    again.set("in_use", None)
    assert store.get("in_use") is None
    assert store.get("in_use", "base") == "base"


# ---------------------------------------------------------------- two kernels, odd disks

WRITER = """
import sys
from pathlib import Path
from ft_magics.store import Store
store = Store(Path(sys.argv[1]))
for number in range(8):
    store.set(f"{sys.argv[2]}{number}", number)
    store.save_set("data", "shared", {"text": f"{sys.argv[2]} {number}"})
    store.new_run("ollie", {"key": f"{sys.argv[2]} {number}"}, "", "")
"""


def test_two_kernels_on_one_home_lose_nothing(store: Store) -> None:
    command = [sys.executable, "-c", WRITER, str(store.home)]
    kernels = [subprocess.Popen([*command, name]) for name in "ab"]
    assert [kernel.wait() for kernel in kernels] == [0, 0]
    assert all(store.get(f"{name}{number}") == number for name in "ab" for number in range(8))
    assert store.load_set("data", "shared")["version"] == 16
    assert max(store.versions("ollie")) == 16


def test_a_home_that_cannot_be_written_is_told_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = Store(tmp_path / "file" / ".ft")
    assert store.run_names() == []
    with pytest.raises(FtError, match=r"cannot be written: .*FtMagics\.home"):
        store.set("goal", "cats")


def test_a_damaged_state_is_told(store: Store) -> None:
    store.set("goal", "cats")
    (store.home / "state.json").write_text("")
    with pytest.raises(FtError, match=r"state\.json: is damaged"):
        store.get("goal")


def test_the_store_imports_neither_torch_nor_psutil_before_it_needs_it() -> None:
    code = (
        "import sys, ft_magics.store, ft_magics.events\n"
        "print({'torch', 'numpy', 'psutil', 'traitlets', 'IPython'} & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"
