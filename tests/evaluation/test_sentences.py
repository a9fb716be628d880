"""Sentences are counted as a reader would."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ft_magics.evaluation.sentences import sentences


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("!!!", 0),
        ("Yes.", 1),
        ("Ollie sleeps", 1),
        ("Ollie sleeps. He eats.", 2),
        ("ollie sleeps. he eats.", 2),
        ("Really?! Yes!", 2),
        ("I nap. 😺", 1),
        ("Visit example.com for more.", 1),
        ("One two\nthree four.", 1),
        ("One.\n\nTwo", 2),
        # abbreviations, initials, numbers
        ("Dr. Smith fed Ollie at 7 a.m. today.", 1),
        ("It opens at 7 a.m. Ollie waits.", 2),
        ("Is it 5 p.m.? Yes.", 2),
        ("He is from the U.S. and likes boxes.", 1),
        ("J. R. R. Tolkien wrote it.", 1),
        ("Use e.g. boxes, i.e. cardboard, etc. Then nap.", 2),
        ("No. 5 is Ollie.", 1),
        ("No. He does not.", 2),
        ("It weighs 3.5 kg. That is a lot.", 2),
        # ellipses
        ("Well... maybe.", 1),
        ("Wait… what?", 1),
        ("Well... Maybe.", 2),
        # quotations and brackets
        ('"Stop!" he said.', 1),
        ("“Really?” he asked.", 1),
        ('He said "Stop. Now." and left.', 1),
        ('She said "Feed me." Then she left.', 2),
        ("“Feed me.” “Now.”", 2),
        ("Ollie (a cat.) sleeps.", 1),
        ("**Bold.** Next.", 2),
        # lists
        ("- one\n- two\n- three", 3),
        ("1. First step\n2. Second step", 2),
        # other scripts
        ("你好。我是猫。", 2),
        ("「おいしい。」と言った。", 1),
    ],
)
def test_sentences_are_counted(text: str, count: int) -> None:
    assert len(sentences(text)) == count, sentences(text)


def test_they_are_whole_and_in_order() -> None:
    assert sentences("  Dr. Ollie naps. Where?  In a box… ") == ["Dr. Ollie naps.", "Where?", "In a box…"]  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="aB .!?…\"“”'()\n-1。,") | st.text())
def test_no_text_is_too_odd(text: str) -> None:
    found = sentences(text)
    assert all(
        (part == part.strip() and any(map(str.isalnum, part))) or "_" in part for part in found
    )
    assert bool(found) == any(c.isalnum() or c == "_" for c in text) or not text.split()
