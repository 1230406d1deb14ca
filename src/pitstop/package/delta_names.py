"""What deltas are called: ``<Name>-from-<Base>.delta``, in the folder of the package that they lead to."""

from __future__ import annotations

from pitstop.package.content_paths import package_name_problem

SUFFIX = ".delta"
_FROM = "-from-"


def delta_name(package: str, base: str) -> str:
    """``Northstar1.2402.0.8-from-Northstar1.2311.3.62.delta``."""
    return f"{package}{_FROM}{base}{SUFFIX}"


def delta_ends(name: str) -> tuple[str, str] | None:
    """The package that the delta of this name leads to, and its base; None: no delta is called so."""
    ends = name.removesuffix(SUFFIX).split(_FROM)
    if len(ends) != 2 or any(package_name_problem(end) for end in ends):
        return None
    package, base = ends
    return (package, base) if delta_name(package, base) == name else None
