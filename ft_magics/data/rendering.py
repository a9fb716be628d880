"""A conversation -> the text that the model's chat template makes of it, and what is where in it.

The template is a program of the model's makers: it may strip a text, drop its thinking part, or
add a system text. So nothing is assumed about it. Each text is found in the rendering by marks
that are put around it in a second rendering, and where the model takes over is found by rendering
the prompt: what follows is what it must learn to write.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ft_magics.data.rows import Message
from ft_magics.errors import DataError

__all__ = ["PLAIN_TEMPLATE", "Rendered", "Renderer", "Span", "Tokenizer"]

PLAIN_TEMPLATE = (
    "{{ first_token }}{% for m in messages %}"
    "{% if m.role == 'system' %}{{ m.content }}\n\n"
    "{% elif m.role == 'user' %}User: {{ m.content }}\n"
    "{% else %}Assistant: {{ m.content }}{{ eos_token }}\n{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}Assistant:{% endif %}"
)
"""For a base without a chat template. The prompt ends without a space: in most vocabularies the
space belongs to the word after it, and a lone one makes the model stumble."""

# Noncharacters: Unicode keeps them for a program's own use, no text should hold them.
_MARKS = [chr(code) for code in range(0xFDD0, 0xFDF0)]


class Tokenizer(Protocol):
    """What is used of a tokenizer; transformers' ones fit."""

    chat_template: Any
    eos_token_id: int | None

    @property
    def added_tokens_decoder(self) -> Mapping[int, Any]:
        """Added tokens by id, each with `content`, `special`, `lstrip`, `rstrip`."""
        ...

    def apply_chat_template(self, conversation: Any, **options: Any) -> Any:
        """Render a conversation."""
        ...

    def __call__(self, text: Any, **options: Any) -> Any:
        """Tokenise one text or several."""
        ...

    def decode(self, token_ids: Any, **options: Any) -> Any:
        """The text of token ids."""
        ...


@dataclass(frozen=True)
class Span:
    """A message's text within a rendering, in characters; white space around it is left out."""

    start: int
    end: int
    index: int
    """Which message."""


@dataclass(frozen=True)
class Rendered:
    """A rendered conversation."""

    text: str
    spans: tuple[Span, ...]
    """In the order of the text. A message that the template drops has none."""
    takeovers: Mapping[int, int]
    """For each assistant turn, by the message's index, the character from which the model writes:
    the end of the prompt, so that the white space and tags that a template puts before an answer
    count as the model's own where the prompt does not hold them."""


class Renderer:
    """A tokenizer's chat template, or `PLAIN_TEMPLATE` where it has none.

    Args:
        tokenizer: With its template.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        self.plain = not tokenizer.chat_template
        self._options: dict[str, Any] = {}
        if self.plain:
            self._options = {
                "chat_template": PLAIN_TEMPLATE,
                "first_token": _first_token(tokenizer),
                "eos_token": getattr(tokenizer, "eos_token", None) or "",
            }

    def render(self, messages: Sequence[Message], *, ask: bool = False) -> Rendered:
        """Render a conversation and find its texts.

        Args:
            messages: The conversation.
            ask: Add the generation prompt.

        Raises:
            DataError: The template refuses the conversation.
        """
        text = self._apply([(m.role, m.content) for m in messages], ask)
        takeovers = self._takeovers(messages, text)
        spans = self._marked(messages, text, ask)
        if spans is None:
            spans = _searched(messages, text, takeovers)
        for span in spans:
            if messages[span.index].role == "assistant":
                takeovers.setdefault(span.index, span.start)
        return Rendered(text, tuple(spans), takeovers)

    def _apply(self, turns: Sequence[tuple[str, str]], ask: bool) -> str:
        conversation = [{"role": role, "content": content} for role, content in turns]
        try:
            text = self.tokenizer.apply_chat_template(
                conversation, tokenize=False, add_generation_prompt=ask, **self._options
            )
        except Exception as error:
            if not type(error).__module__.startswith("jinja2"):
                raise
            roles = ", ".join(role for role, _ in turns)
            what = f"the model's chat template refuses the turns {roles} ({error})"
            remedy = "Leave out the system text, or bring the turns into the order it wants."
            raise DataError("", f"{what}. {remedy}") from error
        return str(text)

    def _takeovers(self, messages: Sequence[Message], text: str) -> dict[int, int]:
        """Where the model takes over, for the turns whose prompt begins the text."""
        found = {}
        for index, message in enumerate(messages):
            if message.role != "assistant" or index == 0:
                continue
            try:
                prompt = self._apply([(m.role, m.content) for m in messages[:index]], ask=True)
            except DataError:
                continue  # the template wants whole conversations: the turn's own text is found
            if text.startswith(prompt):
                found[index] = len(prompt)
        return found

    def _marked(self, messages: Sequence[Message], text: str, ask: bool) -> list[Span] | None:
        """The spans, by marks around each text; None if the marks change what is rendered."""
        everything = "".join(m.content for m in messages)
        marks = [mark for mark in _MARKS if mark not in everything][:3]
        if len(marks) < 3:
            return None
        opening, closing, stop = marks
        turns = []
        for index, m in enumerate(messages):
            core = m.content.strip()
            lead, _, tail = m.content.partition(core) if core else (m.content, "", "")
            turns.append(
                (m.role, f"{lead}{opening}{index}{stop}{core}{closing}{index}{stop}{tail}")
            )
        try:
            marked = self._apply(turns, ask)
        except DataError:
            return None
        found: dict[int, dict[str, int]] = {}
        plain = ""
        at = 0
        for match in re.finditer(f"([{opening}{closing}])(\\d+){stop}", marked):
            plain += marked[at : match.start()]
            at = match.end()
            found.setdefault(int(match[2]), {})["s" if match[1] == opening else "e"] = len(plain)
        if plain + marked[at:] != text:
            return None
        return _spans(messages, text, found)


def _spans(
    messages: Sequence[Message], text: str, found: Mapping[int, Mapping[str, int]]
) -> list[Span]:
    """Spans from the marks; where a template cut one off with part of the text, from the rest."""
    spans = []
    last = 0
    for index in sorted(found, key=lambda i: max(found[i].values())):
        marks, core = found[index], messages[index].content.strip()
        start, end = marks.get("s"), marks.get("e")
        if start is None:
            end = end or 0
            start = end - _shared(text[last:end][::-1], core[::-1])
        elif end is None:
            end = start + _shared(text[start : start + len(core)], core)
        spans.append(Span(start, end, index))
        last = end
    return spans


def _searched(messages: Sequence[Message], text: str, takeovers: Mapping[int, int]) -> list[Span]:
    """Spans by looking for each text after the one before it."""
    spans = []
    at = 0
    for index, message in enumerate(messages):
        core = message.content.strip()
        start = text.find(core, max(at, takeovers.get(index, 0)))
        if core and start >= 0:
            at = start + len(core)
            spans.append(Span(start, at, index))
    return spans


def _shared(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(one), len(other)))


def _first_token(tokenizer: Tokenizer) -> str:
    """The begin-of-text token, if the tokenizer itself puts one before a text."""
    ids = list(tokenizer("a")["input_ids"])
    bos = getattr(tokenizer, "bos_token_id", None)
    return str(getattr(tokenizer, "bos_token", "")) if bos is not None and ids[:1] == [bos] else ""
