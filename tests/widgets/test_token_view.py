"""Tokens as they are shown."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ft_magics.data.encoding import TokenPiece
from ft_magics.widgets.style import weight
from ft_magics.widgets.token_view import legend_html, tokens_html, tokens_text

Make = Callable[..., TokenPiece]


@pytest.fixture
def pieces(make_piece: Make) -> list[TokenPiece]:
    return [
        make_piece("<s>", "control"),
        make_piece("Why?\n"),
        make_piece("A", "trained"),
        make_piece(" <b>", "trained"),
        make_piece("</s>", "trained", "control", "ends_turn"),
        make_piece("more", "trained", "cut"),
    ]


def test_each_token_is_apart_and_marked_by_more_than_colour(pieces: list[TokenPiece]) -> None:
    html = tokens_html(pieces)
    assert "<code>&lt;s&gt;</code><span>Why?↵\n</span><mark>A</mark><mark> &lt;b&gt;</mark>" in html
    assert '<mark><code title="ends the turn">&lt;/s&gt; ■</code></mark><s>more</s>' in html


def test_the_legend_names_what_occurs(pieces: list[TokenPiece]) -> None:
    legend = legend_html(pieces)
    assert [word in legend for word in ("trained", "control", "ends the turn", "cut off")] == [
        True
    ] * 4
    assert "cut off" not in legend_html(pieces[:3]) and "control" not in legend_html(pieces[1:3])


def test_as_text(pieces: list[TokenPiece]) -> None:
    assert tokens_text(pieces, 99) == "<s>Why?\n⟦A <b></s>■⟧ ✂ more"
    assert tokens_text(pieces[2:4], 99) == "⟦A <b>⟧"
    assert tokens_text(pieces, 10) == "<s>Why? …"


def test_a_saved_output_has_the_beginning(make_piece: Make) -> None:
    many = [make_piece(f" {i}") for i in range(1000)]
    html = tokens_html(many, 2_000)
    assert weight(html) < 2_200 and "more tokens" in html
    assert tokens_html(many).count("<span>") == 1000
