"""What stands out in the base's loss of each row."""

from __future__ import annotations

import math

from ft_magics.data import Example, Finding, Message, Row
from ft_magics.data.surprise import loss_findings, ranked

ROWS = {
    n: Row(n, (Message("user", "q"), Message("assistant", f"answer {n}", trained=True)))
    for n in range(1, 21)
}


def test_rows_far_from_the_rest_are_told() -> None:
    losses = {n: 2.0 + 0.05 * (n % 5) for n in ROWS} | {7: 8.0, 9: 0.05, 12: math.nan}
    high, low = loss_findings(losses, ROWS)
    assert (high.check, high.severity, high.rows) == ("surprising", "warning", (7,))
    assert high.examples == (Example(7, "loss 8.00: answer 7"),)
    assert (low.check, low.severity, low.rows) == ("already-known", "note", (9,))


def test_typing_at_random_is_told_by_what_a_character_costs() -> None:
    # Its tokens are single letters, of which each is no great surprise.
    texts = {n: f"He sleeps in box number {n} until noon." for n in ROWS}
    texts |= {5: "fjdk lskdj wqpo xcvn eiru tyqm", 6: "5"}
    rows = {n: Row(n, (Message("assistant", t, trained=True),)) for n, t in texts.items()}
    losses = {n: 4.0 + 0.05 * (n % 5) for n in rows} | {5: 4.6}
    tokens = dict.fromkeys(rows, 10) | {5: 30, 6: 2}
    assert loss_findings(losses, rows) == []
    (high,) = loss_findings(losses, rows, tokens)
    assert (high.check, high.rows) == ("surprising", (5,))
    assert high.examples == (Example(5, "loss 4.60 a character: fjdk lskdj wqpo xcvn eiru tyqm"),)
    assert "a character" in high.text and "a token" not in high.text
    (both,) = loss_findings(losses | {7: 9.0}, rows, tokens)
    assert both.rows == (5, 7) and "a token" in both.text and "a character" in both.text


def test_what_spreads_evenly_or_is_too_little_to_compare_is_not() -> None:
    assert loss_findings({n: n / 4 for n in ROWS}, ROWS) == []
    assert loss_findings(dict.fromkeys(ROWS, 2.0), ROWS) == []
    assert loss_findings({1: 1.0, 2: 1.0, 3: 9.0}, ROWS) == []
    assert loss_findings(dict.fromkeys(ROWS, math.nan), ROWS) == []


def test_contradictions_are_ranked_by_it() -> None:
    examples = (
        Example(1, "a", 0, "q"),
        Example(2, "b", 0, "q"),
        Example(3, "c", 1, "p"),
        Example(4, "d", 1, "p"),
    )
    found = Finding("contradiction", "warning", (1, 2, 3, 4), "t", "Keep one.", examples, 4)
    other = Finding("near-duplicate", "warning", (1, 2), "t", "r", examples[:2], 2)
    first, second = ranked((found, other), {1: 1.0, 2: 1.5, 3: 5.0, 4: 1.0})
    assert [e.row for e in first.examples] == [3, 4, 2, 1]
    assert first.examples[0].text == "loss 5.00: c"
    assert second == other
