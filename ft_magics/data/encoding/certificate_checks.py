"""What a certificate promises of encoded rows, and the looking.

Each check takes the tokens as they are and holds them against something made in another way: a
rendering with every typed control token replaced, the prompt of later, the tokens that stop.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from ft_magics.data.encoding.conversation import Conversation, filled
from ft_magics.data.encoding.encoder import Encoder
from ft_magics.data.encoding.encoding import MASKED, Encoded, Encodings
from ft_magics.data.findings import Finding, Severity, finding
from ft_magics.data.rows import Row, with_system
from ft_magics.errors import DataError

__all__ = ["CHECKS", "Looking"]

CHECKS: Mapping[str, str] = {
    "bos": "no begin-of-text token stands in a row beyond those that the template writes",
    "end-token": "each trained answer ends with a token that stops the answering",
    "no-loss": "no row is without trained tokens",
    "typed-control": "control tokens that stand in a text of a row stay text",
    "not-rendered": "the template leaves out nothing of a row",
    "prompt-prefix": "a row begins with the very tokens of the prompt for its last answer",
}
"""Each check's name and what it promises."""

_PROMPTS = 2_000
"""So many rows have their prompt encoded for a comparison, then every second of as many more, and
so on: of 200,000 rows about 9,000."""

_Problem = tuple[Severity, str, str]
"""How bad it is, what is wrong, and the remedy."""

_FAULT = "Training on it would teach something else than the rows say; please report it."
_NOTHING: _Problem = ("error", "no token of it is trained", "Give it an answer, or remove it.")
_BOS: _Problem = (
    "error",
    "more begin-of-text tokens than the chat template writes",
    "Take the token out of the text, or choose another base.",
)
_TYPED: _Problem = (
    "error",
    "a control token in a text was read as one, or one of the template's was not",
    _FAULT,
)
_ENDLESS: _Problem = (
    "error",
    "the answer does not end with a token that stops the answering",
    "Choose a base with an end token: the model would never stop by itself.",
)
_GOES_ON: _Problem = (
    "warning",
    "an earlier answer ends with a token after which this base goes on writing",
    "Train on the last answer of a row only, or split the row.",
)
_DROPPED: _Problem = (
    "note",
    "the chat template leaves out the reasoning of an earlier answer, as it is meant to",
    "To train it too, end a row with that answer.",
)
_WRONG_PROMPT: _Problem = ("error", "it does not begin with the tokens of its prompt", _FAULT)
_OTHER_PROMPT: _Problem = (
    "warning",
    "the chat template writes something else before an answer when it asks for one",
    "A thinking model may be meant to think first; look at its answers.",
)


class Looking:
    """Looks at one row after the other.

    Args:
        encoder: Of the tokenizer.
        system: System text of the rows that have none.
    """

    def __init__(self, encoder: Encoder, system: str | None) -> None:
        self._encoder = encoder
        self._system = system
        self._named = encoder.pieces.controls - {encoder.pieces.unknown}
        self._ends = frozenset(encoder.end_ids)
        self._controls: dict[object, list[int]] = {}
        self._looked, self._prompts, self._stride = 0, 0, 1
        self._found: dict[str, dict[_Problem, list[int]]] = {name: {} for name in CHECKS}

    def look(self, row: Row, encoded: Encoded) -> None:
        """Check a row.

        Args:
            row: A conversation or plain text.
            encoded: Its tokens, nothing cut.
        """
        if not encoded.trained:
            self._add("no-loss", _NOTHING, row)
        if row.text is None:
            self._look_at_controls(row, encoded)
            self._look_at_ends(row, encoded)
            self._look_at_prompt(row, encoded)
        else:
            self._look_at_text(row, encoded)

    def tell_of(self, encoded: Encodings) -> None:
        """Take over what the encoder itself found."""
        for number, problems in encoded.refused.items():
            for what, remedy in problems:
                self._found["not-rendered"].setdefault(("error", what, remedy), []).append(number)
        if encoded.dropped:
            self._found["not-rendered"].setdefault(_DROPPED, []).extend(encoded.dropped)

    def findings(self, name: str) -> list[Finding]:
        """What a check found.

        Args:
            name: The check.
        """
        return [
            finding(name, severity, rows, what, remedy)
            for (severity, what, remedy), rows in self._found[name].items()
        ]

    def _add(self, name: str, problem: _Problem, row: Row) -> None:
        self._found[name].setdefault(problem, []).append(row.number)

    def _look_at_text(self, row: Row, encoded: Encoded) -> None:
        ids, bos = encoded.ids, self._encoder.bos_id
        if bos is not None and ids[:2] == (bos, bos):
            self._add("bos", _BOS, row)
        last = max((i for i, id_ in enumerate(ids) if id_ in self._ends), default=-1)
        tail = str(self._encoder.renderer.tokenizer.decode(list(ids[last + 1 :])))
        if last < 0 or tail.strip():
            self._add("end-token", _ENDLESS, row)

    def _look_at_controls(self, row: Row, encoded: Encoded) -> None:
        encoder = self._encoder
        named = self._named
        found = [id_ for id_ in encoded.ids if id_ in named]
        for exactly in (False, True):
            own = self._own_controls(row, exactly=exactly)
            if found in (own, [*own, encoder.eos_id]):
                return
        more = found.count(encoder.bos_id or -1) > own.count(encoder.bos_id or -1)
        self._add(*(("bos", _BOS) if more else ("typed-control", _TYPED)), row)

    def _own_controls(self, row: Row, *, exactly: bool) -> list[int]:
        """The control tokens that the template itself writes into a row.

        Args:
            row: A conversation.
            exactly: From this row; else from one with the same turns, if there was one.
        """
        conversation = self._conversation(row)
        shape = None
        if conversation.plain:
            shape = tuple((m.role, bool(m.content.strip())) for m in conversation.messages)
        if shape is None or exactly or shape not in self._controls:
            pieces = self._encoder.pieces
            tame = filled(conversation, lambda text: pieces.pattern.sub("x", text))
            written = pieces.named(self._encoder.renderer.text(tame))
            # An unknown character becomes `unk` too: it is counted nowhere.
            self._controls[shape] = [id_ for id_ in written if id_ != pieces.unknown]
        return self._controls[shape]

    def _conversation(self, row: Row) -> Conversation:
        return Conversation(with_system(row.messages, self._system), row.tools)

    def _look_at_ends(self, row: Row, encoded: Encoded) -> None:
        labels = encoded.labels
        lasts = [
            label
            for label, after in itertools.pairwise((*labels, MASKED))
            if after == MASKED and label != MASKED
        ]
        stops = [label in self._ends for label in lasts]
        if stops and not stops[-1]:
            self._add("end-token", _ENDLESS, row)
        elif not all(stops):
            self._add("end-token", _GOES_ON, row)

    def _look_at_prompt(self, row: Row, encoded: Encoded) -> None:
        self._looked += 1
        if (self._looked - 1) % self._stride:
            return
        self._prompts += 1
        self._stride *= 1 + (self._prompts % _PROMPTS == 0)
        verdict = self._prompt_verdict(row, encoded)
        if verdict is not None:
            self._add("prompt-prefix", verdict, row)

    def _prompt_verdict(self, row: Row, encoded: Encoded) -> _Problem | None:
        encoder, conversation = self._encoder, self._conversation(row)
        last = max((i for i, m in enumerate(conversation.messages) if m.trained), default=0)
        if not last:
            return None
        before = conversation.before(last)
        try:
            ((ids, _),) = encoder.pieces.tokens([encoder.parts(before).pieces])
            begins = list(encoded.ids[: len(ids)]) == ids
            if begins and encoded.labels[len(ids) : len(ids) + 1] != (MASKED,):
                return None
            text, prompt = encoder.renderer.text(conversation), encoder.renderer.text(before)
        except DataError:
            return _OTHER_PROMPT
        return _WRONG_PROMPT if text.startswith(prompt) else _OTHER_PROMPT
