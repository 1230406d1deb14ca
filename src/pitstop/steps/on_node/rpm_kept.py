"""What is remembered on the node until there is no going back from what became of its packages.

In the folder ``kept``: ``before``, what was there before; ``rpms``, the files of what is replaced; ``begun``,
the names of what a transaction was to install, there until that has ended well, scripts and all.
"""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import dnf.transaction
import rpm

FAILED, HELD, LOCKED, FULL, BROKEN, UNFIT, GONE = 1, 61, 62, 63, 64, 66, 67
KEPT = Path(os.environ["kept"])  # noqa: SIM112 - a shell's own variable
RPMS = KEPT / "rpms"


class Refusal(Exception):
    """It does not go on; ``status`` is one of :file:`packages.sh`, which says what this is called."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


def remembered() -> "dict[str, Any]":
    """``packages``: by NAME.ARCH, the ``evrs`` of what was installed before anything was changed, and the
    ``reason`` for which it was, or is now. ``edited``: by path, digests of the operator's own configuration
    files. ``configs``: the paths of all that are touched. ``there``: which of these were there, and what lay
    beside them. ``locks``: pairs of lines of versionlock's list, before and now."""
    return dict(_read("before", {"packages": {}, "edited": {}, "configs": [], "there": [], "locks": []}))


def remember(known: "dict[str, Any]") -> None:
    write(KEPT / "before", json.dumps(known))


def begun() -> "list[str]":
    return list(_read("begun", []))


def begin(names: "list[str]") -> None:
    write(KEPT / "begun", json.dumps(names))


def _read(name: str, unless: object) -> Any:
    file = KEPT / name
    return json.loads(file.read_text()) if file.exists() else unless


def write(path: Path, text: str, mode: int = 0o600) -> None:
    """The whole text, or what was there: whatever happens meanwhile."""
    new = path.with_name(path.name + ".new")
    with new.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.chmod(mode)
    new.replace(path)


def header_of(which: "str | int") -> Any:
    """The header of a file by its path, of an installed package by its number."""
    ts = rpm.TransactionSet()
    if isinstance(which, int):
        return next(iter(ts.dbMatch(0, which)))
    ts.setVSFlags(rpm._RPMVSF_NOSIGNATURES | rpm._RPMVSF_NODIGESTS)  # they were checked before
    with Path(which).open("rb") as file:
        return ts.hdrFromFdno(file.fileno())


def identity(header: Any) -> Any:
    """What only this very build of a package has."""
    return header["sha256header"] or header["sha1header"]


def keep(base: Any, *, required: bool) -> None:
    """All that is to be known of what changes, and the files of what is replaced.

    Raises:
        Refusal: a file is required, and nowhere to be had.
    """
    known = remembered()
    leaving, lost = set(base.transaction.remove_set), []
    forward = [item for item in base.transaction if item.action in dnf.transaction.FORWARD_ACTIONS]
    come_as = {f"{item.name}.{item.arch}": item.reason for item in forward}
    for package in sorted(leaving | set(base.transaction.install_set)):
        key = f"{package.name}.{package.arch}"
        if key in known["packages"]:
            continue
        here = list(base.sack.query().installed().filter(name=package.name, arch=package.arch))
        reason = base.history.rpm.get_reason(package) if here else come_as[key]
        known["packages"][key] = {"evrs": [evr(p) for p in here], "reason": reason}
        lost += [str(p) for p in here if required and p in leaving and not _keep_file(base, p)]
    if lost:
        names = ", ".join(sorted(lost))
        raise Refusal(
            GONE,
            f"{names} would be replaced, and cannot be had for the way back: the file is neither in the "
            "update nor in dnf's cache",
        )
    remember(known)


def _keep_file(base: Any, package: Any) -> bool:
    """Whether the very file was found that the package was installed from."""
    RPMS.mkdir(exist_ok=True)
    target = RPMS / "{}.rpm".format(str(package).replace(":", "_"))
    brought = [Path(file.location) for file in base.brought if file.name == package.name]
    cached = Path(base.cached).glob(f"*/packages/{package.name}-*.rpm")
    wanted = identity(header_of(package.rpmdbid))
    for file in [target, *brought, *cached]:
        if file.is_file() and identity(header_of(str(file))) == wanted:
            if file != target:
                new = target.with_suffix(".new")
                with file.open("rb") as source, new.open("wb") as copy:
                    shutil.copyfileobj(source, copy)
                    os.fsync(copy.fileno())
                new.replace(target)
            return True
    return False


def evr(package: Any) -> str:
    """EPOCH:VERSION-RELEASE, the epoch too where it is 0."""
    return f"{package.epoch}:{package.version}-{package.release}"
