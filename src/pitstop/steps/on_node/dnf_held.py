"""What the operator holds: `excludepkgs` of dnf's configuration, and the list of its plugin versionlock."""

from configparser import ConfigParser
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import dnf.subject
import hawkey
from rpm_kept import HELD, Refusal, evr, remember, remembered, write

_FORMS = [hawkey.FORM_NEVRA, hawkey.FORM_NEVR, hawkey.FORM_NEV, hawkey.FORM_NA, hawkey.FORM_NAME]


def require_not_held(base: Any) -> None:
    """Raises Refusal where something changes that is excluded, or locked at another version."""
    excluded = {
        package
        for pattern in base.excluded
        for package in dnf.subject.Subject(pattern).get_best_query(
            base.sack, with_nevra=True, with_provides=False, with_filenames=False
        )
    }
    comes, goes = set(base.transaction.install_set), set(base.transaction.remove_set)
    for package in sorted(comes | goes):
        by = "excludepkgs" if package in excluded else _lock_of(base, package, comes=comes)
        if by:
            here = [evr(p) for p in base.sack.query().installed().filter(name=package.name)]
            wanted = [evr(p) for p in comes if p.name == package.name] or ["it gone"]
            there = " and ".join(here) or "nothing"
            why = f"is held at {there} on this node ({by}), and the plan wants {wanted[0]}"
            raise Refusal(HELD, f"package {package.name} {why}")


def _lock_of(base: Any, package: Any, *, comes: "set[Any]") -> str:
    """The line of versionlock's list that forbids this change of the package; "" if none does."""
    stays = any(p.name == package.name for p in comes)
    by, allowed = "", False
    for line, names, meant in _locks(base):
        if line.startswith("!"):
            if package in comes and package in meant:
                return f"versionlock: {line}"
        elif _is_of(package, names):
            by = by or f"versionlock: {line}"
            allowed = allowed or (package in meant if package in comes else stays)
    return "" if allowed else by


def lock_again(base: Any) -> None:
    """What was changed although it is locked: it is locked at what is installed now."""
    known = remembered()
    for package in base.sack.query().installed():
        locks = [lock for lock in _locks(base) if not lock[0].startswith("!") and _is_of(package, lock[1])]
        if locks and not any(package in meant for _, _, meant in locks):
            line, names, _ = locks[0]
            alone = package.name in names  # else by a pattern that may be of others too, and stays
            known["locks"].append([line if alone else "", f"{package.name}-{evr(package)}.*"])
    remember(known)
    _exchange(base, known["locks"])


def lock_as_before(base: Any) -> None:
    _exchange(base, [[now, before] for before, now in remembered()["locks"]])


def _exchange(base: Any, pairs: "list[list[str]]") -> None:
    """Of the list, each line that stands first in a pair becomes the other one; "" stands for no line."""
    path = _list(base)
    former = path.read_text().splitlines() if path else []
    lines = list(former)
    for was, becomes in pairs:
        if was:
            now = [becomes] if becomes else []
            lines = [each for line in lines for each in (now if line.strip() == was else [line])]
        elif becomes not in lines:
            lines.append(becomes)
    if path and lines != former:
        write(path, "".join(f"{line}\n" for line in lines), mode=path.stat().st_mode & 0o7777)


def _is_of(package: Any, names: "set[str]") -> bool:
    return any(fnmatchcase(package.name, name) for name in names)


def _locks(base: Any) -> "list[tuple[str, set[str], set[Any]]]":
    """Each line as the plugin reads it: the names that it may mean, and the packages that it means."""
    path = _list(base)
    lines = [line.strip() for line in path.read_text().splitlines()] if path else []
    return [(line, *_meant(base, line.lstrip("!"))) for line in lines if line and not line.startswith("#")]


def _meant(base: Any, pattern: str) -> "tuple[set[str], set[Any]]":
    names = set()
    for possible in dnf.subject.Subject(pattern).get_nevra_possibilities(forms=_FORMS):
        names.add(possible.name)
        found = set(possible.to_query(base.sack))
        if found:
            return names, found
    return names, set()


def _list(base: Any) -> "Path | None":
    """The plugin's list, where it is in use."""
    for folder in list(base.conf.pluginconfpath):
        conf = ConfigParser()
        conf.read(str(Path(folder, "versionlock.conf")))
        if conf.getboolean("main", "enabled", fallback=False):
            path = Path(conf.get("main", "locklist", fallback="/nonexistent"))
            return path if path.is_file() else None
    return None
