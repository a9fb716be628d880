"""Which process is at work on a run, so that a run whose kernel died does not look alive."""

from __future__ import annotations

import json
import os
import platform
import time
from pathlib import Path

from ft_magics.files import write_atomic

__all__ = ["describe_self", "is_alive", "is_own", "write_owner"]

# Start times are computed from the boot time, which the system's clock corrections move a little.
SAME_START_S = 2.0
# A process of another machine cannot be seen; its run counts as alive while it writes.
SILENT_S = 600.0


def describe_self() -> str:
    """This process as it stands in a pid file: number, start (Unix time in seconds), machine."""
    # A kernel that only loads the extension does not pay for this import.
    import psutil

    pid = os.getpid()
    facts = {"pid": pid, "start_s": psutil.Process(pid).create_time(), "host": platform.node()}
    return json.dumps(facts)


def write_owner(path: Path) -> None:
    """Say that this process is at work."""
    write_atomic(path, describe_self())


def is_own(path: Path) -> bool:
    """Whether a pid file names this very process."""
    facts = _read(path)
    return (facts.get("pid"), facts.get("host")) == (os.getpid(), platform.node()) and _runs(facts)


def is_alive(path: Path, written_s: float) -> bool:
    """Whether the process of a pid file still lives.

    Args:
        path: The pid file; none means that nobody is at work.
        written_s: When the run last wrote something, Unix time in seconds: all that is known of a
            process on another machine.
    """
    facts = _read(path)
    if not facts:
        return False
    if facts.get("host") != platform.node():
        return time.time() - written_s < SILENT_S
    return _runs(facts)


def _read(path: Path) -> dict[str, float | str]:
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return facts if isinstance(facts, dict) else {}


def _runs(facts: dict[str, float | str]) -> bool:
    """Whether the process lives; its number alone may have been given to another since."""
    import psutil

    try:
        process = psutil.Process(int(facts["pid"]))
        same = abs(process.create_time() - float(facts["start_s"])) < SAME_START_S
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.AccessDenied:  # somebody else's, so it is there
        return True
    except (psutil.NoSuchProcess, KeyError, ValueError, TypeError):
        return False
