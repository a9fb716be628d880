"""`lineage`: the chain from the base to an adapter, and what was made from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ft_magics.errors import NameUnknown, SettingError, nearest
from ft_magics.session.assignment import METHODS
from ft_magics.session.kin import Kin
from ft_magics.session.objects import Shown
from ft_magics.session.staleness import Staleness
from ft_magics.session.state import ModelChoice, Session, current
from ft_magics.spec import Ref

if TYPE_CHECKING:
    from ft_magics.store import RunFolder

__all__ = ["Lineage", "Link", "lineage", "lineage_of"]

# What a plan holds beside settings: what follows from them, and what differs between machines.
_NO_SETTINGS = frozenset(
    {"method", "reasons", "total_steps", "warmup_steps", "eval_steps"}
    | {"memory_bytes", "memory_free_bytes"}
)


@dataclass(frozen=True)
class Link:
    """One stage: an adapter, and what it was made from."""

    name: str
    """What it is called now, also after a rename."""
    reference: str
    """How to name this very version: `ollie`, `ollie~1`; empty when it is no longer kept."""
    method: str = ""
    """`sft`, `dpo` or `kto`; empty for an adapter that was made elsewhere."""
    data: str = ""
    data_sha256: str = ""
    rows: int = 0
    golden: str = ""
    golden_sha256: str = ""
    after_step: int | None = None
    """The step of the stage before it that it started from; None where that was the base."""
    settings: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    """Settings that differ from the stage before: name -> (there, here)."""
    stale: str = ""
    """What has changed since it was made; empty when nothing did."""


@dataclass(repr=False)
class Lineage(Shown):
    """Where an adapter comes from, and what comes from it."""

    name: str
    base: str
    """The base that all of it stands on."""
    fingerprint: str
    """Of the base's configuration and weights; empty before it was loaded."""
    links: tuple[Link, ...]
    """From the first stage on the base to the adapter itself."""
    children: tuple[Link, ...] = ()
    """What was made from the adapter, by name."""
    settings: dict[str, Any] = field(default_factory=dict)
    """Every setting of the adapter's own run, resolved."""
    versions: dict[str, str] = field(default_factory=dict)
    """Of the libraries that made it."""

    def __repr__(self) -> str:
        return f"Lineage({' → '.join([self.base, *(link.name for link in self.links)])})"

    @property
    def stale(self) -> str:
        """What has changed since the adapter was made; empty when nothing did."""
        return self.links[-1].stale


def lineage(name: str, *, where: str | None = None) -> Lineage:
    """Where an adapter comes from: each stage with its rows, golden questions and settings.

    Args:
        name: An adapter, `NAME~1`, `NAME@84`.
        where: The cell, for errors.

    Raises:
        NameUnknown: It is not there.
        SettingError: It is the base, where every lineage begins.
    """
    session = current()
    where = where or f"lineage {name}"
    ref = Ref.read(name.removeprefix("adapter:").removeprefix("run:"), where)
    if ref.name == "base":
        remedy = "Name an adapter: see %ft list."
        raise SettingError(where, "every lineage begins at the base", remedy)
    kin = Kin(session)
    if ref.name not in kin.names:
        hint = nearest(ref.name, kin.names) or "See %ft list."
        raise NameUnknown(where, f"there is no adapter '{ref.name}'", hint)
    return lineage_of(session, _folder(session, kin, ref), kin)


def _folder(session: Session, kin: Kin, ref: Ref) -> RunFolder:
    held = session.runs.get(ref.name)
    if held is not None and held.active and not ref.back:
        return held.folder
    if not ref.back:
        return kin.newest(ref.name) or kin.latest(ref.name)
    return session.store.run(ref.name, ref.back, with_result=True)


def lineage_of(session: Session, folder: RunFolder, kin: Kin | None = None) -> Lineage:
    """The lineage of a run.

    Args:
        session: Where it is kept.
        folder: The run.
        kin: The runs, if they were looked through already.
    """
    kin = kin or Kin(session)
    staleness = Staleness(session, kin)
    record = folder.record
    base = record.get("base") or {}
    asked = (record.get("model") or {}).get("name", "")
    children = [_link(kin, child, staleness) for child in kin.children(folder.name)]
    return Lineage(
        folder.name,
        ModelChoice(base.get("name") or asked or "base").title,
        base.get("fingerprint") or "",
        tuple(_chain(kin, folder, staleness)),
        tuple(children),
        _settings(record),
        dict(record.get("versions") or {}),
    )


def _chain(kin: Kin, folder: RunFolder, staleness: Staleness) -> list[Link]:
    """From the first stage to this one; those that are gone are told by what is kept of them."""
    links: list[Link] = []
    at: RunFolder | None = folder
    seen = set()
    gone: Mapping[str, Any] | None = None
    while at is not None and at.path not in seen:
        seen.add(at.path)
        links.append(_link(kin, at, staleness))
        gone = at.record.get("parent")
        at = kin.find(gone) if gone else None
    while at is None and gone:
        links.append(_told(gone, gone["name"], ""))
        gone = gone.get("parent")
    return links[::-1]


def _link(kin: Kin, folder: RunFolder, staleness: Staleness) -> Link:
    record = folder.record
    facts = record.get("parent")
    parent = kin.find(facts) if facts else None
    step = facts.get("step") if facts else None
    if step is None and parent is not None:
        step = parent.record.get("result_step")
    return _told(
        record,
        folder.name,
        kin.reference(folder),
        after_step=step,
        settings=_differing(parent.record, record) if parent is not None else {},
        stale=staleness.words(folder),
    )


def _told(record: Mapping[str, Any], name: str, reference: str, **more: Any) -> Link:
    """A link of a record, or of what a child has kept of its parent's."""
    data, golden = record.get("data") or {}, record.get("golden") or {}
    return Link(
        name,
        reference,
        _method(record),
        data.get("name") or "",
        data.get("sha256") or "",
        data.get("rows") or 0,
        golden.get("name") or "",
        golden.get("sha256") or "",
        **more,
    )


def _method(record: Mapping[str, Any]) -> str:
    kind = (record.get("data") or {}).get("kind")
    asked = (record.get("spec") or {}).get("method")
    return str(record.get("method") or asked or METHODS.get(str(kind), ""))


def _settings(record: Mapping[str, Any]) -> dict[str, Any]:
    plan = record.get("plan") or {}
    return {name: value for name, value in plan.items() if name not in _NO_SETTINGS}


def _differing(before: Mapping[str, Any], record: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    there, here = _settings(before), _settings(record)
    if not there or not here:
        return {}
    names = [name for name in here if here[name] != there.get(name)]
    return {name: (there.get(name), here[name]) for name in names}
