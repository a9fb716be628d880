"""Rows that judge: a better and a worse answer, or one answer and whether it is good."""

from __future__ import annotations

from collections.abc import Callable

from ft_magics.data.kinds.kind import Fields, Kind, plain
from ft_magics.data.kinds.transcripts import read_transcript
from ft_magics.data.kinds.turns import check_order, shown
from ft_magics.data.rows import AnyRow, Message, Preference, Row, Unpaired

__all__ = ["KINDS", "PROMPTED", "labelled", "shape_preference"]

_TRUTH = {"true": True, "false": False, "1": True, "0": False}


def _shape_preference(fields: Fields) -> Preference | None:
    texts = fields.values["chosen"], fields.values["rejected"]
    if "prompt" not in fields.values and all(isinstance(text, str) for text in texts):
        return _shape_implicit(fields, *texts)
    prompt = fields.led(fields.prompt("prompt")) if "prompt" in fields.values else ()
    return shape_preference(fields, prompt, fields.answer("chosen"), fields.answer("rejected"))


def _shape_implicit(fields: Fields, chosen: str, rejected: str) -> Preference | None:
    """A preference whose two texts hold the question: as a transcript, or as what they begin with.

    Source: trl's `extract_prompt` for the common beginning, which ends before the last space.
    """
    sides = read_transcript(chosen), read_transcript(rejected)
    if all(sides):
        for field, turns in zip(("chosen", "rejected"), sides, strict=True):
            if any(not turn.content for turn in turns if turn.role == "assistant"):
                remedy = "Write it, or remove the row."
                fields.complain(f"the answer is empty (field '{field}')", remedy)
        return shape_preference(fields, (), *sides)
    asked = _question(fields)
    if asked:
        fields.complain("no field 'prompt'", asked)
        return None
    same = zip(chosen, rejected, strict=False)
    at = next((i for i, (a, b) in enumerate(same) if a != b), min(len(chosen), len(rejected)))
    if chosen[at - 1 : at] == " ":
        at -= 1
    if not chosen[:at].strip() or chosen == rejected:
        return shape_preference(fields, (), fields.answer("chosen"), fields.answer("rejected"))
    prompt = fields.led((Message("user", chosen[:at]),))
    answers = [
        (Message("assistant", text[at:].lstrip(" "), trained=True),) for text in (chosen, rejected)
    ]
    if any(not side[0].content.strip() for side in answers):
        fields.complain("one answer is the beginning of the other", "Write the 'prompt' apart.")
    return shape_preference(fields, prompt, *answers)


def shape_preference(
    fields: Fields,
    prompt: tuple[Message, ...],
    chosen: tuple[Message, ...],
    rejected: tuple[Message, ...],
) -> Preference | None:
    """A preference, whose answers may hold the question themselves (trl's implicit prompts).

    Args:
        fields: The row's fields.
        prompt: What both answers share; empty if they hold it.
        chosen: The better answer.
        rejected: The worse one.
    """
    shared, chosen, rejected = _common(chosen, rejected)
    if shared and prompt and plain(shared)[-1:] != plain(prompt)[-1:]:
        what = "'chosen' begins with another question than 'prompt'"
        fields.complain(what, "Keep one of the two.")
        return None
    prompt = max(prompt, fields.led(shared) if shared else (), key=len)
    if fields.told:
        return None
    if not prompt:
        what = "no field 'prompt', and the answers share no messages"
        fields.complain(what, _question(fields) or "Add the 'prompt'.")
        return None
    if not chosen or plain(chosen) == plain(rejected):
        what = "'chosen' and 'rejected' are the same"
        fields.complain(what, "Remove the row: it prefers nothing.")
        return None
    check_order(prompt, "prompt", fields.complain, ends="user")
    for field, answer in (("chosen", chosen), ("rejected", rejected)):
        check_order((*prompt, *answer), field, fields.complain, ends="assistant")
    return Preference(fields.number, prompt, chosen, rejected, fields.tools())


_QUESTIONS = ("question", "query", "input", "instruction", "problem", "post", "user", "context")


def _question(fields: Fields) -> str:
    """The remedy where the question stands in a field of another name; empty if it does not.

    What two answers begin with alike is no question if there is one of its own.
    """
    named = {str(key).lower(): key for key, v in fields.values.items() if isinstance(v, str)}
    found = next((named[name] for name in _QUESTIONS if name in named), None)
    return f"Pass --map prompt={found}." if found and "prompt" not in fields.values else ""


def _common(
    chosen: tuple[Message, ...], rejected: tuple[Message, ...]
) -> tuple[tuple[Message, ...], tuple[Message, ...], tuple[Message, ...]]:
    """What both continuations begin with, up to the last shared question, and the rest of each.

    Empty unless the answers hold the question themselves.
    """
    count = 0
    if chosen[:1] and chosen[0].role == "assistant":
        return (), chosen, rejected
    for one, other in zip(plain(chosen), plain(rejected), strict=False):
        if one != other:
            break
        count += 1
    while count and chosen[count - 1].role not in ("user", "tool"):
        count -= 1
    return plain(chosen[:count]), chosen[count:], rejected[count:]


def labelled(
    shape: Callable[[Fields], AnyRow | None], label: str
) -> Callable[[Fields], AnyRow | None]:
    """The shape of a row that also says whether its answer is good.

    Args:
        shape: That of the row without the label.
        label: The field that holds it.
    """

    def shape_labelled(fields: Fields) -> Unpaired | None:
        row = shape(fields)
        good = _truth(fields, label)
        if fields.told or good is None or not isinstance(row, Row):
            return None
        start = _answer_begins(row.messages)
        prompt = plain(row.messages[:start])
        return Unpaired(fields.number, prompt, row.messages[start:], good, row.tools)

    return shape_labelled


def _answer_begins(messages: tuple[Message, ...]) -> int:
    """Where the last answer begins: at the first trained turn after the last user turn."""
    asked = max((i for i, m in enumerate(messages) if m.role == "user"), default=-1)
    later = range(asked + 1, len(messages))
    return next((i for i in later if messages[i].trained), len(messages))


def _truth(fields: Fields, label: str) -> bool | None:
    value = fields.values[label]
    known = _TRUTH.get(str(value).strip().lower())
    if known is None:
        remedy = (
            "It says whether the answer is good: true or false. "
            f"If it means something else, pass --map unused={label}."
        )
        fields.complain(f"field '{label}' is {shown(value)}", remedy)
    return known


_MORE = ("prompt", "system", "tools", "functions")

PROMPTED: dict[str, Kind] = {
    "preference": Kind("preference", ("prompt", "chosen", "rejected"), _MORE, _shape_preference),
}
"""Before those with a whole conversation: beside a prompt, that holds the answer too."""

KINDS: dict[str, Kind] = {
    "implicit-preference": Kind("preference", ("chosen", "rejected"), _MORE, _shape_preference),
}
