"""The frame of a card."""

from __future__ import annotations

from ft_magics.widgets.style import card, esc, listing, note, weight, within


def test_no_ids_so_that_cards_never_meet() -> None:
    assert " id=" not in card(note("a"), note("b"))


def test_typesetting_of_dollars_is_off() -> None:
    assert "tex2jax_ignore" in card("$x$")


def test_half_a_surrogate_does_not_break_the_output() -> None:
    esc("\ud83d <b>").encode()
    assert esc("<\x00>") == "&lt;\ufffd&gt;"


def test_parts_are_kept_in_order_until_the_room_is_spent() -> None:
    parts = ["a" * 10, "b" * 10, "c" * 500, "d"]
    assert within(parts, 40) == (parts[:2], 2)


def test_quotes_weigh_what_they_weigh_in_a_notebook() -> None:
    assert weight('"') == 4


def test_a_cut_list_says_how_much_is_missing() -> None:
    assert "and 2 more rows" in listing("", ["<tr></tr>", "x" * 99, "y"], 30, noun="row")
