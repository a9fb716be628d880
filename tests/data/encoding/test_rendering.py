"""Where a message's text stands in a rendering."""

from __future__ import annotations

import random
from typing import Any

import pytest

from ft_magics.data import Message
from ft_magics.data.encoding.rendering import Renderer


def conversation(*texts: str) -> list[Message]:
    return [Message(("user", "assistant")[i % 2], text) for i, text in enumerate(texts)]


def test_every_text_is_found(any_tokenizer: Any, random_text: Any) -> None:
    rng = random.Random(11)
    renderer = Renderer(any_tokenizer)
    for _ in range(60):
        texts = [random_text(rng, controls=True) for _ in range(4)]
        rendered = renderer.render(conversation(*texts))
        found = {span.index: rendered.text[span.start : span.end] for span in rendered.spans}
        assert found == {i: text.strip() for i, text in enumerate(texts)}


def test_a_text_that_the_template_writes_too(tokenizer: Any) -> None:
    """`user` stands in the header of each turn; the text's own place is the right one."""
    rendered = Renderer(tokenizer).render(conversation("user", "assistant", "<|im_end|>", "u"))
    assert all(
        rendered.text[: span.start].endswith(("user\n", "assistant\n")) for span in rendered.spans
    )


def test_the_model_takes_over_where_the_prompt_ends(any_tokenizer: Any) -> None:
    renderer = Renderer(any_tokenizer)
    turns = conversation("a", " b", "c", "d")
    rendered = renderer.render(turns)
    for index, at in rendered.takeovers.items():
        assert renderer.render(turns[:index], ask=True).text == rendered.text[:at]
    assert set(rendered.takeovers) == {1, 3}


def test_a_template_that_drops_a_message(with_template: Any) -> None:
    tokenizer = with_template(
        "{% for m in messages if m.role != 'system' %}{{ m.role + ': ' + m.content }}{% endfor %}"
    )
    rendered = Renderer(tokenizer).render([Message("system", "s"), *conversation("a", "b")])
    assert rendered.text == "user: aassistant: b"
    assert [span.index for span in rendered.spans] == [1, 2]


def test_a_base_without_a_template(with_template: Any) -> None:
    renderer = Renderer(with_template("none"))
    assert renderer.plain
    messages = [Message("system", "s"), *conversation("a", "b", "c")]
    text = renderer.render(messages, ask=True).text
    assert text == "s\n\nUser: a\nAssistant: b<|im_end|>\nUser: c\nAssistant:"


def test_an_error_in_a_template_that_is_none_of_its_refusals(with_template: Any) -> None:
    class Broken:
        chat_template = "x"
        eos_token_id = None

        def __init__(self) -> None:
            self.added_tokens_decoder: dict[int, Any] = {}

        def apply_chat_template(self, *_: Any, **__: Any) -> str:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Renderer(Broken()).render(conversation("a"))  # type: ignore[arg-type]
