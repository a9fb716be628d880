"""Adapters by name: list them, use one, take one away with you, delete, rename, undo."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ft_magics.errors import AdapterError, FtError, NameUnknown, RunError, SettingError
from ft_magics.files import write_folder
from ft_magics.session.certifying import FILE as CERTIFICATE
from ft_magics.session.certifying import refuse_other_prompt
from ft_magics.session.kin import Kin
from ft_magics.session.lineage import weights_key
from ft_magics.session.objects import AdapterFacts, AdapterTable
from ft_magics.session.resolve import load_slot, resolve_all
from ft_magics.session.staleness import Staleness, telling
from ft_magics.session.state import ModelChoice, current
from ft_magics.spec import check_name

if TYPE_CHECKING:
    from ft_magics.session.state import Session
    from ft_magics.store import RunFolder

__all__ = ["adapters", "delete", "export", "names", "rename", "undo", "use"]


def adapters() -> AdapterTable:
    """The adapters kept here and the runs in progress, newest first."""
    session = current()
    in_use = session.store.get("in_use")
    kin = Kin(session)
    folders = []
    for name in kin.names:
        held = session.runs.get(name)
        if held is not None and held.active:
            folders.append((held.folder, held.state))
            continue
        folder = kin.newest(name) or kin.latest(name)
        folders.append((folder, folder.state))
    folders.sort(key=lambda pair: pair[0].made_at_s, reverse=True)
    staleness = Staleness(session, kin)
    return AdapterTable(_facts(staleness, folder, state, in_use) for folder, state in folders)


def _facts(staleness: Staleness, folder: RunFolder, state: str, in_use: Any) -> AdapterFacts:
    record = folder.record
    plan, base, data = (record.get(k) or {} for k in ("plan", "base", "data"))
    adapter = folder.adapter
    size = sum(f.stat().st_size for f in adapter.glob("*.safetensors")) if adapter else 0
    trained, parameters = record.get("trainable_parameters") or 0, base.get("parameters") or 0
    strategy = plan.get("strategy") or (record.get("spec") or {}).get("strategy") or "lora"
    return AdapterFacts(
        name=folder.name,
        base=ModelChoice(**record["model"]).title if record.get("model") else base.get("name", ""),
        strategy=strategy,
        rank=plan.get("lora_r") if strategy == "lora" else record.get("rank"),
        bytes=size,
        share=trained / parameters if parameters else 0.0,
        data=data.get("name") or "",
        data_sha256=data.get("sha256") or "",
        last_loss=record.get("last_loss"),
        stale=staleness.words(folder),
        state="imported" if record.get("imported") else state,
        in_use=in_use == folder.name,
        versions=max(0, len(current().store.versions(folder.name)) - 1),
    )


def use(name: str, *, where: str | None = None) -> str:
    """Make a model the one that answers where none is named.

    It takes less than a millisecond once the adapter is in memory.

    Args:
        name: `base`, an adapter, `NAME~1`, `NAME@84`.
        where: The cell, for errors.

    Returns:
        The name.

    Raises:
        NameUnknown: It is not there.
        AdapterError: It does not fit its base.
    """
    session = current()
    [(target, loaded)] = resolve_all(session, [name], where or f"use {name}")
    loaded.server.use(load_slot(loaded, target))
    session.store.set("in_use", name)
    return name


def export(name: str, folder: str | Path, *, where: str | None = None) -> Path:
    """Copy an adapter (plain PEFT layout), or full weights, into a folder. Waits for its run.

    Raises:
        NameUnknown: It is not there.
        SettingError: The folder holds something already.
        RunError: The run that was waited for failed.
        AdapterError: The base renders prompts in another way than when it was trained.
    """
    session = current()
    where = where or f"export {name}"
    held = session.runs.get(name)
    if held is not None and held.active:
        held.wait()
    goal = Path(folder).expanduser()
    if goal.exists() and any(goal.iterdir()):
        raise SettingError(where, f"{folder} is not empty", "Name a new folder.")
    from ft_magics.session.resolve import resolve

    target = resolve(session, name, where)
    source = target.path
    if source is None or target.folder is None:
        raise AdapterError(where, "the base is not an adapter", "Name an adapter: see %ft list.")
    if (source / CERTIFICATE).exists():
        tokenizer = session.tokenizer(target.choice or session.choice())
        refuse_other_prompt(source, tokenizer, where)
    card = target.folder.path / "README.md"

    def write(staging: Path) -> None:
        shutil.copytree(source, staging, dirs_exist_ok=True)
        if card.exists():
            shutil.copy(card, staging / "README.md")

    write_folder(goal, write)
    session.store.set("exported", name)
    return goal


# ---------------------------------------------------------------- delete, rename, undo


def delete(written: str, *, where: str | None = None) -> str:
    """Delete an adapter, a data set or a golden set; `undo` brings it back.

    Args:
        written: A name, or `data:NAME`, `golden:NAME`, `adapter:NAME` where it could mean two.
        where: The cell, for errors.

    Returns:
        What was deleted, in words.

    Raises:
        NameUnknown: Nothing is called so.
        SettingError: More than one thing is called so.
        RunError: Its run is in progress.
    """
    session = current()
    where = where or f"delete {written}"
    kind, name = _kind_of(session, written, where)
    _idle(session, kind, name, where)
    with telling(session):
        session.store.delete(kind, name)
    if kind == "adapter":
        session.runs.pop(name, None)
        if session.store.get("in_use") == name:
            session.store.set("in_use", None)
    return f"deleted {_WORDS[kind]} {name}; %ft undo brings it back"


def rename(written: str, new: str, *, where: str | None = None) -> str:
    """Give an adapter, a data set or a golden set another name; `undo` takes it back.

    Raises:
        NameUnknown: Nothing is called so.
        SettingError: The new name is taken or no name, or the old one could mean two things.
        RunError: Its run is in progress.
    """
    session = current()
    where = where or f"rename {written}"
    check_name(new, where)
    kind, name = _kind_of(session, written, where)
    _idle(session, kind, name, where)
    if new in names(kind):
        raise SettingError(where, f"there is a {_WORDS[kind]} '{new}' already", "Delete it first.")
    session.store.rename(kind, name, new)
    session.runs.pop(name, None)
    if kind == "adapter" and session.store.get("in_use") == name:
        session.store.set("in_use", new)
    return f"renamed {_WORDS[kind]} {name} to {new}"


def undo() -> str:
    """Take back the last delete, rename or replacement.

    Returns:
        What was taken back, in words.

    Raises:
        FtError: There is nothing to take back.
    """
    session = current()
    with telling(session):
        done = session.store.undo()
    kept = session.store.get("in_use")
    if kept and kept.partition("~")[0].partition("@")[0] not in names("model"):
        session.store.set("in_use", None)
    for name, run in list(session.runs.items()):
        if not run.active:
            del session.runs[name]
    return done


_WORDS = {"adapter": "adapter", "data": "data set", "golden": "golden set"}


def names(kind: str) -> list[str]:
    """Names that are kept here.

    Args:
        kind: `data`, `golden`, `adapter`, or `model` (`base` and every adapter).
    """
    store = current().store
    if kind in ("data", "golden"):
        return store.set_names(kind)
    return ["base", *store.run_names()] if kind == "model" else store.run_names()


def _kind_of(session: Session, written: str, where: str) -> tuple[str, str]:
    from ft_magics.errors import nearest

    kind, colon, name = written.partition(":")
    if colon and kind in _WORDS:
        if name not in names(kind):
            hint = nearest(name, names(kind))
            raise NameUnknown(where, f"there is no {_WORDS[kind]} '{name}'", hint)
        return kind, name
    found = [kind for kind in _WORDS if written in names(kind)]
    if not found:
        known = [n for kind in _WORDS for n in names(kind)]
        raise NameUnknown(where, f"nothing is called '{written}'", nearest(written, known))
    if len(found) > 1:
        readings = " or ".join(f"{kind}:{written}" for kind in found)
        raise SettingError(where, f"'{written}' could mean two things", f"Write {readings}.")
    return found[0], written


def _idle(session: Session, kind: str, name: str, where: str) -> None:
    held = session.runs.get(name)
    if kind == "adapter" and held is not None and held.active:
        raise RunError(where, f"{name} is {held.state}", f"Stop it first: %ft stop {name}.")


def import_adapter(name: str, folder: str | Path, *, where: str | None = None) -> AdapterFacts:
    """Take in an adapter that PEFT saved elsewhere, for the base of this notebook.

    Raises:
        AdapterError: It does not fit the base, or must not be loaded; nothing is kept of it.
    """
    session = current()
    where = where or f"import {name}"
    check_name(name, where)
    source = Path(folder).expanduser()
    if not source.is_dir():
        raise AdapterError(where, f"{folder} is not a folder", "Name the folder PEFT saved.")
    choice = session.choice()
    loaded = session.load(choice)
    refuse_other_prompt(source, loaded.base.tokenizer, where)
    trial = f"import:{source}"
    try:
        facts = loaded.server.load(trial, source)
    except FtError as error:
        raise AdapterError(where, error.what, error.remedy) from None
    loaded.server.drop(trial)
    kept = session.store.import_adapter(name, source)
    kept.update_record(
        key=weights_key(kept.adapter or kept.path),
        model=choice.to_dict(),
        base=loaded.base.facts.to_dict(),
        rank=facts.rank,
        trainable_parameters=facts.parameters,
    )
    return _facts(Staleness(session), kept, "imported", session.store.get("in_use"))
