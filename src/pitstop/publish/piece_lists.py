"""The lists of pieces that lie beside large files on the site (:mod:`pitstop.package.pieces`)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pitstop.package.pieces import has_pieces, pieces_of, pieces_target
from pitstop.publish.published import Source


def with_piece_lists(files: Mapping[str, Source]) -> dict[str, Source]:
    """These target files, and for each large one the list of its pieces."""
    lists: dict[str, Source] = {}
    for path, source in files.items():
        if isinstance(source, Path) and has_pieces(source.stat().st_size):
            with source.open("rb") as content:
                lists[pieces_target(path)] = pieces_of(content)
    return {**files, **lists}
