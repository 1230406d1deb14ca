"""Debian packages made here, as a publisher's own build would make them."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Deb:
    """What is to be in a package.

    Attributes:
        files: by path on the machine, their content; those below ``/etc`` are configuration files.
        programs: of these paths, the ones that are executable.
        scripts: maintainer scripts by name (``postinst``, ...), as shell text.
        control: further fields of its control file.
    """

    name: str
    version: str
    files: Mapping[str, str] = field(default_factory=dict)
    programs: frozenset[str] = frozenset()
    scripts: Mapping[str, str] = field(default_factory=dict)
    control: Mapping[str, str] = field(default_factory=dict)
    architecture: str = "all"

    @property
    def file_name(self) -> str:
        return f"{self.name}_{self.version.partition(':')[2] or self.version}_{self.architecture}.deb"


def make(deb: Deb, folder: Path) -> Path:
    """The package as a file in this folder."""
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / deb.file_name
    with tempfile.TemporaryDirectory(prefix="pitstop-deb-") as work:
        tree = Path(work) / "tree"
        _lay(deb, tree)
        words = ["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", str(tree), str(made)]
        subprocess.run(words, check=True, capture_output=True)
    return made


def _lay(deb: Deb, tree: Path) -> None:
    tree.mkdir(mode=0o755)
    (tree / "DEBIAN").mkdir(mode=0o755)
    for path, content in deb.files.items():
        place = tree / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content)
        place.chmod(0o755 if path in deb.programs else 0o644)
    fields = {
        "Package": deb.name,
        "Version": deb.version,
        "Architecture": deb.architecture,
        "Maintainer": "Northstar Systems <support@northstar.example>",
        "Description": f"{deb.name} of an example",
        **deb.control,
    }
    (tree / "DEBIAN/control").write_text("".join(f"{name}: {said}\n" for name, said in fields.items()))
    conffiles = [path for path in deb.files if path.startswith("/etc/")]
    if conffiles:
        (tree / "DEBIAN/conffiles").write_text("".join(f"{path}\n" for path in conffiles))
    for name, text in deb.scripts.items():
        script = tree / "DEBIAN" / name
        script.write_text(f"#!/bin/sh\nset -e\n{text}\n")
        script.chmod(0o755)


def copy_into(folder: Path, *made: Path) -> None:
    """These packages, into a package's content."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in made:
        shutil.copy(file, folder)
