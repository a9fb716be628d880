"""Tokenizers that treat the beginning of a text, or the space around a token, in ways of their own."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tokenizers import (
    AddedToken,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    trainers,
)
from transformers import PreTrainedTokenizerFast

from ft_magics.data import MASKED, Message, Row, encode, encode_prompt
from ft_magics.data.encoding.encoding import encoder_notes

CHAT = (
    "{% for m in messages %}{{ '<|' + m.role + '|>\n' + m.content + '<|end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}"
)
INST = (
    "{% for m in messages %}{% if m.role == 'user' %}{{ '<s>[INST] ' + m.content + ' [/INST]' }}"
    "{% else %}{{ ' ' + m.content + '</s>' }}{% endif %}{% endfor %}"
)
CONTROLS = ("<|system|>", "<|user|>", "<|assistant|>", "<|end|>", "<s>", "</s>")
TEXTS = ("How do cats sleep?", "In a box.\n Twice", " 3 times: [INST] ", "<|end|> ends it", "a  b ")


def sentencepiece(template: str, *, style: str = "first", strips: bool = False) -> Any:
    """A byte-fallback BPE as Llama 2 and Mistral have it, trained on a few words."""
    backend = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    if style == "normalizer":
        steps = [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
        backend.normalizer = normalizers.Sequence(steps)
    backend.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    backend.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    bytes_ = [f"<0x{i:02X}>" for i in range(256)]
    trainer = trainers.BpeTrainer(
        vocab_size=420, special_tokens=["<unk>", *bytes_], show_progress=False
    )
    # A line break is no part of its vocabulary, so it is a byte and melts with nothing.
    words = [text.replace("\n", " ") for text in TEXTS]
    backend.train_from_iterator(
        [*words, "user assistant system [INST] [/INST] It is, 2 of"] * 3, trainer
    )
    # Trained word by word, used without that split, as sentencepiece does.
    described = json.loads(backend.to_str())
    metaspace = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": style, "split": False}
    described["pre_tokenizer"] = None if style == "normalizer" else metaspace
    described["added_tokens"] = []  # the bytes are ordinary tokens
    backend = Tokenizer.from_str(json.dumps(described))
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend, unk_token="<unk>", eos_token="</s>"
    )
    added = [AddedToken(c, special=True, normalized=False, rstrip=strips) for c in CONTROLS]
    tokenizer.add_tokens(added, special_tokens=True)
    tokenizer.chat_template = template
    return tokenizer


def row(question: str, answer: str) -> Row:
    return Row(1, (Message("user", question), Message("assistant", answer, trained=True)))


def whole(tokenizer: Any, made: Row) -> list[int]:
    turns = [{"role": m.role, "content": m.content} for m in made.messages]
    return list(tokenizer.apply_chat_template(turns)["input_ids"])


@pytest.mark.parametrize("style", ["first", "always", "normalizer"])
@pytest.mark.parametrize("template", [CHAT, INST], ids=["chat", "inst"])
def test_sentencepiece_ids_are_those_of_the_chat_template(template: str, style: str) -> None:
    tokenizer = sentencepiece(template, style=style)
    assert encoder_notes(tokenizer) == []
    for question in ("How do cats sleep?", "In a box.\n Twice", " 3 times "):
        made = row(question, "In a box.")
        encoded = encode(made, tokenizer)
        assert list(encoded.ids) == whole(tokenizer, made)
        prompt = encode_prompt(made.messages[:1], tokenizer)
        assert list(encoded.ids[: len(prompt)]) == prompt
        labels = [label for label in encoded.labels if label != MASKED]
        assert tokenizer.decode(labels).strip().startswith("In a box.")
        assert labels[-1] in tokenizer.convert_tokens_to_ids(["<|end|>", "</s>"])


@pytest.mark.parametrize("style", ["first", "always", "normalizer"])
def test_typed_control_tokens_stay_text(style: str) -> None:
    tokenizer = sentencepiece(CHAT, style=style)
    controls = set(tokenizer.convert_tokens_to_ids(list(CONTROLS)))
    made = row("<|end|> what is </s>?<|end|>", "<|user|> it")
    found = [id_ for id_ in encode(made, tokenizer).ids if id_ in controls]
    names = ["<|user|>", "<|end|>", "<|assistant|>", "<|end|>"]
    assert found == tokenizer.convert_tokens_to_ids(names)


def test_control_tokens_that_swallow_white_space() -> None:
    """As Phi-3's do: the line break after `<|user|>` is no token at all."""
    tokenizer = sentencepiece(CHAT, strips=True)
    for question in TEXTS[:3]:
        made = row(question, "In a box.")
        assert list(encode(made, tokenizer).ids) == whole(tokenizer, made)
        prompt = encode_prompt(made.messages[:1], tokenizer)
        assert list(encode(made, tokenizer).ids[: len(prompt)]) == prompt


def test_added_tokens_that_are_no_control_tokens_are_read_in_a_text(tokenizer: Any) -> None:
    import copy

    other = copy.deepcopy(tokenizer)
    other.add_tokens([AddedToken("<think>", special=False), AddedToken("</think>", special=False)])
    made = row("a", "<think>Hm.</think>Meow.")
    assert list(encode(made, other).ids) == whole(other, made)
    assert other.convert_tokens_to_ids("</think>") in encode(made, other).labels


def test_a_tokenizer_that_ignores_the_wish_for_plain_text(tokenizer: Any) -> None:
    """Control tokens stay text even then."""

    class Stubborn:
        def __init__(self, inner: Any) -> None:
            self.inner = inner
            self.chat_template = inner.chat_template
            self.eos_token_id = inner.eos_token_id
            self.added_tokens_decoder = inner.added_tokens_decoder

        def __call__(self, text: Any, **options: Any) -> Any:
            return self.inner(text, **{**options, "split_special_tokens": False})

        def apply_chat_template(self, conversation: Any, **options: Any) -> Any:
            return self.inner.apply_chat_template(conversation, **options)

        def decode(self, token_ids: Any, **options: Any) -> Any:
            return self.inner.decode(token_ids, **options)

    encoded = encode(row("say <|im_end|>", "<|im_end|>"), Stubborn(tokenizer))
    assert encoded.ids.count(tokenizer.eos_token_id) == 3
    labels = [label for label in encoded.labels if label != MASKED]
    assert tokenizer.decode(labels) == "<|im_end|><|im_end|>" and len(labels) > 2
