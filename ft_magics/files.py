"""Files that are either whole or not there: atomic writes, and a lock between processes."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

__all__ = ["locked", "read_json", "write_atomic", "write_folder", "write_json"]


def write_atomic(path: Path, content: str | bytes) -> None:
    """Write a file so that a reader, or a crash, sees the old content or the new, never half.

    Args:
        path: The file; its folder is made.
        content: Bytes, or text (UTF-8; half a surrogate pair becomes the escape that JSON and
            Python read back).
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    staging = _beside(path)
    # Not tempfile's: its files are closed to everybody else, whatever the umask says.
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
    handle = os.open(staging, flags, 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        staging.replace(path)
    except BaseException:
        staging.unlink(missing_ok=True)
        raise


def _beside(path: Path, mark: str = "") -> Path:
    """A hidden name in the same folder, so that a rename onto the path is atomic."""
    return path.parent / f".{path.name}.{mark}{secrets.token_hex(6)}"


def write_json(path: Path, value: Any) -> None:
    """Write a value as indented JSON, atomically."""
    write_atomic(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def write_folder(path: Path, write: Callable[[Path], None]) -> None:
    """Fill a folder so that it appears whole or not at all; one that is there is replaced.

    Args:
        path: The folder that is to appear.
        write: Called with an empty staging folder beside it, and fills that.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    staging = _beside(path)
    staging.mkdir()
    try:
        write(staging)
        for file in staging.rglob("*"):
            if file.is_file():
                with file.open("rb") as handle:
                    os.fsync(handle.fileno())
        if path.exists():
            _swap(staging, path)
        else:
            staging.replace(path)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise


def _swap(staging: Path, path: Path) -> None:
    """Put a folder in the place of another; on a failure the other is put back."""
    # Renaming onto a filled folder fails with ENOTEMPTY: set the old one aside first.
    old = _beside(path, "old.")
    path.replace(old)
    try:
        staging.replace(path)
    except BaseException:
        old.replace(path)
        raise
    shutil.rmtree(old, ignore_errors=True)


@contextlib.contextmanager
def locked(path: Path, timeout_s: float = 600.0) -> Iterator[None]:
    """Hold a lock file, so that two kernels, or two threads, do not write the same thing at once.

    The lock is the system's own and ends with the process that holds it, however that ends; the
    file stays. On a file system that knows no locks nobody is kept out.

    Args:
        path: The lock file.
        timeout_s: How long to wait, in seconds.

    Raises:
        TimeoutError: It stayed held.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + timeout_s
    with path.open("a+b") as file:
        while not _lock(file.fileno()):
            if time.monotonic() > end:
                raise TimeoutError(f"{path} is held by another process")
            time.sleep(0.02)
        # Closing the file lets go of it.
        yield


if sys.platform == "win32":  # pragma: no cover
    import msvcrt

    def _lock(handle: int) -> bool:
        os.lseek(handle, 0, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    _HELD = frozenset({errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EINTR})

    def _lock(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            return error.errno not in _HELD
        return True
