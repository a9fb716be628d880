"""One row for the eye."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ft_magics.data import Message, Preference, Row, ToolCall, Unpaired
from ft_magics.data.findings import finding
from ft_magics.widgets.row_view import RowView, row_html, row_text

HURT = "<script>alert(1)</script><img src=x onerror=alert(2)>"
USER = Message("user", "Weather?")


def said(text: str, **own: Any) -> Message:
    return Message("assistant", text, trained=True, **own)


def test_what_is_trained_has_an_edge_and_what_is_not_says_so() -> None:
    row = Row(3, (USER, Message("assistant", "hm"), USER, said("Rain.\nOften.")))
    html = row_html(RowView(row), 99)
    assert html.count("ft-learnt") == 1 and "<b>assistant, not trained</b>" in html
    assert 'ft-learnt"><b>assistant</b> <span dir="auto">Rain.<br>Often.</span>' in html
    assert '<tr data-n="3"><th scope="row">3</th>' in html


def test_tools_calls_and_what_they_give() -> None:
    call = ToolCall("get_weather", '{"city": "Paris"}')
    tool = json.dumps({"type": "function", "function": {"name": "get_weather"}})
    messages = (
        USER,
        said("", tool_calls=(call,), reasoning="Let me look."),
        Message("tool", "18", name="get_weather"),
        said("18 degrees."),
    )
    row = Row(1, messages, (tool, '{"name": "bare"}', '"odd"'))
    html = row_html(RowView(row), 99)
    assert "get_weather, bare, odd" in html and "get_weather: 18" in html
    assert "<code>get_weather({&quot;city&quot;: &quot;Paris&quot;})</code>" in html
    assert "<b>thinks</b>" in html and "(empty)" not in html and "<details>" not in html
    assert "<details><summary>get_weather, bare, odd" in row_html(RowView(row), 99, whole=True)


def test_preferences_stand_side_by_side_and_votes_have_a_sign() -> None:
    row = Preference(1, (USER,), (said("Rain."),), (said("Dunno."),))
    html = row_html(RowView(row), 99)
    table = html[html.index("ft-pair") :]
    assert "✓</span> chosen</b>" in table and "✕</span> rejected</b>" in table
    for label, words in ((True, "✓</span> good</b>"), (False, "✕</span> bad</b>")):
        assert words in row_html(RowView(Unpaired(1, (USER,), (said("Rain."),), label)), 99)


def test_a_plain_text_and_an_empty_one() -> None:
    assert '<b>text</b> <span dir="auto">Once.</span>' in row_html(
        RowView(Row(1, (), text="Once.")), 9
    )
    assert "(empty)" in row_html(RowView(Row(1, (Message("system", ""), USER, said("a")))), 9)


def test_findings_and_the_split(make_row: Callable[..., Row]) -> None:
    view = RowView(make_row(4, "a", "b"), (finding("near-duplicate", "warning", [4], "as row 2", ""),),
                   held=True)  # fmt: skip
    html = row_html(view, 99, whole=True)
    assert "near duplicate" in html and 'title="as row 2"' in html and ">eval</small>" in html
    assert "as row 2" not in row_html(view, 99)
    assert "⚠ near duplicate" in row_text(view, 80)[-1]


def test_long_texts_are_cut(make_row: Callable[..., Row]) -> None:
    view = RowView(make_row(1, "q" * 50, "a"), ())
    assert "q" * 20 + " …</span>" in row_html(view, 20)
    assert "… (30 more characters)" in row_html(view, 20, whole=True)
    assert all(len(line) <= 40 for line in row_text(view, 40))


def test_html_in_any_field_is_text() -> None:
    call = ToolCall(HURT, json.dumps({HURT: HURT}), HURT)
    tools = (json.dumps({"name": HURT, "parameters": {HURT: HURT}}),)
    messages = (
        Message("system", HURT),
        Message("user", HURT),
        said(HURT, tool_calls=(call,), reasoning=HURT),
        Message("tool", HURT, name=HURT, call_id=HURT),
        said(HURT),
    )
    found = (finding(HURT, "error", [1], HURT, HURT),)
    rows = (
        Row(1, messages, tools),
        Preference(1, messages[:2], messages[2:], messages[2:], tools),
        Unpaired(1, messages[:2], messages[2:], False, tools),
        Row(1, (), text=HURT),
        Row(1, (Message(HURT, HURT),)),
    )
    for row in rows:
        html = row_html(RowView(row, found), 9_999, whole=True)
        assert "<script" not in html and "<img" not in html and "&lt;script&gt;" in html
        assert 'onerror=alert(2)>"' not in html
