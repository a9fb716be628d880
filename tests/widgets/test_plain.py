"""Text that stays aligned in a terminal."""

from __future__ import annotations

from ft_magics.widgets.plain import WIDTH, clean, columns, display_width, fit, shorten, wrap


def test_columns_line_up_and_numbers_stand_right() -> None:
    lines = columns(("name", "size"), [("ollie", "19.6 MB"), ("b", "1 MB")], "lr")
    assert lines == ["name      size", "─────  ───────", "ollie  19.6 MB", "b         1 MB"]


def test_wide_characters_count_as_two() -> None:
    lines = columns((), [("猫は箱", "x"), ("cat", "y")])
    assert display_width(lines[0]) == display_width(lines[1])
    assert lines[0].index("x") + 3 == lines[1].index("y")


def test_a_wide_table_is_wrapped_to_the_width() -> None:
    row = ("short", "word " * 40, "other " * 40)
    lines = columns(("a", "b", "c"), [row])
    assert max(map(display_width, lines)) <= WIDTH
    assert "".join(lines).count("word") == 40
    assert lines[2].startswith("short ")


def test_text_without_spaces_breaks_anywhere() -> None:
    assert wrap("猫" * 30, 10) == ["猫" * 5] * 6
    assert wrap("x" * 25, 10) == ["x" * 10, "x" * 10, "x" * 5]


def test_the_text_s_own_line_breaks_stay() -> None:
    assert wrap("one\n\ntwo", 20, "  ") == ["  one", "", "  two"]


def test_what_could_steer_a_terminal_is_replaced() -> None:
    assert clean("a\x1b[2Jb\x07\r\nc\td") == "a\ufffd[2Jb\ufffd\nc\td"
    clean("half \ud83d a pair").encode()


def test_cutting_marks_the_cut() -> None:
    assert shorten("one  two\nthree", 9) == "one two…"
    assert fit("猫猫猫", 5) == "猫猫…"
    assert fit("short", 5) == "short"
