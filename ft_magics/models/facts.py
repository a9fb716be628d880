"""What was loaded, in figures: told to the user, and kept with each run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

__all__ = ["BaseFacts"]


@dataclass(frozen=True, kw_only=True)
class BaseFacts:
    """A base model that was loaded."""

    name: str
    """What it is: the hub id, the built-in name, or the folder or file as the user wrote it."""
    asked: str
    """What the user asked for; differs from the name after a fallback."""
    source: Literal["hub", "folder", "gguf", "built-in"]
    """Where it came from."""
    revision: str | None
    """Commit of a hub model."""
    sha256: str
    """Of the weights as published: the GGUF file, or the safetensors file (of several, the hash
    of their names and hashes)."""
    fingerprint: str
    """Hash of configuration and weights: two bases with the same one give the same logits."""
    parameters: int
    """Numbers in the model; tied ones counted once."""
    bytes: int
    """Memory of the parameters and buffers."""
    dtype: str
    """Number format in memory: float32, bfloat16, float16."""
    device: str
    """cuda, mps or cpu."""
    chat_template_sha256: str
    """Of the tokenizer's chat template; empty without one."""
    layers: int = 0
    """Transformer blocks; 0 where it is not known."""
    hidden_size: int = 0
    """Width of the residual stream; 0 where it is not known."""
    intermediate_size: int = 0
    """Width of the feed-forward layers; 0 where it is not known."""
    vocab_size: int = 0
    """Rows of the output layer; 0 where it is not known."""
    context_length: int = 0
    """Longest text in tokens that the model was made for; 0 where it is not known."""

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> BaseFacts:
        """The facts of a record; entries that a newer version wrote are left out."""
        known = {f.name for f in fields(cls)}
        return cls(**{k: v for k, v in values.items() if k in known})
