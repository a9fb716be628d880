"""`dataset`: rows in, checked and kept."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ft_magics.errors import FtError, NameUnknown, SettingError
from ft_magics.session.deep import deepened
from ft_magics.session.row_settings import read_ask
from ft_magics.session.staleness import telling
from ft_magics.session.state import ModelChoice, Session, current
from ft_magics.spec import check_name

if TYPE_CHECKING:
    from ft_magics.data import Ask, DataFacts, Dataset

__all__ = ["dataset", "describe", "with_overlaps"]

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")


def dataset(
    name: str,
    rows: Any = None,
    *,
    source: Any = None,
    split: str | None = None,
    subset: str | None = None,
    system: str | None = None,
    eval: str | int | None = None,
    map: Mapping[str, str] | str | None = None,
    limit: int | str | None = None,
    shuffle: int | str | bool | None = None,
    append: bool = False,
    skip_bad: bool = False,
    fix: Collection[str] | str | bool = (),
    deep: bool = False,
    where: str | None = None,
) -> Dataset:
    """Keep a data set, or get one that is kept.

    Args:
        name: What it is called.
        rows: Rows as text (JSONL, a JSON array, YAML, CSV, dialogue); the path of a file or
            folder, or a hub id; a DataFrame, a `datasets.Dataset`, a list of mappings. None gets
            the data set that is kept.
        source: The same, for what could be taken for text: it is never read as rows itself.
        split: Of a hub id: `train`, `train[:1000]`.
        subset: Of a hub id that has several.
        system: System text for rows that bring none.
        eval: What is held out: `10%`, a number of rows, another data set's name, or `none`.
        map: Fields to rename, new to old: `{"user": "question"}` or `user=question`.
        limit: At most so many rows.
        shuffle: Another order: True, or a seed.
        append: Add the rows to those that the name has already.
        skip_bad: Go on with the good rows.
        fix: Safe repairs to make, by name; True makes all.
        deep: Also ask the base how surprised it is by each row; this loads it.
        where: The cell, for errors.

    Returns:
        The data set, with what the checks found.

    Raises:
        DataError: Bad rows, all of them at once; the data set before stays.
        NameUnknown: There is none of that name to get.
        SettingError: A setting is not understood.
    """
    session = current()
    where = where or f"dataset {name}"
    if rows is not None and source is not None:
        raise SettingError(where, "there are rows here and a source", "Keep one of them.")
    if rows is None and source is None:
        return session.dataset(name, where)
    check_name(name, where)
    asked = {"system": system, "eval": eval, "map": map, "limit": limit, "shuffle": shuffle}
    ask = read_ask({**asked, "skip_bad": skip_bad, "fix": fix}, session.store.get("goal"), where)
    place = _Place(split, subset, named=source is not None)
    before = _before(session, name, where) if append else None
    with session.store.new_file() as file:
        given = rows if source is None else source
        made = _make(session, name, given, ask, before, file, where, place)
        made = with_overlaps(session, made)
        made = deepened(session, made) if deep else made
        path = getattr(made.rows, "path", None)
        with telling(session):
            session.store.save_set("data", name, made.to_records(rows=False), path)
    return session.dataset(name, where)


@dataclasses.dataclass(frozen=True)
class _Place:
    """How rows are found that are not written out."""

    split: str | None
    subset: str | None
    named: bool
    """Whether it was named as a source, so that it is no text."""


def _make(
    session: Session,
    name: str,
    given: Any,
    ask: Ask,
    before: Dataset | None,
    file: Path,
    where: str,
    place: _Place,
) -> Dataset:
    from ft_magics import data
    from ft_magics.data.sources import open_source

    if not place.named and _is_text(given):
        if place.split or place.subset:
            raise SettingError(where, "a split is for a hub id", "Name it with --from.")
        return data.make_dataset(name, given, ask, before=before, keep=file, where=where)
    source = open_source(given, where, split=place.split, subset=place.subset)
    reads = _told(session, source)
    try:
        return data.make_dataset(
            name,
            reads,
            ask,
            before=before,
            origin=source.title,
            notes=source.notes,
            keep=file,
            where=where,
        )
    except KeyboardInterrupt:
        raise FtError(where, "interrupted", "Nothing was changed: the set before stays.") from None
    finally:
        session.front_end.progress(f"reading {source.title}", 1, 1)


def _told(session: Session, source: Any) -> Iterator[tuple[int, Any]]:
    """The rows of a source, while a bar says how far it is."""
    text = f"reading {source.title}"
    for number, row in source.rows():
        if number % 500 == 0 and source.total_bytes:
            done = min(source.done_bytes, source.total_bytes - 1)
            session.front_end.progress(text, done, source.total_bytes)
        yield number, row


def _is_text(given: Any) -> bool:
    """Whether rows are written out, and not the name of a file, a folder or a hub's data set."""
    if not isinstance(given, str):
        return False
    line = given.strip()
    if "\n" in line or line[:1] in "{[" or not line:
        return True
    is_file = re.search(r"\.(jsonl?|ndjson|csv|tsv|parquet|ya?ml|txt|md|arrow)(\.gz)?$", line)
    return not (is_file or _HUB_ID.fullmatch(line) or Path(line).expanduser().exists())


def _before(session: Session, name: str, where: str) -> Dataset | None:
    try:
        return session.dataset(name, where)
    except NameUnknown:
        return None


def with_overlaps(session: Session, made: Dataset) -> Dataset:
    """With findings for rows that the golden set of its name, or the named eval set, asks too."""
    from ft_magics.data.checks import eval_overlap, golden_overlap, overlap_finding

    found = []
    if made.name in session.store.set_names("golden"):
        asked = session.golden(made.name, "").questions
        overlap = golden_overlap(made.rows, [(q.number, q.messages) for q in asked])
        found += overlap_finding(overlap, "golden question", made.row)
    if made.eval and made.eval in session.store.set_names("data"):
        overlap = eval_overlap(made.rows, session.dataset(made.eval, "").rows)
        found += overlap_finding(overlap, "eval row", made.row)
    return dataclasses.replace(made, findings=(*found, *made.findings)) if found else made


def describe(made: Dataset) -> DataFacts:
    """What the card of a data set shows; token counts need only the base's tokenizer.

    Without one (no hub, say) the card comes without token counts, and says why.
    """
    from ft_magics import data

    session = current()
    choice: ModelChoice = session.choice()
    try:
        tokenizer = session.tokenizer(choice)
        context = session.facts(choice).context_length
        most = _max_length(context)
    except FtError as error:
        session.front_end.notice(f"no token counts: {error}")
        tokenizer, most, context = None, None, 0
    return data.describe(made, tokenizer, most, context)


def _max_length(context_length: int) -> int:
    """The longest row that training would take whole, unless it is told otherwise."""
    from ft_magics import models
    from ft_magics.training import defaults

    return int(defaults.choose_max_length([0], models.device().kind, context_length).value)
