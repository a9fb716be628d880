"""Dropout whose masks depend on seed, step and layer alone, not on the process's random state.

So a run with dropout repeats whatever other threads draw, goes on exactly from a checkpoint that
holds no random state, and draws the same mask again when activations are recomputed.
"""

from __future__ import annotations

import torch
from torch import nn

from ft_magics.training.random_state import sub_seed

__all__ = ["Clock", "SeededDropout", "own_dropout", "without_dropout"]


class Clock:
    """Which forward pass of the run this is, as the dropout layers of one tree see it.

    Attributes:
        step: Optimizer steps taken before it.
        micro: Passes before it within the step.
    """

    def __init__(self) -> None:
        self.step = 0
        self.micro = 0


class SeededDropout(nn.Module):
    """Dropout with a generator of its own.

    Args:
        p: Share of the inputs that is dropped, 0 to below 1.
        seed: The run's seed.
        name: The layer, so that no two layers share a mask.
        clock: Shared by all layers of the tree.
    """

    def __init__(self, p: float, seed: int, name: str, clock: Clock) -> None:
        super().__init__()
        self.p = p
        self.seed = seed
        self.name = name
        self.clock = clock
        self._generators: dict[torch.device, torch.Generator] = {}

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Drop and rescale.

        Args:
            x: `[..., features]`, any float dtype.

        Returns:
            The same shape; `x` itself outside training.
        """
        if not self.training:
            return x
        generator = self._generators.get(x.device)
        if generator is None:
            generator = self._generators[x.device] = torch.Generator(x.device)
        generator.manual_seed(
            sub_seed(self.seed, "dropout", self.name, self.clock.step, self.clock.micro)
        )
        keep = torch.empty_like(x).bernoulli_(1 - self.p, generator=generator)
        return x * keep / (1 - self.p)


def own_dropout(model: nn.Module, seed: int, clock: Clock) -> None:
    """Give every LoRA layer of a tree dropout layers of its own generator."""
    for name, module in model.named_modules():
        layers = getattr(module, "lora_dropout", None)
        if isinstance(layers, nn.ModuleDict):
            for adapter, layer in layers.items():
                if isinstance(layer, nn.Dropout):
                    layers[adapter] = SeededDropout(layer.p, seed, name, clock)


def without_dropout(model: nn.Module) -> bool:
    """Switch the base's own dropout off in a tree; it draws from the shared random state.

    Args:
        model: A tree that is nobody else's: modules are changed, parameters are not.

    Returns:
        Whether there was any.
    """
    found = False
    for module in model.modules():
        for name, value in list(vars(module).items()):
            rate = (isinstance(module, nn.Dropout) and name == "p") or "drop" in name
            if rate and isinstance(value, float) and value > 0:
                setattr(module, name, 0.0)
                found = True
    return found
