"""A base model in memory, and its tokenizer."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ft_magics.errors import FtError, MemoryShort, ModelError
from ft_magics.models import fingerprint as prints
from ft_magics.models.devices import Device, check_room, choose_dtype, device
from ft_magics.models.facts import BaseFacts
from ft_magics.models.quiet import quiet
from ft_magics.models.report import Notify, Progress, Report
from ft_magics.models.source import Source, Wanted, find
from ft_magics.models.suited import check_config

if TYPE_CHECKING:
    from torch.nn import Module

__all__ = ["Base", "load", "load_tokenizer"]


@dataclass
class Base:
    """A base model: its weights are read, never written."""

    model: Module
    """In eval mode; no parameter requires gradients."""
    tokenizer: Any
    facts: BaseFacts
    folder: Path
    """Where its files are."""


def load_tokenizer(
    name: str,
    *,
    revision: str | None = None,
    trust_remote_code: bool = False,
    notify: Notify = print,
    progress: Progress | None = None,
) -> Any:
    """Load the tokenizer of a model; no weights are read.

    Args:
        name: A built-in name, a hub id, a folder, or a GGUF file.
        revision: Commit, tag or branch of a hub model.
        trust_remote_code: Run Python code that comes with the model.
        notify: Gets one-line notices.
        progress: Gets what is going on, bytes done and bytes in all.

    Raises:
        ModelError: It cannot be found, read or trusted.
    """
    wanted = Wanted(name, revision, weights=False, code=trust_remote_code)
    source = find(wanted, Report(notify, progress))
    return _read_tokenizer(source, wanted)


def load(
    name: str,
    *,
    revision: str | None = None,
    dtype: str = "auto",
    trust_remote_code: bool = False,
    notify: Notify = print,
    progress: Progress | None = None,
) -> Base:
    """Load a base model onto the device. torch's random state stays as it is.

    Args:
        name: A built-in name, a hub id, a folder, or a GGUF file.
        revision: Commit, tag or branch of a hub model.
        dtype: auto (bfloat16 where it is native, else float32), float32, bfloat16 or float16.
        trust_remote_code: Run Python code that comes with the model.
        notify: Gets one-line notices: a fallback, a missing chat template.
        progress: Gets what is going on, bytes done and bytes in all.

    Raises:
        ModelError: It cannot be found, read or trusted.
        MemoryShort: The device has no room for it.
        SettingError: dtype is none of these, or the GPU lacks it.
    """
    wanted = Wanted(name, revision, code=trust_remote_code)
    on = device()
    number_format, warning = choose_dtype(dtype, on, wanted.where)
    source = find(wanted, Report(notify, progress))
    config = check_config(source.folder, wanted.where, trust_remote_code=trust_remote_code)
    files = prints.weights_files(source.folder, wanted.where)
    headers = [prints.read_header(file, wanted.where) for file in files]
    count = sum(math.prod(shape) for header in headers for shape in header.values())
    check_room(count * (4 if number_format == "float32" else 2), on, wanted.where)
    tokenizer = _read_tokenizer(source, wanted)
    model = _read_model(source, wanted, number_format, on)
    facts = _facts(source, config, prints.weights_sha256(files), model, tokenizer)
    for text in (warning, *_remarks(model, tokenizer, source)):
        if text:
            notify(text)
    return Base(model, tokenizer, facts, source.folder)


def _read_tokenizer(source: Source, wanted: Wanted) -> Any:
    from transformers import AutoTokenizer

    try:
        with quiet():
            tokenizer = AutoTokenizer.from_pretrained(
                source.folder, trust_remote_code=wanted.code, local_files_only=True
            )
    except Exception as error:  # tokenizers, sentencepiece, jinja: each has its own errors
        raise _unreadable(wanted, "tokenizer", error) from error
    if tokenizer.pad_token is None:
        # Batches need a token to fill up with; it is masked, so which one does not matter.
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def _read_model(source: Source, wanted: Wanted, number_format: str, on: Device) -> Module:
    import torch
    from transformers import AutoModelForCausalLM

    try:
        # Tensors made in inference mode would have no version counter, and could never train.
        with quiet(), torch.inference_mode(False):
            model, info = AutoModelForCausalLM.from_pretrained(
                source.folder,
                dtype=getattr(torch, number_format),
                trust_remote_code=wanted.code,
                local_files_only=True,
                use_safetensors=True,
                output_loading_info=True,
            )
            _check_loaded(info, wanted)
            if source.kind == "folder" and on.kind == "cpu":
                _own(model)
            model = model.to(on.kind)
    except FtError:
        raise
    except torch.OutOfMemoryError as error:
        raise MemoryShort(
            wanted.where, f"{on.name} ran out of memory", "Free some, or take a smaller model."
        ) from error
    except Exception as error:  # transformers raises whatever it met: OSError, KeyError, …
        raise _unreadable(wanted, "weights", error) from error
    return model.eval().requires_grad_(False)


def _own(model: Module) -> None:
    """Take weights out of their file.

    On a CPU they are pages of the file. That is quick, and fine for files that never change; a
    user's folder may be written again while we answer from it.
    """
    for tensor in model.parameters():
        tensor.data = tensor.data.clone()


def _check_loaded(info: dict[str, Any], wanted: Wanted) -> None:
    """Refuse weights that are not all there: transformers would make them up at random."""
    for key, word in (("missing_keys", "lack"), ("mismatched_keys", "have another shape for")):
        names = sorted(str(n[0] if isinstance(n, tuple) else n) for n in info.get(key) or ())
        if names:
            rest = f" and {len(names) - 3} more" if len(names) > 3 else ""
            raise ModelError(
                wanted.where,
                f"its weights {word} {', '.join(names[:3])}{rest}",
                "Fetch the model again, or name one whose files belong together.",
            )


def _facts(
    source: Source, config: dict[str, Any], weights: str, model: Any, tokenizer: Any
) -> BaseFacts:
    parameters = list(model.parameters())
    tensors = chain(parameters, model.buffers())
    return BaseFacts(
        name=source.name,
        asked=source.asked,
        source=source.kind,
        revision=source.revision,
        sha256=source.sha256 or weights,
        fingerprint=prints.fingerprint(config, weights),
        parameters=sum(p.numel() for p in parameters),
        bytes=sum(t.numel() * t.element_size() for t in tensors),
        dtype=str(parameters[0].dtype).removeprefix("torch."),
        device=parameters[0].device.type,
        chat_template_sha256=_template_sha256(tokenizer.chat_template),
        layers=getattr(model.config, "num_hidden_layers", 0),
        hidden_size=getattr(model.config, "hidden_size", 0),
        intermediate_size=getattr(model.config, "intermediate_size", 0) or 0,
        vocab_size=model.get_output_embeddings().weight.shape[0],
        context_length=getattr(model.config, "max_position_embeddings", 0) or 0,
    )


def _template_sha256(template: Any) -> str:
    """The hash of the chat template; of several, of all with their names."""
    if not template:
        return ""
    text = template if isinstance(template, str) else json.dumps(template, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _remarks(model: Any, tokenizer: Any, source: Source) -> list[str]:
    found = []
    if not tokenizer.chat_template:
        found.append(
            f"{source.name} has no chat template: it was not trained to talk. Turns are written "
            "as `User: …` and `Assistant: …`."
        )
    rows = model.get_input_embeddings().weight.shape[0]
    if len(tokenizer) > rows:
        found.append(
            f"{source.name}: its tokenizer knows {len(tokenizer)} tokens, its weights {rows}; "
            "a text with one of the others fails."
        )
    return found


def _unreadable(wanted: Wanted, part: str, error: Exception) -> ModelError:
    text = (str(error).strip().splitlines() or [""])[0][:300]
    return ModelError(
        wanted.where,
        f"its {part} cannot be read ({type(error).__name__}: {text})",
        "Fetch the model again, or name another one.",
    )
