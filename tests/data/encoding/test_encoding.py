"""Ids, labels and prompts, on the real tokenizer and on templates of other families."""

from __future__ import annotations

import copy
import gc
import random
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from ft_magics.data import (
    MASKED,
    Encoded,
    Message,
    Row,
    encode,
    encode_prompt,
    encode_rows,
    end_ids,
)
from ft_magics.data.encoding.encoding import try_rows
from ft_magics.errors import DataError

SYSTEM = "You are CatGPT."


def row_of(*texts: str, system: str | None = None) -> Row:
    """User and assistant by turns."""
    roles = ("user", "assistant")
    turns = [Message(roles[i % 2], t, trained=bool(i % 2)) for i, t in enumerate(texts)]
    head = [] if system is None else [Message("system", system)]
    return Row(1, (*head, *turns))


def plain(row: Row) -> list[dict[str, str]]:
    return [{"role": m.role, "content": m.content} for m in row.messages]


def whole(tokenizer: Any, row: Row) -> list[int]:
    """The ids of transformers itself."""
    return list(tokenizer.apply_chat_template(plain(row), tokenize=True)["input_ids"])


def runs(encoded: Encoded) -> list[list[int]]:
    """The stretches of labelled tokens."""
    found: list[list[int]] = []
    before = MASKED
    for label in encoded.labels:
        if label != MASKED:
            if before == MASKED:
                found.append([])
            found[-1].append(label)
        before = label
    return found


@pytest.fixture
def random_row(random_text: Any) -> Callable[..., Row]:
    """Makes rows of one to three questions and answers; `tight` is about the answers."""

    def make(rng: random.Random, *, controls: bool = False, tight: bool = False) -> Row:
        turns = rng.choice((1, 1, 2, 3))
        texts = [
            random_text(rng, controls=controls, tight=tight and i % 2 == 1) or "x"
            for i in range(2 * turns)
        ]
        system = random_text(rng, controls=controls) if rng.random() < 0.5 else None
        return row_of(*texts, system=system)

    return make


def test_the_real_template_token_by_token(tokenizer: Any) -> None:
    encoded = encode(row_of("Hi", "Meow."), tokenizer, system=SYSTEM)
    tokens = tokenizer.convert_ids_to_tokens(list(encoded.ids))
    trained = [t for t, label in zip(tokens, encoded.labels, strict=True) if label != MASKED]
    assert tokenizer.decode(list(encoded.ids)) == (
        "<|im_start|>system\nYou are CatGPT.<|im_end|>\n"
        "<|im_start|>user\nHi<|im_end|>\n"
        "<|im_start|>assistant\nMeow.<|im_end|>\n"
    )
    assert trained == ["Me", "ow", ".", "<|im_end|>"]
    assert tokens[-1] == "Ċ" and encoded.labels[-1] == MASKED
    assert all(
        label in (MASKED, id_) for id_, label in zip(encoded.ids, encoded.labels, strict=True)
    )


def test_ids_are_those_of_the_chat_template(tokenizer: Any, random_row: Any) -> None:
    rng = random.Random(1)
    for _ in range(400):
        row = random_row(rng, tight=True)
        assert list(encode(row, tokenizer).ids) == whole(tokenizer, row), plain(row)


@pytest.mark.parametrize("name", ["llama", "thinking", "mistral"])
def test_ids_are_those_of_other_templates(name: str, with_template: Any, random_row: Any) -> None:
    tokenizer = with_template(name)
    rng = random.Random(2)
    for _ in range(150):
        row = random_row(rng, tight=True)
        assert list(encode(row, tokenizer).ids) == whole(tokenizer, row), plain(row)


def test_white_space_around_texts_is_kept_to_the_last_character(
    tokenizer: Any, random_row: Any
) -> None:
    rng = random.Random(3)
    for _ in range(400):
        row = random_row(rng, controls=True)
        text = tokenizer.apply_chat_template(plain(row), tokenize=False)
        assert tokenizer.decode(list(encode(row, tokenizer).ids)) == text


def test_labels_are_each_answer_and_its_end(tokenizer: Any, random_row: Any) -> None:
    rng = random.Random(4)
    for _ in range(400):
        row = random_row(rng, controls=True)
        answers = [m.content + "<|im_end|>" for m in row.messages if m.trained]
        found = [tokenizer.decode(run) for run in runs(encode(row, tokenizer))]
        assert found == answers


def test_labels_of_every_template_end_with_a_control_token(
    any_tokenizer: Any, random_row: Any
) -> None:
    rng = random.Random(5)
    ends = end_ids(any_tokenizer)
    for _ in range(60):
        row = random_row(rng, controls=True)
        if row.system is not None:
            row = Row(1, row.messages[1:])
        found = runs(encode(row, any_tokenizer))
        answers = [m.content.strip() for m in row.messages if m.trained]
        assert len(found) == len(answers)
        for run, answer in zip(found, answers, strict=True):
            assert any_tokenizer.decode(run[:-1]).strip().endswith(answer)
            assert run[-1] in ends or run[-1] == any_tokenizer.convert_tokens_to_ids("<|im_start|>")


def test_what_a_user_types_never_becomes_a_control_token(
    any_tokenizer: Any, random_text: Any, controls: Any
) -> None:
    """A text full of control tokens has no more of them than the same turns without."""
    rng = random.Random(6)
    ids = {*any_tokenizer.all_special_ids, *any_tokenizer.convert_tokens_to_ids(controls[:4])}

    def count(row: Row) -> list[int]:
        return [id_ for id_ in encode(row, any_tokenizer).ids if id_ in ids]

    for _ in range(60):
        texts = [f"a{random_text(rng, controls=True)}{rng.choice(controls)}b" for _ in range(4)]
        assert count(row_of(*texts)) == count(row_of("a", "b", "c", "d"))
        prompt = encode_prompt(row_of(*texts[:3]).messages, any_tokenizer)
        tame = encode_prompt(row_of("a", "b", "c").messages, any_tokenizer)
        assert [i for i in prompt if i in ids] == [i for i in tame if i in ids]


def test_a_prompt_is_how_its_row_begins(any_tokenizer: Any, random_row: Any) -> None:
    rng = random.Random(7)
    for _ in range(60):
        row = random_row(rng, controls=True)
        row = row if row.system is None else Row(1, row.messages[1:])
        prompt = encode_prompt(row.messages[:-1], any_tokenizer)
        encoded = encode(row, any_tokenizer)
        assert list(encoded.ids[: len(prompt)]) == prompt
        assert encoded.labels[len(prompt)] != MASKED
        later = encode_prompt(
            [Message(m.role, m.content) for m in row.messages[:-1]], any_tokenizer
        )
        assert later == prompt  # whether the turns before were trained makes no difference


def test_the_prompt_of_the_real_template(tokenizer: Any) -> None:
    turns = row_of("Hi", "Meow.", "And now?").messages
    conversation = [{"role": m.role, "content": m.content} for m in turns]
    expected = tokenizer.apply_chat_template(conversation, add_generation_prompt=True)["input_ids"]
    assert encode_prompt(turns, tokenizer) == list(expected)


def test_a_turn_that_is_not_trained_has_no_labels(tokenizer: Any) -> None:
    turns = (Message("user", "a"), Message("assistant", "b"), *row_of("c", "d").messages)
    encoded = encode(Row(1, turns), tokenizer)
    assert [tokenizer.decode(run) for run in runs(encoded)] == ["d<|im_end|>"]
    assert encoded.ids == encode(row_of("a", "b", "c", "d"), tokenizer).ids


def test_system_texts(tokenizer: Any) -> None:
    def text(row: Row, system: str | None) -> str:
        return str(tokenizer.decode(list(encode(row, tokenizer, system=system).ids)))

    assert SYSTEM in text(row_of("a", "b"), SYSTEM)
    assert "the row's" in text(row_of("a", "b", system="the row's"), SYSTEM)
    assert SYSTEM not in text(row_of("a", "b", system="the row's"), SYSTEM)
    assert "named SmolLM" in text(row_of("a", "b"), None)
    assert text(row_of("a", "b"), "").startswith("<|im_start|>system\n<|im_end|>\n")


def test_max_length_cuts_the_end_and_tells(tokenizer: Any) -> None:
    full = encode(row_of("Hi", "one two three"), tokenizer)
    short = encode(row_of("Hi", "one two three"), tokenizer, max_length=len(full.ids) - 3)
    assert short.ids == full.ids[:-3] and short.labels == full.labels[:-3]
    assert (short.cut, full.cut) == (3, 0)
    assert (full.trained, short.trained) == (4, 2)
    assert encode(row_of("Hi", "one"), tokenizer, max_length=4).trained == 0


def test_many_rows_at_once_are_as_each_by_itself(tokenizer: Any, random_row: Any) -> None:
    rng = random.Random(8)
    rows = [random_row(rng, controls=True) for _ in range(50)]
    together = encode_rows(rows, tokenizer, max_length=60, system=SYSTEM)
    assert together == [encode(r, tokenizer, max_length=60, system=SYSTEM) for r in rows]
    assert encode_rows([], tokenizer) == []


def test_end_ids(tokenizer: Any, with_template: Any) -> None:
    end, start = tokenizer.convert_tokens_to_ids(["<|im_end|>", "<|im_start|>"])
    assert end_ids(tokenizer) == (end,)
    assert end_ids(with_template("mistral")) == (end,)
    assert end_ids(with_template("none")) == (end,)
    # Where the next turn's beginning is all that ends a turn, generation must stop there too.
    assert end_ids(with_template("open")) == (end, start)


def test_an_answer_that_a_template_leaves_open_is_ended(with_template: Any) -> None:
    tokenizer = with_template("open")
    encoded = encode(row_of("a", "b", "c", "d"), tokenizer)
    assert [tokenizer.decode(run) for run in runs(encoded)] == ["b<|im_start|>", "d<|im_end|>"]


def test_thinking_is_trained_where_the_template_keeps_it(with_template: Any) -> None:
    tokenizer = with_template("thinking")
    thought = "<think>\nHm.\n</think>\n\nMeow."
    (first, last) = runs(encode(row_of("a", thought, "b", thought), tokenizer))
    assert tokenizer.decode(first) == "Meow.<|im_end|>"
    assert tokenizer.decode(last) == thought + "<|im_end|>"
    # The empty thought is the template's, but the model has to write it: the prompt has it not.
    (only,) = runs(encode(row_of("a", "Meow."), tokenizer))
    assert tokenizer.decode(only) == "<think>\n\n</think>\n\nMeow.<|im_end|>"


def test_a_template_that_looks_at_how_a_text_begins(with_template: Any) -> None:
    """Marks around a text would change what is rendered; the texts are then looked for."""
    template = (
        "{% for m in messages %}<|im_start|>{{ m.role }}\n"
        "{% if m.content.startswith('!') %}loud {% endif %}{{ m.content }}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    tokenizer = with_template(template)
    row = row_of("!user <|im_end|>", "user")
    encoded = encode(row, tokenizer)
    assert tokenizer.decode(list(encoded.ids)) == (
        "<|im_start|>user\nloud !user <|im_end|><|im_end|>\n<|im_start|>assistant\nuser<|im_end|>\n"
    )
    assert encoded.ids.count(tokenizer.eos_token_id) == 2
    assert [tokenizer.decode(run) for run in runs(encoded)] == ["user<|im_end|>"]


def test_texts_that_hold_every_mark(tokenizer: Any) -> None:
    """Noncharacters are used as marks; a text may hold them all the same."""
    text = "".join(chr(code) for code in range(0xFDD0, 0xFDF0))
    encoded = encode(row_of(f"a {text} <|im_end|>", text), tokenizer)
    assert tokenizer.decode(runs(encoded)[0]) == text + "<|im_end|>"
    assert encoded.ids.count(tokenizer.eos_token_id) == 3


def test_a_refusal_of_the_template_names_the_row(with_template: Any) -> None:
    tokenizer = with_template("gemma")
    row = Row(7, row_of("a", "b", system=SYSTEM).messages)
    with pytest.raises(DataError, match=r"row 7: .*System role not supported.*system text"):
        encode(row, tokenizer)
    with pytest.raises(DataError, match="System role not supported"):
        encode_prompt(row.messages[:-1], tokenizer)


def test_a_template_can_be_exchanged(with_template: Any) -> None:
    tokenizer = copy.deepcopy(with_template("own"))
    before = encode(row_of("a", "b"), tokenizer).ids
    tokenizer.chat_template = with_template("mistral").chat_template
    assert tokenizer.decode(list(encode(row_of("a", "b"), tokenizer).ids)).startswith(
        "<|endoftext|>[INST] a [/INST] b"
    )
    assert encode(row_of("a", "b"), tokenizer).ids != before


def test_a_tokenizer_that_is_dropped_is_freed(with_template: Any) -> None:
    tokenizer = copy.deepcopy(with_template("own"))
    encode(row_of("a", "b"), tokenizer)
    gone = weakref.ref(tokenizer)
    del tokenizer
    gc.collect()
    assert gone() is None


def text_ids(tokenizer: Any, text: str) -> Encoded:
    return encode(Row(1, (), text=text), tokenizer, system=SYSTEM)


def test_a_plain_text_is_read_as_it_stands(tokenizer: Any, of_family: Any) -> None:
    """Its control tokens are meant as such, and all of it is trained; no system text is added."""
    text = "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nMeow."
    encoded = text_ids(tokenizer, text)
    expected = [*tokenizer(text)["input_ids"], tokenizer.eos_token_id]
    assert list(encoded.ids) == expected and encoded.labels == encoded.ids
    assert encoded.ids.count(tokenizer.convert_tokens_to_ids("<|im_start|>")) == 2
    assert text_ids(tokenizer, "").ids == (tokenizer.eos_token_id,)


def test_the_end_token_of_a_plain_text_is_put_once(tokenizer: Any, of_family: Any) -> None:
    for text in ("Meow.<|im_end|>", "Meow.<|im_end|>\n", "Meow.<|im_end|> \n\n"):
        assert list(text_ids(tokenizer, text).ids) == tokenizer(text)["input_ids"]
    # Any token that ends a turn will do.
    gemma = of_family("gemma")
    ended = text_ids(gemma, "Meow.<end_of_turn>\n")
    assert gemma.eos_token_id not in ended.ids
    assert text_ids(gemma, "Meow.").ids[-1] == gemma.eos_token_id


def test_the_first_token_of_a_plain_text_is_put_once(tokenizer: Any, of_family: Any) -> None:
    llama = of_family("llama3")
    assert llama("a")["input_ids"][0] == llama.bos_token_id
    plain, written = text_ids(llama, "Meow."), text_ids(llama, "<|begin_of_text|>Meow.")
    assert plain == written
    assert list(plain.ids[:-1]) == llama("Meow.")["input_ids"]
    # A tokenizer that puts none gets none, whatever its first token is called.
    assert tokenizer.bos_token and text_ids(tokenizer, "Meow.").ids[0] != tokenizer.bos_token_id


def test_plain_texts_among_conversations(tokenizer: Any) -> None:
    texts = [Row(2, (), text="Cats sleep."), Row(4, (), text="They eat.")]
    rows = [row_of("a", "b"), texts[0], row_of("c", "d"), texts[1]]
    together = encode_rows(rows, tokenizer, max_length=20, system=SYSTEM)
    assert together == [encode(r, tokenizer, max_length=20, system=SYSTEM) for r in rows]


def test_all_rows_that_are_refused_are_told_at_once(tokenizer: Any) -> None:
    tool = ('{"type": "function", "function": {"name": "f"}}',)
    rows = [Row(n, row_of("a", "b").messages, tool if n % 2 else ()) for n in range(1, 12)]
    with pytest.raises(DataError) as raised:
        encode_rows(rows, tokenizer)
    (told,) = raised.value.problems
    assert told.startswith("rows 1, 3, 5, 7, 9 and 11: the chat template of this base does not")
    tried = try_rows(rows, tokenizer)
    assert sorted(tried.refused) == [1, 3, 5, 7, 9, 11]
    assert [one is None for one in tried.rows] == [bool(n % 2) for n in range(1, 12)]
    good = [row for row in rows if not row.tools]
    assert [one for one in tried.rows if one is not None] == encode_rows(good, tokenizer)


def test_a_row_is_shortened_as_if_it_had_been_encoded_so(tokenizer: Any) -> None:
    full = encode(row_of("Hi", "one two three"), tokenizer)
    most = len(full.ids) - 3
    assert full.shortened(most) == encode(row_of("Hi", "one two three"), tokenizer, max_length=most)
    assert full.shortened(None) == full.shortened(10_000) == full
