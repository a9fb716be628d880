"""What is read in a goal, and what is not."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ft_magics.evaluation.goals import GoalReading, golden_cell, read_goal

SORRY = {"not_contains": ["sorry", "apolog"]}
UNKNOWN = {"unknown": True}
JSON = {"json_schema": True}


def fields(*names: str) -> dict[str, Any]:
    return {"json_schema": {"type": "object", "required": list(names)}}


GOALS: list[tuple[str, list[dict[str, Any]]]] = [
    ("Only answers about Ollie, one sentence", [UNKNOWN, {"max_sentences": 1}]),
    (
        "Answers questions about Ollie the cat, in one friendly sentence",
        [{"max_sentences": 1}],
    ),
    # JSON, and what only looks like it
    ("Answers in JSON", [JSON]),
    ("Always replies with valid JSON only", [JSON]),
    ("JSON only", [JSON]),
    ("Returns nothing but JSON", [JSON]),
    ("The output must be JSON", [JSON]),
    ("Converts an order to JSON with fields name, price and quantity",
     [fields("name", "price", "quantity")]),
    ('Gives a JSON object with the keys "name" and "age"', [fields("name", "age")]),
    ("Answers with a JSON array", [{"json_schema": {"type": "array"}}]),
    ("Answers questions in JSON, never apologises", [JSON, SORRY]),
    ("not only JSON", []),
    ("Answers not just in JSON but in words", []),
    ("talks about JSON", []),
    ("Answers questions about JSON", []),
    ("Explains valid JSON to beginners", []),
    ("Writes JSON tutorials", []),
    ("An expert in JSON", []),
    ("Never answers in JSON", [{"regex": r"\A\s*[^\s\[{]"}]),
    # lengths
    ("at most 20 words", [{"max_words": 20}]),
    ("Answers in fewer than ten words", [{"max_words": 9}]),
    ("One-word answers", [{"max_words": 1}]),
    ("Two or three sentences", [{"max_sentences": 3}]),
    ("1-2 short sentences about cats", [{"max_sentences": 2}]),
    ("3 sentences at most", [{"max_sentences": 3}]),
    ("never more than two sentences", [{"max_sentences": 2}]),
    ("Answers in a sentence", [{"max_sentences": 1}]),
    ("no more than 64 tokens", [{"max_tokens": 64}]),
    ("Keep answers under 280 chars", [{"regex": r"(?s)\A.{0,279}\Z"}]),
    ("Tweets of up to 280 characters", [{"regex": r"(?s)\A.{0,280}\Z"}]),
    ("at least two sentences about cats", []),
    ("about 20 words on cats", []),
    ("Not one sentence but several about cats", []),
    ("Explains prison law: one prison sentence after another", []),
    ("Translates one sentence at a time", []),
    # apologies
    ("never apologises", [SORRY]),
    ("Helps with orders, no apology", [SORRY]),
    ("does not say sorry about cats", [SORRY]),
    ("Answers without apologizing", [SORRY]),
    ("Writes apology letters", []),
    ("Apologises when the parcel is late", []),
    # other forms
    ("Answers with only numbers", [{"regex": r"(?s)\A(?=.*\d)[-+\d\s.,%]+\Z"}]),
    ("a number only", [{"regex": r"(?s)\A(?=.*\d)[-+\d\s.,%]+\Z"}]),
    ("never gives phone numbers", []),
    ("Yes or no", [{"regex": r"(?i)\A\W*(?:yes|no)\W*\Z"}]),
    ("Answers yes/no questions about cats", []),
    ("everything in lower case", [{"regex": r"\A[^A-ZÀ-ÖØ-Þ]*\Z"}]),
    ("no capital letters", [{"regex": r"\A[^A-ZÀ-ÖØ-Þ]*\Z"}]),
    ("ANSWERS IN ALL CAPS", [{"regex": r"\A[^a-zß-öø-ÿ]*\Z"}]),
    ("never in capitals", [{"regex": "[a-zß-öø-ÿ]"}]),
    ("as a bullet list", [{"regex": r"(?m)^[ \t]*[-*•+] +\S"}]),
    ("no bullet points", [{"regex": r"(?ms)\A(?!.*^[ \t]*[-*•+] +\S)"}]),
    ("a markdown table of prices", [{"regex": r"(?m)^.*\|.*\n[ \t|:-]*--[ \t|:-]*$"}]),
    ("Answers questions about table tennis", []),
    ("no markdown", [{"not_contains": ["**", "```", "##", "]("]}]),
    ("plain text", [{"not_contains": ["**", "```", "##", "]("]}]),
    ("without emojis", [{"regex": r"\A[^\U0001F000-\U0001FAFF\u2600-\u27BF]*\Z"}]),
    ("uses emoji", [{"regex": r"[\U0001F000-\U0001FAFF\u2600-\u27BF]"}]),
    # words
    ("starts with 'Dear customer'", [{"regex": r"\A\s*Dear customer"}]),
    ('every answer ends with "Meow."', [{"regex": r"Meow\.\s*\Z"}]),
    ("always mentions Ollie", [{"contains": "Ollie"}]),
    ("never mentions Whiskas or Sheba", [{"not_contains": ["Whiskas", "Sheba"]}]),
    ('never says "idk"', [{"not_contains": "idk"}]),
    ('never says "idk" and starts with "Hi"',
     [{"not_contains": "idk"}, {"regex": r"\A\s*Hi"}]),
    ('never says "idk", "dunno" or "no clue"', [{"not_contains": ["idk", "dunno", "no clue"]}]),
    ('uses the word "purr"', [{"contains": "purr"}]),
    ("never mentions competitors", []),
    ("starts with a greeting", []),
    ("never starts with 'Well'", [{"regex": r"\A(?!\s*Well)"}]),
    ("no 'As an AI language model'", [{"not_contains": "As an AI language model"}]),
    ("Never use bullet points or markdown",
     [{"regex": r"(?ms)\A(?!.*^[ \t]*[-*•+] +\S)"}, {"not_contains": ["**", "```", "##", "]("]}]),
    ("never apologises and answers in JSON", [SORRY, JSON]),
    ("returns JSON with `name`, `age`", [fields("name", "age")]),
    ("Responds only with JSON, using the keys title and score", [fields("title", "score")]),
    ("single word answers", [{"max_words": 1}]),
    # not knowing
    ("says it does not know in one sentence", [UNKNOWN, {"max_sentences": 1}]),
    ("Answers about cats and says when it does not know", [UNKNOWN]),
    ("admits when it is unsure", [UNKNOWN]),
    ("says so if it doesn't know", [UNKNOWN]),
    # languages are told, not checked
    ("Answers in French", []),
    ("Translates into German", []),
    # no rule at all
    ("Answers questions about my cat", []),
    ("make it smarter", []),
    ("", []),
]  # fmt: skip


@pytest.mark.parametrize(("goal", "checks"), GOALS, ids=[goal or "empty" for goal, _ in GOALS])
def test_the_rules_of_a_goal(goal: str, checks: list[dict[str, Any]]) -> None:
    assert [rule.checks for rule in read_goal(goal).rules if rule.checks] == checks


@pytest.mark.parametrize(
    "goal",
    ["make it smarter", "better answers", "improve the model", "Be nice!", "make it smarter about cats",
     "good quality", "short answers", "less verbose", "be more consise", "", "...", "more helpful and friendly", "as good as possible?"],
)  # fmt: skip
def test_a_goal_without_something_checkable_gets_a_hint(goal: str) -> None:
    read = read_goal(goal)
    assert not read.checkable
    assert read.hint.endswith(".")
    assert read.offers == () and golden_cell(read, "x") == ""
    again = read_goal(read.example)
    assert again.checkable, read.example
    assert any(rule.checks for rule in again.rules)
    assert goal.strip(" .!?") in read.example


@pytest.mark.parametrize(
    "goal",
    ["Answers questions about my cat", "Helpful customer support", "Turns natural language into SQL",
     "Classifies support tickets", "Talks like a pirate",
     "make it better: at most two sentences", "Répond aux questions sur Ollie"],
)  # fmt: skip
def test_what_names_a_subject_or_a_form_needs_no_hint(goal: str) -> None:
    read = read_goal(goal)
    assert read.checkable and not read.hint and not read.example
    assert read.offers


def test_a_hint_names_the_words_that_have_no_check() -> None:
    assert "«smarter» has no check" in read_goal("make it smarter").hint
    assert "«better» and «nicer» have no check" in read_goal("better, nicer").hint


def test_what_cannot_be_checked_says_so() -> None:
    for goal, words in [
        ("Answers in French", "No check tells a language"),
        ("at least two sentences about cats", "No check counts a least length"),
        ("about 20 words on cats", "say «at most»"),
        ("never mentions competitors", "into quotes"),
        ("in markdown", "name one"),
    ]:
        (rule,) = read_goal(goal).rules
        assert not rule.checks and words in rule.note, goal
    assert read_goal("Answers in French").rules[0].meaning == "in French"


@pytest.mark.parametrize(
    ("goal", "wants"),
    [
        ("Answers questions about Ollie, in one sentence", {"knowledge", "format"}),
        ("Talks like a pirate", {"style"}),
        ("Classifies tickets by mood", {"task"}),
        ("Knows the latest prices", {"knowledge", "fresh"}),
        ("make it smarter", set()),
    ],
)
def test_what_a_goal_is_about(goal: str, wants: set[str]) -> None:
    assert read_goal(goal).wants == wants


def test_a_golden_cell_has_a_row_for_each_rule() -> None:
    read = read_goal('Only answers about Ollie, one sentence, starts with "Meow"')
    cell = golden_cell(read, "catgpt", ["Where does he nap?", "What does he eat?"])
    head, *rest = cell.split("\n")
    assert head == "%%golden catgpt"
    rows = [json.loads(line) for line in rest if not line.startswith("#")]
    prompts = [row.pop("prompt") for row in rows]
    assert rows == [{"unknown": True}, {"max_sentences": 1}, {"regex": r"\A\s*Meow"}, {"contains": ""}]  # fmt: skip
    assert prompts == ["", "Where does he nap?", "What does he eat?", ""]
    assert sum(line.startswith("#") for line in rest) == len(rows)


@pytest.mark.parametrize(
    ("goal", "meaning"),
    [
        ("Knows our opening hours", "knows a fact"),
        ("Classifies tickets into bug and feature", "does its task"),
        ("Turns questions into SQL", "does its task"),
        ("Talks like a pirate", "shows what is wanted"),
    ],
)
def test_what_has_no_rule_is_offered_a_question_of_its_kind(goal: str, meaning: str) -> None:
    (offer,) = read_goal(goal).offers
    assert offer.meaning.startswith(f"{meaning}: write ") and offer.checks == {"contains": ""}
    assert not offer.ordinary


def test_a_cell_without_questions_is_refused_until_they_are_written() -> None:
    from ft_magics.data import make_golden
    from ft_magics.errors import DataError

    read = read_goal("JSON with fields name and age, never apologises")
    body = golden_cell(read, "x").partition("\n")[2]
    with pytest.raises(DataError, match="the question is empty"):
        make_golden("x", body)
    filled = golden_cell(read, "x", ["Who is it?"]).partition("\n")[2]
    assert [q.checks for q in make_golden("x", filled).questions] == [o.checks for o in read.offers]


def test_every_regex_of_a_rule_compiles_and_finds_what_it_means() -> None:
    good_and_bad = {
        "only numbers": ("3.5", "about 3"),
        "yes or no": ("Yes.", "Yes, he is"),
        "in lower case": ("ollie", "Ollie"),
        "all caps": ("OLLIE 3", "OLLIe"),
        "as a bullet list": ("- a\n- b", "a, b"),
        "no bullet points": ("a - b", "so:\n* a"),
        "in a table": ("| a |\n|---|\n| b |", "a | b"),
        "no emoji": ("fine :)", "fine 😺"),
        "with emoji": ("☀", "sun"),
        "as a numbered list": ("1. a", "one a"),
        'ends with "Meow!"': ("So. Meow!\n", "Meow! So."),
        'never ends with "Meow"': ("So.", "So.\nMeow\n"),
        'never starts with "Well"': ("So well", " Well, so"),
        "at most 5 characters": ("a\nb", "abcdef"),
        "one line": ("abc", "a\nb"),
        "without JSON": ("Ollie", '{"a": 1}'),
        "without tables": ("a | b", "| a |\n|---|\n"),
    }
    for goal, (good, bad) in good_and_bad.items():
        (pattern,) = [rule.checks["regex"] for rule in read_goal(goal).rules]
        assert re.search(pattern, good), goal
        assert not re.search(pattern, bad), goal


@settings(max_examples=300, deadline=None)
@given(
    st.text()
    | st.lists(
        st.sampled_from(
            [
                "json",
                "not",
                "only",
                "never",
                "one",
                "a",
                "sentence",
                "at",
                "most",
                "3",
                "words",
                "with",
                "fields",
                "name",
                ",",
                "and",
                '"',
                "'",
                "«",
                ".",
                "no",
                "apology",
                "yes",
                "/",
                "starts",
                "ends",
                "mentions",
                "Ollie",
                "in",
                "French",
                "without",
                "emoji",
                "table",
                "more",
                "than",
            ]
        )
    ).map(" ".join)
)
def test_no_text_is_too_odd(text: str) -> None:
    read = read_goal(text)
    assert isinstance(read, GoalReading)
    assert read.checkable == (read.hint == "") == (read.example == "")
    for rule in read.rules:
        assert rule.said and rule.meaning
        if "regex" in rule.checks:
            re.compile(rule.checks["regex"])
    if not read.checkable:
        assert read_goal(read.example).checkable
    assert read_goal(text) == read
    json.dumps([offer.checks for offer in read.offers])
