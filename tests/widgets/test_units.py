"""Numbers with their units."""

from __future__ import annotations

import math

import pytest

from ft_magics.widgets import units


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (4.384, "4.38"),
        (0.4123, "0.41"),
        (0.0831, "0.083"),
        (0.09951, "0.10"),
        (0.00042, "4.2e-4"),
        (0.0, "0"),
        (12.34, "12.3"),
        (math.nan, "not a number"),
        (math.inf, "infinite"),
    ],
)
def test_a_loss_is_rounded_to_what_matters(value: float | None, text: str) -> None:
    assert units.loss(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.4, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (70, "1 min 10 s"),
        (3600, "1 h"),
        (7500, "2 h 5 min"),
        (100_000, "1 d 3 h"),
        (math.inf, "–"),
        (None, "–"),
    ],
)
def test_a_duration_has_at_most_two_parts(value: float | None, text: str) -> None:
    assert units.duration(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (19.6e6, "19.6 MB"),
        (24e9, "24 GB"),
        (999_960, "1 MB"),
        (538e6, "538 MB"),
    ],
)
def test_bytes_in_powers_of_ten(value: float, text: str) -> None:
    assert units.size(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(412.3, "412"), (12_408, "12,408"), (4_884_480, "4.9 M"), (1.236e9, "1.24 B"), (None, "–")],
)
def test_counts(value: float | None, text: str) -> None:
    assert units.count(value) == text


def test_a_million_is_not_a_thousand_thousand() -> None:
    assert units.count(999_999) == "1.0 M"
    assert units.count(999_999_999) == "1.00 B"


def test_rates_and_shares() -> None:
    assert units.rate(8e-4) == "8.0e-4"
    assert units.rate(0) == "0"
    assert units.percent(4_884_480, 139_399_488) == "3.5 %"
    assert units.percent(1, 1) == "100 %"
    assert units.percent(1, 1e6) == "below 0.1 %"
    assert units.percent(1, 0) == ""
