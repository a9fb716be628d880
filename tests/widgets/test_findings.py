"""Findings in a card."""

from __future__ import annotations

from dataclasses import replace

from ft_magics.data.findings import Example, finding
from ft_magics.widgets.findings import by_severity, findings_html, findings_text, summary
from ft_magics.widgets.style import weight

SIDES = [
    Example(5, "At four in the morning.", 1, "When does Ollie play?"),
    Example(12, "At noon.", 1, "When does Ollie play?"),
]
FOUND = (
    finding("white-space", "note", [3], "white space", "", examples=[Example(3, "·b␠\nc")],
            fix="white-space"),
    finding("contradiction", "warning", [5, 12], "two answers", "Keep one.", examples=SIDES),
    finding("bad-row", "error", [7], "no field 'a'; left out", "Rename it."),
    finding("style", "note", (), "mixed styles", "Choose one."),
)  # fmt: skip


def test_the_worst_stands_first() -> None:
    assert [f.check for f in by_severity(FOUND)] == ["bad-row", "contradiction", "white-space",
                                                     "style"]  # fmt: skip
    assert summary(FOUND) == "1 error, 1 warning, 2 notes"


def test_each_has_its_rows_its_remedy_and_its_repair() -> None:
    html = findings_html(FOUND, 9_000)
    assert html.index("1 error") < html.index("1 warning") < html.index("2 notes")
    assert "<strong>Two answers</strong> <small>rows 5 and 12</small>" in html
    assert "Keep one." in html and "<code>--fix white-space</code>" in html
    assert 'aria-label="warning"' in html and "<strong>Mixed styles</strong><br>" in html


def test_sides_of_a_contradiction_stand_together_under_their_question() -> None:
    html = findings_html(FOUND, 9_000)
    table = html[html.index("When does Ollie play?") :].split("</table>")[0]
    assert "At four in the morning." in table and "At noon." in table
    assert html.count("When does Ollie play?") == 1 and "·b␠<br>c" in html


def test_sides_whose_questions_differ_stand_each_under_its_own() -> None:
    sides = [replace(SIDES[0], title="When does <he> play?"), SIDES[1]]
    found = finding("near-duplicate", "warning", [5, 12], "nearly the same", "", examples=sides)
    html = findings_html([found], 9_000)
    cells = html.split('<td dir="auto">')[1:]
    assert "When does &lt;he&gt; play?" in cells[0] and "At four" in cells[0]
    assert "When does Ollie play?" in cells[1] and "At noon" in cells[1]
    lines = findings_text([found], 4_000)
    assert "     row 5: When does <he> play? → At four in the morning." in lines
    assert "     row 12: When does Ollie play? → At noon." in lines


def test_examples_go_before_findings_do() -> None:
    long = [Example(i, "x" * 200, 0) for i in range(4)]
    many = [finding(f"c{i}", "warning", [i], "text", "Do it.", examples=long) for i in range(1, 13)]
    html = findings_html(many, 6_000)
    assert html.count("<strong>Text</strong>") == 12
    assert 1 <= html.count("<details") < 12
    assert weight(html) < 6_800
    html = findings_html(many[:1] * 100, 3_200)
    shown = html.count("<strong>Text</strong>")
    assert 5 < shown < 30 and f"and {100 - shown} more findings" in html


def test_as_text() -> None:
    lines = findings_text(FOUND, 4_000)
    assert lines[0] == "✕  Row 7: no field 'a'; left out. Rename it."
    assert "⚠  Rows 5 and 12: two answers. Keep one." in lines
    assert "     row 5: At four in the morning." in lines and "     row 12: At noon." in lines
    assert any("(--fix white-space)" in line for line in lines)
    assert findings_text((), 100) == [] and findings_html((), 100) == ""
    assert findings_text(FOUND, 60)[-1] == "and 3 more findings"
