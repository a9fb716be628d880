"""Answers: side by side in one batch, streamed, stopped, repeatable."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from ft_magics.errors import MemoryShort, ModelError
from ft_magics.models import Base
from ft_magics.serving import Server, decoding
from ft_magics.spec import GenerateSpec

Save = Callable[..., Path]
GREEDY = GenerateSpec(max_new_tokens=16)


@pytest.fixture
def cats(server: Server, save_adapter: Save) -> Server:
    """A server with three adapters: two of one rank, one of another on fewer layers."""
    server.load("a", save_adapter(seed=1))
    server.load("b", save_adapter(seed=2))
    server.load("small", save_adapter(seed=3, r=2, target_modules=["q_proj"]))
    return server


def test_greedy_answers_are_those_of_generate(
    tiny_base: Base, server: Server, prompt: list[int]
) -> None:
    expected = tiny_base.model.generate(
        torch.tensor([prompt]),
        attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
        max_new_tokens=16,
        do_sample=False,
    )[0, len(prompt) :]
    [answer] = server.generate([None], [prompt], GREEDY)
    assert answer.text == tiny_base.tokenizer.decode(expected, skip_special_tokens=True)
    assert answer.tokens == 16
    assert not answer.ended


def test_a_batch_gives_what_single_answers_give(cats: Server, prompt: list[int]) -> None:
    columns = [None, "a", "b", "small", "a"]
    together = cats.generate(columns, [prompt] * 5, GREEDY)
    single = [cats.generate([column], [prompt], GREEDY)[0] for column in columns]
    assert together == single
    assert len({answer.text for answer in together}) == 4


@pytest.mark.parametrize("top_p", [1.0, 0.8])
def test_sampling_repeats_whatever_is_asked_beside_it(
    cats: Server, top_p: float, prompt: list[int]
) -> None:
    lively = GenerateSpec(max_new_tokens=16, temperature=0.9, top_p=top_p, seed=7)
    state = torch.get_rng_state()
    alone = cats.generate(["a"], [prompt], lively)[0]
    torch.rand(3)
    beside = cats.generate([None, "a", "b"], [prompt] * 3, lively)[1]
    assert alone == beside
    assert alone != cats.generate(["a"], [prompt], GREEDY)[0]
    other = GenerateSpec(max_new_tokens=16, temperature=0.9, top_p=top_p, seed=8)
    assert alone != cats.generate(["a"], [prompt], other)[0]
    torch.set_rng_state(state)
    cats.generate(["a"], [prompt], lively)
    assert torch.equal(torch.get_rng_state(), state)


def test_columns_with_different_prompts_stream_side_by_side(
    cats: Server, prompt: list[int]
) -> None:
    longer = [*prompt, 345, 678]
    order: list[int] = []
    pieces = ["", ""]

    def hear(column: int, piece: str) -> None:
        order.append(column)
        pieces[column] += piece

    answers = cats.generate(["a", "b"], [prompt, longer], GREEDY, on_piece=hear)
    assert [answer.text for answer in answers] == pieces
    assert answers[1] == cats.generate(["b"], [longer], GREEDY)[0]
    assert {0, 1} <= set(order[:4])


def test_an_answer_ends_by_itself_and_the_others_go_on(
    cats: Server, monkeypatch: pytest.MonkeyPatch, prompt: list[int]
) -> None:
    """Make the third token of one answer the one that ends it."""
    seen: list[int] = []
    real = decoding.pick

    def watch(logits: torch.Tensor, *rest: object) -> list[int]:
        tokens = real(logits, *rest)
        seen.append(tokens[0])
        return tokens

    monkeypatch.setattr(decoding, "pick", watch)
    cats.generate(["a"], [prompt], GREEDY)
    monkeypatch.setattr(decoding, "pick", real)
    end = seen[2]
    monkeypatch.setattr(cats, "_ends", frozenset({end}))
    short, long = cats.generate(["a", None], [prompt] * 2, GREEDY)
    assert short.ended
    assert short.tokens == seen.index(end)
    assert not long.ended
    assert long == cats.generate([None], [prompt], GREEDY)[0]


def test_the_rows_that_ended_leave_the_batch(
    cats: Server, monkeypatch: pytest.MonkeyPatch, prompt: list[int]
) -> None:
    sizes: list[int] = []
    real = decoding.forward_logits

    def watch(model: nn.Module, ids: torch.Tensor, *rest: object, **more: object) -> object:
        sizes.append(len(ids))
        return real(model, ids, *rest, **more)

    first = cats.generate(["a"], [prompt], GenerateSpec(max_new_tokens=1))[0]
    ends = cats.base.tokenizer(first.text, add_special_tokens=False)["input_ids"]
    monkeypatch.setattr(cats, "_ends", frozenset(ends))
    monkeypatch.setattr(decoding, "forward_logits", watch)
    cats.generate([None, "a", "b"], [prompt] * 3, GREEDY)
    assert sizes[0] == 3
    assert sizes[1] < 3


def test_stop_keeps_what_is_there(cats: Server, prompt: list[int]) -> None:
    stop = threading.Event()
    heard: list[str] = []

    def hear(_column: int, piece: str) -> None:
        heard.append(piece)
        if len(heard) == 3:
            stop.set()

    [answer] = cats.generate(["a"], [prompt], GREEDY, on_piece=hear, stop=stop)
    assert answer.text == "".join(heard)
    assert 3 <= answer.tokens < 16
    assert not answer.ended


def test_a_prompt_that_cannot_be_answered_is_refused(server: Server) -> None:
    with pytest.raises(ModelError, match="empty"):
        server.generate([None], [[]], GREEDY)
    limit = server.base.model.config.max_position_embeddings
    with pytest.raises(ModelError, match=f"{limit} tokens"):
        server.generate([None], [[5] * limit], GREEDY)


def test_an_answer_stops_where_the_model_has_no_more_positions(server: Server) -> None:
    limit = server.base.model.config.max_position_embeddings
    [answer] = server.generate([None], [[5] * (limit - 3)], GREEDY)
    assert answer.tokens <= 3


def test_a_model_that_loses_its_rows_is_asked_one_by_one(
    cats: Server, monkeypatch: pytest.MonkeyPatch, prompt: list[int]
) -> None:
    """As OPT does: it flattens the batch before its linear layers."""
    together = cats.generate([None, "a", "b"], [prompt] * 3, GREEDY)
    layer = cats._tree.model.layers[1].mlp
    plain = layer.forward

    def flattened(x: torch.Tensor) -> torch.Tensor:
        return plain(x.reshape(-1, x.shape[-1])).reshape(x.shape)

    monkeypatch.setattr(layer, "forward", flattened)
    assert cats.generate([None, "a", "b"], [prompt] * 3, GREEDY) == together


def test_too_little_memory_is_told_with_the_remedy(
    cats: Server, monkeypatch: pytest.MonkeyPatch, prompt: list[int]
) -> None:
    def full(*_: object, **__: object) -> object:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(decoding, "forward_logits", full)
    with pytest.raises(MemoryShort, match="Ask fewer models"):
        cats.generate([None, "a"], [prompt] * 2, GREEDY)


def test_a_full_model_answers_beside_the_base(
    tiny_base: Base, cats: Server, tmp_path: Path, prompt: list[int]
) -> None:
    from ft_magics import models

    tuned = models.duplicate(tiny_base.model)
    with torch.no_grad():
        tuned.get_parameter("model.layers.0.mlp.up_proj.weight").normal_()
    tuned.save_pretrained(tmp_path)
    tiny_base.tokenizer.save_pretrained(tmp_path)
    cats.load_full("whole", tmp_path)
    base, whole, a = cats.generate([None, "whole", "a"], [prompt] * 3, GREEDY)
    assert len({base.text, whole.text, a.text}) == 3
    assert base == cats.generate([None], [prompt], GREEDY)[0]
    assert whole == cats.generate(["whole"], [prompt], GREEDY)[0]


def test_no_columns_no_answers(server: Server) -> None:
    assert server.generate([], [], GREEDY) == []
