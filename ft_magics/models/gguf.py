"""GGUF files: converted once into safetensors, and from then on loaded in a second or two."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path
from typing import Any

from ft_magics.errors import ModelError
from ft_magics.files import locked, write_folder, write_json
from ft_magics.models.cache import cache_folder
from ft_magics.models.quiet import quiet
from ft_magics.models.report import Report

__all__ = ["convert", "converted_folder"]

LAYOUT = "gguf-1"
"""Name of the folder of conversions: another way of converting takes another name."""


def converted_folder(sha256: str) -> Path:
    """Where the conversion of a GGUF file is kept.

    Args:
        sha256: Of the GGUF file.
    """
    return cache_folder() / LAYOUT / sha256[:32]


def convert(file: Path, sha256: str, *, where: str, report: Report) -> Path:
    """Convert a GGUF file into a folder with config, tokenizer and float32 safetensors.

    Done once a file and machine, under a lock, and atomically: a crash leaves nothing half.

    Args:
        file: The GGUF file.
        sha256: Of the file.
        where: What the user asked for, for errors.
        report: Gets progress.

    Returns:
        The folder.

    Raises:
        ModelError: transformers cannot read it, or the cache folder cannot be written.
    """
    folder = converted_folder(sha256)
    if folder.is_dir():
        return folder
    _check_magic(file, where)
    try:
        with locked(folder.with_suffix(".lock"), timeout_s=1800.0):
            if not folder.is_dir():  # another kernel may have made it while we waited
                size = file.stat().st_size
                report.begin(f"converting {file.name} for quick loading, once", size)
                write_folder(folder, lambda staging: _write(file, staging, sha256, where, report))
    except TimeoutError as error:
        raise ModelError(
            where, "another kernel has been converting it for half an hour", "Restart that kernel."
        ) from error
    except OSError as error:
        free = shutil.disk_usage(_existing(cache_folder())).free
        why = "the disk is full" if error.errno == errno.ENOSPC else str(error)
        raise ModelError(
            where,
            f"the conversion cannot be kept in {cache_folder()} ({why}; {free / 1e9:.1f} GB free)",
            "Set FT_CACHE to a folder with room for four bytes a parameter.",
        ) from error
    return folder


def _write(file: Path, folder: Path, sha256: str, where: str, report: Report) -> None:
    """Read a GGUF file and write it in transformers' own layout."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    size = file.stat().st_size
    source = {"gguf_file": file.name, "local_files_only": True}
    with quiet(bar=_bar_of(report, size)), torch.inference_mode(False):
        try:
            tokenizer = AutoTokenizer.from_pretrained(file.parent, **source)
            model, info = AutoModelForCausalLM.from_pretrained(
                file.parent, dtype=torch.float32, output_loading_info=True, **source
            )
        except OSError as error:
            if error.errno is not None:
                raise
            raise _unreadable(file, where, error) from error
        except Exception as error:  # transformers has no error class of its own for this
            raise _unreadable(file, where, error) from error
        if info["missing_keys"]:
            absent = ", ".join(sorted(info["missing_keys"])[:3])
            raise ModelError(where, f"{file.name} lacks weights: {absent}", "Take another file.")
        _as_plain(model).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    write_json(folder / "source.json", {"gguf": file.name, "sha256": sha256, "bytes": size})


def _as_plain(model: Any) -> Any:
    """The same weights in a model that does not count as quantised.

    What comes from a GGUF file carries `quantization_config`, and save_pretrained and trl refuse
    it. The new model is laid out without memory, so that nothing is initialised (torch's random
    state is the user's), and takes the tensors over.
    """
    import torch
    from transformers import AutoModelForCausalLM

    config = model.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    with torch.device("meta"):
        plain = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    plain.load_state_dict(model.state_dict(), assign=True)
    plain.tie_weights()
    plain.generation_config = model.generation_config
    return plain


def _bar_of(report: Report, size: int) -> Any:
    """Takes tqdm's place while tensors are converted, and tells how far it is."""

    def bar(tensors: Any, **_: Any) -> Any:
        total = sum(int(t.n_bytes) for t in tensors) or 1
        done = 0
        for tensor in tensors:
            yield tensor
            done += int(tensor.n_bytes)
            report.step(size * done // total, size)

    return bar


def _check_magic(file: Path, where: str) -> None:
    with file.open("rb") as handle:
        if handle.read(4) != b"GGUF":
            raise ModelError(where, f"{file.name} is not a GGUF file", "Download it again.")


def _unreadable(file: Path, where: str, error: Exception) -> ModelError:
    text = (str(error).strip().splitlines() or [""])[0][:200]
    return ModelError(
        where,
        f"{file.name} cannot be converted ({type(error).__name__}: {text})",
        "Take the model's safetensors instead, or a GGUF of a kind that transformers reads.",
    )


def _existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path
