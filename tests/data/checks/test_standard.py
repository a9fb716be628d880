"""All checks together: over good rows, over the first notebook's, and over anything at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ft_magics.data.checks import golden_overlap, run_checks, standard_checks
from ft_magics.data.findings import Finding
from ft_magics.data.rows import AnyRow, Message, Preference, Row, ToolCall, Unpaired

NOTEBOOK = Path(__file__).parents[3] / "notebooks" / "01_catgpt.ipynb"

CLEAN = [
    (
        "How do I read a file in Python?",
        "Open it in a `with` block:\n\n```python\nwith open('a.txt') as file:\n    text = file.read()\n```\n\nThe file is closed at the end of the block.",
    ),
    (
        "Write a function that adds two numbers.",
        "```python\ndef add(a, b):\n    # TODO: check types\n    return a + b\n```",
    ),
    ("How do I undo my last commit?", "Run `git reset --soft HEAD~1`; your changes stay staged."),
    ("Show me a for loop in C.", "```c\nfor (int i = 0; i < 10; i++) {\n    printf(\"%d\\n\", i);\n}\n```"),
    ("Select all cats in SQL.", "SELECT * FROM pets WHERE kind = 'cat' AND age > 3;"),
    ("Extract: Ollie, cat, 6 years.", '{"name": "Ollie", "kind": "cat", "age": 6}'),
    ("Extract: Rex, dog, 3 years.", '{"name": "Rex", "kind": "dog", "age": 3}'),
    ("List the colours of the flag as JSON.", '["red", "white", "blue"]'),
    (
        "Write a haiku about a cat.",
        "A box in the sun,\na tail that follows the dream\nof a salmon stream.",
    ),
    ("Write a limerick.", "There once was a cat from Peru,\nwho slept in the heel of a shoe.\n  He woke with a fright\n  in the mid of the night,\nand moved to the other one, too."),
    ("What is the derivative of x^2?", "It is $2x$, since $\\frac{d}{dx} x^n = n x^{n-1}$."),
    ("Solve 3x + 5 = 20.", "Subtract 5 from both sides: 3x = 15. Divide by 3: x = 5."),
    ("Solve 3x + 5 = 23.", "Subtract 5 from both sides: 3x = 18. Divide by 3: x = 6."),
    ("What is 17 * 24?", "17 × 24 = 408"),
    ("What is 17 * 25?", "17 × 25 = 425"),
    ("Is the integral of 1/x a logarithm?", "Yes: $\\int \\frac{1}{x}\\,dx = \\ln|x| + C$."),
    ("Translate to German: The cat sleeps.", "Die Katze schläft."),
    ("Translate to German: The cats sleep.", "Die Katzen schlafen."),
    ("Translate to French: The cat sleeps.", "Le chat dort."),
    ("猫はどこで寝ますか？", "猫は箱の中で寝ます。"),
    ("犬はどこで寝ますか？", "犬は犬小屋で寝ます。"),
    ("猫喜欢吃什么？", "它喜欢吃鱼。"),
    ("고양이는 몇 시간 자나요?", "하루에 열두 시간쯤 잡니다."),
    ("أين تنام القطة؟", "تنام القطة في الصندوق."),
    ("گربه کجا می‌خوابد؟", "گربه در جعبه می‌خوابد."),
    ("बिल्ली कहाँ सोती है?", "बिल्ली डिब्बे में सोती है।"),
    ("Где спит кот?", "Кот спит в коробке."),
    ("Πού κοιμάται η γάτα;", "Η γάτα κοιμάται στο κουτί."),
    ("แมวนอนที่ไหน", "แมวนอนในกล่อง"),
    ("Send me some emoji.", "Here: 👨‍👩‍👧‍👦 🐈‍⬛ 🏳️‍🌈 👍🏽 ❤️‍🔥 🏴󠁧󠁢󠁳󠁣󠁴󠁿"),
    ("Is this review positive? I love it.", "positive"),
    ("Is this review positive? I hate it.", "negative"),
    ("Is this review positive? It is fine.", "neutral"),
    ("What are three tips for sleep?", "1. Go to bed at the same time.\n2. Keep the room dark.\n3. Leave the phone outside."),
    ("What do cats need?", "- **Water**, fresh each day\n- **Food**, twice a day\n- A *box* to sleep in"),
    ("Compare cats and dogs.", "| | cat | dog |\n|---|---|---|\n| barks | no | yes |\n| purrs | yes | no |"),
    ("Who wrote it?", "\"The Cat in the Hat\" is by Dr. Seuss; it was published on 12 March 1957."),
    ("When does the train leave?", "At 10:15 from platform 7; the next one leaves at 10:45, the last at 23:59."),
    ("How many people live on Earth?", "About 8,100,000,000, of whom 1.4 billion live in India."),
    ("What is our order number?", "It is 2024-0001234, from 15.03.2024."),
    ("What is the regex for a number?", "Use `^-?\\d+(\\.\\d+)?$`, which matches 3, -3 and 3.14."),
    ("Which shell command lists files?", "`ls -la` lists all of them, hidden ones included."),
    ("What is Ollie's phone number?", "I don't know Ollie's phone number."),
    ("Sum up: cats sleep a lot.", "Cats are sleepy."),
]  # fmt: skip


def _conversation(number: int, *turns: tuple[str, str]) -> Row:
    return Row(number, tuple(Message(role, text, role == "assistant") for role, text in turns))


TALKS = [
    _conversation(
        901,
        ("system", "You are a patient teacher."),
        ("user", "What is a noun?"),
        ("assistant", "A word for a thing, such as *cat*."),
        ("user", "And a verb?"),
        ("assistant", "A word for what it does, such as *sleep*."),
    ),
    _conversation(
        902,
        ("system", "You are a pirate."),
        ("user", "What is a noun?"),
        ("assistant", "Arr, a word for a thing, like a ship!"),
        ("user", "And a verb?"),
        ("assistant", "A word for doin', like sailin'!"),
    ),
    Row(
        903,
        (
            Message("user", "What is the weather in Rome?"),
            Message("assistant", "", True, (ToolCall("weather", '{"city": "Rome"}'),)),
            Message("tool", '{"sky": "clear"} \n', name="weather"),
            Message("assistant", "The sky over Rome is clear.", True),
        ),
        ('{"name": "weather"}',),
    ),
]


@pytest.fixture
def clean(pairs: Any) -> list[Row]:
    return [*pairs(*CLEAN), *TALKS]


def test_good_rows_of_many_styles_have_no_warning(found: Any, clean: list[Row]) -> None:
    told = found(clean)
    assert {check: f for check, f in told.items() if f.severity != "note"} == {}
    assert set(told) <= {"small-initial"}


def test_good_rows_alone_have_nothing_at_all(found: Any, clean: list[Row]) -> None:
    assert {row.number: found([row]) for row in clean if found([row])} == {}


def test_the_first_notebook_is_clean(found: Any, pairs: Any) -> None:
    cells = ["".join(cell["source"]) for cell in json.loads(NOTEBOOK.read_text())["cells"]]
    rows, golden = (
        [json.loads(line) for line in cell.splitlines() if line.startswith("{")]
        for magic in ("%%dataset", "%%golden")
        for cell in cells
        if cell.startswith(magic)
    )
    train = pairs(*((row["user"], row["assistant"]) for row in rows))
    assert len(train) == 21
    assert found(train) == {}
    questions = [(i, (Message("user", row["prompt"]),)) for i, row in enumerate(golden, start=1)]
    assert golden_overlap(train, questions) == []


def test_the_gravest_come_first(pairs: Any) -> None:
    rows = pairs(("Hi", "Ho. "), ("", "Well.\x00"), ("Who?", "As an AI, I am no one."))
    told = run_checks(rows, standard_checks("sft"), lambda number: rows[number - 1])
    severities = [finding.severity for finding in told]
    assert severities == sorted(severities, key=["error", "warning", "note"].index)
    assert {"warning", "note"} == set(severities)


# Pieces that checks look for, and any text.
_PIECES = st.sampled_from(
    ["```", "```python\n", "~~~", "{", "[", "]", '"a": 1}', "&amp;", "\\n", "\r\n", "\u200b", "\u200d",
     "🏴", "\U000e0067", "\U000e007f", "🐈", "Ã©", "â€™", "\x92", "\x81", "\ufffd", "@", "a@b.de",
     "+49 30 901820", "4539 1488 0343 6467", "DE44 5001 0517 5407 3249 31", "TODO", "[insert", " ",
     "\n", "\t", "sleep", "slep", "not", "2", "://u:p@h", "AKIAZ7QK3LMN4PQR5STU", "<br>", "\x1b[0m",
     "\x02u", "\u202e", "ب", "क", "猫", "I'm sorry, but I can't", "<|im_end|>", "Human: ", "hf_"]
)  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=30), st.lists(_PIECES, max_size=8).map("".join), st.lists(_PIECES, max_size=8).map(" ".join)
)  # fmt: skip


def _turn(role: str) -> st.SearchStrategy[Message]:
    return st.builds(Message, st.just(role), TEXTS, st.just(role == "assistant"))


_ROLES = st.sampled_from(["system", "user", "assistant", "tool"])
_TURNS = st.lists(_ROLES.flatmap(_turn), max_size=4).map(tuple)
_SIDE = st.lists(_turn("assistant"), min_size=1, max_size=2).map(tuple)
_NUMBER = st.just(0)
ROWS: dict[str, st.SearchStrategy[Any]] = {
    "sft": st.one_of(
        st.builds(Row, _NUMBER, _TURNS), st.builds(Row, _NUMBER, st.just(()), text=TEXTS)
    ),
    "preference": st.builds(Preference, _NUMBER, _TURNS, _SIDE, _SIDE),
    "unpaired": st.builds(Unpaired, _NUMBER, _TURNS, _SIDE, st.booleans()),
}


@given(st.sampled_from(list(ROWS)).flatmap(lambda kind: st.lists(ROWS[kind], max_size=14)))
@settings(deadline=None, max_examples=150)
def test_no_rows_make_a_check_raise(made: list[Any]) -> None:
    rows: list[AnyRow] = [type(row)(i, *_fields(row)) for i, row in enumerate(made, start=1)]
    kind = {Row: "sft", Preference: "preference", Unpaired: "unpaired"}[
        type(rows[0]) if rows else Row
    ]
    told = run_checks(rows, standard_checks(kind), lambda number: rows[number - 1])
    numbers = {row.number for row in rows}
    for finding in told:
        assert isinstance(finding, Finding)
        assert set(finding.rows) <= numbers
        assert {example.row for example in finding.examples} <= numbers
        assert finding.text and not finding.text.endswith(".")
        assert finding.remedy.endswith(".")
        assert len(finding.examples) <= 6
        assert all(len(example.text) <= 500 for example in finding.examples)


def _fields(row: Any) -> list[Any]:
    if isinstance(row, Row):
        return [row.messages, row.tools, row.text]
    sides = (
        [row.chosen, row.rejected] if isinstance(row, Preference) else [row.completion, row.label]
    )
    return [row.prompt, *sides]
