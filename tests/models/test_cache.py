from __future__ import annotations

from pathlib import Path

import pytest

from ft_magics.models.cache import cache_folder


def test_where_conversions_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FT_CACHE", str(tmp_path / "ours"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "ours"
    monkeypatch.delenv("FT_CACHE")
    assert cache_folder() == tmp_path / "xdg" / "ft_magics"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "ft_magics"
