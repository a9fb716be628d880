"""A row as the model reads it, by the base that was chosen."""

from __future__ import annotations

from pathlib import Path

import pytest

from ft_magics import session


def test_the_sides_of_a_row(tiny_folder: Path) -> None:
    session.model(str(tiny_folder))
    made = session.dataset(
        "polite", '{"prompt": "Hi", "chosen": "Good day.", "rejected": "Yo"}', system="Be kind."
    )
    (chosen, good), (rejected, bad) = session.row_tokens(made, 1)
    assert (chosen, rejected) == ("chosen", "rejected")
    assert "".join(p.text for p in good if p.trained) == "Good day.<|im_end|>"
    assert "Be kind." in "".join(p.text for p in bad) and not any(p.cut for p in bad)
    pairs = session.dataset("pairs", '{"user": "Hi", "assistant": "Good day."}')
    ((title, pieces),) = session.row_tokens(pairs, 1, max_length=5)
    assert title == "" and sum(not p.cut for p in pieces) == 5
    with pytest.raises(ValueError):
        session.row_tokens(pairs, 9)
