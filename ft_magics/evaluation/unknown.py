"""Does an answer say that it does not know?"""

from __future__ import annotations

import re

__all__ = ["says_unknown"]

# Phrases of not knowing, in plain English; matched as whole words in lower case.
PHRASES = (
    "i don't know",
    "i do not know",
    "i dunno",
    "don't know",
    "do not know",
    "doesn't know",
    "does not know",
    "not sure",
    "unsure",
    "uncertain",
    "no idea",
    "not aware of",
    "unaware of",
    "can't say",
    "cannot say",
    "can't tell",
    "cannot tell",
    "couldn't say",
    "hard to say",
    "not known",
    "is unknown",
    "remains unknown",
    "nobody knows",
    "no one knows",
    "never been told",
    "not been told",
    "wasn't told",
    "was not told",
    "not mentioned",
    "not specified",
    "not recorded",
    "not publicly available",
    "beyond my knowledge",
    "outside my knowledge",
)
_PHRASE = re.compile(r"\b(?:" + "|".join(re.escape(p) for p in PHRASES) + r")\b")

# «I can't give you that», «I have no information about …», and their kin: somebody who lacks or
# withholds, a verb, and, for having, what is lacked.
_WHO = r"\b(?:i|we|he|she|they|it|there)\b"
_NOT = r"(?:can't|cannot|can not|couldn't|could not|am unable to|am not able to|won't)"
_GIVE = r"(?:answer|help|find|provide|give|share|disclose|recall|remember|confirm|determine)"
_LACK = r"(?:don't have|do not have|haven't|have no|has no|is no|lack|don't possess)"
_THING = r"(?:information|info|knowledge|data|details?|record|records|answer|access|memory|clue)"
_REFUSAL = re.compile(
    rf"{_WHO}(?:'m| am)?(?: \w+)? (?:{_NOT}|unable to|not able to)(?: \w+)? {_GIVE}\b"
    rf"|\bi'm (?:unable|not able) to (?:\w+ )?{_GIVE}\b"
    rf"|{_WHO}(?: \w+)? {_LACK}(?: \w+){{0,5}} {_THING}\b"
)


def says_unknown(answer: str) -> bool:
    """Whether an answer says, somewhere, that it does not know.

    It looks for a list of English phrases («I don't know», «not sure», «no idea» …) and for
    refusals («I can't provide …», «I don't have any information …»). Its limits: it knows English
    only; an answer that says it does not know and then guesses passes all the same; a quoted
    «I don't know» passes too; a humble phrase that is not in the list fails. For anything finer
    use `contains` or `regex` beside it.

    Args:
        answer: The model's text.
    """
    text = " ".join(answer.replace("\u2019", "'").lower().split())
    return bool(_PHRASE.search(text) or _REFUSAL.search(text))
