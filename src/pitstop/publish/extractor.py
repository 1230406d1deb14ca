"""Unpack this file: it holds a Pitstop package.

    python3 NAME.pyz             unpack into the folder NAME beside this file
    python3 NAME.pyz FOLDER      unpack into FOLDER/NAME
    python3 NAME.pyz --check     only check that every file is as it was packed

Needs nothing but Python 3.8 or newer. The digests show that the files arrived whole. They do not show whose
they are: that is checked when the package is imported.
"""

# This module is put as __main__.py into every self-extracting package: Python 3.8, standard library alone.
from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

CHUNK = 1 << 20
INDEX = "files.json"
MAX_INDEX_BYTES = 1 << 20
SPARE = 16 << 20
DAMAGED, USAGE = 1, 2
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")


class Damaged(Exception):
    """This file is not as it was made, or there is no place for what it holds."""


def main(arguments: Sequence[str], container: Path) -> int:
    """Unpack or check the container; the exit status."""
    places = [word for word in arguments if word != "--check"]
    if len(places) > 1 or any(word.startswith("-") for word in places):
        sys.stderr.write(__doc__ or "")
        return 0 if places[0] in ("-h", "--help") else USAGE
    try:
        with container.open("rb") as held:
            index = read_index(container, held)
            if "--check" in arguments:
                check(held, index)
                say(index, "checked: all are as they were packed")
            else:
                folder = unpack(held, index, Path(places[0]) if places else container.parent)
                say(index, f"unpacked into {folder}")
    except (Damaged, OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        sys.stderr.write(f"error: {error}\n\nhint: Get this file again, or make room for what it holds.\n")
        return DAMAGED
    return 0


def say(index: dict[str, Any], what: str) -> None:
    sys.stdout.write(f"{index['name']}: {len(index['files'])} files {what}\n")
    sys.stdout.write("Whose they are is checked when the package is imported (pitstop import).\n")


def read_index(container: Path, held: IO[bytes]) -> dict[str, Any]:
    """What the container says that it holds, if that can be."""
    with zipfile.ZipFile(container) as archive:
        if archive.getinfo(INDEX).file_size > MAX_INDEX_BYTES:
            raise Damaged("the list of files is too large")
        index = json.loads(archive.read(INDEX).decode("utf-8"))
    if not isinstance(index, dict) or not is_name(index.get("name")) or not is_list(index.get("files")):
        raise Damaged("the list of files is not of its form")
    end, seen = held.seek(0, os.SEEK_END), set()
    for entry in index["files"]:
        name, numbers = entry.get("name"), [entry.get("offset"), entry.get("size")]
        if not is_name(name) or name.lower() in seen:
            raise Damaged(f"the list has a name that cannot be: {name!r}")
        if not all(type(number) is int and number >= 0 for number in numbers) or sum(numbers) > end:
            raise Damaged(f"{name} lies outside of this file")
        seen.add(name.lower())
    return index


def is_name(name: object) -> bool:
    return isinstance(name, str) and bool(_NAME.fullmatch(name)) and ".." not in name


def is_list(files: object) -> bool:
    return isinstance(files, list) and bool(files) and all(isinstance(entry, dict) for entry in files)


def check(held: IO[bytes], index: dict[str, Any]) -> None:
    for entry in index["files"]:
        copy(held, entry, None)


def copy(held: IO[bytes], entry: dict[str, Any], to: IO[bytes] | None) -> None:
    """Bring one file to ``to``, and see to it that it is the one that was packed."""
    held.seek(entry["offset"])
    digest, left = hashlib.sha256(), entry["size"]
    while left:
        piece = held.read(min(CHUNK, left))
        if not piece:
            raise Damaged(f"this file ends before {entry['name']} does")
        digest.update(piece)
        if to is not None:
            to.write(piece)
        left -= len(piece)
    if digest.hexdigest() != entry["sha256"]:
        raise Damaged(f"{entry['name']} is not as it was packed: its SHA-256 differs")


def unpack(held: IO[bytes], index: dict[str, Any], place: Path) -> Path:
    """Bring all files into a new folder, which appears when all of them are there."""
    folder: Path = place / index["name"]
    if folder.exists() or folder.is_symlink():
        raise Damaged(f"{folder} is there already")
    place.mkdir(parents=True, exist_ok=True)
    needed = sum(entry["size"] for entry in index["files"]) + SPARE
    if shutil.disk_usage(str(place)).free < needed:
        raise Damaged(f"{needed} bytes are needed in {place}, and fewer are free")
    work = Path(tempfile.mkdtemp(dir=str(place), prefix=f".{index['name']}."))
    try:
        for entry in index["files"]:
            with (work / entry["name"]).open("xb") as to:
                copy(held, entry, to)
                to.flush()
                os.fsync(to.fileno())
        work.chmod(0o755)
        work.rename(folder)
    except BaseException:
        shutil.rmtree(str(work), ignore_errors=True)
        raise
    return folder


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path(__file__).resolve().parent))
