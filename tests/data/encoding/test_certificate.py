"""The certificate: its checks, and whether a prompt is rendered as it was."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ft_magics.data import Message, Preference, Row, encode_prompt
from ft_magics.data.encoding.certificate import Certificate, certify
from ft_magics.data.encoding.encoding import Encoded, Encodings, try_rows
from tests.data.encoding.test_encoder import MULTI, PLAIN, SYSTEM, THINKS, rows_of
from tests.data.families import FAMILIES


def numbered(rows: Any) -> list[Row]:
    return [replace(row, number=i) for i, row in enumerate(rows, start=1)]


def found(certificate: Certificate) -> list[tuple[str, str, tuple[int, ...]]]:
    return [(f.check, f.severity, f.rows) for f in certificate.problems]


def test_rows_of_every_family_pass(family: str, of_family: Any) -> None:
    tokenizer = of_family(family)
    rows = numbered(rows_of(family).values())
    certificate = certify(rows, tokenizer, "Be short." if FAMILIES[family].system else None)
    assert certificate.rows == len(rows)
    assert [f for f in certificate.problems if f.severity == "error"] == []
    # What is left then is a property of the template, and told as such.
    known = {"gptoss": ["end-token"], "deepseekv3": ["prompt-prefix"]}
    failed = [check.name for check in certificate.checks if not check.passed]
    assert failed == known.get(family, [])


def test_it_is_known_again(family: str, of_family: Any, tokenizer: Any) -> None:
    made = certify([Row(1, PLAIN)], of_family(family))
    read = Certificate.from_record(json.loads(json.dumps(made.to_record())))
    assert read == made
    assert read.matches(of_family(family)) == ""
    differs = read.matches(tokenizer)
    assert ("chat template is another one" in differs) == (family != "smollm2")


def test_what_it_holds(tokenizer: Any) -> None:
    made = certify([Row(1, PLAIN)], tokenizer, "You are CatGPT.")
    end = tokenizer.eos_token_id
    assert made.ends == ((end, "<|im_end|>"),)
    assert made.tokens["eos"] == (end, "<|im_end|>")
    assert made.prefix.startswith("<|im_start|>system\nYou are CatGPT.<|im_end|>\n")
    assert made.prefix.endswith("<|im_start|>assistant\n")
    assert tokenizer.decode(list(made.prefix_ids)) == made.prefix
    assert len(made.template_sha256) == 64 and not made.dated
    question = Message("user", "Is it so?\n Yes")
    system = Message("system", "You are CatGPT.")
    assert encode_prompt([system, question], tokenizer) == list(made.prefix_ids)


def test_another_way_to_render_a_prompt_is_told(tokenizer: Any) -> None:
    made = certify([Row(1, PLAIN)], tokenizer)
    other = copy.deepcopy(tokenizer)
    other.chat_template = tokenizer.chat_template.replace("named SmolLM", "named Ollie")
    assert "chat template is another one" in made.matches(other)
    other = copy.deepcopy(tokenizer)
    other.add_tokens(["Is it so"])
    assert "other tokens" in made.matches(other)
    other = copy.deepcopy(tokenizer)
    other.eos_token = "<|endoftext|>"
    assert "ends an answer with other tokens" in made.matches(other)


def test_a_template_that_writes_the_date(tokenizer: Any) -> None:
    other = copy.deepcopy(tokenizer)
    day = "{{ 'Today is ' + strftime_now('%d %B %Y') + ', ' + strftime_now('%Y-%m-%d') + '. ' }}"
    other.chat_template = day + tokenizer.chat_template
    made = certify([Row(1, PLAIN)], other)
    assert made.dated and "Today is " in made.prefix
    later = replace(
        made,
        prefix="Today is 03 May 1999, 1999-05-03. " + made.prefix.split(". ", 1)[1],
        prefix_ids=(1, 2),
    )
    assert later.matches(other) == ""
    assert "other tokens" in replace(made, prefix="Hello. " + made.prefix).matches(other)


def test_what_is_left_out_is_found_with_its_rows(tokenizer: Any, of_family: Any) -> None:
    rows = [Row(1, PLAIN), Row(2, THINKS), Row(3, PLAIN, ('{"name": "f"}',)), Row(4, THINKS)]
    certificate = certify(rows, tokenizer)
    assert found(certificate) == [
        ("not-rendered", "error", (2, 4)),
        ("not-rendered", "error", (3,)),
    ]
    assert "'reasoning'" in certificate.problems[0].told
    assert certificate.problems[0].remedy
    turns = (*THINKS, Message("user", "x"), Message("assistant", "y", trained=True))
    early = certify([Row(1, PLAIN), Row(2, turns)], of_family("qwen3"))
    assert found(early) == [("not-rendered", "note", (2,))]
    assert all(check.passed for check in early.checks)


def test_a_row_without_trained_tokens(tokenizer: Any) -> None:
    turns = (Message("user", "a"), Message("assistant", "b"))
    certificate = certify([Row(1, PLAIN), Row(2, turns)], tokenizer)
    assert found(certificate) == [("no-loss", "error", (2,))]
    assert [c.name for c in certificate.checks if not c.passed] == ["no-loss"]


def test_an_answer_that_nothing_ends(with_template: Any) -> None:
    tokenizer = copy.deepcopy(with_template("open"))
    tokenizer.eos_token = None
    certificate = certify([Row(1, PLAIN)], tokenizer)
    assert ("end-token", "error", (1,)) in found(certificate)


def spoiled(rows: list[Row], tokenizer: Any, change: Any) -> Certificate:
    """The certificate of rows whose tokens were changed after the encoder."""
    tried = try_rows(rows, tokenizer)
    encoded = [change(one) for one in tried.rows]
    return certify(rows, tokenizer, encoded=Encodings(encoded))


def test_tokens_that_are_not_what_the_row_says_are_found(tokenizer: Any, of_family: Any) -> None:
    rows = numbered([Row(1, PLAIN), Row(1, MULTI), Row(1, (SYSTEM, *PLAIN))])
    end = tokenizer.eos_token_id

    def doubled(one: Encoded) -> Encoded:
        return Encoded((one.ids[0], *one.ids), (-100, *one.labels), 0, one.number)

    def more(one: Encoded) -> Encoded:
        return Encoded((*one.ids, end), (*one.labels, -100), 0, one.number)

    def twice(one: Encoded) -> Encoded:
        at = one.ids.index(end)
        ids = (*one.ids[:at], end, *one.ids[at:])
        return Encoded(ids, (*one.labels[:at], -100, *one.labels[at:]), 0, one.number)

    def unended(one: Encoded) -> Encoded:
        labels = tuple(-100 if label == end else label for label in one.labels)
        return Encoded(one.ids, labels, 0, one.number)

    def shifted(one: Encoded) -> Encoded:
        first = next(i for i, label in enumerate(one.labels) if label != -100)
        labels = (*one.labels[:first], -100, *one.labels[first + 1 :])
        return Encoded(one.ids, labels, 0, one.number)

    assert found(spoiled(rows, tokenizer, lambda one: one)) == []
    llama = of_family("llama3")
    names = [f[:2] for f in found(spoiled(rows, llama, doubled))]
    assert ("bos", "error") in names
    assert ("typed-control", "error", (1, 2, 3)) in found(spoiled(rows, tokenizer, twice))
    assert found(spoiled(rows, tokenizer, more)) == []  # the end token that closes an open answer
    assert ("end-token", "error", (1, 2, 3)) in found(spoiled(rows, tokenizer, unended))
    assert ("prompt-prefix", "error", (1, 3)) in found(spoiled(rows, tokenizer, shifted))


def test_plain_texts(of_family: Any, tokenizer: Any) -> None:
    llama = of_family("llama3")
    texts = ["Cats sleep.", "<|begin_of_text|>Cats sleep.<|eot_id|>", "Cats <|eot_id|> sleep.\n"]
    rows = numbered(Row(1, (), text=text) for text in texts)
    assert found(certify(rows, llama)) == []
    assert found(certify(rows, tokenizer)) == []
    again = [Row(1, (), text="<|begin_of_text|><|begin_of_text|>Cats sleep.")]
    assert found(certify(again, llama)) == [("bos", "error", (1,))]


def test_rows_of_any_kind_are_looked_at_once_read(tokenizer: Any) -> None:
    good, bad = PLAIN[1], replace(THINKS[1], content="Wuff.")
    preference = Preference(2, (PLAIN[0],), (good,), (bad,))

    def rows() -> Iterator[Any]:
        yield Row(1, PLAIN)
        yield preference

    certificate = certify(rows(), tokenizer)
    assert certificate.rows == 2
    assert found(certificate) == [("not-rendered", "error", (2,))]


def test_a_system_text_that_the_template_refuses(of_family: Any) -> None:
    certificate = certify([Row(1, PLAIN)], of_family("gemma"), "Be short.")
    assert found(certificate) == [("not-rendered", "error", (1,))]
    assert certificate.system is None and certificate.prefix
