"""How many sentences an answer has."""

from __future__ import annotations

import re

__all__ = ["sentences"]

# A period behind one of these ends no sentence, whatever follows it.
_NEVER = re.compile(
    r"mr|mrs|ms|mx|dr|prof|rev|hon|sr|jr|st|mt|fr|vs|cf|ca|approx|e\.g|i\.e|viz|al|ed|eds|dept|est|"
    r"gen|col|sgt|capt|lt|z\.b|d\.h|bzw|bspw"
)
# Behind one of these it ends none before a number: «No. 5», and yet «No. He does not.»
_COUNTED = re.compile(r"nos?|figs?|vol|pp?|nr|ch|sec|art")
# Behind one of these it ends one only where a new sentence plainly begins.
_MAYBE = re.compile(
    r"etc|inc|ltd|co|corp|u\.s|u\.k|a\.m|p\.m|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec"
)
_CLOSERS = "\"'”’»)\\]}*_"
_END = re.compile(rf"(?:[.!?]+|…+)[.!?…]*[{_CLOSERS}]*(?=\s|$)|[。！？]+[」』”’]*")
_QUOTED = re.compile(r"“[^”]*”|«[^»]*»|„[^“]*“|「[^」]*」|(?<!\w)\"[^\"]*\"")
_ITEM = re.compile(r"[-*+•]\s+|\d{1,3}[.)]\s+|#{1,6}\s+")
_LAST_WORD = re.compile(rf"[\w.]*(?=\.[{_CLOSERS}]*$)")


def sentences(text: str) -> list[str]:
    """The sentences of a text, in order.

    A sentence ends at a period, a question or exclamation mark or an ellipsis, with the quotes and
    brackets that close behind it, and at a blank line; each item of a list is one. What ends none:
    an abbreviation, an initial, a decimal point, an ellipsis before a small letter, the end of a
    quotation in the middle of a sentence. Made for English and its neighbours, and for Chinese and
    Japanese punctuation; it knows no grammar, so a text without punctuation is one sentence.

    Args:
        text: What a model answered.

    Returns:
        The sentences without the white space around them; empty for a text without a word.
    """
    found: list[str] = []
    for block in _blocks(text):
        found += _split(block)
    said = [part for part in found if re.search(r"\w", part)]
    # «1. ?» is more than the number of an item that is not there.
    return said or ([text.strip()] if re.search(r"\w", text) else [])


def _blocks(text: str) -> list[str]:
    """Paragraphs and items of lists: no sentence goes on from one to the next."""
    blocks: list[list[str]] = [[]]
    for line in text.splitlines():
        item = _ITEM.match(line.strip())
        if not line.strip() or item:
            blocks.append([])
        # Its number is no sentence, and the period behind it ends none.
        blocks[-1].append(line.strip()[item.end() if item else 0 :])
    return [" ".join(filter(None, block)) for block in blocks if any(block)]


def _split(text: str) -> list[str]:
    # Who writes no capitals at all begins sentences without them too.
    capitals = text.lower() != text
    quotes = _embedded(text)
    parts, start = [], 0
    for end in _END.finditer(text):
        # Text that goes on right behind a quotation belongs to it.
        room = end.end() - text[end.end() : end.end() + 1].isalnum()
        inside = any(s < end.start() and room < e for s, e in quotes)
        if not inside and _ends(text[start : end.end()], text[end.end() :].lstrip(), capitals):
            parts.append(text[start : end.end()].strip())
            start = end.end()
    return [*parts, text[start:].strip()]


def _ends(sentence: str, rest: str, capitals: bool) -> bool:
    """Whether a mark ends the sentence before it."""
    if not rest or sentence[-1] in "。！？」』":
        return True
    opener = rest.lstrip("\"'“‘«„(*_[")[:1]
    small = opener.islower() and capitals
    mark = sentence.rstrip(_CLOSERS.replace("\\", ""))[-1:]
    if mark != ".":
        # «Really?» he asked: behind a closing quote a small letter goes on.
        return not (small and (mark == "…" or sentence[-1] != mark))
    found = _LAST_WORD.search(sentence)
    word = found.group().lstrip(".").lower() if found else ""
    if _NEVER.fullmatch(word) or re.fullmatch(r"[^\W\d_]", word):
        # «Plan B. Then …» is rarer than «J. R. R. Tolkien».
        return False
    if _COUNTED.fullmatch(word):
        return not opener.isdigit()
    if _MAYBE.fullmatch(word):
        return opener.isupper()
    return not small


def _embedded(text: str) -> list[tuple[int, int]]:
    """Quotations that stand in the middle of a sentence: marks inside them end nothing."""
    found = []
    for quote in _QUOTED.finditer(text):
        before, after = text[: quote.start()].rstrip(), text[quote.end() :].lstrip()
        goes_on = after[:1].islower() or after[:1] == "," or text[quote.end() :][:1].isalnum()
        if goes_on or (before and before[-1] not in ".!?…。！？"):
            found.append(quote.span())
    return found
