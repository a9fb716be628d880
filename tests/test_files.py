from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ft_magics.files import locked, read_json, write_atomic, write_folder, write_json


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_and_replaced_and_nothing_stays_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.txt"
    write_atomic(path, "one")
    write_atomic(path, "Grüße\n")
    assert path.read_bytes() == "Grüße\n".encode()
    assert names(path.parent) == ["a.txt"]


def test_a_write_that_fails_leaves_the_old_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.txt"
    write_atomic(path, "old")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_atomic(path, "new")
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_permissions_follow_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        write_atomic(tmp_path / "a.txt", "x")
        write_folder(tmp_path / "folder", lambda staging: (staging / "b").touch())
        os.umask(0o077)
        write_atomic(tmp_path / "mine.txt", "x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o644
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "mine.txt").stat().st_mode) == 0o600


def test_json_goes_round_also_with_half_a_surrogate_pair(tmp_path: Path) -> None:
    value = {"text": "Grüße \ud83d \u2028 \\ud83d", "n": [1, None, True]}
    write_json(tmp_path / "a.json", value)
    assert read_json(tmp_path / "a.json") == value
    assert "Grüße" in (tmp_path / "a.json").read_text()


def test_a_folder_appears_whole(tmp_path: Path) -> None:
    path = tmp_path / "step"

    def write(staging: Path) -> None:
        (staging / "weights").write_text("1")
        assert not path.exists()
        assert staging.parent == path.parent

    write_folder(path, write)
    assert names(path) == ["weights"]
    assert names(tmp_path) == ["step"]


def test_a_folder_that_fails_in_the_middle_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "step"
    write_folder(path, lambda staging: (staging / "old").touch())

    def fail(staging: Path) -> None:
        (staging / "new").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_folder(path, fail)
    assert names(path) == ["old"]
    assert names(tmp_path) == ["step"]


def test_a_folder_replaces_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "step"
    write_folder(path, lambda staging: (staging / "old").touch())
    write_folder(path, lambda staging: (staging / "new").touch())
    assert names(path) == ["new"]
    assert names(tmp_path) == ["step"]


def test_a_swap_that_fails_puts_the_old_folder_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "step"
    write_folder(path, lambda staging: (staging / "old").touch())
    replace = Path.replace

    def refuse_the_new_one(source: Path, target: Path) -> Path:
        if (source / "new").exists():
            raise OSError("device busy")
        return replace(source, target)

    monkeypatch.setattr(Path, "replace", refuse_the_new_one)
    with pytest.raises(OSError, match="device busy"):
        write_folder(path, lambda staging: (staging / "new").touch())
    assert names(path) == ["old"]


def test_threads_take_turns(tmp_path: Path) -> None:
    inside, most = [], []

    def work() -> None:
        for _ in range(5):
            with locked(tmp_path / "lock"):
                inside.append(1)
                most.append(len(inside))
                time.sleep(0.001)
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 1
    assert len(most) == 20


def test_an_error_lets_go_of_the_lock(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="x"), locked(tmp_path / "lock"):
        raise ValueError("x")
    with locked(tmp_path / "lock", timeout_s=0):
        pass


HOLDER = """
import sys, time
from pathlib import Path
from ft_magics.files import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_another_process_is_kept_out_until_it_dies(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(lock)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(TimeoutError, match="held"), locked(lock, timeout_s=0.1):
            pass
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        holder.stdout.close()
    with locked(lock, timeout_s=5):
        pass


COUNTER = """
import sys
from pathlib import Path
from ft_magics.files import locked, read_json, write_json
path = Path(sys.argv[1])
for _ in range(30):
    with locked(path.with_suffix(".lock")):
        write_json(path, read_json(path) + 1)
"""


def test_no_update_is_lost_between_processes(tmp_path: Path) -> None:
    path = tmp_path / "count.json"
    path.write_text(json.dumps(0))
    command = [sys.executable, "-c", COUNTER, str(path)]
    for process in [subprocess.Popen(command) for _ in range(2)]:
        assert process.wait() == 0
    assert read_json(path) == 60
