"""`prompt`: one question to one or several models, side by side, streaming."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ft_magics.errors import FtError, SettingError
from ft_magics.session.objects import Answers, Column
from ft_magics.session.resolve import Target, default_ref, load_slot, resolve_all
from ft_magics.session.state import Loaded, Session, current
from ft_magics.spec import GenerateSpec, read_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from ft_magics.data import Message

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
    pairs = resolve_all(session, names, where)
    system = _system(spec, [target for target, _ in pairs], where)
    answers = Answers(question, system, [Column(t.title, state="waiting") for t, _ in pairs])
    handle = session.front_end.show(answers) if show else None

    def piece(column: int, text: str) -> None:
        answers.columns[column].text += text
        answers.columns[column].state = "streaming"
        if handle is not None:
            handle.update()
        if on_piece is not None:
            on_piece(answers.columns[column].title, text)

    _generate(pairs, answers, spec, piece)
    running = [t.run for t, _ in pairs if t.run is not None and t.run.active]
    if handle is None:
        return answers
    if not running:
        handle.close()
        return answers
    handle.update()

    def replace() -> None:
        # Asked again as a whole: the columns stand for one and the same moment.
        if not any(run.active for run in running):
            _replace(session, names, answers, spec, where)
            handle.close()

    for run in running:
        run.when_ended(replace)
    return answers


def _wait_for(session: Session, names: list[str]) -> None:
    for name in names:
        held = session.runs.get(name)
        if held is not None and held.active:
            held.wait()


def _replace(
    session: Session, names: list[str], answers: Answers, spec: GenerateSpec, where: str
) -> None:
    """Answer again with the finished adapters, in the same columns."""
    try:
        pairs = resolve_all(session, names, where)
        fresh = Answers(answers.question, answers.system, [Column(t.title) for t, _ in pairs])

        def piece(column: int, text: str) -> None:
            fresh.columns[column].text += text

        _generate(pairs, fresh, spec, piece)
        answers.columns[:] = fresh.columns
    except FtError as error:
        for column in answers.columns:
            if column.note:
                column.note = f"{column.note.split(',')[0]}; {error.what}"


def _system(spec: GenerateSpec, targets: list[Target], where: str) -> str | None:
    """The system text of all columns: the given one, else the one that was trained.

    Raises:
        SettingError: Several were trained, so the user must choose.
    """
    if spec.system is not None:
        return spec.system
    trained = sorted({text for target in targets for text in target.systems})
    if len(trained) > 1:
        shown = "; ".join(f'"{text[:60]}"' for text in trained[:5])
        raise SettingError(
            where,
            f"these models were trained with {len(trained)} system texts",
            f"Choose one with --system: {shown}.",
        )
    return trained[0] if trained else None


def _messages(question: str, system: str | None) -> list[Message]:
    from ft_magics.data import Message

    head = [] if system is None else [Message("system", system)]
    return [*head, Message("user", question)]


def _generate(
    pairs: list[tuple[Target, Loaded]],
    answers: Answers,
    spec: GenerateSpec,
    piece: Callable[[int, str], None],
) -> None:
    """Fill the columns: those on one base in one batch."""
    from ft_magics import data

    messages = _messages(answers.question, answers.system)
    for loaded in {id(one): one for _, one in pairs}.values():
        columns = [i for i, (_, one) in enumerate(pairs) if one is loaded]
        for i in columns:
            answers.columns[i].note = pairs[i][0].note
        slots = [load_slot(loaded, pairs[i][0]) for i in columns]
        ids = data.encode_prompt(messages, loaded.base.tokenizer)

        def on_piece(at: int, text: str, columns: list[int] = columns) -> None:
            piece(columns[at], text)

        made = loaded.server.generate(slots, [ids] * len(slots), spec, on_piece=on_piece)
        for i, answer in zip(columns, made, strict=True):
            column = answers.columns[i]
            column.text, column.ended, column.state = answer.text, answer.ended, "done"
            if not answer.ended:
                cut = f"cut at {spec.max_new_tokens} tokens"
                column.note = f"{column.note}; {cut}" if column.note else cut


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
