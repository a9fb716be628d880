"""The device models live on: which, how much memory it has, what number formats are native."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ft_magics.errors import MemoryShort, SettingError, nearest

__all__ = ["Device", "check_room", "choose_dtype", "device", "memory_in_use"]

Kind = Literal["cuda", "mps", "cpu"]


@dataclass(frozen=True)
class Device:
    """The device that is used, as it is now."""

    kind: Kind
    name: str
    """As its maker calls it."""
    bf16: bool
    """bfloat16 is native, so it is chosen by itself."""
    total_bytes: int
    free_bytes: int
    """Memory a new model could take now."""


def device() -> Device:
    """The best device of this machine: the current CUDA device, else Apple's GPU, else the CPU."""
    import torch

    if torch.cuda.is_available():
        index = torch.cuda.current_device()
        free, total = torch.cuda.mem_get_info(index)
        # What the allocator holds without use is free for us, though not for other programs.
        free += torch.cuda.memory_reserved(index) - torch.cuda.memory_allocated(index)
        native = torch.cuda.get_device_capability(index) >= (8, 0) or torch.version.hip is not None
        return Device("cuda", torch.cuda.get_device_name(index), native, total, free)
    if torch.backends.mps.is_available():
        total = int(torch.mps.recommended_max_memory())
        free = max(0, total - int(torch.mps.driver_allocated_memory()))
        return Device("mps", f"Apple GPU ({platform.machine()})", False, total, free)
    total, free = _host_memory()
    return Device("cpu", _cpu_name(), False, total, free)


def memory_in_use(kind: str) -> int:
    """Bytes in use: allocated on the device, or the resident set of this process on a CPU.

    Args:
        kind: cuda, mps or cpu.
    """
    if kind == "cpu":
        import psutil

        return int(psutil.Process().memory_info().rss)
    import torch

    count = {"cuda": torch.cuda.memory_allocated, "mps": torch.mps.current_allocated_memory}[kind]
    return int(count())


def choose_dtype(asked: str, on: Device, where: str) -> tuple[str, str]:
    """The number format of the base weights.

    float32 on a CPU: bfloat16 arithmetic is emulated on most of them, more than twenty times
    slower. float16 is never chosen by itself: weights trained in bfloat16 overflow in it.

    Args:
        asked: auto, float32, bfloat16 or float16.
        on: The device.
        where: Whose setting it is, for errors.

    Returns:
        The format, and a notice about it; empty if there is nothing to tell.

    Raises:
        SettingError: There is no such format, or this GPU lacks it.
    """
    known = ("auto", "float32", "bfloat16", "float16")
    if asked not in known:
        raise SettingError(where, f"dtype is '{asked}'", nearest(asked, known))
    if asked == "auto":
        return ("bfloat16" if on.bf16 else "float32"), ""
    if asked == "bfloat16" and on.kind == "cuda" and not on.bf16:
        raise SettingError(
            where, f"{on.name} has no bfloat16", "Leave dtype on auto, or set it to float16."
        )
    if asked != "float32" and on.kind == "cpu":
        return asked, f"{asked} was asked for; on a CPU it can be many times slower than float32"
    return asked, ""


def check_room(needed_bytes: int, on: Device, where: str) -> None:
    """Refuse a model that the device has no memory for, before anything is read.

    Raises:
        MemoryShort: It needs more than is free.
    """
    if needed_bytes > on.free_bytes:
        raise MemoryShort(
            where,
            f"the weights take {needed_bytes / 1e9:.1f} GB, and {on.free_bytes / 1e9:.1f} GB of "
            f"{on.total_bytes / 1e9:.1f} GB are free on {on.kind}",
            "Free some (%ft memory --free), or take a smaller model.",
        )


def _host_memory() -> tuple[int, int]:
    """Total and free bytes of this machine, or of the container if that is allowed less."""
    import psutil

    memory = psutil.virtual_memory()
    total, free = int(memory.total), int(memory.available)
    limit = _container_bytes("memory.max", "memory/memory.limit_in_bytes")
    if limit is not None and limit < total:
        used = _container_bytes("memory.current", "memory/memory.usage_in_bytes") or 0
        # The page cache counts as used there, yet gives way.
        used = max(0, used - _container_cache_bytes())
        total, free = limit, min(free, max(0, limit - used))
    return total, free


def _container_bytes(*names: str) -> int | None:
    for name in names:
        path = Path("/sys/fs/cgroup") / name
        if path.is_file():
            text = path.read_text().strip()
            return int(text) if text.isdigit() else None
    return None


def _container_cache_bytes() -> int:
    for name in ("memory.stat", "memory/memory.stat"):
        path = Path("/sys/fs/cgroup") / name
        if path.is_file():
            rows = (line.split() for line in path.read_text().splitlines())
            counts = {row[0]: int(row[1]) for row in rows if len(row) == 2}
            return counts.get("inactive_file", counts.get("total_inactive_file", 0))
    return 0


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
