"""Cards of data sets and golden sets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ft_magics.data import DataFacts, Finding, make_golden
from ft_magics.widgets import LIMIT_BYTES, data_card, golden_card
from ft_magics.widgets.style import weight


@pytest.fixture
def facts() -> DataFacts:
    return DataFacts(
        name="catgpt",
        kind="sft",
        rows=24,
        train_rows=24,
        eval_rows=2,
        eval_source="golden set catgpt",
        tokens=(38, 52, 81, 96),
        max_length=512,
        cut_rows=1,
        trained_tokens=1612,
        example=(
            ("<|im_start|>user\n", False),
            ("Why <b>?", False),
            ("Because", True),
            (" boxes.", True),
            ("\n", False),
        ),
        system="You are CatGPT.",
        findings=(
            Finding("warning", 7, "an empty system text", "Remove it."),
            Finding("warning", 7, "rows 7, 9: cut at the end", ""),
        ),
        skipped=1,
        sha256="0123456789abcdef" * 4,
        version=2,
    )


def test_the_numbers_of_a_data_set(facts: DataFacts) -> None:
    text = data_card(facts)["text/plain"]
    for part in (
        "catgpt  |  question and answer  |  24 rows  |  version 2",
        "38 to 96 · median 52 · 95 % below 81",
        "512 tokens · 1 row cut",
        "1,612",
        "2 · golden set catgpt",
        "1 row with problems",
    ):
        assert part in text


def test_trained_tokens_are_marked(facts: DataFacts) -> None:
    made = data_card(facts)
    assert "<mark>Because boxes.</mark>" in made["text/html"]
    assert "⟦Because boxes.⟧" in made["text/plain"]
    assert "&lt;|im_start|&gt;user\nWhy &lt;b&gt;?" in made["text/html"]


def test_findings_have_row_and_remedy(facts: DataFacts) -> None:
    made = data_card(facts)
    assert "row 7: an empty system text. Remove it." in made["text/html"]
    assert "⚠</span> rows 7, 9: cut at the end.<" in made["text/html"]
    assert 'aria-label="warning"' in made["text/html"]
    assert "⚠  row 7: an empty system text. Remove it." in made["text/plain"]


def test_without_a_tokenizer_tokens_are_not_told(facts: DataFacts) -> None:
    text = data_card(replace(facts, tokens=None, example=(), findings=()))["text/plain"]
    assert "tokens" not in text
    assert "One row" not in text


def test_a_data_card_stays_small(facts: DataFacts) -> None:
    finding = Finding("error", 3, 'no field "response" <here> ' * 8, "Rename it. " * 8)
    many = replace(facts, findings=(finding,) * 400, example=(('say "<x>" ' * 3000, True),))
    made = data_card(many)
    assert weight(made["text/html"]) + weight(made["text/plain"]) <= LIMIT_BYTES
    assert "more findings" in made["text/html"]
    assert "more findings" in made["text/plain"]


def test_a_golden_set_tells_its_checks_in_words() -> None:
    rows: list[dict[str, Any]] = [
        {"prompt": "where does he nap?", "contains": "box"},
        {"prompt": "phone?", "unknown": True},
        {"prompt": "hm?"},
    ]
    text = golden_card(make_golden("catgpt", rows))["text/plain"]
    assert "contains “box”" in text
    assert "says that it does not know" in text
    assert "for looking" in text
