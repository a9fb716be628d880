"""What a template writes around texts, foretold: the same as found by marks, or nothing."""

from __future__ import annotations

import random
from typing import Any

from ft_magics.data import Message
from ft_magics.data.encoding.conversation import Conversation
from ft_magics.data.encoding.rendering import Renderer
from ft_magics.data.encoding.skeletons import Skeletons


def turns(*texts: str) -> list[Message]:
    return [Message(("user", "assistant")[i % 2], text) for i, text in enumerate(texts)]


def test_it_is_what_marks_find(any_tokenizer: Any, random_text: Any) -> None:
    rng = random.Random(31)
    known = Renderer(any_tokenizer)
    known.render(turns("a", "b", "c", "d"))
    for _ in range(60):
        messages = turns(*(random_text(rng, controls=True) for _ in range(4)))
        # A fresh renderer knows no skeleton: it marks each text and renders each prompt.
        assert known.render(messages) == Renderer(any_tokenizer).render(messages)


def test_it_is_used(tokenizer: Any) -> None:
    """The second conversation of a shape takes one rendering, the first one several."""

    class Counting:
        def __init__(self) -> None:
            self.calls = 0

        def __getattr__(self, name: str) -> Any:
            return getattr(tokenizer, name)

        def __call__(self, *args: Any, **options: Any) -> Any:
            return tokenizer(*args, **options)

        def apply_chat_template(self, *args: Any, **options: Any) -> Any:
            self.calls += 1
            return tokenizer.apply_chat_template(*args, **options)

    counting = Counting()
    renderer = Renderer(counting)  # type: ignore[arg-type]
    renderer.render(turns("a", "b", "c", "d"))
    before = counting.calls
    assert before >= 4
    renderer.render(turns("Hi", " there ", "<|im_end|>", "d"))
    assert counting.calls == before + 1


def test_a_template_that_looks_into_a_text_is_never_foretold_wrongly(with_template: Any) -> None:
    tokenizer = with_template("thinking")
    renderer = Renderer(tokenizer)
    renderer.render(turns("a", "b"))
    thought = turns("a", "<think>\nHm.\n</think>\n\nMeow.")
    assert renderer.render(thought) == Renderer(tokenizer).render(thought)
    loud = with_template(
        "{% for m in messages %}<|im_start|>{{ m.role }}\n"
        "{% if m.content.startswith('!') %}loud {% endif %}{{ m.content }}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    renderer = Renderer(loud)
    renderer.render(turns("a", "b"))
    found = renderer.render(turns("!a", "b"))
    assert found.text.startswith("<|im_start|>user\nloud !a")
    assert [found.text[s.start : s.end] for s in found.spans] == ["!a", "b"]


def test_only_what_stands_there_whole_and_in_order_is_learned(tokenizer: Any) -> None:
    skeletons = Skeletons()
    rendered = Renderer(tokenizer).render(turns(" a ", "b"))
    spaced = Conversation(turns(" a ", "b"))
    skeletons.learn(spaced, rendered)
    assert skeletons.find(spaced, rendered.text) is None
    tight = Conversation(turns("a", "b"))
    other = Renderer(tokenizer).render(turns("a", "b"))
    skeletons.learn(tight, other)
    assert skeletons.find(tight, other.text) == other
    assert skeletons.find(tight, other.text + "x") is None
    assert skeletons.find(Conversation(turns("a", "b"), ask=True), other.text) is None
