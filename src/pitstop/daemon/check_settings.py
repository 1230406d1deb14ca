"""What ``pitstop.toml`` says about checks: ``[checks]`` and ``[[check]]``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import msgspec

from pitstop.checks.kind import CheckHabits
from pitstop.daemon.settings_words import said as _said
from pitstop.diagnostics.operator_checks import CHECK_NAME
from pitstop.model.errors import InvalidInput
from pitstop.ports.checks import OperatorCheck


class ChecksTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[checks]``."""

    folder: Annotated[
        str,
        _said(
            "The folder with programs of your own that are run as checks; what lies in its folder `nodes` is "
            "run on every node."
        ),
    ] = "checks"
    every_hours: Annotated[
        float, _said("How often all checks are run; each time a tenth earlier or later.", ge=0.01, le=720)
    ] = 24.0
    valid_hours: Annotated[
        float,
        _said("How long what they found counts: what is older keeps no update off any more.", gt=0, le=2160),
    ] = 48.0
    treat_warnings_as_blockers: Annotated[
        bool, _said("Whether warnings block an update whatever is skipped, as what is critical does.")
    ] = False
    certificates: Annotated[
        tuple[str, ...],
        _said("Paths of certificates (PEM) on the service's machine, with `*` and `?`: none may end soon."),
    ] = ("/etc/pitstop/tls/*.pem",)
    node_certificates: Annotated[tuple[str, ...], _said("The same on nodes, in the node's root.")] = (
        "/etc/pitstop/tls/*.pem",
    )
    backup: Annotated[
        str, _said("A file or folder of the service's machine; the newest file in it is the last backup.")
    ] = ""
    backup_days: Annotated[int, _said("So old the last backup may be.", ge=1, le=3660)] = 8
    source_days: Annotated[
        int, _said("So long ago the last good check of a connected source may be.", ge=1, le=3660)
    ] = 3


class CheckTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A ``[[check]]``."""

    name: Annotated[str, _said("By which it is run and skipped: letters, digits, `.`, `_` and `-`.")]
    run: Annotated[
        tuple[str, ...],
        _said(
            "The program and its arguments, such as a plugin of Debian's `monitoring-plugins`.", min_length=1
        ),
    ]
    on: Annotated[
        str, _said("`service`: on the service's machine; `nodes`: on all nodes; or a role: on its nodes.")
    ] = "service"
    title: Annotated[str, _said("What is well if it passes; by default its name.")] = ""
    critical: Annotated[
        bool, _said("Whether a fail (exit status 2) is critical, so that nothing sets it aside.")
    ] = True
    remedy: Annotated[str, _said("What to do where it does not pass.")] = ""
    seconds: Annotated[float, _said("How long it may take.", ge=1, le=600)] = 60.0


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """What holds, checked."""

    folder: Path
    every: timedelta = timedelta(days=1)
    habits: CheckHabits = field(default_factory=CheckHabits)
    named: Mapping[str, OperatorCheck] = field(default_factory=dict)


def check_settings(said: ChecksTable, checks: Sequence[CheckTable], folder: Path) -> CheckSettings:
    """Raises InvalidInput: a name is none, or is there twice; a path is not absolute."""
    _require_names(checks)
    for path in (*said.certificates, *said.node_certificates):
        if not path.startswith("/"):
            raise InvalidInput(f"[checks]: {path!r} is no absolute path")
    return CheckSettings(
        folder=folder / said.folder,
        every=timedelta(hours=said.every_hours),
        habits=CheckHabits(
            strict=said.treat_warnings_as_blockers,
            valid=timedelta(hours=said.valid_hours),
            certificates=said.certificates,
            node_certificates=said.node_certificates,
            backup=str(folder / said.backup) if said.backup else "",
            backup_days=said.backup_days,
            source_days=said.source_days,
        ),
        named={check.name: _operators(check) for check in checks},
    )


def _require_names(checks: Sequence[CheckTable]) -> None:
    for name, count in Counter(check.name for check in checks).items():
        if not CHECK_NAME.fullmatch(name):
            raise InvalidInput(
                f"[[check]]: {name!r} is no name: letters, digits, '.', '_' and '-', at most 64"
            )
        if count > 1:
            raise InvalidInput(f"[[check]]: {count} checks are named {name!r}")


def _operators(said: CheckTable) -> OperatorCheck:
    return OperatorCheck(
        name=said.name,
        title=said.title or said.name,
        run=said.run,
        on=said.on,
        critical=said.critical,
        remedy=said.remedy,
        deadline=timedelta(seconds=said.seconds),
    )
