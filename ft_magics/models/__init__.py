"""Base models: found, fetched, converted, loaded once, and shared by everything that needs one.

Importing this imports neither torch nor transformers: their first use does.
"""

from ft_magics.models.base import Base, load, load_tokenizer
from ft_magics.models.builtin import BUILT_IN
from ft_magics.models.devices import Device, device, memory_in_use
from ft_magics.models.facts import BaseFacts
from ft_magics.models.memory import training_memory_bytes
from ft_magics.models.peek import peek
from ft_magics.models.trees import duplicate, probe_logits, share, versions

__all__ = [
    "BUILT_IN",
    "Base",
    "BaseFacts",
    "Device",
    "device",
    "duplicate",
    "load",
    "load_tokenizer",
    "memory_in_use",
    "peek",
    "probe_logits",
    "share",
    "training_memory_bytes",
    "versions",
]
