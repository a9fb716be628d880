"""Keys, tokens and passwords, which a trained model would tell to anyone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module

from ft_magics.data.checks.check import RowAt, Tally
from ft_magics.data.findings import Finding
from ft_magics.data.rows import AnyRow
from ft_magics.data.views import Views

__all__ = ["Secrets", "masked"]

_DETECTORS = {
    "aws": "AWSKeyDetector",
    "azure_storage_key": "AzureStorageKeyDetector",
    "basic_auth": "BasicAuthDetector",
    "discord": "DiscordBotTokenDetector",
    "github_token": "GitHubTokenDetector",
    "gitlab_token": "GitLabTokenDetector",
    "ibm_cloud_iam": "IbmCloudIamDetector",
    "ibm_cos_hmac": "IbmCosHmacDetector",
    "jwt": "JwtTokenDetector",
    "mailchimp": "MailchimpDetector",
    "npm": "NpmDetector",
    "openai": "OpenAIDetector",
    "private_key": "PrivateKeyDetector",
    "pypi_token": "PypiTokenDetector",
    "sendgrid": "SendGridDetector",
    "slack": "SlackDetector",
    "softlayer": "SoftlayerDetector",
    "square_oauth": "SquareOAuthDetector",
    "stripe": "StripeDetector",
    "telegram_token": "TelegramBotTokenDetector",
    "twilio": "TwilioKeyDetector",
}
"""detect-secrets' detectors that know a form; those that guess by entropy find hashes and code."""

_NEWER = {
    "OpenAI Token": r"\bsk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{40,}",
    "Anthropic Token": r"\bsk-ant-[a-z0-9]+-[A-Za-z0-9_-]{40,}",
    "Hugging Face Token": r"\bhf_[A-Za-z]{34}\b",
    "Google API Key": r"\bAIza[0-9A-Za-z_-]{35}\b",
    "npm Token": r"\bnpm_[A-Za-z0-9]{36}\b",
    "AWS Secret Key": r"(?i:aws_?secret_?(?:access_?)?key)\W{1,5}([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])",
    "GitHub Token": r"\bgithub_pat_[0-9A-Za-z_]{60,}",
}
"""Forms newer than the library's, and those it knows only in quotes or in a file of settings."""

_WITHOUT_DIGITS = frozenset({"Hugging Face Token", "Private Key", "Basic Auth Credentials"})

_LIKELY = re.compile(
    r"(?<![\w+/=.\-])(?=[^\s\d]{0,80}\d|hf_|AccountKey)[\w+/=.:\-]{20,}|PRIVATE KEY|PuTTY-User-Key"
    r"|://[^\s:/@]+:[^\s:/@]+@|_authToken=|[\"'][\w+/=\-]{20,}[\"']"
)
"""What all of the forms hold; a quick look at a text. Most prose holds none of it."""

_LONG_WORD = re.compile(r"\S{20}")

_EXAMPLE = re.compile(
    r"example|sample|placeholder|dummy|redacted|changeme|your[_-]?|xxxx|(?:1234567|abcdefg).*|\*{3,}"
    r"|(.)\1{7,}",
    re.IGNORECASE,
)
_EXAMPLE_HOST = re.compile(
    r"(?:localhost|127\.0\.0\.1|host(?:name)?|db|proxy|server)(?![\w.-])|example\."
)
_COMMON_PASSWORDS_TEXT = """
password passwd pass pwd secret user admin root postgres mysql guest test token mypassword p pw
example hunter2 123456 $password {password} <password> pass123 password123
"""
_COMMON_PASSWORDS = frozenset(_COMMON_PASSWORDS_TEXT.split())


class Secrets:
    """Rows that hold a key, a token, or a password in an address."""

    def __init__(self, views: Views) -> None:
        self._views = views
        self._found = Tally()
        self._examples = Tally()
        self._patterns: list[tuple[str, re.Pattern[str], object]] = []

    def see(self, row: AnyRow) -> None:
        """Search the lines in which one can stand."""
        whole = self._views(row).whole
        # Most prose has no word that long, and no address with a user.
        short = _LONG_WORD.search(whole) is None and "PRIVATE KEY" not in whole
        if (short and not ("://" in whole and "@" in whole)) or _LIKELY.search(whole) is None:
            return
        for line in whole.splitlines():
            if _LIKELY.search(line) is not None:
                for kind, secret, real in self._in_line(line):
                    tally = self._found if real else self._examples
                    tally.add(row.number, f"{kind}: {masked(secret)}")
                    if real:
                        return

    def findings(self, row_at: RowAt) -> list[Finding]:
        """One finding about secrets, one about examples of them."""
        return [
            *self._found.told(
                "secret",
                "warning",
                "a key, token or password",
                "Revoke it if it is real, and write an invented one: a model tells what it learned.",
            ),
            *self._examples.told(
                "example-secret",
                "note",
                "a key, token or password that looks like an example",
                "Nothing, if it is invented.",
            ),
        ]

    def _in_line(self, line: str) -> Iterator[tuple[str, str, bool]]:
        if not self._patterns:
            self._patterns = list(_patterns())
        for kind, pattern, valid in self._patterns:
            for found in pattern.finditer(line):
                secret = max((group for group in found.groups() if group), key=len, default="")
                if len(secret) < 16 and kind != "Basic Auth Credentials":
                    secret = found[0]
                if kind == "JSON Web Token" and not valid(secret):  # type: ignore[operator]
                    continue
                # Words as long as a token hold no digit; tokens do.
                if kind in _WITHOUT_DIGITS or any(map(str.isdigit, secret)):
                    yield kind, secret, _is_real(kind, secret, found[0], line)


def masked(secret: str) -> str:
    """A secret as it may be shown: its first three and last two characters, fewer of a short one.

    Args:
        secret: The whole.
    """
    if len(secret) < 10:
        return f"{secret[:1]}•••"
    return f"{secret[:3]}•••{secret[-2:]}"


def _patterns() -> Iterator[tuple[str, re.Pattern[str], object]]:
    for module, name in _DETECTORS.items():
        detector = getattr(import_module(f"detect_secrets.plugins.{module}"), name)
        valid = getattr(detector, "is_formally_valid", None)
        for pattern in detector.denylist:
            yield detector.secret_type, pattern, valid
    for kind, text in _NEWER.items():
        yield kind, re.compile(text), None


def _is_real(kind: str, secret: str, match: str, line: str) -> bool:
    """Whether a secret is none of those that stand in documentation."""
    if kind == "Private Key":
        return "example" not in line.casefold()
    if kind == "Basic Auth Credentials":
        local = _EXAMPLE_HOST.match(line.partition(match)[2]) is not None
        return (
            not local and secret.casefold() not in _COMMON_PASSWORDS and not _EXAMPLE.search(secret)
        )
    return _EXAMPLE.search(secret) is None
