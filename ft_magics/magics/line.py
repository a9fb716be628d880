"""The line of a magic: words, names, settings and flags."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ft_magics.errors import FtError, SettingError, nearest
from ft_magics.magics.syntax import (
    FLAGS_NOT_YET,
    SYNTAX,
    Option,
    Syntax,
    canonical,
    flags_of,
    takes_no_value,
)
from ft_magics.settings import Setting

__all__ = ["Line", "Word", "parse_line", "place", "resolve", "split_words"]

VARIABLE = re.compile(r"\$([A-Za-z_]\w*)")
TRUTH = frozenset({"true", "false", "yes", "no", "on", "off"})


@dataclass(frozen=True)
class Word:
    """A part of a line between spaces."""

    text: str
    quoted: bool
    """Whether it began with a quote: then it is text as written, never a flag or a variable."""


@dataclass(frozen=True)
class Line:
    """What a line says."""

    names: tuple[str, ...]
    """The words without dashes."""
    settings: dict[str, Any]
    """Values by name as written, with _ for -; `$NAME` resolved."""
    flags: frozenset[str]
    """Flags that stand alone, with dashes inside: `skip-bad`."""
    ends_in_text: bool = False
    """Whether the last word without dashes stood in quotes."""


def place(magic: str, line: str) -> str:
    """Where we are, for errors: `%%finetune ollie`, `%ft use`."""
    first = line.split(maxsplit=1)[0] if line.strip() else ""
    head = f"%{magic}" if magic.partition(" ")[0] == "ft" else f"%%{magic}"
    return f"{head} {first}" if re.fullmatch(r"[\w~@-]+", first) and first[0] != "-" else head


def split_words(line: str, where: str) -> list[Word]:
    r"""Split a line as a shell would, but keep its texts as they are written.

    A quote counts where a word (or the value of `--name=`) begins, so `Don't` is a word. Inside
    double quotes `\"` is a quote; every other backslash, `$` and brace stays. ` #` begins a
    comment. `[a, b]` and `{a: 1}` are one word each.

    Raises:
        SettingError: A quote is not closed.
    """
    words = []
    at = 0
    while at < len(line):
        if line[at].isspace():
            at += 1
        elif line[at] == "#":
            break
        else:
            flag = re.compile(r"(--[\w-]+)=(?=[\"'\[{])").match(line, at)
            if flag:
                words.append(Word(flag.group(1), quoted=False))
                at = flag.end()
            word, at = _word(line, at, where)
            words.append(word)
    return words


def _word(line: str, at: int, where: str) -> tuple[Word, int]:
    """The word that begins here, and where it ends."""
    if line[at] in "\"'":
        text, at = _quoted(line, at, where)
        rest = re.compile(r"\S*").match(line, at)
        tail = rest.group() if rest else ""
        return Word(text + tail, quoted=True), at + len(tail)
    closed = _bracket_end(line, at) if line[at] in "[{" else 0
    if closed:
        return Word(line[at:closed], quoted=False), closed
    found = re.compile(r"\S+").match(line, at)
    assert found is not None
    return Word(found.group(), quoted=False), found.end()


def _quoted(line: str, at: int, where: str) -> tuple[str, int]:
    quote = line[at]
    found = re.compile(r'"((?:[^"\\]|\\.)*)"' if quote == '"' else r"'([^']*)'").match(line, at)
    if found is None:
        raise SettingError(
            where, f"a {quote} is not closed", "Close it, or put the text into the other quotes."
        )
    return found.group(1).replace('\\"', '"'), found.end()


def _bracket_end(line: str, at: int) -> int:
    """Where the bracket that opens here is closed; 0 if it is not."""
    depth = 0
    for index in range(at, len(line)):
        depth += (line[index] in "[{") - (line[index] in "]}")
        if not depth:
            end = re.compile(r"\S*").match(line, index)
            return end.end() if end else index + 1
    return 0


def resolve(text: str, names: Mapping[str, Any], where: str) -> Any:
    """The notebook's variable where a value is `$NAME`, else the value itself.

    Raises:
        SettingError: The notebook has no such variable.
    """
    found = VARIABLE.fullmatch(text)
    if not found:
        return text
    if found.group(1) not in names:
        known = [n for n in names if not n.startswith("_")]
        near = nearest(found.group(1), known) if known else ""
        raise SettingError(
            where,
            f"the notebook has no variable '{found.group(1)}'",
            near if near.startswith("Did") else "Assign it in a cell above, or quote it as text.",
        )
    return names[found.group(1)]


def parse_line(magic: str, line: str, user_ns: Mapping[str, Any]) -> Line:
    """Read the line of a magic.

    Args:
        magic: A key of the syntax table: `finetune`, `prompt`, `ft evaluate` …
        line: What stands behind the magic's name.
        user_ns: The notebook's variables.

    Raises:
        SettingError: An unknown flag (with the nearest right one), a value missing or given
            twice, a variable that is not there, too many words.
    """
    return _Reader(SYNTAX[magic], place(magic, line), user_ns).read(line)


class _Reader:
    def __init__(self, syntax: Syntax, where: str, user_ns: Mapping[str, Any]) -> None:
        self.syntax = syntax
        self.where = where
        self.user_ns = user_ns
        self.settings: dict[str, Any] = {}
        self.flags: set[str] = set()
        self.written: dict[str, str] = {}
        self.names: list[str] = []

    def read(self, line: str) -> Line:
        words = deque(split_words(line, self.where))
        names = self.names
        ends_in_text = False
        while words:
            word = words.popleft()
            if word.quoted or not re.match(r"--?[A-Za-z]", word.text):
                names.append(self._name(word))
                ends_in_text = word.quoted
            else:
                self._flag(word.text, words)
        if "help" not in self.flags:
            self._count(names)
        return Line(tuple(names), self.settings, frozenset(self.flags), ends_in_text)

    def _name(self, word: Word) -> Any:
        """A word without dashes; in a few verbs it may be a variable of the notebook."""
        if word.quoted or not self.syntax.resolved:
            return word.text
        return resolve(word.text, self.user_ns, self.where)

    def _count(self, names: list[str]) -> None:
        """Refuse words that are missing or too many."""
        usage = self.syntax.usage if self.syntax.usage[0] == "%" else f"%ft {self.syntax.usage}"
        if len(names) > self.syntax.most:
            extra = names[self.syntax.most]
            remedy = f"Write {usage}; a text with spaces stands in quotes."
            if any('"' in name for name in names):
                remedy += " One that has double quotes in it stands in single ones."
            raise SettingError(self.where, f"there is one word too many: '{extra}'", remedy)
        if len(names) < self.syntax.least:
            raise SettingError(self.where, "a name is missing", f"Write {usage}.")

    def _flag(self, text: str, words: deque[Word]) -> None:
        """Take one flag, and its value from the words behind it."""
        written, equals, value = text.lstrip("-").partition("=")
        given = Word(value, quoted=False) if equals else None
        option = self.syntax.option("help" if text == "-h" else written.replace("_", "-"))
        if option is not None and not option.value:
            if equals:
                raise SettingError(self.where, f"--{written} takes no value", "Leave it out.")
            self.flags.add(option.name)
            return
        name = option.name if option else canonical(self.syntax.spec, written)
        if name is None and written in FLAGS_NOT_YET:
            raise FtError(self.where, f"--{written} is not here yet", FLAGS_NOT_YET[written])
        if name is None:
            known = flags_of(self.syntax)
            raise SettingError(self.where, f"no flag '{text}'", nearest(f"--{written}", known))
        setting = None if option else self.syntax.settings[name]
        given = given or self._value(written, setting, words, option)
        self._set(name, written.replace("-", "_"), given, setting)

    def _value(
        self, written: str, setting: Setting | None, words: deque[Word], option: Option | None
    ) -> Word:
        if option is not None and option.may:
            like = words and re.fullmatch(option.may, words[0].text)
            # Where no further name has a place, the word can only be a value, if a wrong one.
            left = len(self.names) >= self.syntax.most and words and words[0].text[:2] != "--"
            return words.popleft() if like or left else Word("true", quoted=False)
        missing = not words or (not words[0].quoted and words[0].text.startswith("--"))
        if setting is not None and takes_no_value(setting):
            if missing or (words[0].text.lower() not in TRUTH and words[0].text[:1] != "$"):
                return Word("true", quoted=False)
        elif missing:
            raise SettingError(self.where, f"--{written} has no value", f"Write --{written} VALUE.")
        return words.popleft()

    def _set(self, name: str, written: str, word: Word, setting: Setting | None) -> None:
        if name in self.written:
            raise SettingError(
                self.where,
                f"{name} is given twice",
                f"Keep --{self.written[name]} or --{written}.".replace("_", "-"),
            )
        self.written[name] = written
        value = word.text if word.quoted else resolve(word.text, self.user_ns, self.where)
        if isinstance(value, str) and setting is not None and _is_mapping(setting):
            from ft_magics.magics.body import read_mapping

            value = read_mapping(value, self.user_ns, self.where)
        self.settings[name if setting is None else written] = value


def _is_mapping(setting: Setting) -> bool:
    return "dict[" in str(setting.type)
