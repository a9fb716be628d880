"""Lists, and what is known of a base model."""

from __future__ import annotations

from ft_magics.widgets import LIMIT_BYTES, model_card, table_card
from ft_magics.widgets.style import weight


def test_a_list_as_a_table() -> None:
    made = table_card("Adapters", ("name", "size"), [("ollie", "19.6 MB")], note="Two.", align="lr")
    assert made["text/plain"] == (
        "Adapters\n\nname      size\n─────  ───────\nollie  19.6 MB\n\nTwo."
    )
    assert '<td class="ft-num">19.6 MB</td>' in made["text/html"]
    assert "<p>Two.</p>" in made["text/html"]


def test_an_empty_list_is_only_its_note() -> None:
    made = table_card("Adapters", ("name",), [], note="Nothing yet.")
    assert made["text/plain"].split() == ["Adapters", "Nothing", "yet."]
    assert "<table" not in made["text/html"]


def test_a_long_list_is_cut_and_says_so() -> None:
    made = table_card("Rows", ("a", "b"), [("x" * 50, "<y>" * 20)] * 500)
    assert weight(made["text/html"]) + weight(made["text/plain"]) <= LIMIT_BYTES
    assert " more</p>" in made["text/html"]
    assert made["text/plain"].endswith(" more")


def test_cells_are_escaped() -> None:
    html = table_card("<b>", ("<i>",), [("<script>",)], note="<u>")["text/html"]
    assert not any(tag in html for tag in ("<b>", "<i>", "<script", "<u>"))


def test_a_base_model() -> None:
    made = model_card(
        {
            "name": "smollm2-135m-q4",
            "asked": "smollm2-135m",
            "source": "built-in",
            "revision": None,
            "fingerprint": "0123456789abcdef",
            "parameters": 134_515_008,
            "bytes": 538_060_032,
            "dtype": "float32",
        }
    )
    text = made["text/plain"]
    for line in (
        "asked for      smollm2-135m",
        "parameters     134.5 M",
        "in memory      538 MB",
        "fingerprint    0123456789ab",
    ):
        assert line in text
    assert "revision" not in text
    assert 'title="134515008"' in made["text/html"]


def test_no_path_of_a_folder_is_shown() -> None:
    made = model_card({"name": "/home/me/models/llama", "asked": "/home/me/models/llama"})
    assert made["text/plain"].startswith("llama")
    assert "home" not in made["text/html"]
