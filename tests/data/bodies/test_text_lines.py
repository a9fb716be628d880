"""Lines of text that comes in pieces."""

from __future__ import annotations

import random

import pytest

from ft_magics.data.bodies.text_lines import text_lines
from ft_magics.errors import DataError


def test_lines_do_not_depend_on_where_the_text_is_cut() -> None:
    rng = random.Random(0)
    for _ in range(300):
        text = "".join(rng.choices(["a", "\n", "\r", "\r\n", "\u2028", "é"], k=rng.randint(0, 20)))
        cuts = sorted(rng.choices(range(len(text) + 1), k=4))
        pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
        plain = text.replace("\r\n", "\n").replace("\r", "\n")
        lines = [f"{line}\n" for line in plain.split("\n")]
        lines[-1] = lines[-1][:-1]
        expected = list(enumerate([line for line in lines if line], start=1))
        assert list(text_lines(pieces, "here")) == expected


def test_a_line_without_end_is_refused() -> None:
    with pytest.raises(
        DataError, match=r"here, line 2 is longer than 16,000,000 characters\. Break"
    ):
        list(text_lines(["a\n", *["x" * 1_000_000] * 20], "here"))
