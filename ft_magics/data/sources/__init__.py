"""Rows from where people have them: files, folders, a hub, the notebook's variables."""

from ft_magics.data.sources.field_map import has_field, read_map, renamed
from ft_magics.data.sources.source import Source, open_source

__all__ = ["Source", "has_field", "open_source", "read_map", "renamed"]
