from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ft_magics.store.owner import is_alive, is_own, write_owner

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def pid_file(tmp_path: Path) -> Path:
    path = tmp_path / "owner.pid"
    write_owner(path)
    return path


def change(path: Path, **values: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def test_this_process_is_alive_and_its_own(pid_file: Path) -> None:
    assert json.loads(pid_file.read_text())["pid"] == os.getpid()
    assert is_alive(pid_file, 0.0)
    assert is_own(pid_file)


def test_nobody_is_at_work_without_a_file(tmp_path: Path) -> None:
    assert not is_alive(tmp_path / "none", time.time())
    assert not is_own(tmp_path / "none")


@pytest.mark.parametrize("content", ["", "17", "null", '{"pid"', '{"pid": "x"}'])
def test_a_file_that_says_nothing_is_as_none(pid_file: Path, content: str) -> None:
    pid_file.write_text(content)
    assert not is_own(pid_file)


def test_a_number_given_to_another_process_is_not_alive(pid_file: Path) -> None:
    start = json.loads(pid_file.read_text())["start_s"]
    change(pid_file, start_s=start - 100)
    assert not is_alive(pid_file, time.time())
    assert not is_own(pid_file)


def test_a_process_is_alive_until_it_is_killed(tmp_path: Path, other_kernel: Start) -> None:
    path = tmp_path / "owner.pid"
    code = "import sys, pathlib; from ft_magics.store.owner import write_owner\n"
    process = other_kernel(code + "write_owner(pathlib.Path(sys.argv[1]))", path)
    assert is_alive(path, 0.0)
    assert not is_own(path)
    process.kill()
    # Not waited for yet: a zombie does no work either.
    end = time.monotonic() + 10
    while is_alive(path, 0.0) and time.monotonic() < end:
        time.sleep(0.01)
    assert not is_alive(path, 0.0)


def test_a_process_of_another_machine_is_alive_while_it_writes(pid_file: Path) -> None:
    change(pid_file, host="another-machine", pid=1)
    assert is_alive(pid_file, time.time() - 5)
    assert not is_alive(pid_file, time.time() - 3600)
    assert not is_own(pid_file)
