"""The magics: each parses its cell and makes one call of the session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from IPython.core.magic import Magics, line_cell_magic, line_magic, magics_class, no_var_expand

from ft_magics.errors import SettingError
from ft_magics.magics import port
from ft_magics.magics.body import both_places, parse_body
from ft_magics.magics.help import help_of
from ft_magics.magics.line import Line, parse_line, place
from ft_magics.magics.rows import rewrite, rows_options
from ft_magics.magics.syntax import SYNTAX
from ft_magics.magics.verbs import run_verb

__all__ = ["Cell", "FtCells", "read_cell"]


@dataclass(frozen=True)
class Cell:
    """What a cell says."""

    line: Line
    settings: dict[str, Any]
    """Of the line and of the body."""
    text: str | None
    """The rows, or the question; None when there is none."""
    where: str
    written: str
    """The line, as it was written."""

    @property
    def name(self) -> str:
        """The first name on the line."""
        return self.line.names[0]

    @property
    def flags(self) -> frozenset[str]:
        """Flags that stand alone."""
        return self.line.flags


def read_cell(magic: str, line: str, body: str | None, user_ns: dict[str, Any]) -> Cell:
    """Parse one of our cells, or the line alone.

    Raises:
        SettingError: The line or the body is not as it should be.
    """
    where = place(magic, line)
    said = parse_line(magic, line, user_ns)
    settings, text = ({}, None) if body is None else parse_body(magic, body, user_ns, where)
    together = both_places(SYNTAX[magic].spec, said.settings, settings, where)
    return Cell(said, together, text, where, line)


@magics_class
class FtCells(Magics):  # type: ignore[misc]
    """Fine-tuning in cells. `%ft help` lists everything."""

    shell: Any

    def _read(self, magic: str, line: str, body: str | None) -> Cell:
        return read_cell(magic, line, body, self.shell.user_ns)

    @no_var_expand
    @line_cell_magic  # type: ignore[untyped-decorator]
    def dataset(self, line: str, cell: str | None = None) -> Any:
        """Keep the rows below under a name. `%%dataset --help` tells more."""
        said = self._read("dataset", line, cell)
        if "help" in said.flags:
            return help_of("dataset")
        options = rows_options(said, self.shell.user_ns)
        if said.text is None and "source" not in options and (said.settings or said.flags):
            raise SettingError(said.where, "there are no rows", "Put them below the line.")
        made = port.session().dataset(said.name, said.text, where=said.where, **options)
        if "rewrite" in said.flags:
            rewrite(self.shell, port.session(), said, made)
        return made

    @no_var_expand
    @line_cell_magic  # type: ignore[untyped-decorator]
    def golden(self, line: str, cell: str | None = None) -> Any:
        """Keep the questions below under a name. `%%golden --help` tells more."""
        said = self._read("golden", line, cell)
        if "help" in said.flags:
            return help_of("golden")
        return port.session().golden(said.name, said.text, where=said.where)

    @no_var_expand
    @line_cell_magic  # type: ignore[untyped-decorator]
    def finetune(self, line: str, cell: str | None = None) -> Any:
        """Train an adapter. `%%finetune --help` lists every setting."""
        said = self._read("finetune", line, cell)
        if "help" in said.flags:
            return help_of("finetune")
        flags = {"continue_" if f == "continue" else f: True for f in said.flags}
        return port.session().finetune(
            said.name, rows=said.text, where=said.where, **flags, **said.settings
        )

    @no_var_expand
    @line_cell_magic  # type: ignore[untyped-decorator]
    def prompt(self, line: str, cell: str | None = None) -> Any:
        """Ask the text below. `%%prompt --help` tells more."""
        said = self._read("prompt", line, cell)
        if "help" in said.flags:
            return help_of("prompt")
        names, question = _question(said)
        out = _variable(said.settings.pop("out", None), said.where)
        answers = port.session().ask(
            question, names, finished=out is not None, where=said.where, **said.settings
        )
        if out is not None:
            self.shell.push({out: answers.value})
        return answers

    @no_var_expand
    @line_magic  # type: ignore[untyped-decorator]
    def ft(self, line: str) -> Any:
        """The workflow, and every verb. `%ft help` lists them."""
        return run_verb(line, self.shell.user_ns)


def _question(said: Cell) -> tuple[list[str], str]:
    """The models and the question: the body, or the quoted text that ends the line."""
    names = list(said.line.names)
    if said.text is None and said.line.ends_in_text:
        return names[:-1], names[-1]
    if said.text is None:
        raise SettingError(
            said.where,
            "there is no question",
            'Write it below a %%prompt line, or in quotes: %prompt base "How do cats sleep?".',
        )
    return names, said.text


def _variable(name: str | None, where: str) -> str | None:
    if name is not None and not (isinstance(name, str) and name.isidentifier()):
        raise SettingError(where, f"--out is {name!r}", "It must be the name of a variable.")
    return name
