"""RPM packages made on a machine, as a publisher's own build would make them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from machines.machine import Machine

_TOP = "run/rpmbuild"
"""Where it is built on the machine: in memory, and no part of its disk."""

_SPEC = """\
Name: {name}
Version: {version}
Release: {release}
Summary: {name} of an example
License: MIT
AutoReqProv: no
{fields}
%global __os_install_post %{{nil}}
%description
{name} of an example, made by Northstar Systems.
%install
cp -a /{top}/tree/. %{{buildroot}}
{scripts}
%files
{files}
"""


@dataclass(frozen=True)
class Rpm:
    """What is to be in a package.

    Attributes:
        version: ``[EPOCH:]VERSION-RELEASE``.
        files: by path on the machine, their content.
        programs: of these paths, the ones that are executable.
        config: what those below ``/etc`` are marked as.
        scripts: by name (``post``, ...), as shell text.
        fields: further ones of its spec, each once.
    """

    name: str
    version: str
    files: Mapping[str, str] = field(default_factory=dict)
    programs: frozenset[str] = frozenset()
    config: str = "%config(noreplace)"
    scripts: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    architecture: str = "noarch"

    @property
    def file_name(self) -> str:
        return f"{self.name}-{self.version.rpartition(':')[2]}.{self.architecture}.rpm"


def make(rpm: Rpm, folder: Path, on: Machine) -> Path:
    """The package as a file in this folder, made by the machine's ``rpmbuild``."""
    top = on.root / _TOP
    shutil.rmtree(top, ignore_errors=True)
    for path, content in {**rpm.files, "/": ""}.items():
        place = top / "tree" / path.lstrip("/")
        (place if path == "/" else place.parent).mkdir(parents=True, exist_ok=True)
        if path != "/":
            place.write_text(content)
            place.chmod(0o755 if path in rpm.programs else 0o644)
    (top / "spec").write_text(_spec(rpm))
    on.run(
        "rpmbuild",
        "-bb",
        "--quiet",
        "--target",
        rpm.architecture,
        "--define",
        f"_topdir /{_TOP}",
        f"/{_TOP}/spec",
    )
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / rpm.file_name
    shutil.copy(top / "RPMS" / rpm.architecture / rpm.file_name, made)
    shutil.rmtree(top)
    return made


def _spec(rpm: Rpm) -> str:
    epoch, _, rest = rpm.version.rpartition(":")
    version, _, release = rest.rpartition("-")
    marked = [f"{rpm.config} {path}" if path.startswith("/etc/") else path for path in rpm.files]
    fields = {**({"Epoch": epoch} if epoch else {}), **rpm.fields}
    return _SPEC.format(
        name=rpm.name,
        version=version,
        release=release,
        fields="\n".join(f"{name}: {said}" for name, said in fields.items()),
        top=_TOP,
        scripts="\n".join(f"%{name}\n{text}" for name, text in rpm.scripts.items()),
        files="\n".join(marked),
    )
