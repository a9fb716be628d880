"""What is known of a base before it is loaded: from its configuration and the headers of its files."""

from __future__ import annotations

import math
from typing import Any

from ft_magics.errors import ModelError
from ft_magics.models import fingerprint as prints
from ft_magics.models.devices import choose_dtype, device
from ft_magics.models.facts import BaseFacts
from ft_magics.models.report import Notify, Progress, Report
from ft_magics.models.source import Source, Wanted, find
from ft_magics.models.suited import check_config

__all__ = ["peek"]

_BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}


def peek(
    name: str,
    *,
    revision: str | None = None,
    dtype: str = "auto",
    trust_remote_code: bool = False,
    notify: Notify = print,
    progress: Progress | None = None,
) -> BaseFacts:
    """The facts of a base as `load` would tell them, without reading a weight.

    The hashes are left empty, because they need the weights. The number of parameters is counted
    in the files' headers; of a hub model whose weights are not here yet it is reckoned from its
    shape.

    Args:
        name: A built-in name, a hub id, a folder, or a GGUF file.
        revision: Commit, tag or branch of a hub model.
        dtype: As `load` takes it.
        trust_remote_code: The user allowed its code by name.
        notify: Gets one-line notices.
        progress: Gets what is going on, bytes done and bytes in all.

    Raises:
        ModelError: It cannot be found or trusted.
        SettingError: dtype is none of these, or the GPU lacks it.
    """
    wanted = Wanted(name, revision, weights=False, code=trust_remote_code)
    on = device()
    number_format, _ = choose_dtype(dtype, on, wanted.where)
    source = find(wanted, Report(notify, progress))
    config = check_config(source.folder, wanted.where, trust_remote_code=trust_remote_code)
    count = _counted(source, wanted) or _reckoned(config)
    return BaseFacts(
        name=source.name,
        asked=source.asked,
        source=source.kind,
        revision=source.revision,
        sha256=source.sha256 or "",
        fingerprint="",
        parameters=count,
        bytes=count * _BYTES[number_format],
        dtype=number_format,
        device=on.kind,
        chat_template_sha256="",
        layers=_number(config, "num_hidden_layers"),
        hidden_size=_number(config, "hidden_size"),
        intermediate_size=_number(config, "intermediate_size"),
        vocab_size=_number(config, "vocab_size"),
        context_length=_number(config, "max_position_embeddings"),
    )


def _counted(source: Source, wanted: Wanted) -> int:
    """Numbers in the weights' files; 0 where they are not here."""
    try:
        files = prints.weights_files(source.folder, wanted.where)
        headers = [prints.read_header(file, wanted.where) for file in files]
    except ModelError:
        return 0
    return sum(math.prod(shape) for header in headers for shape in header.values())


def _reckoned(config: dict[str, Any]) -> int:
    """Numbers of a llama-like model of this shape.

    Source: projections of attention and of a gated feed-forward layer, and the embeddings, twice
    where the output layer is not tied to them.
    """
    hidden, layers = _number(config, "hidden_size"), _number(config, "num_hidden_layers")
    inner = _number(config, "intermediate_size") or 4 * hidden
    heads = _number(config, "num_attention_heads") or 1
    shared = (_number(config, "num_key_value_heads") or heads) / heads
    block = 2 * hidden * hidden * (1 + shared) + 3 * hidden * inner + 2 * hidden
    tables = 1 if config.get("tie_word_embeddings") else 2
    return round(layers * block + tables * _number(config, "vocab_size") * hidden + hidden)


def _number(config: dict[str, Any], key: str) -> int:
    value = config.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
