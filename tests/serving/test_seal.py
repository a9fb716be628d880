"""The seal on the weights: every way to write past it that was thought of."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from ft_magics import models
from ft_magics.models import Base
from ft_magics.serving.seal import Seal

NAME = "model.layers.1.mlp.up_proj.weight"


@pytest.fixture
def tree(tiny_base: Base) -> nn.Module:
    """A copy of the tiny model, to be spoilt."""
    return models.duplicate(tiny_base.model)


def _counted(p: nn.Parameter) -> None:
    with torch.no_grad():
        p.mul_(1.5)


def _inference(p: nn.Parameter) -> None:
    with torch.inference_mode():
        p.add_(1)


def _swapped(p: nn.Parameter) -> None:
    p.data = p.data.clone()


def _past_the_counter(p: nn.Parameter) -> None:
    before = p._version
    p.data.mul_(1.5)
    assert p._version == before, "this is the write that no counter tells"


def _numpy(p: nn.Parameter) -> None:
    p.detach().numpy()[:] = 0


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (_counted, "was written"),
        (_inference, "was written"),
        (_swapped, "was replaced"),
        (_past_the_counter, "was written"),
        (_numpy, "was written"),
    ],
)
def test_a_write_is_found_and_named(
    tree: nn.Module, write: Callable[[nn.Parameter], None], words: str
) -> None:
    seal = Seal(tree)
    assert seal.broken() == seal.whole() == ""
    write(tree.get_parameter(NAME))
    assert seal.broken() == seal.whole() == f"{NAME} {words}"


def test_another_parameter_in_its_place_is_found_in_either_tree(tree: nn.Module) -> None:
    other = models.share(tree)
    seal = Seal(tree, other)
    assert not seal.whole(), "a second tree on the same weights changes nothing"
    layer = other.get_submodule("model.layers.1.mlp.up_proj")
    layer.weight = nn.Parameter(layer.weight.detach().clone())
    assert seal.broken() == f"{NAME} was replaced"


def test_one_number_past_the_counter_is_left_to_the_whole_proof(tree: nn.Module) -> None:
    seal = Seal(tree)
    weight = tree.get_parameter(NAME)
    weight.data[3, 5] += 1
    assert seal.broken() == "", "hardly a single number: the docstring says so"
    assert seal.whole() == f"{NAME} was written"


def test_what_training_does_to_shared_weights_leaves_the_seal_whole(tree: nn.Module) -> None:
    seal = Seal(tree)
    for p in models.share(tree).parameters():
        p.requires_grad_(not p.requires_grad)
    tree(torch.tensor([[1, 2, 3]])).logits.sum().backward()
    tree.zero_grad()
    assert not seal.whole()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64, torch.uint8])
@pytest.mark.parametrize("shape", [(3,), (5, 7), (), (64, 130)])
def test_any_number_format_and_size_is_summed_to_the_last_number(
    dtype: torch.dtype, shape: tuple[int, ...]
) -> None:
    module = nn.Module()
    module.register_buffer("held", torch.zeros(shape, dtype=dtype))
    # Transposed, and cut out of a longer storage at an odd place: as checkpoints are read.
    module.register_buffer("turned", torch.zeros(9, 5, dtype=dtype)[1:].T)
    seal = Seal(module)
    assert not seal.whole()
    module.turned.data[-1, -1] = 1
    assert seal.whole() == "turned was written"
    module.turned.data[-1, -1] = 0
    assert not seal.whole()
    module.held.data.view(-1)[-1] = 1
    assert seal.whole() == "held was written"


def test_nan_is_itself_and_a_rotary_table_may_be_made_anew(tree: nn.Module) -> None:
    tree.get_parameter(NAME).data[0, 0] = float("nan")
    seal = Seal(tree)
    rotary = tree.get_submodule("model.rotary_emb")
    rotary.register_buffer("inv_freq", rotary.inv_freq.clone(), persistent=False)
    assert not seal.whole()
