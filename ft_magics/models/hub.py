"""Models from the hub: from its cache if they are there, else after a short question whether it answers."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ft_magics.errors import ModelError
from ft_magics.models.quiet import quiet
from ft_magics.models.report import Report

__all__ = ["cached", "download", "is_hub_id", "is_offline"]

ANSWER_S = 4.0
"""Seconds a hub gets to answer; a good one takes a tenth of that."""
DEADLINE_S = 8.0
"""Seconds for the question as a whole: names are looked up without a time-out of ours."""
LISTING_S = 30.0
"""Seconds for the list of files; huggingface_hub itself would wait for ever."""
REMEMBER_S = 60.0
"""Seconds for which a hub that was silent is not asked again."""

_SMALL_FILES = ["*.json", "*.jinja", "*.model", "*.txt", "*.tiktoken"]
_WEIGHTS = ["model.safetensors", "model-*.safetensors"]
_CODE = ["*.py"]
_TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "tiktoken.model")

_silent_until: dict[str, float] = {}


def is_hub_id(name: str) -> bool:
    """Whether a name has the form of a hub id: `owner/model`, or `model` for the oldest ones."""
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id

    try:
        validate_repo_id(name)
    except HFValidationError:
        return False
    return not name.startswith(".")


def is_offline() -> bool:
    """Whether the user turned the hub off, with HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE.

    huggingface_hub looks at them once, when it is imported; a cell may set them later.
    """
    from huggingface_hub import constants

    texts = (os.environ.get(name, "") for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"))
    return constants.HF_HUB_OFFLINE or any(
        t.upper() in constants.ENV_VARS_TRUE_VALUES for t in texts
    )


def cached(repo: str, revision: str | None, *, weights: bool, code: bool) -> Path | None:
    """The folder of a model in the hub's cache, if all of it is there.

    Args:
        repo: The hub id.
        revision: Commit, tag or branch; None is the main branch as it was when it was fetched.
        weights: Whether the weights must be there too, not only the tokenizer.
        code: Whether Python code that comes with the model must be there, if it has any.
    """
    from huggingface_hub import try_to_load_from_cache

    config = try_to_load_from_cache(repo, "config.json", revision=revision)
    if not isinstance(config, str):
        return None
    folder = Path(config).parent
    if not any((folder / name).exists() for name in _TOKENIZERS):
        return None
    if weights and not _has_weights(folder):
        return None
    return folder if not code or _has_code(folder) else None


def download(
    repo: str, revision: str | None, *, where: str, weights: bool, code: bool, report: Report
) -> Path:
    """Fetch a model into the hub's cache.

    Args:
        repo: The hub id.
        revision: Commit, tag or branch; None is the main branch.
        where: What the user asked for, for errors.
        weights: Whether the weights are fetched too, not only configuration and tokenizer.
        code: Whether Python code that comes with the model is fetched.
        report: Gets progress.

    Returns:
        The folder of the snapshot.

    Raises:
        ModelError: The hub is turned off or silent, has no such model, or keeps it behind a
            licence.
    """
    if is_offline():
        raise ModelError(
            where,
            f"{repo} is not in the hub's cache, and HF_HUB_OFFLINE is set",
            "Name a folder or a GGUF file, or let the hub be asked once.",
        )
    commit = _ask(repo, revision, where)
    patterns = _SMALL_FILES + (_WEIGHTS if weights else []) + (_CODE if code else [])
    report.begin(f"downloading {repo}" if weights else f"downloading the tokenizer of {repo}")
    return _fetch(repo, commit or revision, patterns, where, report)


def _has_code(folder: Path) -> bool:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return "auto_map" not in config or any(folder.glob("*.py"))


def _has_weights(folder: Path) -> bool:
    if (folder / "model.safetensors").exists():
        return True
    index = folder / "model.safetensors.index.json"
    if not index.exists():
        return False
    shards = json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()
    return all((folder / name).exists() for name in set(shards))


def _ask(repo: str, revision: str | None, where: str) -> str | None:
    """The commit of a revision, or ModelError within seconds."""
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url

    if time.monotonic() < _silent_until.get(constants.ENDPOINT, 0.0):
        raise _silence(where, "no answer a moment ago")
    url = hf_hub_url(repo, "config.json", revision=revision)
    try:
        found = _within(
            DEADLINE_S, lambda: get_hf_file_metadata(url, timeout=ANSWER_S), "the hub's question"
        )
    except Exception as error:  # refused, timed out, a broken answer, or a plain no
        refusal = _refusal(error, repo, revision, where)
        if refusal is None:
            _silent_until[constants.ENDPOINT] = time.monotonic() + REMEMBER_S
            refusal = _silence(where, _first_line(error))
        raise refusal from error
    return found.commit_hash


def _refusal(error: Exception, repo: str, revision: str | None, where: str) -> ModelError | None:
    """What the hub's no means; None if it is silence."""
    from huggingface_hub import errors

    log_in = "log in with `hf auth login`"
    # A gated repository is also a RepositoryNotFoundError: the order matters.
    answers = {
        errors.GatedRepoError: (
            f"{repo} asks to accept its licence",
            f"Accept it on the model's page, then {log_in}.",
        ),
        errors.RevisionNotFoundError: (
            f"{repo} has no revision '{revision}'",
            "Name a branch, tag or commit of it.",
        ),
        errors.RepositoryNotFoundError: (
            f"the hub has no model {repo}, or it is private",
            f"Check its name; for a private one {log_in}.",
        ),
        errors.EntryNotFoundError: (
            f"{repo} has no config.json",
            "Take a repository of transformers' layout; of a GGUF one, download the file and name "
            "it.",
        ),
    }
    for kind, (what, remedy) in answers.items():
        if isinstance(error, kind):
            return ModelError(where, what, remedy)
    return None


def _silence(where: str, why: str) -> ModelError:
    return ModelError(
        where,
        f"the hub does not answer ({why})",
        "Name a folder or a GGUF file, or try again when the hub can be reached.",
    )


def _fetch(
    repo: str, revision: str | None, patterns: list[str], where: str, report: Report
) -> Path:
    from huggingface_hub import snapshot_download

    listed = threading.Event()
    try:
        with quiet():
            found = _within(
                LISTING_S,
                lambda: snapshot_download(
                    repo,
                    revision=revision,
                    allow_patterns=patterns,
                    ignore_patterns=["*/*"],
                    tqdm_class=_bar(report, listed),
                ),
                "the list of files",
                unless=listed,
            )
    except Exception as error:  # a network can fail in as many ways as there are libraries in it
        raise ModelError(
            where,
            f"{repo} could not be fetched ({_first_line(error)})",
            "Try again: what has arrived is kept.",
        ) from error
    return Path(found)


def _within(
    seconds: float, act: Callable[[], Any], what: str, *, unless: threading.Event | None = None
) -> Any:
    """Do something in a thread, and give up if it is not done in time.

    Args:
        seconds: The time.
        act: What is done.
        what: Its name, for the error.
        unless: When this is set in time, there is no limit any more.

    Raises:
        TimeoutError: It was not done; its thread ends by itself, or with the process.
    """
    result: list[Any] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            result.append(act())
        except BaseException as error:  # handed to the caller below
            failed.append(error)

    worker = threading.Thread(target=work, daemon=True, name=what)
    worker.start()
    end = time.monotonic() + seconds
    while worker.is_alive():
        worker.join(0.1)
        late = time.monotonic() > end and not (unless is not None and unless.is_set())
        if late and worker.is_alive():
            raise TimeoutError(f"{what} took more than {seconds:.0f} s")
    if failed:
        raise failed[0]
    return result[0]


def _bar(report: Report, listed: threading.Event) -> type:
    """A class with tqdm's face that draws nothing and passes bytes on."""

    class Bar:
        """What huggingface_hub uses of tqdm; one counts bytes of the network, one of the disk."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            listed.set()
            self.format_dict: dict[str, Any] = {"rate": None}
            self.total = kwargs.get("total") or 0
            self.n = kwargs.get("initial") or 0
            self._counts = kwargs.get("unit") == "B"
            # Bytes from the network are fewer than those of the files: compressed, deduplicated.
            self._counts &= not str(kwargs.get("desc", "")).startswith("Downloading bytes")

        def __enter__(self) -> Bar:
            return self

        def __exit__(self, *_: object) -> None:
            self.close()

        def update(self, n: float | None = 1) -> None:
            self.n += n or 0
            if self._counts and self.total:
                report.step(int(min(self.n, self.total)), int(self.total))

        def close(self, *_: Any, **__: Any) -> None:
            """There is nothing to close."""

        refresh = set_description = set_description_str = set_postfix_str = close

    return Bar


def _first_line(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return text[0][:160] if text else type(error).__name__
