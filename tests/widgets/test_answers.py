"""Answers side by side."""

from __future__ import annotations

from ft_magics.widgets import LIMIT_BYTES, Column, answers_card
from ft_magics.widgets.style import weight


def test_each_answer_can_be_read_as_text() -> None:
    made = answers_card("How?", [Column("base", "In beds.\n\nOr so."), Column("ollie", "Boxes.")])
    assert made["text/plain"] == "How?\n\nbase\n  In beds.\n\n  Or so.\n\nollie\n  Boxes."
    assert "In beds.<br><br>Or so." in made["text/html"]


def test_a_streaming_answer_shows_where_it_is() -> None:
    made = answers_card("How?", [Column("ollie", "Box", note="step 4 of 9", streaming=True)])
    assert 'aria-label="still writing"' in made["text/html"]
    assert "ft-live" in made["text/html"]
    assert "ollie · step 4 of 9\n  Box ▌" in made["text/plain"]
    done = answers_card("How?", [Column("ollie", "Box")])["text/html"]
    assert "still writing" not in done


def test_passed_and_failed_have_signs_and_words() -> None:
    made = answers_card("How?", [Column("a", "x", passed=True), Column("b", "y", passed=False)])
    assert 'aria-label="passed"' in made["text/html"]
    assert 'aria-label="failed"' in made["text/html"]
    assert "✓ x" in made["text/plain"]
    assert "✕ y" in made["text/plain"]


def test_what_a_model_writes_is_text() -> None:
    made = answers_card("<b>", [Column("<i>", "</td><script>x</script>\x1b[2J", note="<u>")])
    html = made["text/html"]
    assert not any(tag in html for tag in ("<script", "<b>", "<i>", "<u>", "\x1b"))
    assert "\x1b" not in made["text/plain"]


def test_an_empty_answer_says_so() -> None:
    assert "(no text)" in answers_card("How?", [Column("a", "")])["text/plain"]


def test_long_answers_stay_within_a_saved_output() -> None:
    for number in (1, 2, 8, 32):
        made = answers_card("Q" * 9000, [Column("m", 'a "<b>" ' * 4000)] * number)
        assert weight(made["text/html"]) + weight(made["text/plain"]) <= LIMIT_BYTES
        assert "more characters" in made["text/plain"]


def test_a_proven_base_says_so_quietly_and_a_changed_one_loudly() -> None:
    proven = Column("base", "So.", proof="unchanged since it was loaded")
    quiet = answers_card("Why?", [proven, Column("ollie", "Thus.")])
    assert "base · unchanged since it was loaded\n" in quiet["text/plain"]
    assert quiet["text/html"].count("unchanged since it was loaded") == 1
    assert "<blockquote" not in quiet["text/html"] and "⚠" not in quiet["text/html"]
    changed = Column("base", "So.", proof="not the <base>", sound=False)
    loud = answers_card("Why?", [changed], warning="The base <b>was</b> written.")
    assert "base · ⚠ not the <base>" in loud["text/plain"]
    assert "⚠ The base <b>was</b> written." in loud["text/plain"]
    assert 'class="ft-warning"' in loud["text/html"]
    assert "<b>" not in loud["text/html"] and "<base>" not in loud["text/html"]
