"""From names to a task: which rows, which golden questions, which base, which parent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ft_magics.errors import FtError, NameUnknown, SettingError, nearest
from ft_magics.session.assignment import Task, eval_rows_of, method_of
from ft_magics.session.kin import Kin
from ft_magics.session.resolve import resolve
from ft_magics.session.second_stage import inherited_system
from ft_magics.session.state import DEFAULT_MODEL, ModelChoice, Session
from ft_magics.spec import FinetuneSpec, Ref

if TYPE_CHECKING:
    from ft_magics.data import Dataset, GoldenSet
    from ft_magics.store import RunFolder

__all__ = ["make_task", "task_of_record"]


def make_task(
    session: Session,
    name: str,
    spec: FinetuneSpec,
    data: Dataset | None,
    rows: str | Iterable[Mapping[str, Any]] | None,
    continue_: bool,
    where: str,
) -> Task:
    """Resolve every name of a run.

    Args:
        session: Where the names are kept.
        name: What the run is called.
        spec: What the user set.
        data: The rows, when they were given as a data set.
        rows: The rows, when they stand in the cell.
        continue_: Start from the newest result of this name.
        where: The cell, for errors.

    Raises:
        SettingError: Something is missing, given twice, or cannot be trained.
        DataError: Bad rows in the cell.
        NameUnknown: A data set, golden set or adapter is not there.
    """
    from ft_magics import training

    parent, parent_step = _parent(session, name, spec, continue_, where)
    data = data or _data(session, name, spec, rows, where)
    # Names are read from the libraries' source, without importing them, so a wrong one is refused
    # before the cell returns.
    training.check(spec, where, method_of(spec.method, data, where))
    golden = _golden(session, spec, data, name, where)
    inherited = inherited_system(data, parent)
    chosen = eval_rows_of(session, data, golden, spec, where, inherited or data.system)
    if not chosen["train_rows"]:
        remedy = "Add rows that are not in the golden set, or set train_on_golden."
        raise SettingError(where, "every row is a golden question: nothing is left", remedy)
    return Task(
        name,
        spec,
        data,
        golden,
        **chosen,
        choice=_base(session, spec, parent),
        parent=parent,
        parent_step=parent_step,
        inherited_system=inherited,
    )


def _data(
    session: Session,
    name: str,
    spec: FinetuneSpec,
    rows: str | Iterable[Mapping[str, Any]] | None,
    where: str,
) -> Dataset:
    from ft_magics import data

    if rows is not None:
        if spec.data:
            raise SettingError(
                where, f"there are rows here and --data {spec.data}", "Keep one of them."
            )
        return data.make_dataset(name, rows, where=where)
    known = session.store.set_names("data")
    if spec.data:
        return session.dataset(spec.data.removeprefix("data:"), where)
    if name in known or len(known) == 1:
        chosen = name if name in known else known[0]
        session.front_end.notice(f"training on the data set {chosen}")
        return session.dataset(chosen, where)
    raise SettingError(
        where,
        "no rows to train on",
        f"Add --data NAME. {nearest(name, known)}"
        if known
        else "Define some in a cell that begins with %%dataset NAME, or put them into this cell.",
    )


def _golden(
    session: Session, spec: FinetuneSpec, data: Dataset, name: str, where: str
) -> GoldenSet | None:
    if spec.golden:
        return session.golden(spec.golden.removeprefix("golden:"), where)
    known = session.store.set_names("golden")
    for candidate in (data.name, name):
        if candidate in known:
            return session.golden(candidate, where)
    return None


def _parent(
    session: Session, name: str, spec: FinetuneSpec, continue_: bool, where: str
) -> tuple[RunFolder | None, int | None]:
    """The adapter to start from, and its step where one was named."""
    if continue_ and spec.after:
        raise SettingError(
            where, "--continue and --after both say where to start", "Keep one of them."
        )
    written = name if continue_ else spec.after
    if written is None or written == "base":
        return None, None
    before = session.runs.get(written)
    if before is not None and before.active and not continue_:
        # Queued behind it: by the time of its turn the adapter is there.
        return before.folder, None
    target = resolve(session, written, where)
    if target.folder is None or target.path is None:
        raise NameUnknown(where, f"there is no finished adapter '{written}'", "See %ft list.")
    step = Ref.read(written, where).step
    return target.folder, step if isinstance(step, int) else None


def _base(session: Session, spec: FinetuneSpec, parent: RunFolder | None) -> ModelChoice:
    """The base: the one that was named, else the parent's, else the session's."""
    dtype = None if spec.dtype == "auto" else spec.dtype
    if spec.model is None and parent is not None and parent.record.get("model"):
        return ModelChoice(**parent.record["model"])
    name = spec.model
    if name is None and (dtype or spec.model_revision or spec.trust_remote_code):
        kept = session.store.get("model")
        name = kept["name"] if kept else DEFAULT_MODEL
    return session.choice(
        name,
        revision=spec.model_revision,
        dtype=dtype,
        trust_remote_code=spec.trust_remote_code or None,
    )


def task_of_record(session: Session, folder: RunFolder, where: str) -> Task:
    """The task of a run on disk, from its own snapshot, whatever the notebook holds now."""
    from ft_magics import data

    record = folder.record
    kept, parent = record["data"], record.get("parent")
    kept_rows = data.RowFile(folder.path / "rows.jsonl")
    rows = data.Dataset.from_records(record["dataset"], kept_rows)
    golden = data.GoldenSet.from_records(record["goldenset"]) if record.get("goldenset") else None
    spec, inherited = FinetuneSpec(**record["spec"]), kept.get("inherited_system")
    if data.digest_of(rows.rows, rows.kind, rows.system) != kept["sha256"]:
        raise FtError(where, "the snapshot of its rows was changed", "Train anew with --fresh.")
    return Task(
        folder.name,
        spec,
        rows,
        golden,
        **eval_rows_of(session, rows, golden, spec, where, inherited or rows.system),
        choice=ModelChoice(**record["model"]),
        inherited_system=inherited,
        parent=_folder_of_parent(session, parent, where) if parent else None,
        parent_step=parent["step"] if parent else None,
    )


def _folder_of_parent(session: Session, parent: dict[str, Any], where: str) -> RunFolder:
    """The very version of the parent that a run was started from, also after a rename.

    Raises:
        NameUnknown: It is no longer kept.
    """
    found = Kin(session).find(parent)
    if found is None:
        what = f"its parent {parent['name']} is no longer kept"
        raise NameUnknown(where, what, "Train anew with --fresh.")
    return found
