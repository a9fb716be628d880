"""What an adapter is made of: the key that says «the same run», and what is kept of it."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from ft_magics.data import Dataset, GoldenSet
    from ft_magics.session.assignment import Task
    from ft_magics.session.state import ModelChoice
    from ft_magics.spec import FinetuneSpec
    from ft_magics.store import RunFolder

__all__ = ["library_versions", "parent_facts", "parent_key", "record_of", "run_key", "weights_key"]

MOST_SYSTEMS = 100
"""System texts of a data set that are kept with a run: more than one is only counted."""

LIBRARIES = ("torch", "transformers", "trl", "peft", "accelerate")


def library_versions() -> dict[str, str]:
    """The installed versions a result depends on. Imports none of them."""
    return {name: importlib.metadata.version(name) for name in LIBRARIES}


def run_key(
    spec: FinetuneSpec,
    data: Dataset,
    golden: GoldenSet | None,
    choice: ModelChoice,
    parent: str | None,
) -> str:
    """The hash of all that decides a run's result: rows, settings, parent, base, versions.

    Names of data sets are left out: the rows count, not what they are called.
    """
    settings = asdict(spec)
    for name in ("data", "golden", "after", "model", "model_revision", "dtype"):
        settings.pop(name, None)
    parts = {
        "settings": settings,
        "data": data.sha256,
        "eval": (_named_eval(data) or {}).get("sha256") or data.eval,
        "golden": golden.sha256 if golden else None,
        "base": choice.to_dict(),
        "parent": parent,
        "versions": library_versions(),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def _named_eval(data: Dataset) -> dict[str, Any] | None:
    """Name and hash of the data set that is scored, where a data set names another for that."""
    from ft_magics.session.staleness import data_sha256
    from ft_magics.session.state import current

    session = current()
    if not data.eval or data.eval not in session.store.set_names("data"):
        return None
    return {"name": data.eval, "sha256": data_sha256(session, data.eval)}


def _scores(task: Task) -> bool:
    """Whether golden answers are what the eval loss, and so the choice of the step, comes from."""
    held_out = task.data.eval is None and not task.data.split()[1]
    return bool(task.golden is not None and held_out and task.eval_rows)


def parent_facts(folder: RunFolder | None, step: int | None) -> dict[str, Any] | None:
    """Which adapter a run starts from, as it is kept with the run.

    With what that one was made from, and so on: the chain can be told when they are gone.
    """
    if folder is None:
        return None
    record = folder.record
    data = record.get("data") or {}
    return {
        "name": folder.name,
        "version": folder.version,
        "step": step,
        "key": record.get("key"),
        "method": record.get("method"),
        "data": {name: data.get(name) for name in ("name", "sha256", "rows", "kind")},
        "golden": record.get("golden"),
        "imported": bool(record.get("imported")),
        "parent": record.get("parent"),
    }


def parent_key(task: Task) -> str | None:
    """What of the parent decides the result: its own key, and the step where it is not the best.

    A parent trained anew with the same key is the same adapter, so its version is left out.
    """
    folder = task.parent
    if folder is None:
        return None
    step = task.parent_step
    if step is None and folder.state == "stopped":
        step = folder.record.get("result_step")
    made_of = folder.record.get("key") or f"{folder.name}/{folder.version}"
    return f"{made_of}@{step}"


def weights_key(folder: Path) -> str:
    """The key of an adapter that was made elsewhere: the hash of its files.

    Args:
        folder: In PEFT's layout, or with full weights.
    """
    parts = []
    for path in sorted([*folder.glob("*.safetensors"), *folder.glob("*config.json")]):
        with path.open("rb") as file:
            parts.append(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {path.name}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def record_of(
    task: Task, name: str, key: str, *, inline: bool, goal: str | None = None
) -> dict[str, Any]:
    """What is kept about a run before it starts.

    Args:
        task: What is to be done.
        name: What the run is called.
        key: Of its content.
        inline: Its rows stand in its cell.
        goal: What the notebook is for now; else what it was for when the rows were written.
    """
    data, golden = task.data, task.golden
    return {
        "name": name,
        "goal": goal or data.goal,
        "spec": asdict(task.spec),
        "method": task.method,
        "key": key,
        "model": task.choice.to_dict(),
        "data": {
            "name": data.name,
            "sha256": data.sha256,
            "version": data.version,
            "rows": len(data.rows),
            "train_rows": len(task.train_rows),
            "eval_rows": len(task.eval_rows),
            "kind": data.kind,
            "systems": sorted(s for s in task.systems if s)[:MOST_SYSTEMS],
            "inherited_system": task.inherited_system,
            "inline": inline,
            "golden_rows": len(task.golden_rows),
            "eval": _named_eval(data),
        },
        "golden": {"name": golden.name, "sha256": golden.sha256, "scores": _scores(task)}
        if golden
        else None,
        "parent": parent_facts(task.parent, task.parent_step),
        "versions": library_versions(),
        "dataset": data.to_records(rows=False),
        "goldenset": golden.to_records() if golden else None,
    }
