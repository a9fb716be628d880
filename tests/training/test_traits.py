"""What rows look like."""

from __future__ import annotations

from ft_magics.data import make_dataset
from ft_magics.training.traits import Traits, traits_of


def found(rows: list[dict[str, object]]) -> Traits:
    made = make_dataset("x", rows)
    return traits_of(made.rows, made.kind)


def pairs(answers: list[str], question: str = "q") -> list[dict[str, object]]:
    return [{"user": f"{question}{i}", "assistant": a} for i, a in enumerate(answers)]


def test_labels_are_few_and_short() -> None:
    made = found(pairs(["good", "bad", "so so"] * 10))
    assert made.labels and (made.short_share, made.distinct) == (1.0, 3)
    assert not found(pairs([f"name {i}" for i in range(30)])).labels
    assert not found(pairs(["good"] * 5)).labels
    assert not found(pairs(["a long answer of many words", "x"] * 10)).labels


def test_answers_that_are_json() -> None:
    assert found(pairs(['{"a": 1}', "[1]", "{oops", "1"] * 2)).json_share == 0.5


def test_passages_that_several_prompts_bring() -> None:
    passage = "Ollie naps in boxes. " * 30
    shared = pairs(["a"] * 6, f"{passage}\nWhere does he nap? ")
    own = [{"user": f"{'x' * 500} {i}\nWhy?", "assistant": "b"} for i in range(4)]
    assert found([*shared, *own]).context_share == 0.6
    assert found(own).context_share == 0
    assert found(pairs(["a"] * 6, "a short question ")).context_share == 0


def test_other_kinds_and_plain_texts() -> None:
    rows = [{"prompt": f"q{i}", "chosen": "yes", "rejected": "no"} for i in range(3)]
    assert (found(rows).kind, found(rows).distinct) == ("preference", 1)
    assert found([{"text": "once upon a time"}]) == Traits("sft", 1)


def test_many_rows_are_sampled() -> None:
    made = found(pairs(["yes"] * 9_000))
    assert made.rows == 9_000 and 4_000 <= made.looked_at <= 5_000
