"""From what a user wrote to a folder on this machine: built-in name, folder, GGUF file or hub id."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ft_magics.errors import ModelError, nearest
from ft_magics.models import hub
from ft_magics.models.builtin import BUILT_IN, HubModel, packaged
from ft_magics.models.fingerprint import file_sha256
from ft_magics.models.gguf import convert
from ft_magics.models.report import Report

__all__ = ["Source", "Wanted", "find"]


@dataclass(frozen=True)
class Wanted:
    """What of which model is wanted."""

    asked: str
    """A built-in name, a folder, a GGUF file, or a hub id, as the user wrote it."""
    revision: str | None = None
    """Commit, tag or branch of a hub model."""
    weights: bool = True
    """Also the weights; else configuration and tokenizer are enough."""
    code: bool = False
    """Also Python code that comes with the model."""

    @property
    def where(self) -> str:
        """For errors."""
        return f"model {self.asked}"


@dataclass(frozen=True)
class Source:
    """A model on this machine."""

    asked: str
    name: str
    kind: Literal["hub", "folder", "gguf", "built-in"]
    folder: Path
    revision: str | None = None
    sha256: str | None = None
    """Of the published file, where the folder holds a conversion of it."""


def find(wanted: Wanted, report: Report) -> Source:
    """Find a model, and fetch or convert it if that is needed.

    Args:
        wanted: What is wanted.
        report: Gets notices and progress.

    Raises:
        ModelError: It is not there, or cannot be fetched or converted.
    """
    if not wanted.asked.strip():
        raise ModelError("model", "no name given", f"Built in are: {', '.join(BUILT_IN)}.")
    if wanted.asked in BUILT_IN:
        return _built_in(wanted, report)
    path = Path(wanted.asked).expanduser()
    if path.is_dir():
        _no_revision(wanted, "a folder")
        _check_folder(path, wanted.where)
        return Source(wanted.asked, wanted.asked, "folder", path.resolve())
    if path.is_file():
        _no_revision(wanted, "a file")
        return _gguf(wanted, path, report)
    if wanted.asked.endswith(".gguf") or not hub.is_hub_id(wanted.asked):
        raise ModelError(wanted.where, "there is no such folder or file", "Check the path.")
    try:
        return _hub(wanted, wanted.asked, wanted.revision, report)
    except ModelError as error:
        if "/" in wanted.asked:
            raise
        # A bare name is more often a mistyped built-in one than one of the hub's oldest models.
        remedy = f"{nearest(wanted.asked, BUILT_IN)} {error.remedy}"
        raise ModelError(error.where, error.what, remedy) from error


def _built_in(wanted: Wanted, report: Report) -> Source:
    model = BUILT_IN[wanted.asked]
    if not isinstance(model, HubModel):
        _no_revision(wanted, "a built-in model")
        folder = packaged(model, where=wanted.where, report=report)
        return Source(wanted.asked, wanted.asked, "built-in", folder, sha256=model.sha256)
    if wanted.revision not in (None, model.revision):
        raise ModelError(
            wanted.where,
            f"a built-in model has one revision ({model.revision[:12]})",
            f"Name {model.repo} for another one.",
        )
    try:
        return _hub(wanted, model.repo, model.revision, report)
    except ModelError as silent:
        stand_in = Wanted(model.fallback, None, wanted.weights)
        try:
            found = _built_in(stand_in, report)
        except ModelError as error:
            what = f"{silent.what}; and {model.fallback}: {error.what}"
            raise ModelError(wanted.where, what, error.remedy) from error
        report.notify(
            f"{wanted.asked}: {silent.what}. Using {model.fallback} instead: the same model, "
            "rounded to four bits and back, so another base; runs record which it was."
        )
        return Source(wanted.asked, found.name, found.kind, found.folder, sha256=found.sha256)


def _hub(wanted: Wanted, repo: str, revision: str | None, report: Report) -> Source:
    """A model of the hub: from its cache, else fetched.

    Without a revision, or with a commit, what is in the cache is used without a question, so that
    a notebook gives tomorrow what it gave today. A branch or tag may have moved: it is asked for,
    and the cache stands in where the hub is silent.
    """
    is_commit = revision is not None and len(revision) == 40
    kept = hub.cached(repo, revision, weights=wanted.weights, code=wanted.code)
    if kept is None or not (revision is None or is_commit or hub.is_offline()):
        try:
            kept = hub.download(
                repo,
                revision,
                where=wanted.where,
                weights=wanted.weights,
                code=wanted.code,
                report=report,
            )
        except ModelError as error:
            if kept is None:
                raise
            report.notify(f"{wanted.asked}: {error.what}. Using the copy in the hub's cache.")
    _check_folder(kept, wanted.where)
    return Source(wanted.asked, repo, "hub", kept, revision=kept.name)


def _gguf(wanted: Wanted, path: Path, report: Report) -> Source:
    if path.suffix.lower() != ".gguf":
        raise ModelError(
            wanted.where, "not a GGUF file", "Name a folder, a .gguf file, or a hub id."
        )
    sha256 = file_sha256(path)
    folder = convert(path.resolve(), sha256, where=wanted.where, report=report)
    return Source(wanted.asked, wanted.asked, "gguf", folder, sha256=sha256)


def _check_folder(folder: Path, where: str) -> None:
    """Say what a folder is, if it is not a model."""
    if (folder / "config.json").is_file():
        return
    if (folder / "adapter_config.json").is_file():
        raise ModelError(
            where,
            "this is an adapter, not a base model",
            "Bring it in with %ft import NAME FOLDER.",
        )
    gguf = sorted(file.name for file in folder.glob("*.gguf"))
    hint = f"Name the file: {gguf[0]}." if gguf else "Name a folder that save_pretrained wrote."
    raise ModelError(where, "no config.json in it", hint)


def _no_revision(wanted: Wanted, what: str) -> None:
    if wanted.revision is not None:
        raise ModelError(
            wanted.where, f"{what} has no revisions", "Leave revision out, or name a hub id."
        )
