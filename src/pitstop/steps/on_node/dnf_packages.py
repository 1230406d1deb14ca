"""What ``rpm-packages`` and ``restore-rpm-packages`` do on a node, by dnf's own library: its commands would
install every file that they are given, and read a folder only with an index, which nodes cannot make.

Sent to the node with what stands beside it, and never imported here. It runs there under dnf's own Python,
3.6 or newer, with ``kept``, ``work`` and ``PITSTOP_STAGE`` as :file:`packages.sh` has them, and two
arguments: what is to be done, and JSON of ``install`` (name, architecture or "", EPOCH:VERSION-RELEASE),
``remove`` (name, architecture or ""), ``held`` and ``way_back``. A refusal's reason is in ``work/why``.
"""

import errno
import json
import logging
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import dnf
import dnf.exceptions
import rpm_kept as kept
from dnf_held import lock_again, lock_as_before, require_not_held
from dnf_here import NOWHERE, astray, installed, not_as_asked, opened, side_by_side, superseded
from dnf_transaction import WORK, carry_out
from rpm_configs import clear_beside, clear_leftovers, put_back_edited, say_kept
from rpm_kept import BROKEN, FAILED, FULL, LOCKED, UNFIT, Refusal, evr

_STAGE = Path(os.environ.get("PITSTOP_STAGE") or NOWHERE)


def aim(base: Any, told: "dict[str, Any]") -> None:
    """At the versions of the plan."""
    for name, arch, wanted in told["install"]:
        if astray(base, name, arch, wanted) or not installed(base, name, arch):
            for file in fitting(base, name, arch, wanted):
                base.package_install(file)
    for name, arch in told["remove"]:
        for package in installed(base, name, arch):
            base.package_remove(package)
    lacking = set(kept.begun()) - {str(p) for p in base.sack.query().installed()}
    for file in base.brought:  # others may be there already that need it
        if str(file) in lacking:
            base.package_install(file)


def fitting(base: Any, name: str, arch: str, wanted: str) -> "list[Any]":
    """The files of this version: for each architecture that is installed, else for the one that suits."""
    order = list(base.sack.list_arches())
    files = [
        file
        for file in base.brought
        if file.name == name and evr(file) == wanted and arch in ("", file.arch) and file.arch in order
    ]
    here = {p.arch for p in astray(base, name, arch, wanted)}
    found = [file for file in files if file.arch in here]
    lacking = sorted(here.difference(file.arch for file in found)) if found else []
    if not found:
        found = sorted(files, key=lambda file: order.index(file.arch))[:1]
    if lacking or not found:
        which = ".".join([name, *lacking[:1]])
        raise Refusal(UNFIT, f"{which} {wanted} is not among the files that came along")
    return found


def aim_back(base: Any) -> None:
    """At what was there before."""
    for key, before in kept.remembered()["packages"].items():
        name, _, arch = key.rpartition(".")
        here = installed(base, name, arch)
        for package in here:
            if evr(package) not in before["evrs"] and (not before["evrs"] or package in side_by_side(base)):
                base.package_remove(package)
        for wanted in set(before["evrs"]).difference(evr(p) for p in here):
            for file in fitting(base, name, arch, wanted):
                base.package_install(file)


def work_out(base: Any) -> bool:
    """Whether there is something to do. Where it cannot be done, what would have to go for it is found."""
    try:
        return bool(base.resolve(allow_erasing=False))
    except dnf.exceptions.DepsolveError as problem:
        try:
            return bool(base.resolve(allow_erasing=True))
        except dnf.exceptions.DepsolveError:
            why = " ".join(str(problem).split())
            raise Refusal(UNFIT, f"the packages do not fit together on this node: {why}") from problem


def require_permitted(base: Any, may_go: "set[str]") -> None:
    for package in sorted(base.transaction.remove_set):
        follows = [
            p
            for p in base.transaction.install_set
            if p.name == package.name and (p.arch == package.arch or "noarch" in (p.arch, package.arch))
        ]
        if not follows and not may_go.intersection([package.name, f"{package.name}.{package.arch}"]):
            raise Refusal(UNFIT, f"{package.name} would have to be removed, and the plan does not say so")


def finish_interrupted(folder: Path) -> None:
    """Ends what was cut short before: of doubled packages the later one stays, and what was not finished is
    installed again where its file is here."""
    with opened(folder) as base:
        clear_leftovers(base)
        doubled = superseded(base)
        stay = {str(p) for p in base.sack.query().installed()} - {str(p) for p in doubled}
        again = set(kept.begun()) | {str(p) for old in doubled for p in installed(base, old.name, old.arch)}
        files = [file for file in base.brought if str(file) in again & stay]
        if not doubled and not files:
            return
        print("An earlier installation was interrupted; it is finished first.")
        for package in doubled:
            base.package_remove(package)
        for file in files:
            base.reinstall(str(file))
        try:
            if work_out(base):
                require_permitted(base, {p.name for p in doubled})
                carry_out(base)
        except Refusal as refusal:
            if refusal.status in (LOCKED, FULL):
                raise
            names = ", ".join(sorted({p.name for p in [*doubled, *files]}))
            raise Refusal(
                BROKEN, f"package {names} was left half done before, and cannot be finished: {refusal}"
            ) from refusal


def replace(told: "dict[str, Any]") -> None:
    put_back_edited()
    finish_interrupted(_STAGE)
    with opened(_STAGE) as base:
        aim(base, told)
        if work_out(base):
            require_permitted(base, {".".join(filter(None, which)) for which in told["remove"]})
            if told["held"] == "refuse":
                require_not_held(base)
            kept.keep(base, required=told["way_back"] == "kept")
            carry_out(base)
    if told["held"] == "change":
        with opened(NOWHERE) as base:
            lock_again(base)
    why = not_as_asked(told)
    if why:
        raise Refusal(FAILED, f"dnf has ended well, and {why}")
    kept.begin([])
    say_kept()


def restore(_told: "dict[str, Any]") -> None:
    put_back_edited()
    finish_interrupted(kept.RPMS)
    with opened(kept.RPMS) as base:
        aim_back(base)
        if work_out(base):
            require_permitted(base, set(kept.remembered()["packages"]))
            carry_out(base)
    put_back_edited(gone_too=True)
    clear_beside()
    with opened(kept.RPMS) as base:
        lock_as_before(base)
        for key, before in kept.remembered()["packages"].items():
            if sorted(evr(p) for p in installed(base, *key.rsplit(".", 1))) != sorted(before["evrs"]):
                raise Refusal(FAILED, f"dnf has ended well, and {key} is not as it was before")
    print("the packages are as before")


def asked(told: "dict[str, Any]") -> None:
    """Ends well where all is as asked, and nothing of it is half done."""
    if kept.begun() or not_as_asked(told):
        raise Refusal(FAILED, "not as asked")


def main(verb: str, told: str) -> int:
    if WORK.is_dir():
        tempfile.tempdir = str(WORK)  # in memory: what rpm says of a full disk is written there
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
    try:
        {"asked": asked, "replace": replace, "restore": restore}[verb](json.loads(told))
    except Refusal as refusal:
        why, status = str(refusal), refusal.status
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        why, status = f"no room is left to keep what is replaced: {error}", FULL
    else:
        return 0
    if WORK.is_dir():
        (WORK / "why").write_text(why)
    return status


sys.exit(main(sys.argv[1], sys.argv[2]))
