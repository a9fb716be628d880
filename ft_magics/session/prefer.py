"""`prefer`: two models, many prompts, and which answer is better, without knowing whose it is."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ft_magics.errors import SettingError
from ft_magics.session.ballots import Ballots
from ft_magics.session.pairs import Rivals
from ft_magics.session.preferring import Preferring
from ft_magics.session.questions import Questions, read_questions
from ft_magics.session.resolve import Target, resolve_all
from ft_magics.session.sheet import Sheet
from ft_magics.session.state import Session, current
from ft_magics.settings import read_settings
from ft_magics.spec import GenerateSpec

if TYPE_CHECKING:
    from ft_magics.data import Message

__all__ = ["Preferring", "prefer"]


def prefer(
    first: str,
    second: str,
    prompts: Any = None,
    *,
    collect: str | None = None,
    where: str | None = None,
    **settings: Any,
) -> Preferring:
    """Compare two models blind. Waits for a run in progress.

    The same models, prompts and settings go on where they stood, also in another kernel.

    Args:
        first: A model, as for `prompt`.
        second: Another.
        prompts: `golden:NAME`, `data:NAME`, a file of prompts, or a list of them; those that
            `second` (else `first`) was trained on unless named.
        collect: The data set that the choices go to; `preferences` unless named.
        where: The cell, for errors.
        **settings: `GenerateSpec`'s fields; the seed shuffles the sides, too.

    Raises:
        NameUnknown: A model, or what the prompts are named, is not there.
        SettingError: A setting is refused, or there are no prompts.
        RunError: A run that was waited for failed.
    """
    session = current()
    where = where or f"prefer {first} {second}"
    spec, notices = read_settings(GenerateSpec, settings, where)
    for text in notices:
        session.front_end.notice(text)
    for name in (first, second):
        held = session.runs.get(name)
        if held is not None and held.active:
            held.wait()
    pairs = resolve_all(session, [first, second], where)
    targets = [target for target, _ in pairs]
    found = read_questions(session, prompts, targets, where)
    if prompts is None:
        session.front_end.notice(f"asking {found.title}; --prompts names others")
    asked = _led(found, targets, spec, where)
    sheet = Sheet.of("preference", collect, where)
    # Now, not after the user has read the first pair.
    sheet.check()
    shown, key = (_key(session, targets, asked, spec, sheet.name, v) for v in (False, True))
    ballots = Ballots(sheet, key, collect)
    ballots.read()
    _close_before(session)
    # From here on a vote is about the comparison, also when that has ended.
    session.last_answers = None
    rivals = Rivals(pairs, spec)
    session.preferring = Preferring((first, second), asked, rivals, ballots, spec.seed, shown)
    return _begun(session, session.preferring)


def _begun(session: Session, made: Preferring) -> Preferring:
    if made.finished:
        text = "these were compared already; another --seed compares them anew"
        session.front_end.notice(text)
    elif made.judged:
        session.front_end.notice(f"going on after {made.judged} of {made.total} questions")
    front_end = session.front_end
    # A terminal shows what is there when the line returns, as a saved notebook does.
    if not front_end.can_answer or not getattr(front_end, "in_notebook", True):
        made.wait()
    return made


def _close_before(session: Session) -> None:
    """One comparison at a time: two on the same questions would not know of each other."""
    if session.preferring is not None:
        session.preferring.close()


def _led(
    found: Questions, targets: list[Target], spec: GenerateSpec, where: str
) -> list[tuple[Message, ...]]:
    """The prompts, each with the system text that the models know.

    Raises:
        SettingError: They know several, so the user must choose.
    """
    from ft_magics.data.rows import with_system

    if spec.system is None and found.led:
        return list(found.prompts)
    trained = sorted({text for target in targets for text in target.systems})
    without = any(prompt[0].role != "system" for prompt in found.prompts)
    if spec.system is None and len(trained) > 1 and without:
        shown = "; ".join(f'"{text[:60]}"' for text in trained[:5])
        what = f"these models were trained with {len(trained)} system texts"
        raise SettingError(where, what, f"Choose one with --system: {shown}.")
    system = trained[0] if spec.system is None and trained else spec.system
    return [with_system(prompt, system) for prompt in found.prompts]


def _key(
    session: Session,
    targets: list[Target],
    asked: list[tuple[Message, ...]],
    spec: GenerateSpec,
    name: str,
    versions: bool,
) -> str:
    """What the comparison is about, so that it repeats from run to run.

    With the models' versions it is what the log is searched for: an adapter that was trained anew
    is compared anew.
    """
    bases = [(t.choice or session.choice()).title for t in targets]
    models = [
        [target.title, target.version if versions else "", base]
        for target, base in zip(targets, bases, strict=True)
    ]
    prompts = [[message.to_record() for message in prompt] for prompt in asked]
    whole = json.dumps([models, prompts, asdict(spec), name])
    return hashlib.sha256(whole.encode()).hexdigest()[:12]
