"""`prompt`: one question to one or several models, side by side, streaming."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ft_magics.errors import SettingError
from ft_magics.session.asking import Asking
from ft_magics.session.objects import Answers
from ft_magics.session.resolve import default_ref
from ft_magics.session.state import Session, current
from ft_magics.settings import read_settings
from ft_magics.spec import GenerateSpec, check_name

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ask", "prompt"]


def prompt(
    question: str,
    models: str | Sequence[str] | None = None,
    *,
    stream: bool = False,
    where: str | None = None,
    **settings: Any,
) -> str | dict[str, str] | Iterator[Any]:
    """Ask, and get the text back. A run in progress is waited for: its name means its result.

    Args:
        question: What a user would say to the model.
        models: One name or several: `base`, adapters, `NAME~1`, `NAME@84`.
        stream: Yield pieces as they come: text for one model, else pairs (name, text).
        where: The cell, for errors.
        **settings: `GenerateSpec`'s fields.

    Returns:
        The answer's text for one model, a dict name -> text for several.

    Raises:
        NameUnknown: One of the models is not there.
        RunError: A run that was waited for failed.
    """
    if stream:
        return _stream(question, models, where, settings)
    asked = ask(question, models, finished=True, show=False, where=where, **settings)
    return asked.value


def ask(
    question: str,
    models: str | Sequence[str] | None = None,
    *,
    finished: bool = False,
    show: bool = True,
    where: str | None = None,
    on_piece: Callable[[str, str], None] | None = None,
    collect: str | None = None,
    **settings: Any,
) -> Answers:
    """Ask and show the answers while they come.

    The answer of a run in progress comes from its current step, and is replaced in place when the
    run ends.

    Args:
        question: What a user would say to the model.
        models: As for `prompt`.
        finished: Wait for runs in progress first.
        show: Show the answers in the front end.
        where: The cell, for errors.
        on_piece: Called with (name, text) for each piece.
        collect: The data set that judgements of these answers go to; votes to `COLLECT-votes`.
        **settings: `GenerateSpec`'s fields.

    Returns:
        The answers, one column for each model.

    Raises:
        SettingError: A setting is refused, or the system text must be chosen.
        NameUnknown: One of the models is not there.
        RunError: A run that was waited for failed.
    """
    session = current()
    where = where or "prompt"
    spec, notices = read_settings(GenerateSpec, settings, where)
    for text in notices:
        session.front_end.notice(text)
    if not question.strip():
        raise SettingError(where, "there is no question", "Write it below the first line.")
    names = [models] if isinstance(models, str) else list(models or [])
    if not names:
        names = [default_ref(session)]
        session.front_end.notice(f"answered by {names[0]}")
    if finished:
        _wait_for(session, names)
    if collect is not None:
        check_name(collect, where)
    asking = Asking(session, question, names, spec, where, collect)
    # Until it is answered there is nothing to judge; least of all the answers before.
    session.last_answers = None
    session.last_answers = asking.answer(show=show, on_piece=on_piece)
    return session.last_answers


def _wait_for(session: Session, names: list[str]) -> None:
    for name in names:
        held = session.runs.get(name)
        if held is not None and held.active:
            held.wait()


def _stream(
    question: str, models: str | Sequence[str] | None, where: str | None, settings: dict[str, Any]
) -> Iterator[Any]:
    """Pieces as they come, made in a thread of their own."""
    pieces: queue.SimpleQueue[Any] = queue.SimpleQueue()
    end = object()

    def make() -> None:
        try:
            ask(
                question,
                models,
                finished=True,
                show=False,
                where=where,
                on_piece=lambda name, text: pieces.put((name, text)),
                **settings,
            )
        except BaseException as error:
            pieces.put(error)
        pieces.put(end)

    several = not (models is None or isinstance(models, str) or len(models) == 1)
    threading.Thread(target=make, name="ft_magics prompt", daemon=True).start()
    while (item := pieces.get()) is not end:
        if isinstance(item, BaseException):
            raise item
        yield item if several else item[1]
