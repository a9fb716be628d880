"""A conversation -> the text that the model's chat template makes of it, and what is where in it.

The template is a program of the model's makers: it may strip a text, drop its thinking part, or
add a system text. So nothing is assumed about it. Each text is found in the rendering by marks
that are put around it in a second rendering, and where the model takes over is found by rendering
the prompt: what follows is what it must learn to write. For rows of one shape, which differ in
their texts alone, that is done once; each other one is compared with its own rendering.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Protocol

from ft_magics.data.encoding.conversation import (
    Conversation,
    Part,
    changed,
    parts_of,
    template_messages,
    template_tools,
)
from ft_magics.data.encoding.skeletons import Skeletons
from ft_magics.data.encoding.spans import Rendered, Span, searched, shared, spans_of
from ft_magics.data.rows import Message, ToolCall
from ft_magics.errors import DataError

__all__ = ["PLAIN_TEMPLATE", "Refused", "Rendered", "Renderer", "Span", "Tokenizer"]

PLAIN_TEMPLATE = (
    "{{ first_token }}{% for m in messages %}"
    "{% if m.role == 'system' %}{{ m.content }}\n\n"
    "{% elif m.role == 'user' %}User: {{ m.content }}\n"
    "{% elif m.role == 'assistant' %}Assistant: {{ m.content }}{{ eos_token }}\n"
    "{% endif %}{% endfor %}{% if add_generation_prompt %}Assistant:{% endif %}"
)
"""For a base without a chat template. The prompt ends without a space: in most vocabularies the
space belongs to the word after it, and a lone one makes the model stumble."""

# Noncharacters: Unicode keeps them for a program's own use, no text should hold them.
_MARKS = [chr(code) for code in range(0xFDD0, 0xFDF0)]

_PROBE = "qzxk"
"""A word that no template writes."""


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


class Refused(DataError):
    """The chat template refuses a conversation.

    Args:
        what: What is wrong, without a full stop.
        remedy: What to do about it.
    """

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__("", f"{what}. {remedy}")
        self.problem = (what, remedy)


class Renderer:
    """A tokenizer's chat template, or `PLAIN_TEMPLATE` where it has none.

    Args:
        tokenizer: With its template.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        self.plain = not tokenizer.chat_template
        self._options: dict[str, Any] = {}
        self._skeletons = Skeletons()
        if self.plain:
            self._options = {
                "chat_template": PLAIN_TEMPLATE,
                "first_token": self.first_token,
                "eos_token": getattr(tokenizer, "eos_token", None) or "",
            }

    @cached_property
    def first_token(self) -> str:
        """The begin-of-text token, if the tokenizer itself puts one before a text."""
        ids = list(self.tokenizer("a")["input_ids"])
        bos = getattr(self.tokenizer, "bos_token_id", None)
        begins = bos is not None and ids[:1] == [bos]
        return str(getattr(self.tokenizer, "bos_token", "")) if begins else ""

    def render(
        self, messages: Sequence[Message], *, tools: Sequence[str] = (), ask: bool = False
    ) -> Rendered:
        """Render a conversation and find its texts.

        Args:
            messages: The conversation.
            tools: Functions, as in `Row`.
            ask: Add the generation prompt.

        Raises:
            Refused: The template refuses the conversation.
        """
        conversation = Conversation(messages, tools, ask)
        text = self.text(conversation)
        if conversation.plain:
            known = self._skeletons.find(conversation, text)
            if known is not None:
                return known
        takeovers = self._takeovers(conversation, text)
        asked = len(takeovers)
        spans = self._marked(conversation, text)
        if spans is None:
            spans = searched(_parts(conversation), text, takeovers)
        self._take_over_elsewhere(conversation, text, spans, takeovers)
        rendered = Rendered(text, tuple(spans), takeovers)
        if conversation.plain and asked == len(takeovers):
            self._skeletons.learn(conversation, rendered)
        return rendered

    def text(self, conversation: Conversation) -> str:
        """The rendering alone.

        Raises:
            Refused: The template refuses the conversation.
        """
        as_text = not conversation.plain and self._arguments_as_text
        return self._apply(conversation, as_text)

    def _apply(self, conversation: Conversation, as_text: bool) -> str:
        messages = template_messages(conversation.messages, as_text=as_text)
        options = dict(self._options)
        if conversation.tools:
            options["tools"] = template_tools(conversation.tools)
        try:
            text = self.tokenizer.apply_chat_template(
                messages, tokenize=False, add_generation_prompt=conversation.ask, **options
            )
        except Exception as error:
            # A template that does not know of calls stumbles over them in ways of Python's own.
            stumbled = not conversation.plain and isinstance(error, (TypeError, ValueError))
            if not (stumbled or type(error).__module__.startswith("jinja2")):
                raise
            raise _refusal(conversation, error) from error
        return str(text)

    @cached_property
    def _arguments_as_text(self) -> bool:
        """Whether the template takes the arguments of a call as text only."""
        call = ToolCall("f", f'{{"k": "{_PROBE}"}}')
        probe = Conversation((Message("user", "a"), Message("assistant", "", tool_calls=(call,))))
        for as_text in (False, True):
            try:
                if _PROBE in self._apply(probe, as_text):
                    return as_text
            except DataError:
                continue
        return False

    def _takeovers(self, conversation: Conversation, text: str) -> dict[int, int]:
        """Where the model takes over, for the turns whose prompt begins the text."""
        found = {}
        for index, message in enumerate(conversation.messages):
            if message.role != "assistant" or index == 0:
                continue
            try:
                prompt = self.text(conversation.before(index))
            except DataError:
                continue  # the template wants whole conversations: the turn's own text is found
            if text.startswith(prompt):
                found[index] = len(prompt)
        return found

    def _take_over_elsewhere(
        self,
        conversation: Conversation,
        text: str,
        spans: Sequence[Span],
        takeovers: dict[int, int],
    ) -> None:
        """Where the model takes over in turns whose prompt is not how the text begins."""
        before = 0
        for span in spans:
            answers = conversation.messages[span.index].role == "assistant"
            if answers and span.index not in takeovers:
                takeovers[span.index] = self._after_opening(text, before, span.start)
            before = max(before, span.end)

    def _after_opening(self, text: str, begin: int, end: int) -> int:
        """The end of as much of the generation prompt as stands before a turn's first text."""
        best = (0, end)
        for at in range(begin, end):
            alike = shared(text[at:], self._opening)
            best = max(best, (alike, min(at + alike, end)))
        alike, at = best
        for token in self._added.finditer(text, begin):
            if token.start() < at < token.end():
                at, alike = token.start(), alike - (at - token.start())
        first = self._added.match(self._opening)
        enough = first.end() if first else len(self._opening)
        return at if alike >= max(1, enough) else end

    @cached_property
    def _opening(self) -> str:
        """What the template writes to ask for an answer; empty if that cannot be told."""
        question = Conversation((Message("user", _PROBE),))
        try:
            plain, asked = self.text(question), self.text(replace(question, ask=True))
        except DataError:
            return ""
        begin = shared(plain, asked)
        for token in self._added.finditer(asked):
            if token.start() < begin < token.end():
                begin = token.start()
        return asked[begin:]

    @cached_property
    def _added(self) -> re.Pattern[str]:
        """All added tokens, also those that are no control tokens; the longest first."""
        names = {token.content for token in self.tokenizer.added_tokens_decoder.values()}
        return re.compile("|".join(map(re.escape, sorted(names, key=len)[::-1])) or r"(?!)")

    def _marked(self, conversation: Conversation, text: str) -> list[Span] | None:
        """The spans, by marks around each text; None if the marks change what is rendered."""
        parts = dict(_parts(conversation))
        everything = "".join(parts.values())
        marks = [mark for mark in _MARKS if mark not in everything][:3]
        if len(marks) < 3:
            return None
        opening, closing, stop = marks
        numbers = {part: number for number, part in enumerate(parts)}

        def mark(part: Part, words: str) -> str:
            core, n = words.strip(), numbers[part]
            lead, _, tail = words.partition(core) if core else (words, "", "")
            return f"{lead}{opening}{n}{stop}{core}{closing}{n}{stop}{tail}"

        try:
            messages = changed(conversation.messages, mark)
            marked = self.text(replace(conversation, messages=messages))
        except DataError:
            return None
        found: dict[Part, dict[str, int]] = {}
        plain, at, listed = "", 0, list(parts)
        for match in re.finditer(f"([{opening}{closing}])(\\d+){stop}", marked):
            plain += marked[at : match.start()]
            at = match.end()
            ends = found.setdefault(part := listed[int(match[2])], {})
            side = "s" if match[1] == opening else "e"
            # A call's name may stand again where its answer does.
            if side not in ends or part[1] == "content":
                ends[side] = len(plain)
        return spans_of(parts, text, found) if plain + marked[at:] == text else None


def _parts(conversation: Conversation) -> Iterator[tuple[Part, str]]:
    for index, message in enumerate(conversation.messages):
        yield from parts_of(message, index)


def _refusal(conversation: Conversation, error: Exception) -> Refused:
    roles = ", ".join(m.role for m in conversation.messages)
    with_ = "" if conversation.plain else ", with functions, calls or reasoning"
    what = f"the model's chat template refuses the turns {roles}{with_} ({error})"
    remedy = "Leave out the system text, or bring the turns into the order it wants."
    if not conversation.plain:
        remedy = "Choose a base made for tools, or bring the turns into the order it wants."
    return Refused(what, remedy)
