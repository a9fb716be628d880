"""When two texts say the same: but for case, punctuation, spacing and typing errors.

There is no dictionary here, so a typing error is what typing does to a word (a letter doubled or
not, two swapped, a vowel missed in a long word) and what makes no other well-known word. A number,
a negation or another word always makes another text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

__all__ = ["canonical", "content_words", "is_typo", "same_pairs", "skeleton", "words"]

_SYMBOLS = r"+*/=<>%^&|~$€£@#\\{}()\[\]§°×÷±√∞≤≥≠∑∫∂"
_PUNCTUATION = r".,!?;:'\"`´‘’‚‛“”„«»‹›…¿¡\-‐‑‒–—―·•_。、，．！？；：「」『』（）【】〈〉《》،؛؟۔।॥"
_IDEOGRAPHS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_LETTERS = rf"[^\s{_SYMBOLS}{_PUNCTUATION}{_IDEOGRAPHS}]+"
# `os.getpid` and `get_pid` are names, whose case counts, and no error of typing.
_TOKEN = re.compile(
    r"\d+(?:[.,:]\d+)*|[-−](?=\s?\d)|(?<=\d)!"
    rf"|[{_SYMBOLS}]|[{_IDEOGRAPHS}]|{_LETTERS}(?:[._]{_LETTERS})*"
)
_INVISIBLE = dict.fromkeys([0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0xFE0F])
_SPACED = str.maketrans(dict.fromkeys(',!?;:"`-', " "))
_DIGIT = re.compile(r"\d")
_DOUBLED = re.compile(r"(.)\1+")
_VOWELS = frozenset("aeiouyаеёиоуыэюяαεηιουωáéíóúäöüàèìòùâêîôû")
_LAST_ALPHABET = 0x530
"""Letters before this (Latin, Greek, Cyrillic) have typing errors as known here."""
_NEAR_THE_END = 60
"""Words at the end in which typing errors are looked for: before them, a system text repeats."""
_WORDS_A_TYPO = 8
"""Words for each typing error that is let pass; one is in any case."""
_MOST_TYPOS = 4

_CONTRACTIONS_TEXT = """
whats what is, whos who is, wheres where is, whens when is, hows how is, thats that is,
theres there is, heres here is, hes he is, shes she is, im i am, youre you are, theyre they are,
ive i have, youve you have, weve we have, theyve they have, youll you will, theyll they will,
dont do not, doesnt does not, didnt did not, isnt is not, arent are not, wasnt was not,
werent were not, hasnt has not, havent have not, hadnt had not, couldnt could not,
wouldnt would not, shouldnt should not, cant cannot
"""
_CONTRACTIONS = {short: whole for short, *whole in map(str.split, _CONTRACTIONS_TEXT.split(","))}
"""Without their apostrophe; not those that are words then, such as `its` and `well`."""
_CONTRACTED = frozenset(_CONTRACTIONS)

_FILLERS_TEXT = """
a an the please kindly just do does did can could would will shall is are was were
"""
_FILLERS = frozenset(_FILLERS_TEXT.split())
_WORD_PAIRS = """
adverse averse, angel angle, appraise apprise, asses assess, bared barred, barn bran, bases
basses, bating batting, begin being, bellow below, best bets, biter bitter, bled bleed, breadth
breath, bred breed, brunt burnt, burry bury, calm clam, caned canned, cannon canon, carb crab,
casual causal, casually causally, choose chose, coma comma, complaint compliant, complement
compliment, coped copped, cost cots, cuter cutter, dairy diary, deprecate depreciate, desert
dessert, diner dinner, dining dinning, discreet discrete, discus discuss, does dose, droop drop,
exercise exorcise, field filed, filed filled, filing filling, fired fried, for fro, form from,
furry fury, goes gose, griped gripped, hater hatter, holly holy, hoped hopped, hoping hopping,
immanent imminent, ingenious ingenuous, interstate intrastate, lair liar, late latte, later
latter, lion loin, liter litter, loose lose, lost lots, marital martial, mate matte, mating
matting, moped mopped, needles needless, neuron neutron, patent patient, perfect prefect, pined
pinned, planed planned, planing planning, prescribe proscribe, princes princess, quiet quite,
rated ratted, riper ripper, robbed robed, rudder ruder, sacred scared, salt slat, scraped
scrapped, shoot shot, sign sing, silver sliver, sloop slop, sloping slopping, sped speed, spilt
split, staring starring, steep step, stoop stop, striped stripped, super supper, taped tapped,
there three, thorough through, though through, tinny tiny, tired tried, tow two, trail trial,
unite untie, united untied, wining winning
"""
_WORDS_OF_THEIR_OWN = frozenset(frozenset(pair.split()) for pair in _WORD_PAIRS.split(","))


def words(text: str) -> list[str]:
    """The words, numbers and signs of a text: no case, no punctuation, no spacing.

    Args:
        text: Any; each ideograph and kana is a word.

    Returns:
        What stands there, in order; the bare text if it is all punctuation.
    """
    if text.isascii():
        # Prose of letters alone, as most is, needs no pattern.
        spaced = f"{text} ".lower().replace("'", "").translate(_SPACED)
        parts = spaced.replace(". ", " ").replace(".\n", " ").split()
        if "".join(parts).isalpha():
            return _written_out(parts)
    else:
        text = unicodedata.normalize("NFC", text).translate(_INVISIBLE)
    found = _TOKEN.findall(text.replace("'", "").replace("’", ""))
    if not found:
        return [text.strip()] if text.strip() else []
    return _written_out([part if "." in part or "_" in part else part.casefold() for part in found])


def _written_out(parts: list[str]) -> list[str]:
    """The words without English contractions: `who's` is `who is`; `Ollie's` stays."""
    if _CONTRACTED.isdisjoint(parts):
        return parts
    return [word for part in parts for word in _CONTRACTIONS.get(part, (part,))]


def canonical(parts: Sequence[str]) -> str:
    """What two texts have in common that differ by case, punctuation and spacing alone.

    Where numbers stand, spacing counts: `1 23` is not `12 3`.

    Args:
        parts: What `words` gave.
    """
    joined = "".join(parts)
    return " ".join(parts) if _DIGIT.search(joined) else joined


def skeleton(parts: Sequence[str]) -> str:
    """What two texts have in common that differ by typing errors; others may have it too.

    Args:
        parts: What `words` gave.
    """
    early, late = parts[:-_NEAR_THE_END], parts[-_NEAR_THE_END:]
    return " ".join([*early, *(_bones(part) for part in late)])


def content_words(parts: Sequence[str]) -> str:
    """What two texts have in common that differ by articles, auxiliaries and politeness.

    Args:
        parts: What `words` gave.
    """
    return " ".join([part for part in parts if part not in _FILLERS])


def same_pairs(one: Sequence[str], other: Sequence[str]) -> list[tuple[str, str]] | None:
    """Whether two texts are the same but for typing errors.

    Args:
        one: The words of a text, as `words` gave them.
        other: Those of the other.

    Returns:
        The words that differ, one of each pair misspelt: empty if only case, punctuation or
        spacing differ. None if the texts are not the same.
    """
    if canonical(one) == canonical(other):
        return []
    if len(one) != len(other):
        return None
    pairs = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
    alone = len([part for part in one if part.isalnum()]) == 1
    if alone or len(pairs) > max(1, min(len(one) // _WORDS_A_TYPO, _MOST_TYPOS)):
        return None
    return pairs if all(is_typo(a, b) for a, b in pairs) else None


@lru_cache(maxsize=1 << 16)
def _bones(word: str) -> str:
    """First letter and the set of consonants: what typing errors leave of a word."""
    if len(word) < 3 or not word.isalpha() or max(word) >= chr(_LAST_ALPHABET):
        return word
    letters = set(word.replace("z", "s")) - _VOWELS
    return word[0] + "".join(sorted(letters))


def is_typo(one: str, other: str) -> bool:
    """Whether two different words are one word and its misspelling.

    Args:
        one: A word in lower case.
        other: Another.
    """
    if not (one.isalpha() and other.isalpha()) or _bones(one) != _bones(other):
        return False
    short, long = sorted((one, other), key=len)
    if len(short) < 3 or max(short) >= chr(_LAST_ALPHABET):
        return False
    if frozenset((one, other)) in _WORDS_OF_THEIR_OWN:
        return False
    if len(short) >= 4 and _DOUBLED.sub(r"\1", short) == _DOUBLED.sub(r"\1", long):
        return True
    if len(short) == len(long):
        return _swapped(short, long) or _exchanged(short, long)
    return len(long) == len(short) + 1 and _missed(short, long)


def _swapped(one: str, other: str) -> bool:
    """Two neighbouring letters stand the wrong way round."""
    at = [i for i, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    if len(at) != 2 or at[1] != at[0] + 1:
        return False
    first, second = at
    return one[first] == other[second] and one[second] == other[first]


def _exchanged(one: str, other: str) -> bool:
    """A vowel for another within a long word, not in its ending; or s for z."""
    at = [i for i, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    if len(at) != 1:
        return False
    if {one[at[0]], other[at[0]]} == {"s", "z"}:
        return len(one) >= 6
    return len(one) >= 8 and at[0] < len(one) - 3


def _missed(short: str, long: str) -> bool:
    """A vowel is missing within a long word."""
    at = next((i for i, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), -1)
    if at < 1 or short[at:] != long[at + 1 :] or long[at] not in _VOWELS:
        return False
    return len(long) >= 7 or (len(long) >= 5 and long[at - 1 : at + 2] == "our")
