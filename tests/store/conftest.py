from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ft_magics.store import RunFolder, Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store in an empty home that is not made yet."""
    return Store(tmp_path / "notebooks" / ".ft")


@pytest.fixture
def folder(store: Store) -> RunFolder:
    """A run that was accepted and has done nothing."""
    return store.new_run("ollie", {"key": "k1"}, '{"user": "a", "assistant": "b"}\n', "")


@pytest.fixture
def weights() -> Callable[[str], Callable[[Path], None]]:
    """Makes what fills an adapter's folder."""

    def make(content: str) -> Callable[[Path], None]:
        def write(staging: Path) -> None:
            (staging / "adapter_config.json").write_text("{}")
            (staging / "adapter_model.safetensors").write_text(content)

        return write

    return make


@pytest.fixture
def other_kernel() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a process that runs some code, says a line, and stays until it is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(code: str, *arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", f"{code}\nprint('ready', flush=True)\ninput()"]
        process = subprocess.Popen(
            [*command, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()
