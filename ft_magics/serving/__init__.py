"""The base and its adapters in memory: swap, answer side by side, score."""

from ft_magics.serving.answering import Answer
from ft_magics.serving.server import Server
from ft_magics.serving.slots import SlotFacts

__all__ = ["Answer", "Server", "SlotFacts"]
