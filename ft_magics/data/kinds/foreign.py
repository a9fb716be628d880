"""Rows as other tools write them: Alpaca, ShareGPT, OpenAI's preferences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ft_magics.data.kinds.chat import shape_conversation
from ft_magics.data.kinds.kind import Fields, Kind, plain
from ft_magics.data.kinds.preference import shape_preference
from ft_magics.data.kinds.turns import check_order, read_text, shown
from ft_magics.data.rows import Message, Preference, Row

__all__ = ["CONVERSATIONS", "KINDS", "PREFERENCES"]

# ---------------------------------------------------------------------- Alpaca


def _shape_alpaca(fields: Fields) -> Row | None:
    turns = _alpaca_prompt(fields)
    answer = fields.answer("output")
    return shape_conversation(fields, (*turns, *answer), "output")


def _alpaca_prompt(fields: Fields) -> tuple[Message, ...]:
    """Earlier turns, and the instruction with its input.

    Source: LLaMA-Factory's data README joins the two by a line break, and trains the answers of
    the `history` too.
    """
    instruction = fields.text("instruction")
    extra = fields.text("input") if fields.values.get("input") else ""
    if instruction is None or extra is None:
        return ()
    question = f"{instruction}\n{extra}" if instruction and extra else instruction or extra
    return (*_history(fields), Message("user", question))


def _history(fields: Fields) -> list[Message]:
    pairs = fields.values.get("history") or []
    if not isinstance(pairs, Sequence) or isinstance(pairs, str):
        fields.complain(f"field 'history' is {shown(pairs)}", 'Write it as [["…", "…"], …].')
        return []
    turns = []
    for i, pair in enumerate(pairs, start=1):
        if not isinstance(pair, Sequence) or isinstance(pair, str) or len(pair) != 2:
            fields.complain(f"turn {i} of 'history' is no pair", 'Write it as ["…", "…"].')
            continue
        asked = read_text(pair[0], f"the question of turn {i} of 'history'", fields.complain)
        place = f"turn {i} of 'history'"
        said = read_text(pair[1], place, fields.complain, empty="the answer")
        if asked is not None and said is not None:
            turns += [Message("user", asked), Message("assistant", said, trained=True)]
    return turns


def _shape_alpaca_preference(fields: Fields) -> Preference | None:
    turns = plain(_alpaca_prompt(fields))
    prompt = fields.led(turns)
    return shape_preference(fields, prompt, fields.answer("chosen"), fields.answer("rejected"))


# ---------------------------------------------------------------------- ShareGPT


def _shape_sharegpt(fields: Fields) -> Row | None:
    return shape_conversation(fields, fields.messages("conversations"), "conversations")


def _shape_sharegpt_preference(fields: Fields) -> Preference | None:
    prompt = fields.led(plain(fields.messages("conversations")))
    return shape_preference(fields, prompt, fields.answer("chosen"), fields.answer("rejected"))


# ---------------------------------------------------------------------- OpenAI's preferences


def _shape_openai_preference(fields: Fields) -> Preference | None:
    value = fields.values["input"]
    if not isinstance(value, Mapping) or "messages" not in value:
        fields.complain("field 'input' has no 'messages'", 'Write {"messages": [{"role": …}, …]}.')
        return None
    inner = {k: v for k, v in value.items() if k in ("messages", "tools", "functions")}
    fields.values = {**fields.values, **inner}
    prompt = plain(fields.messages("messages"))
    chosen, rejected = fields.answer("preferred_output"), fields.answer("non_preferred_output")
    if not fields.told:
        check_order(prompt, "input", fields.complain, ends="user")
    return None if fields.told else shape_preference(fields, prompt, chosen, rejected)


_ALPACA = ("input", "system", "history", "tools")
_SHAREGPT = ("system", "tools", "functions")

PREFERENCES: dict[str, Kind] = {
    "openai-preference": Kind(
        "preference", ("input", "preferred_output", "non_preferred_output"), ("system",),
        _shape_openai_preference),
    "alpaca-preference": Kind(
        "preference", ("instruction", "chosen", "rejected"), _ALPACA, _shape_alpaca_preference),
}  # fmt: skip

CONVERSATIONS: dict[str, Kind] = {
    "sharegpt-preference": Kind(
        "preference", ("conversations", "chosen", "rejected"), _SHAREGPT,
        _shape_sharegpt_preference),
}  # fmt: skip

KINDS: dict[str, Kind] = {
    "sharegpt": Kind("sft", ("conversations",), (*_SHAREGPT, "label"), _shape_sharegpt),
    "alpaca": Kind("sft", ("instruction", "output"), (*_ALPACA, "label"), _shape_alpaca),
}
