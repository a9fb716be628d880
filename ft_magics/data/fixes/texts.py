"""Repairs of one text that change how it is written, never what it says."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

__all__ = [
    "close_fence",
    "mend_encoding",
    "remove_hidden",
    "strip_white_space",
    "unify_line_ends",
]

_HIDDEN = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x81\x8d\x8f\x90\x9d"
    "\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\U000e0001]"
    "|[\U000e0020-\U000e007f]+"
)
_BREAKS = {"\x0b": "\n", "\x0c": "\n", "\u2028": "\n", "\u2029": "\n\n"}
"""Hidden characters that part lines."""

_JOINERS = "\u200c\u200d"
_JOINED = re.compile("[\u0600-\u08ff\u0900-\u109f\u1780-\u18af\ufb50-\ufdff\ufe70-\ufefc]")
"""Scripts in which a joiner changes how a word is written; of some of them no word has a space."""
_DIRECTED = re.compile("[\u0590-\u08ff\ufb1d-\ufefc]")
"""Scripts written from right to left, in which direction marks have a meaning."""
_DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_PICTURE = re.compile("[\u00a9\u00ae\u203c-\u3299\ufe0f\U0001f000-\U0001faff\U000e007f]")
"""Emoji, and what ends one."""

_FENCE = re.compile(r"^[ \t]*(?:>[ \t]?)*(`{3,}|~{3,})[ \t]*([^\n]*?)[ \t]*$", re.MULTILINE)
_MOST_ROUNDS = 5


def strip_white_space(text: str) -> str:
    """The text without white space before and after it.

    The indentation of a first line stays where further lines are indented: it may be code.

    Args:
        text: Any; one that is all white space stays as it is.
    """
    bare = text.strip()
    if not bare or len(bare) == len(text):
        return text
    start = text.index(bare[0])
    margin = text[:start].rpartition("\n")[2]
    indented = "\n" in bare and re.search(r"^[ \t]", bare, re.MULTILINE) is not None
    return margin + bare if margin.strip(" \t") == "" and indented else bare


def unify_line_ends(text: str) -> str:
    """The text with a line feed as its only line end.

    Args:
        text: Any.
    """
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def remove_hidden(text: str) -> str:
    """The text without control and zero-width characters that show nothing and mean nothing.

    Joiners within emoji and in scripts that need them stay, and direction marks in texts written
    from right to left. A text of nothing else stays as it is.

    Args:
        text: Any.
    """
    if _HIDDEN.search(text) is None:
        return text
    directed = _DIRECTED.search(text) is not None
    # What is removed brings others together; a second look comes to rest at once, mostly.
    while (cleaned := _HIDDEN.sub(lambda found: _kept(found, directed), text)) != text:
        text = cleaned
    return text


def mend_encoding(text: str) -> str:
    """The text with characters restored that were read in the wrong encoding (`Ã©` for `é`).

    Quotes, ligatures, widths and everything else stay.

    Args:
        text: Any.
    """
    if text.isascii():
        return text
    import ftfy

    for _ in range(_MOST_ROUNDS):
        mended = ftfy.fix_text(text, _encoding_config())
        if mended == text:
            break
        text = mended
    return text


def close_fence(text: str) -> str:
    """The text with its last code fence closed, if it was left open.

    Args:
        text: Any.
    """
    if "```" not in text and "~~~" not in text:
        return text
    lines = list(_FENCE.finditer(text))
    fences = [(found[1], found[2]) for found in lines]
    without_underlines = [(found[1], found[2]) for found in lines if not _underlines(found)]
    open_fence = _left_open(fences)
    # Only what is open however it is read.
    if open_fence is None or not _nested_open(fences) or not _left_open(without_underlines):
        return text
    bare = text.rstrip()
    if bare.endswith(open_fence) and not bare.endswith("\n" + open_fence):
        code = bare.removesuffix(open_fence)
        # The closing fence stands behind the last line of the code.
        if code.rstrip(open_fence[0]) == code and "\n" in code:
            return f"{code.rstrip(' ')}\n{open_fence}"
    return f"{bare}\n{open_fence}"


def _kept(found: re.Match[str], directed: bool) -> str:
    """What stays of a hidden character: itself where it has a meaning, or a line break."""
    character, text = found[0], found.string
    before, after = text[found.start() - 1 : found.start()], text[found.end() : found.end() + 1]
    if character in _BREAKS:
        return _BREAKS[character]
    if character in _DIRECTIONS:
        return character if directed else ""
    if character in _JOINERS + "\u200b" and _JOINED.match(before) and _JOINED.match(after):
        return character
    if character == "\u200d" and _PICTURE.match(before) and _PICTURE.match(after):
        return character
    # The letters of a flag such as Scotland's, behind a black flag.
    return character if before == "🏴" and character[-1] == "\U000e007f" else ""


def _underlines(fence: re.Match[str]) -> bool:
    """Whether a line of tildes is no fence but underlines the line before it, as in reST."""
    if fence[0][:1] != "~" or fence[2]:
        return False
    before = fence.string[: fence.start()].removesuffix("\n").rpartition("\n")[2]
    return len(before) == len(fence[0]) and before[:1].isalnum()


def _left_open(fences: list[tuple[str, str]]) -> str | None:
    """The fence that is open at the end, as CommonMark reads them."""
    opened: str | None = None
    for fence, info in fences:
        if opened is None:
            opened = None if fence[0] == "`" and "`" in info else fence
        elif fence[0] == opened[0] and len(fence) >= len(opened) and not info:
            opened = None
    return opened


def _nested_open(fences: list[tuple[str, str]]) -> str | None:
    """The same, if a fence with a language within another one opens one of its own."""
    stack: list[str] = []
    for fence, info in fences:
        if fence[0] == "`" and "`" in info:
            continue
        if stack and not info and fence[0] == stack[-1][0] and len(fence) >= len(stack[-1]):
            stack.pop()
        elif info or not stack:
            stack.append(fence)
    return stack[-1] if stack else None


@lru_cache(maxsize=1)
def _encoding_config() -> Any:
    from ftfy import TextFixerConfig

    return TextFixerConfig(
        unescape_html=False,
        remove_terminal_escapes=False,
        fix_latin_ligatures=False,
        fix_character_width=False,
        uncurl_quotes=False,
        fix_line_breaks=False,
        fix_surrogates=False,
        remove_control_chars=False,
        normalization=None,
    )
