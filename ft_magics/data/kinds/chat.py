"""Rows to imitate: pairs, messages, prompt and completion, plain text."""

from __future__ import annotations

from ft_magics.data.kinds.kind import Fields, Kind
from ft_magics.data.kinds.turns import check_order
from ft_magics.data.rows import Message, Row

__all__ = ["KINDS", "SINGLE", "TEXT", "shape_conversation"]

SINGLE = 'Put each conversation into one row: {"messages": [{"role": …, "content": …}, …]}.'
"""The remedy where each message is a row of its own."""


def _shape_pair(fields: Fields) -> Row | None:
    question = fields.text("user")
    answer = fields.text("assistant", empty="the answer")
    if question is None or answer is None:
        return None
    turns = (Message("user", question), Message("assistant", answer, trained=True))
    return Row(fields.number, fields.led(turns), fields.tools())


def _shape_messages(fields: Fields) -> Row | None:
    return shape_conversation(fields, fields.messages("messages"), "messages")


def shape_conversation(fields: Fields, messages: tuple[Message, ...], name: str) -> Row | None:
    """A whole conversation as a row.

    Args:
        fields: The row's fields.
        messages: Its conversation.
        name: The field that it stood in.
    """
    messages = fields.led(messages)
    if not fields.told:
        check_order(messages, name, fields.complain, ends="assistant")
        answers = [m for m in messages if m.role == "assistant"]
        if answers and not any(m.trained for m in answers):
            what = "every assistant turn has the weight 0"
            fields.complain(what, "Give one of them the weight 1.")
    return Row(fields.number, messages, fields.tools())


def _shape_completion(fields: Fields) -> Row | None:
    prompt = fields.led(fields.prompt("prompt"))
    answer = fields.answer("completion")
    if not fields.told:
        check_order(prompt, "prompt", fields.complain, ends="user")
        check_order((*prompt, *answer), "completion", fields.complain, ends="assistant")
    return Row(fields.number, (*prompt, *answer), fields.tools())


_SPEAKERS = ("role", "sender", "speaker", "parent_id")


def _shape_text(fields: Fields) -> Row | None:
    who = next((key for key in _SPEAKERS if fields.values.get(key) is not None), None)
    if who or fields.values.keys() >= {"user", "ts"}:
        what = f"a single message ('text' beside '{who or 'user'}'), not a row"
        fields.complain(what, SINGLE)
        return None
    text = fields.text("text", empty="the text")
    return None if text is None else Row(fields.number, (), text=text)


_MORE = ("system", "tools", "functions", "label")

KINDS: dict[str, Kind] = {
    "messages": Kind("sft", ("messages",), _MORE, _shape_messages),
    "pair": Kind("sft", ("user", "assistant"), _MORE, _shape_pair),
    "completion": Kind("sft", ("prompt", "completion"), _MORE, _shape_completion),
}

TEXT: dict[str, Kind] = {"text": Kind("sft", ("text",), (), _shape_text)}
"""Last of all: many rows of other kinds have a rendered `text` besides."""
