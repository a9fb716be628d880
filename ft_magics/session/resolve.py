"""From a model's name, as a user writes it, to what answers: a slot of a server."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ft_magics.errors import AdapterError, NameUnknown, SettingError
from ft_magics.session.certifying import refuse_other_prompt
from ft_magics.session.state import Loaded, ModelChoice, Session
from ft_magics.spec import Ref

if TYPE_CHECKING:
    from ft_magics.session.run import Run
    from ft_magics.store import RunFolder

__all__ = ["Target", "default_ref", "load_slot", "resolve", "resolve_all"]

MOST_RESIDENT = 32


@dataclass
class Target:
    """What a name means right now."""

    title: str
    """As the user wrote it."""
    choice: ModelChoice | None = None
    """The base it needs; None for `base` itself, which is the base of its neighbours."""
    folder: RunFolder | None = None
    path: Path | None = None
    """Adapter folder (or full weights); None for the base and for a run's current step."""
    run: Run | None = None
    """The run in progress whose current step answers."""
    systems: list[str] = field(default_factory=list)
    """System texts it was trained with."""

    @property
    def note(self) -> str:
        """What to tell beside the answer of a run in progress."""
        if self.run is None:
            return ""
        m = self.run.monitor
        if self.run.state == "queued" or not m.total_steps:
            return "not trained yet, still preparing"
        return f"step {m.step} of {m.total_steps}, still training"

    @property
    def version(self) -> str:
        """What the name means, for the log of judgements: `0003`, `0003@84`; "" for the base."""
        if self.folder is None:
            return ""
        if self.run is not None:
            return f"{self.folder.version:04d}@{self.run.monitor.step}"
        at = self.path.name if self.path is not None else ""
        return f"{self.folder.version:04d}" + (f"@{int(at)}" if at.isdecimal() else "")


def default_ref(session: Session) -> str:
    """The model of a cell that names none: the adapter in use, else the newest, else the base."""
    kept = session.store.get("in_use")
    if kept:
        return str(kept)
    active = session.active()
    if active:
        return active[-1].name
    newest: tuple[float, str] = (0.0, "base")
    for name in session.store.run_names():
        try:
            folder = session.store.run(name, 0, with_result=True)
        except NameUnknown:
            continue
        newest = max(newest, (folder.made_at_s, name))
    return newest[1]


def resolve(session: Session, written: str, where: str) -> Target:
    """What a name means.

    Raises:
        SettingError: It is not of a name's form.
        NameUnknown: There is no such adapter, version or step.
    """
    ref = Ref.read(written.removeprefix("adapter:"), where)
    if ref.name == "base":
        return Target("base")
    held = session.runs.get(ref.name)
    active = held if held is not None and held.active else None
    if active is not None and not ref.back and ref.step in (None, "now"):
        return Target(
            written,
            active.task.choice if active.task else None,
            active.folder,
            run=active,
            systems=_systems(active.folder),
        )
    if isinstance(ref.step, int):
        return _kept_step(session, ref, active, where)
    # While a run is in progress its name means that run, so the one before is the newest result.
    back = ref.back - 1 if active is not None and ref.back else ref.back
    folder = _result(session, ref, back, where)
    return _of_folder(written, folder, folder.adapter)


def _result(session: Session, ref: Ref, back: int, where: str) -> RunFolder:
    try:
        return session.store.run(ref.name, back, with_result=True)
    except NameUnknown as error:
        what = f"there is no adapter '{ref}'"
        if ref.name in session.store.run_names():
            state = session.run(ref.name).state
            what = f"{what}: its run is {state}" if not ref.back else what
        remedy = error.remedy or "Train one in a cell that begins with %%finetune NAME."
        raise NameUnknown(where, what, remedy) from None


def _kept_step(session: Session, ref: Ref, active: Run | None, where: str) -> Target:
    folder = (
        active.folder
        if active is not None and not ref.back
        else _result(session, ref, ref.back, where)
    )
    steps = folder.steps()
    if ref.step not in steps:
        kept = ", ".join(map(str, steps)) or "none yet"
        raise NameUnknown(where, f"step {ref.step} of {ref.name} was not kept", f"Kept: {kept}.")
    return _of_folder(str(ref), folder, folder.step_folder(int(ref.step)))


def _of_folder(title: str, folder: RunFolder, path: Path | None) -> Target:
    model = folder.record.get("model")
    choice = ModelChoice(**model) if model else None
    return Target(title, choice, folder, path, systems=_systems(folder))


def _systems(folder: RunFolder) -> list[str]:
    return list((folder.record.get("data") or {}).get("systems") or [])


def resolve_all(session: Session, names: list[str], where: str) -> list[tuple[Target, Loaded]]:
    """What each name means, with its base in memory; `base` is the base of the others.

    Raises:
        SettingError: A name stands twice.
        NameUnknown: One of them is not there.
        ModelError: A base cannot be loaded.
    """
    twice = [name for i, name in enumerate(names) if name in names[:i]]
    if twice:
        raise SettingError(where, f"'{twice[0]}' stands twice", "Name each model once.")
    targets = [resolve(session, name, where) for name in names]
    neighbour = next((t.choice for t in targets if t.choice is not None), None)
    fallback = neighbour or session.choice()
    return [(t, session.load(t.choice or fallback)) for t in targets]


def load_slot(loaded: Loaded, target: Target) -> str | None:
    """Bring a target into its server's memory.

    Returns:
        The slot's internal name; None for the base.

    Raises:
        AdapterError: It does not fit this base, must not be loaded, or was trained on prompts that
            this base renders in another way.
    """
    server = loaded.server
    run = target.run
    if run is not None and run.active:
        weights = run.weights
        if weights is not None:
            slot = f"live:{run.folder.path}"
            if slot in server.slots():
                # Before the new copy is made: an answer in progress holds on to what it uses.
                server.drop(slot)
            try:
                server.assign(slot, *weights())
            except AdapterError as error:
                raise AdapterError(target.title, error.what, error.remedy) from None
            return slot
        parent = run.task.parent if run.task else None
        path = parent.adapter if parent is not None else None
    elif run is not None:
        path = run.folder.adapter
    else:
        path = target.path
    if path is None:
        return None
    full = not (path / "adapter_config.json").exists() and (path / "config.json").exists()
    stamp = max((f.stat().st_mtime_ns for f in path.glob("*.safetensors")), default=0)
    slot = f"{path}:{stamp}"
    if slot not in server.slots():
        refuse_other_prompt(path, loaded.base.tokenizer, target.title)
        _make_room(loaded)
        (server.load_full if full else server.load)(slot, path)
    return slot


def _make_room(loaded: Loaded) -> None:
    server = loaded.server
    resident = [slot for slot in server.slots() if slot != server.active]
    for slot in resident[: max(0, len(resident) + 1 - MOST_RESIDENT)]:
        server.drop(slot)
