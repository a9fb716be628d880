"""Which texts are the same, and which only look so."""

from __future__ import annotations

import pytest

from ft_magics.data.sameness import canonical, content_words, same_pairs, skeleton, words

SAME = [
    ("How do cats sleep?", "how do cats sleep"),
    ("How do cats sleep?", "How  do cats\n sleep ??"),
    ("How do cats sleep?", "How do cats slep?"),
    ("How do cats sleep?", "Hwo do cats sleep?"),
    ("What's his name?", "whats his name"),
    ("What’s his name?", "What's his name?"),
    ("What colour is it?", "What color is it?"),
    ("Can I recieve it now?", "Can I receive it now?"),
    ("How do I seperate the two?", "How do I separate the two?"),
    ("Tommorow is a holiday", "Tomorrow is a holiday"),
    ("e-mail", "E-Mail"),
    ("Who likes ice cream?", "Who likes icecream?"),
    ("¿Dónde duerme Ollie?", "dónde duerme ollie"),
    ("猫喜欢什么？", "猫喜欢什么"),
    ("ما اسم القط؟", "ما اسم القط"),
    ("Cafe\u0301 or tea?", "Café or tea?"),
    ("Где спит Олли?", "где спит олли"),
]
DIFFERENT = [
    ("What is Ollie scared of?", "What is Ollie afraid of?"),
    ("Where does Ollie nap?", "Where is Ollie's favourite place to nap?"),
    ("what is 2+2", "what is 2+3"),
    ("what is 2+2", "what is 2-2"),
    ("what is 2+2", "what is 2*2"),
    ("what is 1 23", "what is 12 3"),
    ("what is 1.5", "what is 15"),
    ("what is 5", "what is -5"),
    ("Is it legal?", "Is it illegal?"),
    ("Can cats swim?", "Can't cats swim?"),
    ("Does Ollie like dogs?", "Doesn't Ollie like dogs?"),
    ("Does Ollie like dogs?", "Does Ollie not like dogs?"),
    ("Where is Iran?", "Where is Iraq?"),
    ("Where is Austria?", "Where is Australia?"),
    ("What is the largest county?", "What is the largest country?"),
    ("What is a neuron made of?", "What is a neutron made of?"),
    ("Who signed the contract?", "Who signed the contact?"),
    ("What is methanol used for?", "What is ethanol used for?"),
    ("What is a sulfate ion?", "What is a sulfite ion?"),
    ("Who filled in the form?", "Who filled in the from?"),
    ("How do I import data?", "How do I export data?"),
    ("Explain C", "Explain C++"),
    ("Explain C#", "Explain C++"),
    ("What is a cat?", "What is a car?"),
    ("What are cats?", "What is cats?"),
    ("猫喜欢什么", "狗喜欢什么"),
    ("हिन्दी कि", "हिन्दी की"),
    ("Who is Maria?", "Who is Marina?"),
    ("Is 5! large?", "Is 5 large?"),
    ("👍", "👎"),
    ("Cat", "Act"),
    ("Where do I step in?", "Where do I steep in?"),
    ("Who robed the king?", "Who robbed the king?"),
    ("f(x)", "f[x]"),
    ("What does os.getpid do?", "What does os.getppid do?"),
    ("What does re.match do?", "What does re.Match do?"),
    ("What does get_gid do?", "What does get_egid do?"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same(one: str, other: str) -> None:
    assert same_pairs(words(one), words(other)) is not None
    assert same_pairs(words(other), words(one)) is not None


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different(one: str, other: str) -> None:
    assert same_pairs(words(one), words(other)) is None
    assert same_pairs(words(other), words(one)) is None


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_is_the_same_is_found_by_its_keys(one: str, other: str) -> None:
    first, second = words(one), words(other)
    assert canonical(first) == canonical(second) or skeleton(first) == skeleton(second)


def test_the_words_that_differ_are_told() -> None:
    pairs = same_pairs(words("How do cats sleep at night?"), words("How do cats slep at night"))
    assert pairs == [("sleep", "slep")]


def test_many_typing_errors_are_other_words() -> None:
    one, other = "receive seperate tommorow waht", "recieve separate tomorrow what"
    assert same_pairs(words(one), words(other)) is None


def test_letters_alone_and_with_signs_are_read_alike() -> None:
    assert words("The cat's Box, again!") == ["the", "cats", "box", "again"]
    assert words("The cat's Box, again! 1") == ["the", "cats", "box", "again", "1"]
    assert words("End. Of it...now.\nGo.") == words("End. Of it...now.\nGo. 1")[:-1]
    assert words("End. Of it...now.\nGo.") == ["end", "of", "it", "now", "go"]


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("Who's Ollie's vet?", "Who is Ollie's vet?"),
        ("What’s Ollie’s age?", "what is ollie's age"),
        ("That's 5 and they're late", "that is 5 and they are late"),
        ("Why doesn't he sleep, and why can't I?", "Why does not he sleep, and why cannot I?"),
    ],
)
def test_contractions_are_written_out(short: str, long: str) -> None:
    assert words(short) == words(long)


def test_a_possessive_is_no_contraction() -> None:
    assert words("Its tail, the cat's tail, the cats' tails") == [
        "its", "tail", "the", "cats", "tail", "the", "cats", "tails",
    ]  # fmt: skip


def test_punctuation_alone_is_kept() -> None:
    assert words(" ?! ") == ["?!"]
    assert words(" \n") == []


def test_content_words_leave_out_fillers_only() -> None:
    asked = "Could you please tell me how the cat sleeps?"
    assert content_words(words(asked)) == "you tell me how cat sleeps"
