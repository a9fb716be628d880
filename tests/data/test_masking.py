"""A card that is saved in a notebook tells of a secret without telling it."""

from __future__ import annotations

from typing import Any

import pytest

from ft_magics.data import describe, make_dataset
from ft_magics.data.masking import masked_row, secret_rows
from ft_magics.widgets import data_card

KEY = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


@pytest.mark.parametrize(
    "secret",
    [KEY, "4539 5787 6362 1486", "DE44 5001 0517 5407 3249 31", "postgres://bob:s3cr3tPw@db.intern.net/x"],
)  # fmt: skip
def test_no_secret_that_was_found_stands_in_the_card(tokenizer: Any, secret: str) -> None:
    rows = [
        {"user": "How do I log in?", "assistant": f"Use {secret} and press enter."},
        {"user": "How old is Ollie, and what is his favourite place?", "assistant": "Six; a box."},
    ]
    made = make_dataset("faq", rows)
    assert secret_rows(made.findings) == {1}
    shown = data_card(describe(made, tokenizer, 1024))
    hidden = "s3cr3tPw" if "://" in secret else secret
    assert hidden not in shown["text/html"] and hidden not in shown["text/plain"]
    assert "•••" in shown["text/html"] and "press enter" in shown["text/html"]
    # The rows themselves are what they were.
    assert hidden in made.rows[0].messages[1].content


def test_preferences_and_other_rows_keep_their_form() -> None:
    made = make_dataset("faq", [{"prompt": f"Is {KEY} it?", "chosen": "Yes.", "rejected": KEY}])
    masked = masked_row(made.rows[0])
    assert KEY not in str(masked) and masked.chosen == made.rows[0].chosen
