"""Splits by name."""

from __future__ import annotations

import pytest

from ft_magics.data.sources.splits import chosen_split, split_of
from ft_magics.errors import DataError


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train-00000-of-00001.parquet", "train"),
        ("faq_Training.jsonl.gz", "train"),
        ("test.csv", "test"),
        ("faq.dev.jsonl", None),
        ("faq-val.jsonl", "validation"),
        ("latest.jsonl", None),
        ("trained.jsonl", None),
    ],
)
def test_split_of(name: str, split: str | None) -> None:
    assert split_of(name) == split


def test_chosen_split() -> None:
    assert chosen_split(["test", "train"], None, "it", "here") == "train"
    assert chosen_split(["test"], None, "it", "here") == "test"
    assert chosen_split(["test", "train"], "test", "it", "here") == "test"
    for splits, wanted, words in (
        (["a", "b"], None, "it has the splits a, b. Name one: --split a"),
        (["test_sft", "train_sft"], None, "Name one: --split train_sft"),
        (["train"], "trian", "Did you mean 'train'"),
        ([], None, "it has no splits"),
    ):
        with pytest.raises(DataError, match=words):
            chosen_split(splits, wanted, "it", "here")
