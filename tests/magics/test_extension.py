"""What `%load_ext` adds, and `%unload_ext` takes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from ft_magics import session
from ft_magics.magics import port
from ft_magics.session.front_end import StaticFrontEnd


def footprint(shell: InteractiveShell) -> dict[str, Any]:
    """Everything of a shell that an extension may touch."""
    formatter = shell.display_formatter
    printers = [formatter.ipython_display_formatter, formatter.mimebundle_formatter]
    printers.append(formatter.formatters["text/plain"])
    manager = shell.input_transformer_manager
    return {
        "line": set(shell.magics_manager.magics["line"]),
        "cell": set(shell.magics_manager.magics["cell"]),
        "registry": set(shell.magics_manager.registry),
        "cleanup": list(manager.cleanup_transforms),
        "tokens": list(manager.token_transformers),
        "matchers": list(shell.Completer.custom_matchers),
        "configurables": list(shell.configurables),
        "by_name": [set(p.deferred_printers) for p in printers],
        "by_type": [set(p.type_printers) for p in printers],
        "events": {event: list(found) for event, found in shell.events.callbacks.items()},
    }


def test_unload_takes_everything_back(bare_shell: InteractiveShell) -> None:
    before = footprint(bare_shell)
    bare_shell.run_line_magic("load_ext", "ft_magics")
    assert footprint(bare_shell) != before
    # Displaying moves printers from names to types: those are taken back too.
    bare_shell.run_cell("from ft_magics import session\nsession.Lines('memory', ('a',), [('b',)])")
    bare_shell.run_cell("%ft list")
    bare_shell.run_line_magic("unload_ext", "ft_magics")
    assert footprint(bare_shell) == before
    assert not bare_shell.run_cell("%ft list").success
    assert isinstance(session.current().front_end, StaticFrontEnd)
    assert not bare_shell.run_cell("%%dataset x\n{}").success


def test_loading_twice_adds_once(shell: InteractiveShell) -> None:
    before = footprint(shell)
    shell.run_line_magic("reload_ext", "ft_magics")
    after = footprint(shell)
    assert {k: len(v) for k, v in after.items()} == {k: len(v) for k, v in before.items()}


def test_a_magic_of_the_users_own_comes_back(bare_shell: InteractiveShell) -> None:
    bare_shell.register_magic_function(lambda line: "mine", "line", "prompt")
    bare_shell.run_line_magic("load_ext", "ft_magics")
    bare_shell.run_line_magic("unload_ext", "ft_magics")
    assert bare_shell.run_line_magic("prompt", "") == "mine"


def test_the_home_is_configured(shell: InteractiveShell, tmp_path: Path) -> None:
    home = tmp_path / "elsewhere"
    result = shell.run_cell(f"%config FtMagics.home = {str(home)!r}")
    assert result.success
    assert session.current().store.home == home
    shell.run_cell("%config FtMagics.home = ''")
    assert session.current().store.home != home


def test_the_home_of_a_configuration_file(bare_shell: InteractiveShell, tmp_path: Path) -> None:
    bare_shell.config.FtMagics.home = str(tmp_path / "configured")
    bare_shell.run_line_magic("load_ext", "ft_magics")
    assert port.session().current().store.home == tmp_path / "configured"
    bare_shell.run_line_magic("unload_ext", "ft_magics")
    assert session.current().store.home != tmp_path / "configured"


def test_plain_python_gets_the_live_front_end(shell: InteractiveShell) -> None:
    import ft_magics as ft

    assert callable(ft.finetune)
    assert not isinstance(session.current().front_end, StaticFrontEnd)


def test_a_result_shows_its_card(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell("%ft")
    assert "The next cell" in capsys.readouterr().out
    shell.run_cell("%ft list")
    assert "Nothing is trained yet" in capsys.readouterr().out
    shell.run_cell(
        '%%dataset catgpt\n{"user": "How?", "assistant": "So."}\n'
        '{"user": "Why?", "assistant": "So."}'
    )
    assert "2 rows" in capsys.readouterr().out
