"""A conversation in one text, `Human: …` and `Assistant: …` by turns -> messages."""

from __future__ import annotations

import re

from ft_magics.data.rows import Message

__all__ = ["read_prompt", "read_transcript"]

_SPEAKER = re.compile(r"(?:^|\n\n)(Human|Assistant):[ ]?")
_ROLES = {"Human": "user", "Assistant": "assistant"}


def read_transcript(text: str) -> tuple[Message, ...]:
    """The turns of a transcript; none if the text is no transcript.

    Source: Anthropic's hh-rlhf.

    Args:
        text: What stands in the row.
    """
    if not _SPEAKER.match(text):
        return ()
    _, *parts = _SPEAKER.split(text)
    return tuple(
        Message(_ROLES[who], said.strip(), trained=who == "Assistant")
        for who, said in zip(parts[::2], parts[1::2], strict=True)
    )


def read_prompt(text: str) -> tuple[Message, ...]:
    """The turns of a transcript that waits for its next answer; none if the text is no such.

    Args:
        text: What stands in the row, such as a `prompt` of rm-static: it ends with `Assistant:`.
    """
    *turns, last = read_transcript(text) or [Message("user", text)]
    waits = turns and last.role == "assistant" and not last.content
    return tuple(turns) if waits else ()
