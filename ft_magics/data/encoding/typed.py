"""Control tokens that a user typed into arguments or functions, told from the template's own."""

from __future__ import annotations

import re

from ft_magics.data.encoding.conversation import Conversation, filled
from ft_magics.data.encoding.rendering import Refused, Renderer
from ft_magics.errors import DataError

__all__ = ["typed_places"]


def typed_places(
    renderer: Renderer, conversation: Conversation, text: str, controls: re.Pattern[str]
) -> list[tuple[int, int]]:
    """Where control tokens stand in a rendering because a user typed them.

    The conversation is rendered again with other letters in their place: where the two renderings
    differ is what was typed.

    Args:
        renderer: The template.
        conversation: What was rendered.
        text: Its rendering.
        controls: Finds control tokens.

    Returns:
        First character and end of each.

    Raises:
        Refused: It cannot be told who wrote which.
    """
    typed = False

    def fill(words: str) -> str:
        nonlocal typed
        other = controls.sub(lambda match: "x" * len(match[0]), words)
        typed = typed or other != words
        return other

    tame = filled(conversation, fill)
    if not typed:
        return []
    try:
        other = renderer.text(tame)
    except DataError:
        other = ""
    if len(other) == len(text):
        places = [m.span() for m in controls.finditer(text) if m[0] != other[m.start() : m.end()]]
        rest = list(text)
        for start, end in places:
            rest[start:end] = other[start:end]
        if "".join(rest) == other:
            return places
    if other and len(controls.findall(other)) == len(controls.findall(text)):
        return []  # the template writes them in another way, which is no control token
    what = "a control token in a function or a call can't be told from the template's own"
    raise Refused(what, "Write the token in another way.")
