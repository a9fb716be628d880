"""Rows -> JSON objects in the formats of other tools; read back, they give the same rows.

A format that has no place for something of a row does not drop it: the row is refused, and what
it holds is named.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from ft_magics.data.findings import row_words
from ft_magics.data.kinds.transcripts import read_prompt
from ft_magics.data.rows import AnyRow, Message, Preference, Row, ToolCall, Unpaired, led
from ft_magics.errors import DataError, SettingError, nearest

__all__ = ["FORMATS", "cell_record", "exported"]

Record = dict[str, Any]


class _NoPlace(Exception):
    """The format has no place for something of the row."""


def exported(
    rows: Iterable[AnyRow], format: str, *, system: str | None = None, where: str = ""
) -> Iterator[str]:
    """Rows as lines of JSON, without their line ends.

    Args:
        rows: Rows of any kind.
        format: A key of `FORMATS`.
        system: System text for the rows that have none: a file holds no other place for it.
        where: The cell, for errors.

    Raises:
        SettingError: There is no such format.
        DataError: Rows that the format cannot hold; all that were met, when the last row has been
            taken.
    """
    if format not in FORMATS:
        raise SettingError(where, f"no format '{format}'", nearest(format, FORMATS))
    refused: dict[str, list[int]] = {}
    for row in rows:
        try:
            record = FORMATS[format](led(row, system))
        except _NoPlace as error:
            refused.setdefault(str(error), []).append(row.number)
        else:
            yield json.dumps(record, ensure_ascii=False)
    if refused:
        told = [
            f"{row_words(numbers)}: {format} has no place for {what}."
            for what, numbers in refused.items()
        ]
        raise DataError(where, told, "Nothing was written. Choose another format: messages.")


def cell_record(row: AnyRow) -> Record:
    """A row as one would type it: a pair where it is one, else prompt and answers, or messages.

    Args:
        row: A row of any kind.
    """
    if isinstance(row, Row):
        lead = _lead(row.messages)
        turns = row.messages[len(lead) :]
        pair = [m.role for m in turns] == ["user", "assistant"] and not row.tools
        if not pair or not all(map(_is_plain, turns)):
            return _to_messages(row)
        return {**lead, "user": turns[0].content, "assistant": turns[1].content}
    return _to_prompt_completion(row)


def _lead(turns: Sequence[Message]) -> Record:
    """The field `system`, if there is a text for it: read back, an empty one would be none."""
    led = turns and turns[0].role == "system" and turns[0].content.strip()
    return {"system": turns[0].content} if led else {}


# ---------------------------------------------------------------------- messages


def _to_messages(row: AnyRow) -> Record:
    """TRL's conversational form: arguments are objects, as chat templates want them."""
    if isinstance(row, Row):
        if row.text is not None:
            return {"text": row.text}
        return {"messages": [_message(m) for m in row.messages], **_tools(row)}
    sides: Record = {"prompt": [_message(m) for m in row.prompt]}
    if isinstance(row, Preference):
        _all_trained((*row.chosen, *row.rejected))
        sides["chosen"] = [_message(m) for m in row.chosen]
        sides["rejected"] = [_message(m) for m in row.rejected]
    else:
        sides["completion"] = [_message(m) for m in row.completion]
        sides["label"] = row.label
    return {**_unweighted(sides), **_tools(row)}


def _unweighted(sides: Record) -> Record:
    """A prompt's answers carry no loss by themselves: no weight needs to say so."""
    for message in sides["prompt"]:
        message.pop("weight", None)
    return sides


def _message(message: Message, *, as_text: bool = False) -> Record:
    """A message with the fields that OpenAI and transformers have for it."""
    record: Record = {"role": message.role, "content": message.content}
    if message.reasoning:
        record["reasoning_content"] = message.reasoning
    if message.tool_calls:
        record["tool_calls"] = [_call(call, as_text=as_text) for call in message.tool_calls]
    if message.name:
        record["name"] = message.name
    if message.call_id:
        record["tool_call_id"] = message.call_id
    if message.role == "assistant" and not message.trained:
        record["weight"] = 0
    return record


def _call(call: ToolCall, *, as_text: bool) -> Record:
    arguments = call.arguments if as_text else json.loads(call.arguments)
    function = {"name": call.name, "arguments": arguments}
    return {**({"id": call.id} if call.id else {}), "type": "function", "function": function}


def _tools(row: AnyRow) -> Record:
    return {"tools": [json.loads(tool) for tool in row.tools]} if row.tools else {}


def _all_trained(messages: Sequence[Message]) -> None:
    if any(m.role == "assistant" and not m.trained for m in messages):
        raise _NoPlace("an answer without loss in the middle of others")


# ---------------------------------------------------------------------- prompt, completion


def _to_prompt_completion(row: AnyRow) -> Record:
    if isinstance(row, Row):
        if row.text is not None:
            raise _NoPlace("a plain text")
        begin = _completion_begins(row.messages)
        prompt, completion = row.messages[:begin], row.messages[begin:]
        if any(m.trained for m in prompt):
            raise _NoPlace("answers that are learned before the last one")
        sides = {"prompt": prompt, "completion": completion}
    elif isinstance(row, Preference):
        _all_trained((*row.chosen, *row.rejected))
        sides = {"prompt": row.prompt, "chosen": row.chosen, "rejected": row.rejected}
    else:
        sides = {"prompt": row.prompt, "completion": row.completion}
    label = {"label": row.label} if isinstance(row, Unpaired) else {}
    return {**_plainest(sides), **label, **_tools(row)}


def _completion_begins(messages: Sequence[Message]) -> int:
    """Where the part begins in which every answer is learned."""
    first = next((i for i, m in enumerate(messages) if m.trained), len(messages))
    unlearned = [i for i, m in enumerate(messages) if m.role == "assistant" and not m.trained]
    if any(i > first for i in unlearned):
        raise _NoPlace("an answer without loss in the middle of others")
    return first


def _plainest(sides: dict[str, tuple[Message, ...]]) -> Record:
    """Texts where each side is one plain turn, else messages."""
    prompt = sides["prompt"]
    lead = _lead(prompt)
    texts = {**sides, "prompt": prompt[len(lead) :]}
    single = all(len(turns) == 1 and _is_plain(turns[0]) for turns in texts.values())
    # A transcript is a text only as long as nobody reads it.
    if single and texts["prompt"][0].role == "user" and not read_prompt(texts["prompt"][0].content):
        return {**lead, **{side: turns[0].content for side, turns in texts.items()}}
    return _unweighted({side: [_message(m) for m in turns] for side, turns in sides.items()})


def _is_plain(message: Message) -> bool:
    return not (message.tool_calls or message.reasoning or message.name or message.call_id)


# ---------------------------------------------------------------------- Alpaca


def _to_alpaca(row: AnyRow) -> Record:
    if row.tools:
        raise _NoPlace("tools")
    if isinstance(row, Row):
        _learned_whole(row)
        turns, answers = row.messages[:-1], {"output": row.messages[-1:]}
    elif isinstance(row, Preference):
        turns, answers = row.prompt, {"chosen": row.chosen, "rejected": row.rejected}
    else:
        turns, answers = row.prompt, {"output": row.completion}
    lead = _lead(turns)
    turns = turns[len(lead) :]
    if turns[0].role == "system":
        raise _NoPlace("an empty system text")
    for message in (*turns, *(m for side in answers.values() for m in side)):
        _only_text(message)
    if any(len(side) != 1 for side in answers.values()):
        raise _NoPlace("an answer of several turns")
    pairs = [[turns[i].content, turns[i + 1].content] for i in range(0, len(turns) - 1, 2)]
    record = {"instruction": turns[-1].content, "input": "", **lead}
    record |= {side: messages[0].content for side, messages in answers.items()}
    label = {"kto_tag": row.label} if isinstance(row, Unpaired) else {}
    return {**record, **({"history": pairs} if pairs else {}), **label}


def _learned_whole(row: Row) -> None:
    """Refuse a row that is no conversation in which every answer is learned."""
    if row.text is not None:
        raise _NoPlace("a plain text")
    if any(m.role == "assistant" and not m.trained for m in row.messages):
        raise _NoPlace("answers without loss")


def _only_text(message: Message) -> None:
    if message.role == "tool" or message.tool_calls:
        raise _NoPlace("tool calls and their answers")
    if message.reasoning:
        raise _NoPlace("reasoning")


# ---------------------------------------------------------------------- ShareGPT


def _to_sharegpt(row: AnyRow) -> Record:
    if isinstance(row, Row):
        _learned_whole(row)
        turns, sides = row.messages, {}
    elif isinstance(row, Preference):
        turns, sides = row.prompt, {"chosen": row.chosen, "rejected": row.rejected}
    else:
        turns, sides = (*row.prompt, *row.completion), {}
    lead = _lead(turns)
    record: Record = {"conversations": [_turn(m) for m in turns[len(lead) :]], **lead}
    for side, messages in sides.items():
        if len(messages) != 1:
            raise _NoPlace("an answer of several turns")
        record[side] = _turn(messages[0])
    tools = {"tools": json.dumps(_tools(row)["tools"], ensure_ascii=False)} if row.tools else {}
    label = {"kto_tag": row.label} if isinstance(row, Unpaired) else {}
    return {**record, **tools, **label}


_TAGS = {"system": "system", "user": "human", "assistant": "gpt", "tool": "observation"}


def _turn(message: Message) -> Record:
    if message.reasoning:
        raise _NoPlace("reasoning")
    if message.name or message.call_id or any(call.id for call in message.tool_calls):
        raise _NoPlace("the ids of tool calls, or the names of tools that answer")
    if not message.tool_calls:
        return {"from": _TAGS[message.role], "value": message.content}
    if message.content:
        raise _NoPlace("a text and a tool call in one turn")
    calls = [{"name": c.name, "arguments": json.loads(c.arguments)} for c in message.tool_calls]
    value = calls[0] if len(calls) == 1 else calls
    return {"from": "function_call", "value": json.dumps(value, ensure_ascii=False)}


# ---------------------------------------------------------------------- OpenAI


def _to_openai(row: AnyRow) -> Record:
    if isinstance(row, Unpaired) or (isinstance(row, Row) and row.text is not None):
        raise _NoPlace("a plain text" if isinstance(row, Row) else "an answer with a label")
    if isinstance(row, Row):
        return {"messages": _openai_messages(row.messages), **_tools(row)}
    _all_trained((*row.chosen, *row.rejected))
    question = [{k: v for k, v in m.items() if k != "weight"} for m in _openai_messages(row.prompt)]
    return {
        "input": {"messages": question, **_tools(row)},
        "preferred_output": _openai_messages(row.chosen),
        "non_preferred_output": _openai_messages(row.rejected),
    }


def _openai_messages(messages: Sequence[Message]) -> list[Record]:
    if any(m.reasoning for m in messages):
        raise _NoPlace("reasoning")
    return [_message(message, as_text=True) for message in messages]


FORMATS: dict[str, Callable[[AnyRow], Record]] = {
    "messages": _to_messages,
    "prompt-completion": _to_prompt_completion,
    "alpaca": _to_alpaca,
    "sharegpt": _to_sharegpt,
    "openai": _to_openai,
}
"""Each makes one object of a row."""
