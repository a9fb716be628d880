"""The certificate: what was checked of the tokens a model is trained on, and how to know them again.

It is made before a training, from the encoder's own output, and goes with the adapter. Whoever
later asks the adapter renders its prompt anew and compares.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ft_magics.data.encoding.certificate_checks import CHECKS, Looking
from ft_magics.data.encoding.conversation import Conversation
from ft_magics.data.encoding.encoder import encoder_of
from ft_magics.data.encoding.encoding import Encodings, encode_prompt, try_rows
from ft_magics.data.encoding.rendering import Tokenizer
from ft_magics.data.findings import Finding
from ft_magics.data.rows import AnyRow, Message, conversations
from ft_magics.errors import DataError

__all__ = ["Certificate", "Check", "certify"]

_QUESTION = Message("user", "Is it so?\n Yes")
"""Asked to render a prompt: with a line break, and a space at the beginning of a line."""

_BATCH_ROWS = 1_000
"""Rows looked at at once: rows may be read from a file, and never all stand in memory."""

_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_DATE = re.compile(
    rf"\d{{4}}-\d\d-\d\d|\d{{1,2}} {_MONTH},? \d{{4}}|{_MONTH} \d{{1,2}},? \d{{4}}"
    r"|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|\d\d:\d\d(?::\d\d)?"
)


@dataclass(frozen=True)
class Check:
    """Something that was looked at in every row."""

    name: str
    promise: str
    """What holds where it passed: `no row is without trained tokens`."""
    findings: tuple[Finding, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether it holds; what is only worth knowing does not break it."""
        return all(finding.severity == "note" for finding in self.findings)


@dataclass(frozen=True)
class Certificate:
    """What a data set's rows are for one tokenizer."""

    template_sha256: str
    """Of the chat template; of nothing where the base has none."""
    tokens: Mapping[str, tuple[int, str] | None]
    """The tokenizer's `bos`, `eos` and `pad`: id and text; None where it has none."""
    ends: tuple[tuple[int, str], ...]
    """The tokens at which an answer ends: id and text."""
    system: str | None
    """The system text of `prefix`; None leaves it to the template."""
    prefix: str
    """The prompt of a fixed question, as the template renders it."""
    prefix_ids: tuple[int, ...]
    dated: bool
    """Whether the template writes the day's date."""
    rows: int
    """How many rows were looked at."""
    checks: tuple[Check, ...]

    @property
    def problems(self) -> list[Finding]:
        """What the checks found."""
        return [finding for check in self.checks for finding in check.findings]

    def matches(self, tokenizer: Tokenizer) -> str:
        """Whether a prompt is rendered as it was for the training.

        Args:
            tokenizer: Of the base that is to answer.

        Returns:
            What differs, in words; empty if nothing does.
        """
        if _template_sha256(tokenizer) != self.template_sha256:
            return "the base's chat template is another one than the adapter was trained with"
        try:
            prefix, ids = _prefix(tokenizer, self.system)
        except DataError as error:
            return f"the base's chat template refuses the prompt the adapter was trained with ({error})"
        if self.dated:
            # Another day, other tokens: the text is compared, its dates left aside.
            same = _DATE.sub("", prefix) == _DATE.sub("", self.prefix)
        else:
            same = prefix == self.prefix and ids == self.prefix_ids
        if not same:
            return "the base renders a prompt into other tokens than the adapter was trained with"
        if _ends(tokenizer) != self.ends:
            return "the base ends an answer with other tokens than the adapter was trained with"
        return ""

    def to_record(self) -> dict[str, Any]:
        """The certificate as a JSON object."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Certificate:
        """The certificate that `to_record` wrote, also read back from JSON.

        Raises:
            KeyError, TypeError, ValueError: It is none.
        """
        checks = tuple(
            Check(c["name"], c["promise"], tuple(Finding.from_record(f) for f in c["findings"]))
            for c in record["checks"]
        )
        tokens = {name: _pair(token) if token else None for name, token in record["tokens"].items()}
        ends = tuple(_pair(end) for end in record["ends"])
        ids = tuple(record["prefix_ids"])
        changed = {"checks": checks, "tokens": tokens, "ends": ends, "prefix_ids": ids}
        return cls(**{**record, **changed})


def certify(
    rows: Iterable[AnyRow],
    tokenizer: Tokenizer,
    system: str | None = None,
    *,
    encoded: Encodings | None = None,
) -> Certificate:
    """Check what the encoder makes of rows.

    Args:
        rows: Of any kind.
        tokenizer: With the chat template.
        system: System text of the rows that have none.
        encoded: What `try_rows` made of the rows' conversations without a greatest length, if
            that is known already.

    Returns:
        The certificate; what is wrong stands in its `problems`.
    """
    looking, count = _look_at(rows, tokenizer, system, encoded)
    used = system
    try:
        prefix, ids = _prefix(tokenizer, system)
    except DataError:
        used = None
        prefix, ids = _prefix(tokenizer, None)
    return Certificate(
        template_sha256=_template_sha256(tokenizer),
        tokens={name: _token(tokenizer, name) for name in ("bos", "eos", "pad")},
        ends=_ends(tokenizer),
        system=used,
        prefix=prefix,
        prefix_ids=ids,
        dated="strftime_now" in _template_text(tokenizer),
        rows=count,
        checks=tuple(Check(n, CHECKS[n], tuple(looking.findings(n))) for n in CHECKS),
    )


def _look_at(
    rows: Iterable[AnyRow], tokenizer: Tokenizer, system: str | None, encoded: Encodings | None
) -> tuple[Looking, int]:
    """Look at every row once; how many there were."""
    looking = Looking(encoder_of(tokenizer), system)
    known = None if encoded is None else iter(encoded.rows)
    if encoded is not None:
        looking.tell_of(encoded)
    count, number = 0, None
    sides = (side for row in rows for side in conversations(row))
    while batch := list(itertools.islice(sides, _BATCH_ROWS)):
        if known is None:
            tried = try_rows(batch, tokenizer, system=system)
            looking.tell_of(tried)
            found = tried.rows
        else:
            found = list(itertools.islice(known, len(batch)))
        for row, one in zip(batch, found, strict=True):
            count += row.number != number
            number = row.number
            if one is not None:
                looking.look(row, one)
    return looking, count


def _prefix(tokenizer: Tokenizer, system: str | None) -> tuple[str, tuple[int, ...]]:
    head = () if system is None else (Message("system", system),)
    messages = (*head, _QUESTION)
    text = encoder_of(tokenizer).renderer.text(Conversation(messages, ask=True))
    return text, tuple(encode_prompt(messages, tokenizer))


def _ends(tokenizer: Tokenizer) -> tuple[tuple[int, str], ...]:
    encoder = encoder_of(tokenizer)
    return tuple((id_, encoder.names.get(id_, "")) for id_ in encoder.end_ids)


def _token(tokenizer: Tokenizer, name: str) -> tuple[int, str] | None:
    id_ = getattr(tokenizer, f"{name}_token_id", None)
    return None if id_ is None else (int(id_), str(getattr(tokenizer, f"{name}_token", "")))


def _template_text(tokenizer: Tokenizer) -> str:
    template = tokenizer.chat_template or ""
    return template if isinstance(template, str) else json.dumps(template, sort_keys=True)


def _template_sha256(tokenizer: Tokenizer) -> str:
    return hashlib.sha256(_template_text(tokenizer).encode()).hexdigest()


def _pair(token: Iterable[Any]) -> tuple[int, str]:
    id_, text = token
    return int(id_), str(text)
