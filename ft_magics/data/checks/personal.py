"""Personal data: addresses, phone numbers, cards and accounts, found by form and check digits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ft_magics.data.checks.check import RowAt, Tally
from ft_magics.data.checks.secrets import masked
from ft_magics.data.findings import Finding
from ft_magics.data.rows import AnyRow
from ft_magics.data.views import View, Views

__all__ = ["Personal", "personal_checks"]

Found = Iterator[tuple[str, bool]]
"""What was found, and whether it is real: not one of those kept for examples."""

_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}(?![\w@-])", re.ASCII)
_EXAMPLE_HOST = re.compile(
    r"(?:^|\.)(?:example|test|invalid|localhost|domain|yourdomain|yourcompany|company|email|mail"
    r"|acme\w*)\.\w+$|\.(?:example|test|invalid|local)$",
    re.IGNORECASE,
)
_EXAMPLE_NAME = re.compile(
    r"^(?:user|username|name|your\w*|you|someone|me|foo|bar|test|noreply|no-reply|git|john\.?doe"
    r"|jane\.?doe)\d*$",
    re.IGNORECASE,
)

_DIGITS = re.compile(r"\d(?:[ ().\-/\u00a0]{0,3}\d){6}")
"""Seven digits that may belong together."""
_GROUPED = re.compile(r"\D")
_CALL = re.compile(
    r"\b(?:phone|hotline|tel|telephone|call|mobile|cell|fax|whatsapp|sms|telefon|handy|mobil|rufen"
    r"|t[ée]l[ée]phone|tel[ée]fono|numero)\b",
    re.IGNORECASE,
)
_NEAR = 30
"""Characters before a number in which it is called one to call."""
_REGIONS = ("US", "GB", "DE", "FR", "ES", "IT", "IN", "AU")
"""Whose national numbers are known, if a text says that it is a number to call."""
_FICTION = re.compile(r"555\D{0,2}01\d\d$|7946\D?0\d\d\d$|7700\D?900\D?\d{3}$")
"""Numbers kept for fiction in North America and the United Kingdom."""

_CARD = re.compile(r"(?<![\w.,+-])(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}|3\d{3}([ -])\d{6}\2\d{4,5})(?![\w-]|[.,]\d)")  # fmt: skip
_ISSUERS = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})$|(?:5[1-5]|2[2-7])\d{14}$|3[47]\d{13}$|6(?:011|5|4[4-9])\d{12,13}$"
    r"|35\d{14}$|3(?:0[0-5]|[68]\d)\d{11}$"
)
_TEST_CARDS_TEXT = """
4111111111111111 4242424242424242 4012888888881881 4222222222222 5555555555554444
5105105105105100 378282246310005 371449635398431 6011111111111117 6011000990139424
30569309025904 38520000023237 3530111333300000 3566002020360505 4000056655665556
2223003122003222 5200828282828210
"""
_TEST_CARDS = frozenset(_TEST_CARDS_TEXT.split())

_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_EXAMPLE_IBANS_TEXT = """
DE89370400440532013000 GB82WEST12345698765432 GB29NWBK60161331926819 FR1420041010050500013M02606
CH9300762011623852957 NL91ABNA0417164300 ES9121000418450200051332 IT60X0542811101000000123456
BE68539007547034 AT611904300234573201
"""
_EXAMPLE_IBANS = frozenset(_EXAMPLE_IBANS_TEXT.split())


class Personal:
    """Rows that hold one kind of personal data."""

    def __init__(
        self,
        check: str,
        text: str,
        likely: Callable[[View], object],
        search: Callable[[str], Found],
        views: Views,
    ) -> None:
        self._check = check
        self._text = text
        self._likely = likely
        self._search = search
        self._views = views
        self._found = Tally()
        self._examples = Tally()

    def see(self, row: AnyRow) -> None:
        """Search all texts, if a quick look says that there may be some."""
        view = self._views(row)
        if self._likely(view):
            for piece, real in self._search(view.whole):
                (self._found if real else self._examples).add(row.number, masked(piece))
                if real:
                    break

    def findings(self, row_at: RowAt) -> list[Finding]:
        """One finding about real data, one about examples."""
        remedy = "Replace it by an invented one, unless it is public and meant to be learned."
        return [
            *self._found.told(self._check, "warning", self._text, remedy),
            *self._examples.told(
                f"example-{self._check}",
                "note",
                f"{self._text} that is kept for examples",
                "Nothing, if it is invented.",
            ),
        ]


def personal_checks(views: Views) -> list[Personal]:
    """A check for each kind of personal data.

    Args:
        views: Shared by the checks of a pass.
    """
    return [
        Personal("email", "an email address", lambda view: "@" in view.whole, _emails, views),
        Personal("phone-number", "a phone number", _has_number, _phones, views),
        Personal("card-number", "a card number", _has_number, _cards, views),
        Personal("iban", "an account number (IBAN)", _has_number, _ibans, views),
    ]


def _has_number(view: View) -> bool:
    return view.has_digit and _DIGITS.search(view.whole) is not None


def _emails(text: str) -> Found:
    for found in _EMAIL.finditer(text):
        name, _, host = found[0].rpartition("@")
        if name == "git":  # `git@host:path` is where a repository is
            continue
        # `https://user:word@host` is an address of another kind.
        if text[: found.start()].endswith(":") and "://" in text[max(0, found.start() - 60) :][:60]:
            continue
        yield found[0], not (_EXAMPLE_HOST.search(host) or _EXAMPLE_NAME.match(name))


def _phones(text: str) -> Found:
    """Numbers with a country's code, in North America's writing, or said to be called."""
    import phonenumbers

    whole = phonenumbers.Leniency.VALID
    strict = phonenumbers.Leniency.STRICT_GROUPING
    seen: set[int] = set()
    for region, leniency in ((None, whole), ("US", strict), *((r, whole) for r in _REGIONS)):
        called = leniency is whole and region is not None
        if called and _CALL.search(text) is None:
            break
        if region is None and "+" not in text:
            continue
        for found in phonenumbers.PhoneNumberMatcher(text, region, leniency):
            if found.start in seen or _in_longer(text, found.start, found.end):
                continue
            if called and not _CALL.search(text[max(0, found.start - _NEAR) : found.start]):
                continue
            if region == "US" and not called and _GROUPED.search(found.raw_string) is None:
                continue
            seen.add(found.start)
            yield found.raw_string, _FICTION.search(found.raw_string) is None


def _in_longer(text: str, start: int, end: int) -> bool:
    """Whether a number is a piece of a longer one: of a decimal, an expression, a code."""
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    return bool(
        re.search(r"[\w=*/^.,]-?\Z|\d[ -]\Z", before) or re.match(r"[\w=*/^]|[.,-]\d", after)
    )


def _cards(text: str) -> Found:
    from stdnum import luhn

    for found in _CARD.finditer(text):
        digits = _GROUPED.sub("", found[0])
        if _ISSUERS.match(digits) and luhn.is_valid(digits) and len(set(digits)) > 2:
            yield found[0], digits not in _TEST_CARDS
        elif digits in _TEST_CARDS:
            yield found[0], False


def _ibans(text: str) -> Found:
    from stdnum import iban

    for found in _IBAN.finditer(text):
        # Capitals that follow may be taken for a part of it: the longest that is valid counts.
        groups = found[0].split(" ")
        for count in range(len(groups), 0, -1):
            piece = " ".join(groups[:count])
            if iban.is_valid(piece, check_country=False):
                yield piece, piece.replace(" ", "") not in _EXAMPLE_IBANS
                break
