"""Characters that do not belong, and those that only look so."""

from __future__ import annotations

from typing import Any

import pytest

from ft_magics.data.rows import Message, Row


@pytest.mark.parametrize(
    ("check", "text"),
    [
        ("white-space", " In boxes."),
        ("white-space", "In boxes.\n"),
        ("white-space", "In boxes.\u00a0"),
        ("line-ends", "In\r\nboxes."),
        ("hidden-characters", "In\u200bboxes."),
        ("hidden-characters", "In \x07boxes."),
        ("hidden-characters", "\ufeffIn boxes."),
        ("hidden-characters", "In \x1b[31mred\x1b[0m boxes."),
        ("hidden-characters", "In boxes.\U000e0049\U000e0067"),
        ("hidden-characters", "In \u202eboxes."),
        ("encoding", "Le chat dort au cafÃ©."),
        ("encoding", "Itâ€™s in a box."),
        ("encoding", "It\x92s in a box."),
        ("lost-characters", "Le chat dort au caf\ufffd."),
        ("code-fences", "Run it:\n```python\nprint(1)"),
        ("code-fences", "Run it:\n```python\nprint(1)```"),
        ("code-fences", "Run it:\n~~~\nprint(1)"),
        ("code-fences", "First:\n```\na\n```\nthen:\n```\nb"),
    ],
)
def test_faults(found: Any, answers: Any, check: str, text: str) -> None:
    told = found(answers("In boxes.", text))
    assert set(told) == {check}
    assert told[check].rows == (2,)
    assert told[check].examples[0].row == 2
    assert told[check].fix == ("" if check == "lost-characters" else check)


@pytest.mark.parametrize(
    "text",
    [
        "    indented code\n    and more",
        "Le chat dort au café, là-bas.",
        "He said “yes” – and left… ½ × 2 ± 3 °C, ﬁne.",
        "The family 👨‍👩‍👧‍👦 and a black cat 🐈‍⬛, a heart ❤️‍🔥, a flag 🏴󠁧󠁢󠁳󠁣󠁴󠁿.",
        "می‌خواهم بخوابم.",
        "क्‍ष is a letter.",
        "هذا نص \u200fعربي\u200f طويل.",
        "ข้าว\u200bผัด",
        "```python\nprint(1)\n```",
        "Use ``` for fences.",
        "Run:\n```\na\n```\nand\n~~~\nb\n~~~",
        "````markdown\n```python\nprint(1)\n```\n````",
        "Write this:\n```markdown\n# Title\n```python\nprint(1)\n```\n```",
        "- a list\n    ```\n    code\n    ```",
        "> ```\n> quoted\n> ```",
        "Tab\tseparated\tvalues.",
        "Ångström, Þórr, Łódź, Dvořák, naïve, señor.",
        "Ελληνικά, Русский, 中文, 日本語, 한국어.",
        "Ä Ö Ü ß: Straßenbahnhöfe müssen größer werden.",
    ],
)
def test_what_is_meant_stays(found: Any, answers: Any, text: str) -> None:
    assert found(answers(text)) == {}


def test_what_shows_nothing_is_made_visible(found: Any, answers: Any) -> None:
    told = found(answers("In\u200bboxes.\t"))
    assert told["hidden-characters"].examples[0].text == "In[U+200B]boxes.⇥"
    assert told["white-space"].examples[0].text == "In[U+200B]boxes.⇥"


def test_all_turns_but_those_of_tools(found: Any) -> None:
    turns = [
        Message("system", "Be kind.\n"),
        Message("user", "Hi"),
        Message("tool", "42\n"),
        Message("assistant", "Ho.", trained=True),
    ]
    assert found([Row(1, tuple(turns))])["white-space"].rows == (1,)
    assert found([Row(1, (turns[0], *turns[2:]))])["white-space"].rows == (1,)
    assert found([Row(1, tuple(turns[1:]))]) == {}


def test_the_ends_of_a_plain_text_may_be_meant(found: Any) -> None:
    rows = [Row(1, (), text="Once upon a time.\n"), Row(2, (), text="The\u200bend")]
    assert set(found(rows)) == {"hidden-characters"}


def test_many_rows_are_one_finding_with_three_examples(found: Any, answers: Any) -> None:
    told = found(answers(*(f"Answer {i} " for i in range(20))))["white-space"]
    assert told.count == 20
    assert len(told.examples) == 3
