"""Duplicates and contradictions, and rows that only look like them."""

from __future__ import annotations

from typing import Any

import pytest

from ft_magics.data.checks.repeats import Repeats
from ft_magics.data.rows import Message, Row
from ft_magics.data.views import Views

LONG = (
    "Photosynthesis lets green plants turn light into food. In the leaves chlorophyll catches "
    "sunlight, and with its energy the plant splits water and takes carbon dioxide from the air. "
    "Sugar is what remains, which feeds the plant, and oxygen, which it gives back to the air we "
    "breathe every day of our lives."
)


def test_exact_duplicates_are_the_later_rows(found: Any, pairs: Any) -> None:
    told = found(pairs(("Hi", "Ho."), ("Who?", "Me."), ("Hi", "Ho."), ("Hi", "Ho.")))
    assert set(told) == {"duplicate"}
    duplicate = told["duplicate"]
    assert (duplicate.rows, duplicate.count, duplicate.fix) == ((3, 4), 2, "duplicates")
    assert [example.row for example in duplicate.examples] == [1, 3]
    assert duplicate.severity == "warning"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("How do cats sleep?", "In boxes."), ("how do cats sleep", "in boxes")),
        (("How do cats sleep?", "In boxes."), ("How do cats slep?", "In boxes.")),
        (("How do I reset it?", "Press it."), ("How can I reset it?", "Press it.")),
        (("Explain it to me", LONG), ("explain it to me", LONG.replace("every day", "each day"))),
        (
            ("Explain photosynthesis in simple terms, please", LONG),
            ("Explain photosynthesis in simple words, please", LONG.replace("green", "most")),
        ),
    ],
)
def test_near_duplicates(
    found: Any, pairs: Any, one: tuple[str, str], other: tuple[str, str]
) -> None:
    told = found(pairs(one, ("What is up?", "The sky."), other))
    assert set(told) == {"near-duplicate"}
    assert told["near-duplicate"].rows == (1, 3)
    assert {example.group for example in told["near-duplicate"].examples} == {1}


def test_each_side_is_told_with_its_own_question(found: Any, pairs: Any) -> None:
    told = found(pairs(("Who's his vet?", "Dr Smith."), ("who is his vet", "Dr Jones.")))
    assert [example.title for example in told["contradiction"].examples] == [
        "Who's his vet?",
        "who is his vet",
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # The same answer to another question, which is how a fact is learned in several wordings.
        (("How old is Ollie?", "Six years."), ("What is Ollie's age?", "Six years.")),
        (("What is Ollie afraid of?", "Dogs."), ("What is Ollie scared of?", "Dogs.")),
        # One number or one word makes another question.
        (("What is 2+2?", "4"), ("What is 2+3?", "5")),
        (("Capital of France?", "Paris."), ("Capital of Finland?", "Helsinki.")),
        (("Is it legal?", "Yes."), ("Is it illegal?", "No.")),
        (("Explain " + LONG, "Yes."), ("Explain " + LONG + " Or not?", "No.")),
        (("Tell me about item 1", LONG + " 1"), ("Tell me about item 2", LONG + " 2")),
        # Long answers to quite other questions.
        (("How do leaves work?", LONG), ("Translate the German text about plants.", LONG)),
        # Another wording of the same answer, or more of it.
        (("How do cats sleep?", "In boxes."), ("How do cats sleep?", "In boxes, all day long.")),
        (("What is 2+2?", "4"), ("What is 2 + 2", "The answer is 4.")),
        (("List them", "- one\n- two"), ("list them", "* one\n* two")),
    ],
)
def test_no_contradiction(
    found: Any, pairs: Any, one: tuple[str, str], other: tuple[str, str]
) -> None:
    assert "contradiction" not in found(pairs(one, other))


def test_rows_of_other_questions_are_no_duplicates(found: Any, pairs: Any) -> None:
    told = found(
        pairs(
            ("How old is Ollie?", "Six years."),
            ("What is Ollie's age?", "Six years."),
            ("What is 2+2?", "It is 4."),
            ("What is 2+3?", "It is 5."),
            ("Translate cat", "chat"),
            ("Translate cats", "chats"),
        )
    )
    assert told == {}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("How do cats sleep?", "In boxes."), ("how do cats sleep", "On their heads.")),
        (("How do cats sleep?", "In boxes."), ("How do cats slep?", "On their heads.")),
        (
            ("How old is Ollie?", "He is six years old."),
            ("How old is Ollie?", "He is ten years old."),
        ),
        (("Is it safe?", "Yes"), ("Is it safe?", "No")),
        (("Explain it", LONG), ("Explain it", LONG[::-1])),
    ],
)
def test_contradictions_stand_side_by_side(
    found: Any, pairs: Any, one: tuple[str, str], other: tuple[str, str]
) -> None:
    told = found(pairs(one, ("What is up?", "The sky."), other))
    assert set(told) - {"no-full-stop"} == {"contradiction"}
    contradiction = told["contradiction"]
    assert contradiction.rows == (1, 3)
    assert contradiction.severity == "warning"
    first, second = contradiction.examples
    assert first.group == second.group == 1
    assert (first.title, second.title) == (one[0], other[0])
    assert (first.row, second.row) == (1, 3)
    assert first.text.startswith(one[1][:20])


def test_another_system_text_or_earlier_turn_makes_another_question(found: Any, pairs: Any) -> None:
    polite = pairs(("Hello", "Good day to you."), system="You are polite.")
    rude = pairs(("Hello", "What do you want?"), system="You are rude.")
    turns = [
        Row(
            number,
            (
                Message("user", first),
                Message("assistant", "I see."),
                Message("user", "And now?"),
                Message("assistant", answer, trained=True),
            ),
        )
        for number, first, answer in (
            (3, "I have a cat", "Feed it."),
            (4, "I have a car", "Drive."),
        )
    ]
    rows = [*polite, Row(2, rude[0].messages), *turns]
    assert found(rows) == {}


def test_a_word_of_several_questions_is_no_typing_error(found: Any, pairs: Any) -> None:
    """`marry` and `mary` differ by a doubled letter, but here both are words."""
    rows = pairs(
        ("Does mary like fish?", "Every day."),
        ("Does marry like fish?", "It is a verb."),
        *((f"Where does mary go in {month}?", f"To {month}.") for month in ("May", "June")),
        *((f"When did they marry in {month}?", f"In {month}.") for month in ("May", "June")),
    )
    assert "contradiction" not in found(rows)
    assert found(rows[:2])["contradiction"].rows == (1, 2)


def test_empty_questions_do_not_contradict(found: Any, pairs: Any) -> None:
    told = found(pairs(("", "One thing."), (" ", "Another thing."), ("", "A third one.")))
    assert set(told) == {"empty-question", "white-space"} or set(told) == {"empty-question"}


def test_several_groups_are_one_finding(found: Any, pairs: Any) -> None:
    names = ("Ada", "Bruno", "Carla", "Dario", "Elif")
    rows = pairs(
        *((f"Where does {name} live?", f"In {place}.") for name in names for place in ("A", "B"))
    )
    told = found(rows)["contradiction"]
    assert told.count == 10
    assert "5 questions" in told.text
    assert [example.group for example in told.examples] == [1, 1, 2, 2, 3, 3]


def test_plain_texts(found: Any) -> None:
    rows = [
        Row(1, (), text=LONG),
        Row(2, (), text=LONG.replace("catches", "takes")),
        Row(3, (), text="Another text."),
        Row(4, (), text=LONG),
    ]
    told = found(rows)
    assert told["duplicate"].rows == (4,)
    assert told["near-duplicate"].rows == (1, 2)
    first, second = told["near-duplicate"].examples
    assert "catches" in first.text and "takes" in second.text


def test_preferences_ranked_both_ways(found: Any, preferences: Any) -> None:
    told = found(
        preferences(
            ("How?", "This way.", "That way."),
            ("how", "That way", "This way"),
            ("How?", "This way.", "No way."),
            ("How?", "That way.", "No way."),
        )
    )
    assert set(told) == {"contradiction"}
    assert told["contradiction"].rows == (1, 2)
    assert told["contradiction"].examples[0].text == "This way. > That way."


def test_unpaired_labelled_both_ways(found: Any, labelled: Any) -> None:
    rows = labelled(
        ("How?", "This way.", True),
        ("how", "this way", False),
        ("How?", "No way.", False),
        ("Why?", "This way.", False),
    )
    assert found(rows)["contradiction"].rows == (1, 2)


def test_rows_alike_by_thousands_are_told_once(pairs: Any) -> None:
    """Each is compared with few others: rows are asked for about as often as there are rows."""
    count = 3000
    rows = pairs(
        *((f"Tell all about it{'!' * i}", f"{LONG} Really{'.' * i}") for i in range(count))
    )
    asked = 0

    def row_at(number: int) -> Row:
        nonlocal asked
        asked += 1
        return rows[number - 1]

    check = Repeats("sft", Views())
    for row in rows:
        check.see(row)
    (told,) = check.findings(row_at)
    assert (told.check, told.count) == ("near-duplicate", count)
    assert asked <= count


def test_a_question_with_thousands_of_answers(pairs: Any) -> None:
    rows = pairs(*(("Write a poem", f"Poem {i} of many {i * 7}") for i in range(3000)))
    asked: list[int] = []
    check = Repeats("sft", Views())
    for row in rows:
        check.see(row)

    def row_at(number: int) -> Row:
        asked.append(number)
        return rows[number - 1]

    (told,) = check.findings(row_at)
    assert (told.check, told.count) == ("contradiction", 3000)
    assert len(asked) < 200
