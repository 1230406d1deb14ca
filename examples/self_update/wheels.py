"""Wheels of Pitstop and of all that it needs, made from this tree and this environment alone.

A publisher would take the wheels of the dependencies from where they are published. Here they are made again
of what is installed, so that nothing is fetched.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
REQUIREMENTS = "requirements.txt"

Change = Callable[[Path], None]
"""Changes a copy of the package's sources, in the folder it is handed, before a wheel is made of it."""

_PINNED = re.compile(r"^([A-Za-z0-9_.-]+)(?:\[.*?\])?==", re.MULTILINE)
_VERSION = re.compile(r'__version__ = "[^"]+"')
_OF_THE_INSTALLER = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}


def build_pitstop(version: str, out: Path, change: Change | None = None) -> Path:
    """The wheel of this tree under another version number, in ``out``."""
    work = out / f".tree-{version}"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(TREE / "src" / "pitstop", work / "src" / "pitstop", ignore=ignored)
    shutil.copytree(TREE / "docs" / "runbooks", work / "docs" / "runbooks")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copyfile(TREE / name, work / name)
    first = work / "src" / "pitstop" / "__init__.py"
    first.write_text(_VERSION.sub(f'__version__ = "{version}"', first.read_text()))
    if change is not None:
        change(work / "src" / "pitstop")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out.absolute())]
    subprocess.run(command, cwd=work, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    shutil.rmtree(work)
    return out / f"pitstop-{version}-py3-none-any.whl"


def build_dependencies(out: Path) -> None:
    """A wheel in ``out`` of each distribution that the pinned requirements name and that is installed."""
    for name in _PINNED.findall((TREE / "requirements" / "run.txt").read_text()):
        try:
            _wheel_of(distribution(name), out)
        except PackageNotFoundError:  # pinned for other machines
            continue


def write_requirements(wheels: Path, *further: Path) -> None:
    """``requirements.txt`` in ``wheels``: exactly these wheels, by their digests.

    Args:
        further: folders with wheels that belong to it too, but are not carried; none of Pitstop.
    """
    lines = [*_pins(wheels, "*.whl")]
    for folder in further:
        lines += [pin for pin in _pins(folder, "*.whl") if not pin.startswith("pitstop==")]
    (wheels / REQUIREMENTS).write_text("".join(lines))


def _pins(folder: Path, pattern: str) -> Iterator[str]:
    for wheel in sorted(folder.glob(pattern)):
        name, version = wheel.name.split("-")[:2]
        yield f"{name}=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


def _wheel_of(installed: Distribution, out: Path) -> None:
    """What was installed, as the wheel that it was installed from; without what the installer added."""
    tags = re.findall(r"^Tag: (\S+)", installed.read_text("WHEEL") or "", re.MULTILINE)
    tag = "-".join(
        ".".join(dict.fromkeys(part)) for part in zip(*(each.split("-") for each in tags), strict=True)
    )
    files = [
        file for file in installed.files or () if ".." not in file.parts and "__pycache__" not in file.parts
    ]
    info = next(
        file.parent for file in files if file.name == "METADATA" and str(file.parent).endswith(".dist-info")
    )
    kept = [file for file in files if not (file.parent == info and file.name in _OF_THE_INSTALLER)]
    with zipfile.ZipFile(out / f"{info.name.removesuffix('.dist-info')}-{tag}.whl", "w") as wheel:
        for file in kept:
            wheel.write(str(installed.locate_file(file)), str(file))
        wheel.writestr(f"{info}/RECORD", "".join(f"{file},,\n" for file in kept) + f"{info}/RECORD,,\n")
