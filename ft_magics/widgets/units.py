"""Numbers as a reader wants them: rounded to what matters, with their unit."""

from __future__ import annotations

import math

__all__ = [
    "NONE",
    "count",
    "duration",
    "judged_loss",
    "loss",
    "percent",
    "rate",
    "reward",
    "short_hash",
    "size",
]

NONE = "–"
"""What stands where there is no number yet, so that the place is kept."""


def loss(value: float | None) -> str:
    """A loss, to two decimals or two significant digits: `4.38`, `0.41`, `0.083`."""
    if value is None:
        return NONE
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else "infinite"
    if value and abs(value) < 0.001:
        return rate(value)
    if abs(value) < 0.0995:
        return f"{value:.2g}"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def judged_loss(value: float | None) -> str:
    """A loss of preferences: near 0, where it soon is, its digits say nothing and do not repeat."""
    if value is not None and abs(value) < 0.001:
        return "0.00"
    return loss(value)


def reward(value: float | None) -> str:
    """A reward, margin or share, to two decimals, or one from 10 on: `0.42`, `−1.20`, `12.3`."""
    if value is None or not math.isfinite(value):
        return NONE
    text = f"{abs(value):.2f}" if abs(value) < 9.995 else f"{abs(value):.1f}"
    return f"−{text}" if value < 0 and float(text) else text


def rate(value: float | None) -> str:
    """A learning rate: `8.0e-4`."""
    if value is None:
        return NONE
    if value == 0:
        return "0"
    mantissa, _, exponent = f"{value:.1e}".partition("e")
    return f"{mantissa}e{int(exponent)}"


def count(value: float | None) -> str:
    """How many: `412`, `12,408`, `4.9 M`, `1.24 B`."""
    if value is None or not math.isfinite(value):
        return NONE
    for limit, divisor, unit, digits in (
        (1e9, 1e9, " B", 2),
        (1e6, 1e6, " M", 1),
    ):
        # 999 960 000 is 1.00 B, not 1000.0 M.
        if abs(value) >= limit * (1 - 0.5e-4):
            return f"{value / divisor:.{digits}f}{unit}"
    return f"{round(value):,}"


def size(value: float | None) -> str:
    """Bytes, in powers of ten: `19.6 MB`, `1.9 GB`, `24 GB`."""
    if value is None or not math.isfinite(value):
        return NONE
    amount, unit = float(value), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):  # the last one tried is the unit
        if abs(amount) < 999.5 or unit == "TB":
            break
        amount /= 1000
    text = f"{amount:.0f}" if unit == "B" or amount >= 100 else f"{amount:.1f}"
    return f"{text.removesuffix('.0')} {unit}"


def duration(value_s: float | None) -> str:
    """Seconds: `8 s`, `1 min 10 s`, `2 h 5 min`, `1 d 4 h`."""
    if value_s is None or not math.isfinite(value_s):
        return NONE
    seconds = max(0, round(value_s))
    for unit, part_unit, unit_s, part_s in (
        ("d", "h", 86400, 3600),
        ("h", "min", 3600, 60),
        ("min", "s", 60, 1),
    ):
        if seconds >= unit_s:
            whole, rest = divmod(seconds, unit_s)
            part = rest // part_s
            return f"{whole} {unit} {part} {part_unit}" if part else f"{whole} {unit}"
    return f"{seconds} s"


def percent(part: float, whole: float) -> str:
    """A share: `3.5 %`; empty when there is no whole."""
    if not whole:
        return ""
    share = 100 * part / whole
    if share >= 99.95:
        return "100 %"
    return f"{share:.1f} %" if share >= 0.05 else "below 0.1 %"


def short_hash(value: str) -> str:
    """The first twelve digits of a sha256: enough to compare by eye."""
    return value[:12]
