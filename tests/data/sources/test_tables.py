"""Values of tables as JSON knows them."""

from __future__ import annotations

import datetime
import decimal
import json

from ft_magics.data.sources.tables import plain, table_row


def test_plain_values() -> None:
    import numpy as np
    import pandas as pd

    row = {
        "text": "a", "yes": np.bool_(True), "n": np.int64(5), "x": np.float32(0.5), "nan": float("nan"),
        "na": pd.NA, "nat": pd.NaT, "none": None, "day": datetime.date(2026, 1, 2),
        "time": pd.Timestamp("2026-01-02 03:04"), "price": decimal.Decimal("1.10"), "raw": b"caf\xc3\xa9",
        "list": np.array([{"role": "user", "weight": None}], dtype=object), "pair": (1, [2.0, None]), 7: 8,
    }  # fmt: skip
    expected = {
        "text": "a", "yes": True, "n": 5, "x": 0.5, "day": "2026-01-02", "time": "2026-01-02T03:04:00",
        "price": "1.10", "raw": "café", "list": [{"role": "user"}], "pair": [1, [2.0, None]], "7": 8,
    }  # fmt: skip
    assert table_row(row) == expected
    assert json.loads(json.dumps(table_row(row))) == expected


def test_what_json_does_not_know_is_left_for_the_shaping_to_tell() -> None:
    thing = object()
    assert plain(thing) is thing
