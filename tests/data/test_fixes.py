"""Safe repairs: what they change, what they leave, and that they come to rest."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ft_magics.data.checks import run_checks, standard_checks
from ft_magics.data.findings import finding
from ft_magics.data.fixes import FIXES, MOST_CHANGES, Change, diff_lines, fix_rows
from ft_magics.data.rows import Message, Preference, Row, Unpaired
from ft_magics.errors import SettingError

EVERY = tuple(FIXES)


def _row(answer: str, number: int = 1, question: str = "Hi") -> Row:
    return Row(number, (Message("user", question), Message("assistant", answer, trained=True)))


def _fixed(text: str, *names: str) -> str:
    (row,) = fix_rows([_row(text)], names or EVERY).rows
    assert isinstance(row, Row)
    return row.messages[-1].content


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("white-space", "  In boxes.\n\n", "In boxes."),
        ("white-space", "\u3000In boxes.\u00a0", "In boxes."),
        ("white-space", "\n\n    if x:\n        y\n", "    if x:\n        y"),
        ("line-ends", "a\r\nb\rc\n", "a\nb\nc\n"),
        ("hidden-characters", "\ufeffIn\u200b bo\u00adxes\x00.", "In boxes."),
        ("hidden-characters", "\x1b[1;31mred\x1b[0m", "red"),
        ("hidden-characters", "one\u2028two\x0cthree", "one\ntwo\nthree"),
        ("hidden-characters", "Hi\U000e0069\U000e0067\U000e006e", "Hi"),
        ("encoding", "caf\u00c3\u00a9, it\u00e2\u20ac\u2122s", "café, it’s"),
        ("encoding", "it\x92s", "it’s"),
        ("code-fences", "Run:\n```python\nx = 1", "Run:\n```python\nx = 1\n```"),
        ("code-fences", "Run:\n```python\nx = 1```", "Run:\n```python\nx = 1\n```"),
        ("code-fences", "~~~~\nx\n~~~", "~~~~\nx\n~~~\n~~~~"),
    ],
)
def test_repairs(name: str, before: str, after: str) -> None:
    done = fix_rows([_row(before)], [name])
    assert done.rows == [_row(after)]
    assert done.changes == [Change(1, name, before, after)]
    assert done.counts == {name: 1} and done.count == 1


@pytest.mark.parametrize(
    "text",
    [
        "He said “yes”, ‘no’ and ﬁne… ½ ² Ａ",
        "&amp; &lt;b&gt;",
        "👨‍👩‍👧‍👦 🐈‍⬛ ❤️‍🔥 🏴󠁧󠁢󠁳󠁣󠁴󠁿 👍🏽",
        "می‌خواهم",
        "क्‍ष ক্‌ষ",
        "عربي \u200fنص",
        "```python\nx = 1\n\n\n```",
        "````markdown\n```python\nx\n```\n````",
        "Title\n~~~~~\n\nText under it.",
        "Inline `code` and ``` in a line",
        "two  spaces,\ttabs\n\n\nand lines",
        "    indented\n    code",
        "é e\u0301 Å",
    ],
)
def test_what_is_meant_stays(text: str) -> None:
    assert _fixed(text) == text


def test_a_text_of_nothing_else_stays() -> None:
    for text in ("\u200b", " ", "\x00\x00", "\ufeff \u200b"):
        assert _fixed(text) == text


def test_one_repair_shows_what_another_mends() -> None:
    assert _fixed("\u200b In boxes.\u200b \r\n") == "In boxes."
    assert _fixed("\u200b In boxes.\r\n", "white-space") == "\u200b In boxes."


def test_without_names_nothing_changes() -> None:
    rows = [_row(" a\r\n"), _row(" a\r\n", 2)]
    done = fix_rows(rows, [])
    assert done.rows == rows and done.changes == [] and done.count == 0


def test_the_original_stays() -> None:
    row = _row(" a ")
    done = fix_rows([row], ["white-space"])
    assert row == _row(" a ")
    assert done.rows == [_row("a")]
    untouched = _row("a")
    assert fix_rows([untouched], EVERY).rows[0] is untouched


def test_duplicates_are_found_after_the_texts_are_mended() -> None:
    rows = [_row("a", 1), _row("b", 2), _row("a ", 3), _row("a", 4)]
    done = fix_rows(rows, ["duplicates"])
    assert [row.number for row in done.rows] == [1, 2, 3]
    assert done.changes == [Change(4, "duplicates", "Hi\na", "")]
    both = fix_rows(rows, ["duplicates", "white-space"])
    assert [row.number for row in both.rows] == [1, 2]
    assert both.counts == {"duplicates": 2, "white-space": 1}


def test_equal_sides() -> None:
    def preference(number: int, chosen: str, rejected: str) -> Preference:
        one, other = ((Message("assistant", t, trained=True),) for t in (chosen, rejected))
        return Preference(number, (Message("user", "Hi"),), one, other)

    rows = [preference(1, "a", "a "), preference(2, "a", "b"), preference(3, "A", "a")]
    assert [row.number for row in fix_rows(rows, ["equal-sides"]).rows] == [2, 3]


def test_labels_tell_rows_apart() -> None:
    prompt, answer = (Message("user", "Hi"),), (Message("assistant", "Ho", trained=True),)
    rows = [Unpaired(n, prompt, answer, n == 1) for n in (1, 2, 3)]
    assert [row.number for row in fix_rows(rows, ["duplicates"]).rows] == [1, 2]


def test_tools_and_the_ends_of_plain_texts_stay() -> None:
    turns = (Message("user", "Hi "), Message("tool", "42 \r\n"), Message("assistant", "Ho", True))
    (row,) = fix_rows([Row(1, turns)], EVERY).rows
    assert isinstance(row, Row)
    assert [m.content for m in row.messages] == ["Hi", "42 \r\n", "Ho"]
    (text,) = fix_rows([Row(1, (), text=" a\u200b\r\n```\n")], EVERY).rows
    assert isinstance(text, Row) and text.text == " a\n```\n"


def test_names_may_be_those_of_checks() -> None:
    told = [finding("duplicate", "warning", [2], "a", "b.", fix="duplicates")]
    rows = [_row("a", 1), _row("a", 2)]
    assert len(fix_rows(rows, ["duplicate"], told).rows) == 1
    with pytest.raises(SettingError, match=r"no repair 'white-spice'.*white-space"):
        fix_rows(rows, ["white-spice"])


def test_changes_are_counted_beyond_those_kept() -> None:
    done = fix_rows([_row(f"{n} ", n) for n in range(1, MOST_CHANGES + 51)], ["white-space"])
    assert len(done.changes) == MOST_CHANGES
    assert done.count == MOST_CHANGES + 50


def test_a_diff_shows_what_nobody_sees() -> None:
    changes = [
        Change(3, "white-space", "one\ntwo \n", "one\ntwo"),
        Change(4, "duplicates", "a", ""),
    ]
    lines = [(line.row, line.kind, line.text) for line in diff_lines(changes)]
    assert lines == [
        (3, "row", "row 3: white-space"),
        (3, "kept", "one"),
        (3, "removed", "two·"),
        (3, "removed", ""),
        (3, "added", "two"),
        (4, "row", "row 4: duplicates"),
        (4, "removed", "a"),
    ]
    (_, removed, added) = diff_lines([Change(1, "line-ends", "a\r\nb", "a\nb")])[:3]
    assert (removed.text, added.text) == ("a␍", "a")


_PIECES = st.sampled_from(
    ["```", "```python\n", "~~~\n", "````", "\n", "> ", " ", "\t", "\r", "\r\n", "\u200b", "\u200d",
     "\u200c", "🏴", "\U000e0067", "\U000e007f", "🐈", "⬛", "Ã©", "â€™", "Ãƒ", "\x92", "\x81", "\xa0",
     "\x1b[0m", "\x1b", "[0m", "\x0c", "\u2028", "\u202e", "\ufeff", "ب", "क", "ก", "a", "b.", "é"]
)  # fmt: skip
_TEXTS = st.one_of(st.text(max_size=20), st.lists(_PIECES, max_size=10).map("".join))
_ROWS = st.lists(st.tuples(_TEXTS, _TEXTS), min_size=1, max_size=5).map(
    lambda texts: [_row(answer, n, asked) for n, (asked, answer) in enumerate(texts, start=1)]
)


def _told(rows: list[Any]) -> set[str]:
    by_number = {row.number: row for row in rows}
    found = run_checks(rows, standard_checks("sft"), by_number.__getitem__)
    return {told.fix for told in found} - {""}


@given(_ROWS, st.sampled_from(EVERY))
@settings(deadline=None, max_examples=300)
def test_a_repair_comes_to_rest_and_leaves_nothing_to_repair(rows: list[Row], name: str) -> None:
    once = fix_rows(rows, [name])
    again = fix_rows(once.rows, [name])
    assert again.rows == once.rows and again.count == 0
    assert name not in _told(once.rows)
    assert (once.count > 0) == (name in _told(rows))


@given(_ROWS)
@settings(deadline=None, max_examples=300)
def test_all_repairs_together_come_to_rest(rows: list[Row]) -> None:
    once = fix_rows(rows, EVERY)
    assert fix_rows(once.rows, EVERY).count == 0
    assert _told(once.rows) == set()
