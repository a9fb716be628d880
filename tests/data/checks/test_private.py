"""Secrets and personal data: what is found, what is shown of it, and what only looks so."""

from __future__ import annotations

from typing import Any

import pytest

from ft_magics.data.checks.secrets import masked

# Made up for this test, in the forms of the real ones; put together here so that no scanner
# of repositories takes them for real.
SECRETS = {
    "aws": "AKIA" + "Z7QK3LMN4PQR5STU",
    "github": "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a",
    "gitlab": "glpat-" + "Zx81Qw72Er63Ty54Ui45",
    "hugging face": "hf_" + "QwErTyUiOpAsDfGhJkLzXcVbNmQwErTyUi",
    "slack": "xoxb-" + "2837461982-9182736451-Qz8Wx7Ec6Rv5",
    "stripe": "sk_live_" + "9aZ8bY7cX6dW5eV4fU3gT2hS",
    "google": "AIza" + "SyD9-8hQ7w6E5r4T3y2U1i0O9p8A7s6D5f4",
    "openai": "sk-proj-" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0",
    "key": "-----BEGIN RSA PRIVATE " + "KEY-----",
    "jwt": "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiI0MiJ9." + "c2lnbmF0dXJlLW9mLWl0",
    "npm": "npm_" + "Qw7KzL2mRt9YpXv4NbDs6GhJf1CaWe8UiOq3",
    "aws secret": "aws_secret_access_key = " + "wJ4lrQ7tnFz" + "MI9K/MDqN0+bPxRfiCYzzQw8eXq1r",
    "address": "postgres://anna:" + "k4Tz3nHaus" + "@db1.kittens.io/cats",
}


@pytest.mark.parametrize("name", list(SECRETS))
def test_secrets(found: Any, answers: Any, name: str) -> None:
    told = found(answers("In boxes.", f"Use {SECRETS[name]} for it."))
    assert set(told) == {"secret"}
    assert (told["secret"].rows, told["secret"].severity) == ((2,), "warning")
    (example,) = told["secret"].examples
    assert "•••" in example.text
    assert SECRETS[name] not in example.text and "k4Tz3nHaus" not in example.text


@pytest.mark.parametrize(
    "text",
    [
        "AKIAIOSFODNN7EXAMPLE is Amazon's own.",
        "Connect to postgres://user:password@localhost:5432/db first.",
        "Set AWS_KEY=AKIAXXXXXXXXXXXXXXXX there.",
    ],
)
def test_secrets_of_documentation(found: Any, answers: Any, text: str) -> None:
    told = found(answers("In boxes.", text))
    assert set(told) <= {"example-secret"}
    assert all(finding.severity == "note" for finding in told.values())


@pytest.mark.parametrize(
    "text",
    [
        "The commit is 9fceb02d0ae598e95dc970b74767f19372d61af8.",
        "See https://docs.python.org/3/library/concurrent.futures.html#module for it.",
        "Its UUID is 123e4567-e89b-12d3-a456-426614174000.",
        "Donaudampfschifffahrtsgesellschaftskapitän is a long word.",
        "A key-value store maps a token to a password hash.",
        "def test_that_all_of_the_cats_are_asleep_at_noon_2024(): pass",
        "It is 3.14159265358979323846264338327950288.",
    ],
)
def test_no_secrets(found: Any, answers: Any, text: str) -> None:
    assert found(answers(text)) == {}


@pytest.mark.parametrize(
    ("check", "text", "shown"),
    [
        ("email", "Write to anna.meier@gmx.de today.", "ann•••de"),
        ("phone-number", "Call +49 30 901820 today.", "+49•••20"),
        ("phone-number", "It is (212) 736-5000, I think.", "(21•••00"),
        ("phone-number", "It is 212-736-5000, I think.", "212•••00"),
        ("phone-number", "Telefon: 030 901820, bitte.", "030•••20"),
        ("phone-number", "My phone number is 020 7219 3000.", "020•••00"),
        ("card-number", "Pay with 4539 1488 0343 6467 now.", "453•••67"),
        ("card-number", "Pay with 4539148803436467 now.", "453•••67"),
        ("iban", "Send it to DE44 5001 0517 5407 3249 31 now.", "DE4•••31"),
        ("iban", "Send it to DE44500105175407324931.", "DE4•••31"),
    ],
)
def test_personal_data(found: Any, answers: Any, check: str, text: str, shown: str) -> None:
    told = found(answers("In boxes.", text))
    assert set(told) == {check}
    assert (told[check].rows, told[check].severity) == ((2,), "warning")
    assert told[check].examples[0].text == shown


@pytest.mark.parametrize(
    ("check", "text"),
    [
        ("email", "Write to anna@example.com today."),
        ("email", "Write to your.name@company.com today."),
        ("phone-number", "Call (212) 555-0123 today."),
        ("phone-number", "Call +1 212-555-0199 today."),
        ("card-number", "Test with 4111 1111 1111 1111 first."),
        ("card-number", "Test with 4242424242424242 first."),
        ("iban", "Test with DE89 3704 0044 0532 0130 00 first."),
    ],
)
def test_data_kept_for_examples(found: Any, answers: Any, check: str, text: str) -> None:
    told = found(answers("In boxes.", text))
    assert set(told) == {f"example-{check}"}
    assert told[f"example-{check}"].severity == "note"


def test_a_number_that_begins_a_text_is_no_piece_of_the_question_before(
    found: Any, pairs: Any
) -> None:
    told = found(pairs(("Give me your number", "+49 30 901820"), ("And your fax", "415-867-5310")))
    assert told["phone-number"].rows == (1, 2)


@pytest.mark.parametrize(
    "text",
    [
        "It happened on 2023-01-15, 2024-02-16 and 15.01.2025 at 12:30:45.",
        "1234567890 × 2 = 2469135780.",
        "Pi is 3.141592653589793 or so.",
        "The primes are 2 3 5 7 11 13 17 19 23 29.",
        "Order 4539 1488 0343 6468 has no valid check digit.",
        "There are 7,900,000,000 people, or 7900000000.",
        "ISBN 978-3-16-148410-0 is a book, 0-306-40615-2 another.",
        "Version 10.15.7 runs on 192.168.0.1:8080.",
        "x = 1000000 + 2000000 - 3000000",
        "The matrix is 1 0 0 0 1 0 0 0 1.",
        "The timestamp is 1700000000000.",
        "GB82 is the beginning of a plate, DE44 5001 0517 5407 3249 32 is none.",
        "Use @property and @dataclass in Python; a @ b multiplies.",
        "From 1990 - 2010 it grew by 200 000 000 a year.",
        "Call f(1, 2, 3, 4, 5, 6, 7) to sum them.",
        "2125550187 cats have 4 legs each.",
    ],
)
def test_no_personal_data(found: Any, answers: Any, text: str) -> None:
    assert found(answers(text)) == {}


def test_a_secret_is_never_shown_whole() -> None:
    assert masked("hunter2") == "h•••"
    assert masked("") == "•••"
    assert masked("AKIAZ7QK3LMN4PQR5STU") == "AKI•••TU"
