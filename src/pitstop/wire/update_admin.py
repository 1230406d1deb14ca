"""Microsoft.Update.Admin 2021-07-01: its JSON shapes, and the read models said in them.

Pure. Names, enums and envelopes are those of the public specification; where Pitstop knows more states than
that API, ``STATES`` says which of its states shows instead, and a message says what it really is.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
from msgspec import UNSET, UnsetType

from pitstop.wire.views import FindingView, PackageVersionView, RunReport, StepView, SystemView, UpdateView

API_VERSION = "2021-07-01"
NAMESPACE = "Microsoft.Update.Admin"

NOT_INSTALLED = "9999-12-31T23:59:59.9999999Z"
"""The ``installedDate`` of an update that is not installed."""

_MEBIBYTE = 1024 * 1024

STATES = {
    "AdditionalContentRequired": "HasPrerequisite",
    "PendingOEMValidation": "HasPrerequisite",
    "HealthCheckExpired": "HealthCheckFailed",
}
"""States that this API does not know, and which of its own shows instead. The others have the same name."""

RUN_STATES = {
    "succeeded": "Succeeded",
    "in-progress": "InProgress",
    "stopping": "InProgress",
    "stopped": "InProgress",
    "undoing": "InProgress",
    "cancelling": "InProgress",
    "mending": "InProgress",
    "failed": "Failed",
    "undo-failed": "Failed",
    "aborted": "Failed",
    "cancelled": "Failed",
}
STEP_STATUSES = {
    "succeeded": "Success",
    "failed": "Error",
    "in-progress": "InProgress",
    "waiting": "InProgress",
    "pending": "NotStarted",
}
_RUN_STATUSES = {"Succeeded": "Success", "Failed": "Error", "InProgress": "InProgress"}
_ROOT_NAMES = {"prepare": "Preparing", "health-check": "HealthChecking", "apply": "Installing"}
_HERE = frozenset(
    {
        "ReadyToInstall",
        "HealthChecking",
        "HealthCheckFailed",
        "HealthCheckExpired",
        "Installing",
        "InstallationFailed",
        "Installed",
    }
)
"""States in which the package's content is on the system already."""


class Shape(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What all shapes share."""


class PackageVersion(Shape, frozen=True):
    package_type: str
    version: str
    last_updated: str | None


class LocationProperties(Shape, frozen=True):
    oem_family: str
    hardware_model: str
    package_versions: tuple[PackageVersion, ...]
    current_version: str
    current_oem_version: str
    last_updated: str | None
    last_checked: str | None
    state: str


class Prerequisite(Shape, frozen=True):
    update_type: str
    package_name: str
    version: str


class StateProperties(Shape, frozen=True):
    progress_percentage: int
    notify_message: str


class UpdateProperties(Shape, frozen=True):
    display_name: str
    description: str
    version: str
    oem_version: str
    state: str
    availability_type: str
    release_link: str
    package_path: str
    package_size_in_mb: int
    publisher: str
    package_type: str
    update_prerequisites: tuple[Prerequisite, ...]
    update_state_properties: StateProperties
    additional_properties: str
    kb_link: str
    min_version_required: str
    min_oem_version_required: str
    installed_date: str


class Step(Shape, frozen=True):
    """``startTimeUtc`` and ``endTimeUtc`` are left out until there is one."""

    name: str
    description: str
    error_message: str
    status: str
    start_time_utc: str | UnsetType = UNSET
    end_time_utc: str | UnsetType = UNSET
    steps: tuple[Step, ...] = ()


class RunProperties(Shape, frozen=True):
    progress: Step
    time_started: str
    duration: str
    state: str


class Resource(Shape, frozen=True):
    """The envelope of every resource."""

    id: str
    name: str
    type: str
    location: str
    tags: dict[str, str]
    properties: LocationProperties | UpdateProperties | RunProperties


class ResourceList(Shape, frozen=True):
    value: tuple[Resource, ...]
    next_link: str | None = None


class ErrorDetail(Shape, frozen=True):
    code: str
    message: str
    target: str | None = None
    details: tuple[ErrorDetail, ...] = ()
    additional_info: tuple[dict[str, object], ...] = ()


class ErrorResponse(Shape, frozen=True):
    """ARM's common error body."""

    error: ErrorDetail


@dataclass(frozen=True, slots=True)
class Scope:
    """Under which subscription the one update location is addressed, and the ids of what is below it."""

    subscription: str
    location: str

    @property
    def group(self) -> str:
        return f"System.{self.location}"

    @property
    def locations(self) -> str:
        root = f"/subscriptions/{self.subscription}/resourceGroups/{self.group}"
        return f"{root}/providers/{NAMESPACE}/updateLocations"

    @property
    def id(self) -> str:
        return f"{self.locations}/{self.location}"

    def update(self, name: str) -> str:
        return f"{self.id}/updates/{name}"

    def run(self, update: str, run: str) -> str:
        return f"{self.update(update)}/updateRuns/{run}"


def location_resource(scope: Scope, system: SystemView) -> Resource:
    properties = LocationProperties(
        oem_family=system.hardware_family,
        hardware_model=system.hardware_model,
        package_versions=tuple(_package_version(item) for item in system.package_versions),
        current_version=system.current_version,
        current_oem_version=system.current_oem_version,
        last_updated=arm_instant(system.last_updated),
        last_checked=arm_instant(system.last_checked),
        state=system.state,
    )
    return _resource(scope, scope.id, system.location, "updateLocations", properties)


def update_resource(scope: Scope, update: UpdateView) -> Resource:
    oem = update.package_type == "OEM"
    properties = UpdateProperties(
        display_name=update.title,
        description=update.description,
        version=update.version,
        oem_version=update.version if oem else "",
        state=STATES.get(update.state, update.state),
        availability_type=_availability(update.state),
        release_link=update.notes_link,
        package_path="",
        package_size_in_mb=math.ceil(update.size / _MEBIBYTE),
        publisher=update.publisher,
        package_type="OEM" if oem else "Infrastructure",
        update_prerequisites=tuple(_prerequisite(text, update.package_type) for text in update.requires),
        update_state_properties=StateProperties(
            progress_percentage=int(update.percent or 0), notify_message=_message(update)
        ),
        additional_properties=f"PackageType:{update.package_type}",
        kb_link=update.article_link,
        min_version_required=update.min_version,
        min_oem_version_required=update.min_oem_version,
        installed_date=arm_instant(update.installed) or NOT_INSTALLED,
    )
    return _resource(scope, scope.update(update.name), update.name, "updateLocations/updates", properties)


def run_resource(scope: Scope, report: RunReport) -> Resource:
    run = report.run
    properties = RunProperties(
        progress=Step(
            name=_ROOT_NAMES.get(run.purpose, run.purpose),
            description=run.title,
            error_message=_error_message(run.finding),
            status=_RUN_STATUSES[RUN_STATES.get(run.state, "InProgress")],
            start_time_utc=_known(run.started),
            end_time_utc=_known(run.ended),
            steps=tuple(_step(step) for step in report.steps),
        ),
        time_started=arm_instant(run.started) or "",
        duration=iso_duration(run.seconds),
        state=RUN_STATES.get(run.state, "Unknown"),
    )
    type_name = "updateLocations/updates/updateRuns"
    return _resource(scope, scope.run(run.update, run.id), run.id, type_name, properties)


def iso_duration(seconds: float) -> str:
    """52982.9 → ``PT14H43M2S``; whole seconds, rounded down; from a day on with days: ``P1DT2H``."""
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    clock = "".join(f"{count}{unit}" for count, unit in ((hours, "H"), (minutes, "M"), (rest, "S")) if count)
    date = f"{days}D" if days else ""
    if not clock:
        return f"P{date}" if date else "PT0S"
    return f"P{date}T{clock}"


def _resource(
    scope: Scope,
    resource_id: str,
    name: str,
    type_name: str,
    properties: LocationProperties | UpdateProperties | RunProperties,
) -> Resource:
    return Resource(
        id=resource_id,
        name=name,
        type=f"{NAMESPACE}/{type_name}",
        location=scope.location,
        tags={},
        properties=properties,
    )


def _package_version(item: PackageVersionView) -> PackageVersion:
    return PackageVersion(
        package_type=item.package_type, version=item.version, last_updated=arm_instant(item.last_updated)
    )


def _availability(state: str) -> str:
    if state == "AdditionalContentRequired":
        return "notify"
    return "local" if state in _HERE else "online"


def _prerequisite(text: str, package_type: str) -> Prerequisite:
    """``Northstar1.2305.1.22`` has its version at its end; what has none is a name alone."""
    found = re.search(r"\d+(?:\.\d+)+$", text)
    kind = "OEM" if package_type == "OEM" else "Infrastructure"
    return Prerequisite(update_type=kind, package_name=text, version=found.group() if found else "")


def _message(update: UpdateView) -> str:
    said = [reason.what for reason in update.reasons]
    if update.state in STATES:
        said.insert(0, f"The state is {update.state}.")
    return " ".join(said)


def _step(step: StepView) -> Step:
    return Step(
        name=step.name,
        description=step.description,
        error_message=_error_message(step.finding),
        status=STEP_STATUSES.get(step.status, "InProgress"),
        start_time_utc=_known(step.started),
        end_time_utc=_known(step.ended),
        steps=tuple(_step(inner) for inner in step.steps),
    )


def _error_message(finding: FindingView | None) -> str:
    if finding is None:
        return ""
    return f"{finding.what.rstrip('.')}. {finding.remedy}".strip()


def _known(at: datetime | None) -> str | UnsetType:
    return arm_instant(at) or UNSET


def arm_instant(at: datetime | None) -> str | None:
    """``2026-03-14T03:07:09.5Z``; None where there is none."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None
