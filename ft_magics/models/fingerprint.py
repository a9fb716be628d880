"""Which weights these are: hashes of files, remembered so that a later load does not wait."""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path
from typing import Any

from ft_magics.errors import ModelError
from ft_magics.files import read_json, write_json
from ft_magics.models.cache import cache_folder

__all__ = ["file_sha256", "fingerprint", "read_header", "weights_files", "weights_sha256"]

REMEMBERED = 500
"""Hashes kept; a hash is about 200 bytes."""

# They tell who wrote the file, or how, not what the model computes.
_VOLATILE = frozenset({"transformers_version", "dtype", "torch_dtype", "architectures"})


def file_sha256(path: Path) -> str:
    """The sha256 of a file, from memory if size and time of the file are as they were.

    Args:
        path: The file; 1 GB takes about a second the first time.
    """
    stat = path.stat()
    key, state = str(path.resolve()), [stat.st_size, stat.st_mtime_ns]
    remembered = _remembered()
    entry = remembered.get(key)
    if isinstance(entry, dict) and entry.get("state") == state:
        return str(entry["sha256"])
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    remembered.pop(key, None)
    remembered[key] = {"state": state, "sha256": found}
    # A cache folder that cannot be written costs a second at the next load, and nothing else.
    with contextlib.suppress(OSError):
        write_json(_memory_file(), dict(list(remembered.items())[-REMEMBERED:]))
    return found


def weights_files(folder: Path, where: str) -> list[Path]:
    """The safetensors files of a model, in the order of their names.

    Args:
        folder: The model's folder.
        where: What the user asked for, for errors.

    Raises:
        ModelError: There are none, some are missing, or there are only pickled ones.
    """
    single, index = folder / "model.safetensors", folder / "model.safetensors.index.json"
    if single.is_file():
        return [single]
    if index.is_file():
        files = [folder / name for name in sorted(set(read_json(index)["weight_map"].values()))]
        absent = [file.name for file in files if not file.is_file()]
        if absent:
            raise ModelError(where, f"{', '.join(absent[:3])} missing", "Fetch the model again.")
        return files
    if any(folder.glob("*.bin")) or any(folder.glob("*.pt")):
        raise ModelError(
            where,
            "its weights are pickled, and a pickle can run any code",
            "Take a revision with .safetensors files, or convert it with "
            "save_pretrained(safe_serialization=True).",
        )
    raise ModelError(
        where, "no model.safetensors in it", "Name a folder that save_pretrained wrote."
    )


def weights_sha256(files: list[Path]) -> str:
    """The hash of one weights file, or of the names and hashes of several."""
    if len(files) == 1:
        return file_sha256(files[0])
    lines = "".join(f"{file_sha256(file)}  {file.name}\n" for file in files)
    return hashlib.sha256(lines.encode()).hexdigest()


def fingerprint(config: dict[str, Any], weights: str) -> str:
    """The hash of a model: its configuration and its weights.

    Args:
        config: The content of config.json; what does not change the arithmetic is left out.
        weights: The hash of the weights.
    """
    kept = {k: v for k, v in config.items() if k not in _VOLATILE and not k.startswith("_")}
    text = json.dumps(kept, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{text}\n{weights}\n".encode()).hexdigest()


def read_header(file: Path, where: str) -> dict[str, tuple[int, ...]]:
    """The shapes of the tensors in a safetensors file, without reading any.

    Raises:
        ModelError: It is not such a file, or it is cut off.

    Source: the safetensors format: eight bytes of length (little endian), then JSON.
    """
    size = file.stat().st_size
    try:
        with file.open("rb") as handle:
            length = int.from_bytes(handle.read(8), "little")
            header: Any = json.loads(handle.read(length)) if length < size else None
        tensors = {k: v for k, v in header.items() if k != "__metadata__"}
        end = max((v["data_offsets"][1] for v in tensors.values()), default=0)
        shapes = {k: tuple(v["shape"]) for k, v in tensors.items()}
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise ModelError(
            where, f"{file.name} is not a safetensors file", "Fetch the model again."
        ) from error
    if size != 8 + length + end:
        raise ModelError(
            where,
            f"{file.name} is cut off: {size} of {8 + length + end} bytes",
            "Fetch the model again.",
        )
    return shapes


def _memory_file() -> Path:
    return cache_folder() / "hashes.json"


def _remembered() -> dict[str, Any]:
    try:
        found = read_json(_memory_file())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
