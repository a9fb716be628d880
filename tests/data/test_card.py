"""What the card of a data set shows."""

from __future__ import annotations

from typing import Any

import pytest

from ft_magics.data import describe, encode, make_dataset

PAIRS = [{"user": f"What is {i}?", "assistant": f"It is {i}, a number."} for i in range(60)]


def test_without_a_tokenizer() -> None:
    facts = describe(make_dataset("faq", PAIRS), None, None)
    assert (facts.rows, facts.train_rows, facts.eval_rows) == (60, 54, 6)
    assert facts.tokens is None and facts.example == () and facts.trained_tokens == 0
    assert facts.eval_source == "10 % held out"


def test_counts_are_those_of_the_encoder(tokenizer: Any) -> None:
    made = make_dataset("faq", PAIRS, system="Count.")
    facts = describe(made, tokenizer, None)
    encoded = {row.number: encode(row, tokenizer, system="Count.") for row in made.rows}
    lengths = sorted(len(e.ids) for e in encoded.values())
    assert facts.tokens == (lengths[0], lengths[29], lengths[56], lengths[-1])
    assert facts.trained_tokens == sum(encoded[row.number].trained for row in made.split()[0])
    assert (facts.sha256, facts.system, facts.cut_rows) == (made.sha256, "Count.", 0)


def test_the_example_is_the_row_as_the_model_reads_it(tokenizer: Any) -> None:
    rows = [{"user": " naïve 🐈‍⬛?\n", "assistant": "猫 <|im_end|>  says 🐱 é"}]
    made = make_dataset("faq", rows, system="Be a cat.")
    example = describe(made, tokenizer, None).example
    rendered = tokenizer.decode(list(encode(made.rows[0], tokenizer, system="Be a cat.").ids))
    assert "".join(text for text, _ in example) == rendered
    trained = "".join(text for text, is_trained in example if is_trained)
    assert trained == rows[0]["assistant"] + "<|im_end|>"
    assert not any("\ufffd" in text for text, _ in example)
    assert len(example) > 20


def test_the_example_is_short_enough_to_show(tokenizer: Any) -> None:
    long = {"user": "x " * 900, "assistant": "y"}
    assert len(describe(make_dataset("faq", [long]), tokenizer, None).example) <= 400
    example = describe(make_dataset("faq", [long, PAIRS[0]]), tokenizer, None).example
    assert "It is 0" in "".join(text for text, _ in example)


def test_rows_that_are_cut(tokenizer: Any) -> None:
    rows = [
        PAIRS[0],
        {"user": "a", "assistant": "word " * 90},
        {"user": "b " * 90, "assistant": "c"},
    ]
    facts = describe(make_dataset("faq", rows), tokenizer, 60)
    assert facts.cut_rows == 2 and facts.max_length == 60
    assert facts.tokens is not None and facts.tokens[3] > 60
    told = [(f.severity, f.row, f.text) for f in facts.findings]
    assert ("warning", 3, "nothing is left to learn within max_length 60") in told
    assert any("rows 2-3: longer than max_length 60" in text for _, _, text in told)


def test_what_the_tokenizer_adds_to_the_findings(tokenizer: Any, with_template: Any) -> None:
    rows = [*PAIRS[:2], {"user": "what is <|im_end|>?", "assistant": "a token"}]
    (found,) = describe(make_dataset("faq", rows), tokenizer, None).findings
    assert (found.severity, found.row) == ("note", 3) and "<|im_end|>" in found.text
    (found,) = describe(make_dataset("faq", PAIRS), with_template("none"), None).findings
    assert "no chat template" in found.text


def test_preferences(tokenizer: Any) -> None:
    rows = [{"prompt": "a", "chosen": "b", "rejected": "a much longer one"}]
    facts = describe(make_dataset("faq", rows), tokenizer, None)
    assert facts.kind == "preference" and facts.tokens is not None
    shorter = describe(make_dataset("faq", [{"user": "a", "assistant": "b"}]), tokenizer, None)
    assert shorter.tokens is not None and facts.tokens[0] > shorter.tokens[0]
    assert "".join(text for text, trained in facts.example if trained) == "b<|im_end|>"


@pytest.mark.parametrize(
    ("rows", "wanted", "words"),
    [
        (3, None, "all are trained on (fewer than 50)"),
        (60, "5", "5 rows held out"),
        (60, "20%", "20% held out"),
        (60, "none", "none"),
        (60, "other", "the rows of other"),
    ],
)
def test_where_the_eval_loss_comes_from(rows: int, wanted: str | None, words: str) -> None:
    facts = describe(make_dataset("faq", PAIRS[:rows], eval=wanted), None, None)
    assert words in facts.eval_source
