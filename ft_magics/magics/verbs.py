"""`%ft VERB`: each verb is one call of the session."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from ft_magics.errors import FtError, SettingError, nearest
from ft_magics.magics import port
from ft_magics.magics.help import Text, help_of, overview
from ft_magics.magics.line import Line, parse_line, place
from ft_magics.magics.syntax import NOT_YET, VERBS

__all__ = ["CALLS", "run_verb"]

Call = Callable[[ModuleType, Line, str], Any]


def run_verb(line: str, user_ns: Mapping[str, Any]) -> Any:
    """Do what a `%ft` line says.

    Args:
        line: All behind `%ft`.
        user_ns: The notebook's variables.

    Returns:
        What the session returns; for a few words, `Text`.

    Raises:
        SettingError: No such verb (with the nearest right one), or its words are wrong.
        FtError: What the verb itself refuses.
    """
    verb, rest = _split(line)
    if not verb:
        return port.session().workflow()
    if verb in ("--help", "-h"):
        return overview()
    if verb in NOT_YET:
        raise FtError(f"%ft {verb}", f"{verb} is not here yet", NOT_YET[verb])
    if verb not in CALLS:
        raise SettingError("%ft", f"no verb '{verb}'", nearest(verb, CALLS))
    said = parse_line(f"ft {verb}", rest, user_ns)
    if "help" in said.flags:
        return help_of(verb)
    return CALLS[verb](port.session(), said, place(f"ft {verb}", rest))


def _split(line: str) -> tuple[str, str]:
    found = re.match(r"\s*([^\s#]\S*)?\s*(.*)", line, re.DOTALL)
    verb, rest = (found.group(1) or "", found.group(2)) if found else ("", "")
    return verb, rest


def _goal(session: ModuleType, said: Line, where: str) -> Any:
    kept = session.goal(" ".join(said.names) or None)
    return kept or Text('No goal yet. Write one: %ft goal "answers questions about my cat".')


def _advise(session: ModuleType, said: Line, where: str) -> Any:
    return session.advise(_first(said), golden="golden" in said.flags, where=where)


def _model(session: ModuleType, said: Line, where: str) -> Any:
    options = {**said.settings, "trust_remote_code": "trust-remote-code" in said.flags}
    name = said.names[0] if said.names else None
    if name is None and (said.settings or said.flags):
        raise SettingError(where, "the options are for a model", "Write %ft model NAME first.")
    return session.model(name, **options) if name else session.model()


def _use(session: ModuleType, said: Line, where: str) -> Text:
    return Text(f"{session.use(said.names[0], where=where)} answers where no model is named")


def _wait(session: ModuleType, said: Line, where: str) -> Any:
    text = said.settings.get("timeout")
    try:
        timeout_s = None if text is None else float(text)
    except (TypeError, ValueError):
        raise SettingError(where, f"timeout is {text!r}", "It must be seconds.") from None
    waited = session.wait(_first(said), timeout_s=timeout_s)
    return Text("no run is in progress") if waited is None else waited


def _evaluate(session: ModuleType, said: Line, where: str) -> Any:
    written = str(said.settings.get("against", "base"))
    against = tuple(part.strip() for part in written.split(",") if part.strip())
    golden = said.settings.get("golden")
    return session.evaluate(said.names[0], golden, against, where=where)


def _export(session: ModuleType, said: Line, where: str) -> Text:
    name, *rest = said.names
    if name.startswith("data:") or "format" in said.settings:
        file = rest[0] if rest else None
        over = "overwrite" in said.flags
        format = said.settings.get("format", "messages")
        path = session.export_rows(name, file, format=format, overwrite=over, where=where)
        return Text(f"the rows of {name.removeprefix('data:')} are in {path.name}, as {format}")
    folder = rest[0] if rest else re.sub(r"[~@]", "-", name)
    session.export(name, folder, where=where)
    return Text(f"{name} is in {folder}, in PEFT's layout")


def _import(session: ModuleType, said: Line, where: str) -> Text:
    name, folder = said.names
    facts = session.import_adapter(name, folder, where=where)
    return Text(f"{facts.name} is here: rank {facts.rank}, {facts.bytes / 1e6:.1f} MB")


def _edit(session: ModuleType, said: Line, where: str) -> Any:
    *of, text = said.names
    return session.edit(text, *of, where=where, **said.settings)


def _first(said: Line) -> str | None:
    return said.names[0] if said.names else None


CALLS: dict[str, Call] = {
    "goal": _goal,
    "advise": _advise,
    "model": _model,
    "list": lambda session, said, where: session.adapters(),
    "show": lambda session, said, where: session.show(said.names[0], where=where, **said.settings),
    "use": _use,
    "chat": lambda session, said, where: session.chat(said.names, where=where, **said.settings),
    "vote": lambda session, said, where: session.vote(*said.names, where=where, **said.settings),
    "edit": _edit,
    "prefer": lambda session, said, where: session.prefer(
        *said.names, where=where, **said.settings
    ),
    "wait": _wait,
    "stop": lambda session, said, where: session.stop(_first(said), where=where),
    "pause": lambda session, said, where: session.pause(_first(said), where=where),
    "resume": lambda session, said, where: session.resume(_first(said), where=where),
    "evaluate": _evaluate,
    "memory": lambda session, said, where: session.memory(free="free" in said.flags),
    "export": _export,
    "import": _import,
    "delete": lambda session, said, where: Text(session.delete(said.names[0], where=where)),
    "rename": lambda session, said, where: Text(session.rename(*said.names, where=where)),
    "undo": lambda session, said, where: Text(session.undo()),
    "doctor": lambda session, said, where: session.doctor(),
    "help": lambda session, said, where: help_of(_first(said) or ""),
}

if set(CALLS) != set(VERBS):  # pragma: no cover - a verb was added in one place only
    raise AssertionError(sorted(set(CALLS) ^ set(VERBS)))
