"""What is installed on the node, and whether it is as asked."""

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dnf
import rpm_kept as kept
from rpm_kept import UNFIT, Refusal, evr

NOWHERE = Path("/nonexistent")
"""For who needs no files."""


@contextmanager
def opened(folder: Path) -> Any:
    """dnf with what is installed and the files of this folder; no repository, no plugin, nothing excluded.

    Beyond dnf's own it has ``brought``, those files, and ``excluded`` and ``cached`` as the operator has set.
    """
    with tempfile.TemporaryDirectory(prefix="pitstop-dnf-") as cache, dnf.Base() as base:
        conf = base.conf
        conf.read()
        base.excluded, base.cached = list(conf.excludepkgs), conf.cachedir
        conf.cachedir = cache
        conf.exit_on_lock = True
        conf.disable_excludes = ["all"]
        conf.best = conf.install_weak_deps = conf.clean_requirements_on_remove = False
        conf.installonly_limit = 0
        base.args = ["pitstop", kept.KEPT.name]
        base.fill_sack(load_available_repos=False)
        try:
            base.brought = base.add_remote_rpms(sorted(str(file) for file in folder.glob("*.rpm")))
        except OSError as error:
            raise Refusal(UNFIT, "a file of the package's content is no RPM package") from error
        yield base


def installed(base: Any, name: str, arch: str = "") -> "list[Any]":
    return [p for p in base.sack.query().installed().filter(name=name) if arch in ("", p.arch)]


def side_by_side(base: Any) -> Any:
    """Installed packages of which several versions are meant to be: kernels and what is like them."""
    return base.sack.query().installed().filter(provides=list(base.conf.installonlypkgs))


def astray(base: Any, name: str, arch: str, wanted: str) -> "list[Any]":
    """What is installed of a package in another version, and is not meant to be beside the wanted one."""
    here = installed(base, name, arch)
    beside = side_by_side(base) if any(evr(p) == wanted for p in here) else []
    return [p for p in here if evr(p) != wanted and p not in beside]


def superseded(base: Any) -> "list[Any]":
    """What has a later addition of the same package beside it: its transaction was cut short."""
    doubled = base.sack.query().installed().duplicated().difference(side_by_side(base))
    newest = {}  # type: dict[tuple[str, str], int]
    for package in doubled:
        key = (package.name, package.arch)
        newest[key] = max(package.rpmdbid, newest.get(key, 0))
    return [p for p in doubled if p.rpmdbid != newest[p.name, p.arch]]


def not_as_asked(told: "dict[str, Any]") -> str:
    """What is not as asked; "" if all is."""
    with opened(NOWHERE) as base:
        for name, arch, wanted in told["install"]:
            others = [evr(p) for p in astray(base, name, arch, wanted)]
            if others or not installed(base, name, arch):
                return f"{name} is {others[0] if others else 'not installed'}, and not {wanted}"
        for name, arch in told["remove"]:
            if installed(base, name, arch):
                return f"{name} is installed"
        touched = [key.rpartition(".")[0] for key in kept.remembered()["packages"]]
        return half_done(base, [*touched, *(name for name, _, _ in told["install"])])


def half_done(base: Any, names: "list[str]") -> str:
    """What of these packages is there twice, or lacks what it needs; "" if nothing does."""
    doubled = superseded(base)
    if doubled:
        return f"{doubled[0]} is still there"
    here = base.sack.query().installed()
    for package in here.filter(name=names):
        for needed in package.regular_requires:  # only the solver can tell of those that are made of several
            if not str(needed).startswith(("rpmlib(", "(")) and not here.filter(provides=needed):
                return f"{package.name} needs {needed}, which is not here"
    return ""
