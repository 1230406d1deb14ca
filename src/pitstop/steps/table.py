"""The table of step kinds: a new kind is a new file, and a row here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pitstop.package.plan_format import ArgumentCheck
from pitstop.steps.ansible import ANSIBLE
from pitstop.steps.check import CHECK
from pitstop.steps.command import COMMAND
from pitstop.steps.confirm_version import CONFIRM_VERSION
from pitstop.steps.copy import COPY
from pitstop.steps.download import DOWNLOAD
from pitstop.steps.drain import DRAIN
from pitstop.steps.firmware import FIRMWARE
from pitstop.steps.images import IMAGES
from pitstop.steps.kind import StepKind
from pitstop.steps.packages import PACKAGES
from pitstop.steps.pause import PAUSE
from pitstop.steps.pitstop import PITSTOP
from pitstop.steps.probe import PROBE
from pitstop.steps.reach import REACH
from pitstop.steps.readiness import READINESS
from pitstop.steps.restart import RESTART
from pitstop.steps.restore_files import RESTORE_FILES
from pitstop.steps.restore_firmware import RESTORE_FIRMWARE
from pitstop.steps.restore_images import RESTORE_IMAGES
from pitstop.steps.restore_packages import RESTORE_PACKAGES
from pitstop.steps.restore_rpm_packages import RESTORE_RPM_PACKAGES
from pitstop.steps.restore_service import RESTORE_SERVICE
from pitstop.steps.rpm_packages import RPM_PACKAGES
from pitstop.steps.service import SERVICE
from pitstop.steps.undrain import UNDRAIN
from pitstop.steps.unpack import UNPACK

_ROWS: tuple[StepKind[Any], ...] = (
    COMMAND,
    COPY,
    PACKAGES,
    RPM_PACKAGES,
    SERVICE,
    RESTART,
    FIRMWARE,
    ANSIBLE,
    IMAGES,
    PROBE,
    CHECK,
    PITSTOP,
    DRAIN,
    UNDRAIN,
    PAUSE,
    RESTORE_FILES,
    RESTORE_PACKAGES,
    RESTORE_RPM_PACKAGES,
    RESTORE_FIRMWARE,
    RESTORE_IMAGES,
    RESTORE_SERVICE,
    DOWNLOAD,
    UNPACK,
    REACH,
    CONFIRM_VERSION,
    READINESS,
)

KINDS: Mapping[str, StepKind[Any]] = {kind.name: kind for kind in _ROWS}
"""All kinds by name. A package's plan may ask for those that are ``in_plans``."""

MEND_KINDS: Mapping[str, ArgumentCheck] = {
    kind.name: kind.read for kind in _ROWS if kind.in_plans and kind.on_node and kind is not COPY
}
"""How the arguments of those kinds are read that a known issue's mend may ask for: what is done on a node
without a package's content."""

STILL_KINDS = frozenset(kind.name for kind in _ROWS if kind.changes_nothing) & MEND_KINDS.keys()
"""Those of them that change nothing: a mend is verified with these."""
