"""Secrets of channels: each is the first line of a file, and in no message."""

from __future__ import annotations

from pathlib import Path

from pitstop.model.errors import InvalidInput


def first_line(file: Path) -> str:
    """Raises InvalidInput: there is none."""
    try:
        line, _, _ = file.read_text(encoding="utf-8").partition("\n")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise InvalidInput(f"the file {file} with the secret cannot be read: {why}") from error
    if not line.strip():
        raise InvalidInput(f"the file {file} has no secret in its first line")
    return line.strip()
