"""Configuration files that the operator has edited stay, whatever their packages say of them.

rpm keeps an edited file where its package has it as ``%config(noreplace)``, and lays the new version beside
it (``.rpmnew``). Of plain ``%config`` it saves the edited one (``.rpmsave``, or ``.rpmorig`` where the file
was nobody's) and puts the new one in its place; that is turned round.
"""

import hashlib
import os
import re
from pathlib import Path
from typing import Any

import rpm
from rpm_kept import header_of, remember, remembered

_ALGORITHMS = {1: "md5", 2: "sha1", 8: "sha256", 9: "sha384", 10: "sha512"}
"""Of the digests of files in a package, by the numbers that OpenPGP has for them."""

_LEFTOVER = re.compile(r"(.*);[0-9a-f]{8}\Z")
"""What rpm calls a file until it is whole."""


def _digest(path: str, algorithm: str = "sha256") -> str:
    """Of a plain file; "" where there is none."""
    file = Path(path)
    return (
        hashlib.new(algorithm, file.read_bytes()).hexdigest()
        if file.is_file() and not file.is_symlink()
        else ""
    )


def _beside(path: str) -> "list[str]":
    return [path + end for end in (".rpmnew", ".rpmsave", ".rpmorig")]


def note_edited(base: Any) -> None:
    """Those of the operator's own among the configuration files that the transaction touches."""
    known = remembered()
    untouched, paths = set(), set()
    for package in set(base.transaction.remove_set) | set(base.transaction.install_set):
        here = package.reponame == "@System"
        header = header_of(package.rpmdbid if here else package.location)
        algorithm = _ALGORITHMS[header["filedigestalgo"] or 1]
        for file in rpm.files(header):
            if file.fflags & rpm.RPMFILE_CONFIG:
                paths.add(file.name)
                if here and _digest(file.name, algorithm) == file.digest:
                    untouched.add(file.name)
    first = sorted(paths.difference(known["configs"]))
    known["edited"].update({path: _digest(path) for path in paths - untouched if _digest(path)})
    known["there"] += [each for path in first for each in [path, *_beside(path)] if Path(each).exists()]
    known["configs"] += first
    remember(known)


def put_back_edited(*, gone_too: bool = False) -> None:
    """Where rpm has laid another version over the operator's: the other way round. ``gone_too``: and where it
    has taken one away that was there before."""
    known = remembered()
    for path, edited in known["edited"].items():
        new, *saved = _beside(path)
        here = _digest(path)
        found = [file for file in saved if _digest(file) == edited]
        if here == edited or not found:
            continue
        if here:
            if Path(new).exists():
                Path(new).unlink()
            os.link(path, new)
        if here or (gone_too and path in known["there"]):
            Path(found[0]).replace(path)


def say_kept() -> None:
    known = remembered()
    for path in sorted(known["edited"]):
        new = _beside(path)[0]
        if Path(new).exists() and new not in known["there"]:
            print(f"Kept as it is: {path}. The new version is beside it, in {new}.")


def clear_beside() -> None:
    """What the way there and the way back have laid beside configuration files."""
    known = remembered()
    for path in known["configs"]:
        for there in set(_beside(path)).difference(known["there"]):
            if Path(there).exists() and (there.endswith(".rpmnew") or _digest(there) == _digest(path)):
                Path(there).unlink()


def clear_leftovers(base: Any) -> None:
    """What a transaction that was cut short had not yet laid in place, of the files that came along."""
    folders = {}  # type: dict[str, set[str]]
    for package in base.brought:
        for file in rpm.files(header_of(package.location)):
            folder, _, name = file.name.rpartition("/")
            folders.setdefault(folder or "/", set()).add(name)
    for folder, names in folders.items():
        if Path(folder).is_dir():
            for there in list(Path(folder).iterdir()):
                half = _LEFTOVER.match(there.name)
                if half and half.group(1) in names:
                    there.unlink()
