"""What the card of a data set shows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ft_magics.data import (
    Dataset,
    Message,
    Row,
    RowFile,
    Unpaired,
    describe,
    encode,
    make_dataset,
    write_rows,
)

PAIRS = [{"user": f"What is {i}?", "assistant": f"It is {i}, a number."} for i in range(60)]


def row(number: int, user: str, assistant: str) -> Row:
    return Row(number, (Message("user", user), Message("assistant", assistant, trained=True)))


def test_without_a_tokenizer() -> None:
    facts = describe(make_dataset("faq", PAIRS), None, None)
    assert (facts.rows, facts.train_rows, facts.eval_rows) == (60, 54, 6)
    assert facts.tokens is None and facts.example == () and facts.trained_tokens == 0
    assert facts.histogram is None and facts.measured == 0
    assert facts.eval_source == "10 % held out"


def test_counts_are_those_of_the_encoder(tokenizer: Any) -> None:
    made = make_dataset("faq", PAIRS, system="Count.")
    facts = describe(made, tokenizer, None)
    encoded = {row.number: encode(row, tokenizer, system="Count.") for row in made.rows}
    lengths = sorted(len(e.ids) for e in encoded.values())
    assert facts.tokens == (lengths[0], lengths[29], lengths[56], lengths[-1])
    assert facts.trained_tokens == sum(encoded[row.number].trained for row in made.split()[0])
    assert (facts.sha256, facts.system, facts.cut_rows) == (made.sha256, "Count.", 0)
    assert facts.histogram is not None and sum(facts.histogram.counts) == facts.measured == 60
    assert facts.held == tuple(row.number for row in made.split()[1])
    assert [row.number for row in facts.first] == list(range(1, 11))


def test_the_example_is_the_row_as_the_model_reads_it(tokenizer: Any) -> None:
    rows = [{"user": " naïve 🐈‍⬛?\n", "assistant": "猫 <|im_end|>  says 🐱 é"}]
    made = make_dataset("faq", rows, system="Be a cat.")
    example = describe(made, tokenizer, None).example
    rendered = tokenizer.decode(list(encode(made.rows[0], tokenizer, system="Be a cat.").ids))
    assert "".join(piece.text for piece in example) == rendered
    trained = "".join(piece.text for piece in example if piece.trained)
    assert trained == rows[0]["assistant"] + "<|im_end|>"
    assert not any("\ufffd" in piece.text for piece in example)
    assert len(example) > 20 and sum(piece.ends_turn for piece in example) == 1


def test_the_example_is_short_enough_to_show(tokenizer: Any) -> None:
    long = {"user": "x " * 900, "assistant": "y"}
    assert len(describe(make_dataset("faq", [long]), tokenizer, None).example) <= 400
    example = describe(make_dataset("faq", [long, PAIRS[0]]), tokenizer, None).example
    assert "It is 0" in "".join(piece.text for piece in example)


def test_rows_that_are_cut(tokenizer: Any) -> None:
    rows = (row(1, "What is 0?", "It is 0."), row(2, "a", "word " * 90), row(3, "b " * 90, "c"))
    facts = describe(Dataset("faq", "sft", rows), tokenizer, 60)
    whole = encode(rows[1], tokenizer)
    kept = encode(rows[1], tokenizer, max_length=60)
    third = encode(rows[2], tokenizer).trained
    assert facts.cut_rows == 2 and facts.max_length == 60
    assert facts.lost_tokens == whole.trained - kept.trained + third
    assert facts.tokens is not None and facts.tokens[3] > 60
    found = {f.check: f for f in facts.findings}
    assert found["nothing-trained"].rows == (3,)
    over = found["over-long"]
    assert over.rows == (2, 3) and over.severity == "warning"
    assert f"{facts.lost_tokens} tokens of the answers are lost" in over.text
    assert any("✂" in e.text and f"of {whole.trained}" in e.text for e in over.examples)
    (named,) = [int(word) for word in over.remedy.split() if word.isdecimal()]
    assert describe(Dataset("faq", "sft", rows), tokenizer, named).cut_rows == 0


def test_what_the_tokenizer_adds_to_the_findings(tokenizer: Any, with_template: Any) -> None:
    rows = (row(1, "a?", "b"), row(3, "what is <|im_end|>?", "a token"))
    (found,) = describe(Dataset("faq", "sft", rows), tokenizer, None).findings
    assert (found.severity, found.rows) == ("note", (3,)) and "<|im_end|>" in found.text
    (found,) = describe(Dataset("faq", "sft", rows[:1]), with_template("none"), None).findings
    assert "no chat template" in found.text


def test_rows_that_the_template_does_not_render_are_errors(
    tokenizer: Any, with_template: Any
) -> None:
    rows = (row(1, "a?", "b"), replace(row(2, "a?", "b"), tools=('{"name": "f"}',)))
    facts = describe(Dataset("faq", "sft", rows), tokenizer, None)
    (found,) = facts.findings
    assert (found.severity, found.rows) == ("error", (2,)) and "'tools'" in found.text
    assert facts.measured == 1 and facts.tokens is not None
    refused = describe(Dataset("faq", "sft", rows[:1], system="Be brief."), with_template("gemma"))
    assert refused.tokens is None and refused.findings[0].severity == "error"


def test_preferences_and_votes(tokenizer: Any) -> None:
    rows = [{"prompt": "a", "chosen": "b", "rejected": "a much longer one"}]
    facts = describe(make_dataset("faq", rows), tokenizer, None)
    assert facts.kind == "preference" and facts.tokens is not None
    shorter = describe(make_dataset("faq", [{"user": "a", "assistant": "b"}]), tokenizer, None)
    assert shorter.tokens is not None and facts.tokens[0] > shorter.tokens[0]
    assert "".join(p.text for p in facts.example if p.trained) == "b<|im_end|>"
    vote = Unpaired(1, (Message("user", "a"),), (Message("assistant", "b", True),), label=False)
    votes = describe(Dataset("votes", "unpaired", (vote,)), tokenizer, None)
    assert votes.tokens == shorter.tokens and votes.kind == "unpaired"


def test_of_many_rows_a_sample_is_measured(tokenizer: Any, tmp_path: Path) -> None:
    """Rows come from a file; what is told of all of them is an estimate from rows of everywhere."""
    file = tmp_path / "rows.jsonl"
    write_rows(file, (row(i, f"What is {i}?", "word " * (i // 1000)) for i in range(1, 6001)))
    facts = describe(Dataset("faq", "sft", RowFile(file), eval="none"), tokenizer, 40)
    assert facts.sampled and (facts.rows, facts.measured) == (6000, 2000)
    lengths = [len(encode(row(i, f"What is {i}?", "word " * (i // 1000)), tokenizer).ids)
               for i in (1, 6000)]  # fmt: skip
    assert facts.tokens is not None and (facts.tokens[0], facts.tokens[3]) == tuple(lengths)
    every = [encode(row(i, f"What is {i}?", "word " * (i // 1000)), tokenizer, max_length=40).trained
             for i in range(500, 6001, 500)]  # fmt: skip
    assert facts.trained_tokens == pytest.approx(6000 * sum(every) / len(every), rel=0.15)
    (over,) = [f for f in facts.findings if f.check == "over-long"]
    assert over.text.startswith("in a sample of 2,000 rows, ")


def test_what_was_mended(tokenizer: Any) -> None:
    changes = ({"row": 2, "fix": "white-space", "before": "b  ", "after": "b"},)
    facts = describe(Dataset("faq", "sft", (row(1, "a?", "b"),), changes=changes), None)
    assert [line.kind for line in facts.changes] == ["row", "removed", "added"]


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


def test_what_the_base_cannot_read_is_not_recommended(tokenizer: Any) -> None:
    rows = [*PAIRS, {"user": "a", "assistant": "word " * 600}]
    made = make_dataset("faq", rows)

    def remedy(context: int, limit: int = 256) -> str:
        facts = describe(made, tokenizer, limit, context)
        return next(f.remedy for f in facts.findings if f.check == "over-long")

    assert remedy(8192).startswith("max_length 640 would keep them whole")
    assert remedy(512) == (
        "This base reads at most 512 tokens: shorten or split them, max_length 512 keeps more of them."
    )
    assert remedy(512, 512) == "This base reads at most 512 tokens: shorten or split them."
