"""The steps with ticks, and messages."""

from __future__ import annotations

from ft_magics.widgets import Step, message, workflow_card

STEPS = [Step("goal", True, "cats"), Step("train", False, "no run yet"), Step("test", False)]


def test_the_steps_and_the_next_cell() -> None:
    text = workflow_card(STEPS, "%%finetune ollie\nepochs: 6")["text/plain"]
    assert "1 of 3 steps" in text
    assert "✓  goal   cats" in text
    assert "→  train  no run yet" in text
    assert "○  test" in text
    assert text.endswith("    %%finetune ollie\n    epochs: 6")


def test_ticks_have_words() -> None:
    html = workflow_card(STEPS, "x < y")["text/html"]
    assert all(f'aria-label="{word}"' in html for word in ("done", "next", "open"))
    assert "<pre><code>x &lt; y</code></pre>" in html


def test_when_all_is_done_there_is_no_next_cell() -> None:
    assert "<pre" not in workflow_card([Step("goal", True)])["text/html"]


def test_a_message_tells_its_severity_without_colour() -> None:
    assert message("Fine.")["text/plain"] == "Fine."
    assert message("Mind.", "warning")["text/plain"] == "⚠ Mind."
    assert 'aria-label="warning"' in message("Mind.", "warning")["text/html"]
    assert message("No.", "error")["text/plain"] == "✕ No."
