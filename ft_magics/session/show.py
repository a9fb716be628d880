"""`show`: anything that is kept, by its name. And how this machine is doing."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
from typing import Any

from ft_magics.errors import NameUnknown, SettingError, nearest
from ft_magics.session.adapters import names
from ft_magics.session.finetune import run
from ft_magics.session.looking import look
from ft_magics.session.objects import Lines
from ft_magics.session.proof import NOT_THE_BASE, PROVEN, base_note
from ft_magics.session.state import current

__all__ = ["doctor", "memory", "show"]


def show(written: str, *, where: str | None = None, **rows: Any) -> Any:
    """A data set, a golden set or a run by name; a run's card comes live, or from disk.

    Args:
        written: A name, or `data:NAME`, `golden:NAME`, `run:NAME` where it could mean two. Without
            a kind before it, a run is meant first: its card names its data.
        where: The cell, for errors.
        **rows: `row`, `rows` or `finding`, to look at rows of a data set: see `looking.look`.

    Raises:
        NameUnknown: Nothing is called so.
        SettingError: The kind before the colon does not exist.
    """
    session = current()
    where = where or f"show {written}"
    kind, colon, name = written.partition(":")
    if rows:
        made = session.dataset(written.removeprefix("data:"), where)
        return look(made, **rows, where=where)
    getters = {
        "run": lambda n: run(n, where),
        "adapter": lambda n: run(n, where),
        "data": lambda n: session.dataset(n, where),
        "golden": lambda n: session.golden(n, where),
    }
    if colon:
        if kind not in getters:
            raise SettingError(where, f"no kind '{kind}'", nearest(kind, getters))
        return getters[kind](name)
    plain = written.partition("~")[0]
    for kind in ("adapter", "data", "golden"):
        if plain in names(kind):
            return getters[kind](written)
    known = {n for kind in ("adapter", "data", "golden") for n in names(kind)}
    raise NameUnknown(where, f"nothing is called '{written}'", nearest(plain, known))


def memory(*, free: bool = False) -> Lines:
    """What the bases and adapters in memory cost.

    Args:
        free: Forget every base first, if no run is in progress.
    """
    session = current()
    note = ""
    if free:
        count = session.free()
        note = f"{count} bases forgotten" if count else "nothing was forgotten"
        if session.active():
            note = "a run is in progress: nothing was forgotten"
    rows: list[tuple[str, ...]] = []
    for loaded in session.loaded():
        facts = loaded.base.facts
        # The whole proof: who asks for this has a tenth of a second.
        warning = base_note(loaded, whole=True)
        note = "; ".join(part for part in (note, warning) if part)
        what = f"{facts.dtype} on {facts.device}, {NOT_THE_BASE if warning else PROVEN}"
        rows.append((facts.name, "base", _size(facts.bytes), what))
        for slot in loaded.server.slots():
            slot_facts = loaded.server.facts(slot)
            rows.append((_slot_title(slot), "adapter", _size(slot_facts.bytes), slot_facts.note))
    if session.loaded():
        from ft_magics import models

        device = models.device()
        rows.append(("in use", device.kind, _size(models.memory_in_use(device.kind)), device.name))
        rows.append(("free", device.kind, _size(device.free_bytes), ""))
    return Lines("memory", ("what", "kind", "size", ""), rows, note)


def _slot_title(slot: str) -> str:
    """`ollie` out of `…/runs/ollie/0003/adapter:173…`."""
    parts = slot.split("/runs/")[-1].split("/")
    return parts[0] if len(parts) > 1 else slot


def _size(count: int) -> str:
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count} B"


def doctor() -> Lines:
    """What is installed, what the hardware can do, where things are kept."""
    from ft_magics import models

    session = current()
    device = models.device()
    rows: list[tuple[str, ...]] = [("python", platform.python_version(), "")]
    for name in ("torch", "transformers", "trl", "peft", "accelerate", "ipykernel", "jupyterlab"):
        try:
            rows.append((name, importlib.metadata.version(name), ""))
        except importlib.metadata.PackageNotFoundError:
            rows.append((name, "not installed", ""))
    rows.append(("device", device.kind, device.name))
    rows.append(("bfloat16", "native" if device.bf16 else "not native: float32 is used", ""))
    rows.append(("memory", _size(device.total_bytes), f"{_size(device.free_bytes)} free"))
    quantised = importlib.util.find_spec("bitsandbytes") is not None
    rows.append(("4-bit bases", "can be used" if quantised else "need ft-magics[gpu]", ""))
    rows.append(("home", str(session.store.home), ""))
    rows.append(("base model", session.choice().name, ""))
    return Lines("doctor", ("what", "is", ""), rows)
