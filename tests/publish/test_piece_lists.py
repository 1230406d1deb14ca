"""A release brings lists of pieces for its large files, and the lists are right."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from pitstop.package.pieces import PIECE, pieces_of, read_pieces
from pitstop.publish.piece_lists import with_piece_lists
from pitstop.publish.published import Source


def test_large_files_get_a_list_and_small_ones_and_documents_none(tmp_path: Path) -> None:
    large, small = tmp_path / "large.zip", tmp_path / "small.zip"
    large.write_bytes(b"a" * PIECE + b"b")
    small.write_bytes(b"a" * PIECE)
    files: dict[str, Source] = {"packages/x/large.zip": large, "packages/x/small.zip": small}
    files["notes/x.md"] = b"n" * 2 * PIECE
    both = with_piece_lists(files)
    assert set(both) - set(files) == {"packages/x/large.zip.pieces"}
    listed = both["packages/x/large.zip.pieces"]
    assert isinstance(listed, bytes)
    assert read_pieces(listed, PIECE + 1).count == 2
    assert listed == pieces_of(BytesIO(large.read_bytes()))
