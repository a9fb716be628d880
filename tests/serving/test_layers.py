"""One value says which adapter acts, for all threads or for one."""

from __future__ import annotations

import threading

import pytest
import torch
from torch import nn

from ft_magics.serving.layers import (
    Adapter,
    BatchRows,
    LowRank,
    RowsLost,
    Selection,
    SlotLinear,
    choice_of,
)


def adapter(value: float, rank: int = 2) -> Adapter:
    """An adapter of the layer `q` whose every weight is one value."""
    return Adapter({"q": LowRank(torch.full((rank, 4), value), torch.full((3, rank), value), 0.5)})


@pytest.fixture
def layer() -> SlotLinear:
    return SlotLinear(nn.Linear(4, 3), "q", Selection())


def test_the_layer_holds_the_base_layer_itself(layer: SlotLinear) -> None:
    assert layer.weight is layer.base.weight
    assert layer.bias is layer.base.bias
    assert (layer.in_features, layer.out_features) == (4, 3)
    x = torch.rand(2, 5, 4)
    assert torch.equal(layer(x), layer.base(x))


def test_rows_of_different_ranks_and_bases_in_one_batch(layer: SlotLinear) -> None:
    rows = [None, adapter(0.1), adapter(0.2, rank=3), Adapter({})]
    x = torch.rand(4, 5, 4)
    with layer.selection.of(BatchRows(rows)):
        together = layer(x)
    for i, one in enumerate(rows):
        with layer.selection.of(one):
            assert torch.allclose(together[i], layer(x[i : i + 1])[0], atol=1e-6)


def test_the_result_keeps_the_bases_dtype() -> None:
    layer = SlotLinear(nn.Linear(4, 3).bfloat16(), "q", Selection())
    x = torch.rand(2, 5, 4).bfloat16()
    for choice in (adapter(0.1), BatchRows([None, adapter(0.1)])):
        with layer.selection.of(choice):
            assert layer(x).dtype == torch.bfloat16
            assert not torch.equal(layer(x)[1], layer.base(x)[1])


def test_a_batch_that_lost_its_rows_is_refused(layer: SlotLinear) -> None:
    with layer.selection.of(BatchRows([None, adapter(0.1)])), pytest.raises(RowsLost):
        layer(torch.rand(10, 4))


def test_a_choice_is_the_threads_own() -> None:
    selection, other = Selection(), Selection()
    selection.in_use = common = adapter(0.1)
    own = adapter(0.2)
    seen: list[object] = []
    with selection.of(own):
        assert selection.choice is own
        assert other.choice is None
        thread = threading.Thread(target=lambda: seen.append(selection.choice))
        thread.start()
        thread.join()
        with selection.of(None):
            assert selection.choice is None
    assert selection.choice is common
    assert seen == [common]


def test_rows_that_agree_need_no_stack() -> None:
    one = adapter(0.1)
    assert choice_of([None, None]) is None
    assert choice_of([one, one]) is one
    assert isinstance(choice_of([None, one]), BatchRows)
