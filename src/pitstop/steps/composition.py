"""The tree of a whole run: prepare, health check, install, as its purpose asks for them.

The tree is complete before the run begins: the plan is a small signed file that is here long before the
payload is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from pitstop.model.expansion import Branch, changed, expand, group, leaf, numbered
from pitstop.model.packages import PackageMetadata
from pitstop.model.plans import GroupMode, Plan, PlanStep
from pitstop.model.runs import Phase, RunPurpose, Step
from pitstop.model.system import SystemDescription
from pitstop.steps.table import KINDS

_DOWNLOAD_DEADLINE = timedelta(days=2)
_UNPACK_DEADLINE = timedelta(hours=6)
_READY = PlanStep(
    "System is ready",
    "readiness",
    "Ask all checks of the system; what is critical, or a warning that is not skipped, ends it here.",
    deadline=timedelta(minutes=10),
)


@dataclass(frozen=True, slots=True)
class Part:
    """One package of a run.

    Attributes:
        changes_version: whether the nodes say another version afterwards, as the release entry has it.
    """

    package: PackageMetadata
    plan: Plan
    changes_version: bool = True


def compose(
    purpose: RunPurpose,
    main: Part,
    system: SystemDescription,
    rider: Part | None = None,
    *,
    checked: bool = False,
) -> tuple[Step, ...]:
    """All steps of a run of this purpose, numbered, in tree order.

    Args:
        main: the package that the run is of.
        rider: the hotfix that goes on in the same run, after it.
        checked: whether the system's own checks are asked before anything is changed.

    Raises:
        InvalidPlan: a plan cannot be laid over this system.
        FactMissing: a plan asks for a fact that is not recorded.
    """
    branches = []
    if purpose is not RunPurpose.HEALTH_CHECK:
        branches.append(_prepare([main, *([rider] if rider else [])]))
    branches.append(_health_check(main.plan, system, checked=checked))
    if purpose is RunPurpose.APPLY:
        branches.append(_install("Install", main, system))
        if rider is not None:
            branches.append(of_package(_install("Install hotfix", rider, system), rider.package.name))
    return tuple(numbered(branches))


def steps_of_plan(plan: Plan, system: SystemDescription) -> tuple[Step, ...]:
    """The steps of a plan by itself, without a package: its checks and its items. Raises as ``compose``."""
    install = group("Install", expand(plan, system), description=plan.name, phase=Phase.INSTALL)
    return tuple(numbered([_health_check(plan, system), changed(install, with_way_back)]))


def _install(name: str, part: Part, system: SystemDescription) -> Branch:
    items = expand(part.plan, system)
    confirm = [_confirm(part.package)] if part.changes_version else []
    whole = group(
        f"{name} {part.package.version}" if name != "Install" else name,
        [*items, *confirm],
        description=part.plan.name,
        phase=Phase.INSTALL,
    )
    return changed(whole, with_way_back)


def of_package(branch: Branch, package: str) -> Branch:
    """The branch with every step of it acting with this package's content."""
    return changed(branch, lambda step: replace(step, package=package))


def with_way_back(step: Step) -> Step:
    """A leaf that says nothing of its way back has the one that its kind knows."""
    if not step.is_leaf or step.undo is not None:
        return step
    kind = KINDS.get(step.kind or "")
    return step if kind is None else replace(step, undo=kind.way_back(step))


def _prepare(parts: Sequence[Part]) -> Branch:
    """Everything is downloaded before anything is unpacked: what cannot be had is known early."""
    downloads = [of_package(leaf(_download(part.package), None), part.package.name) for part in parts]
    unpacks = [of_package(leaf(_unpack(part.package), None), part.package.name) for part in parts]
    if len(parts) > 1:
        downloads = [group("Download", downloads)]
        unpacks = [group("Verify and unpack", unpacks)]
    phases = zip((downloads[0], unpacks[0]), (Phase.DOWNLOAD, Phase.PREPARE), strict=True)
    return group(
        "Prepare",
        [Branch(replace(branch.step, phase=phase), branch.children) for branch, phase in phases],
        description=f"Bring {' and '.join(part.package.name for part in parts)} onto this system.",
    )


def _download(package: PackageMetadata) -> PlanStep:
    return PlanStep(
        "Download",
        "download",
        f"Fetch {len(package.volumes)} payload volume(s); every byte is checked against the signed digests.",
        deadline=_DOWNLOAD_DEADLINE,
    )


def _unpack(package: PackageMetadata) -> PlanStep:
    return PlanStep(
        "Verify and unpack",
        "unpack",
        f"Check every content file of {package.name} against the signed manifest.",
        deadline=_UNPACK_DEADLINE,
    )


def _health_check(plan: Plan, system: SystemDescription, *, checked: bool = False) -> Branch:
    reach = PlanStep("Nodes answer", "reach", "Sign in to every node.", deadline=timedelta(seconds=30))
    builtin = group(
        reach.name,
        [leaf(reach, node.name, name=f"{reach.name}: {node.name}") for node in system.nodes],
        mode=GroupMode.PARALLEL,
        description=reach.description,
    )
    ready = [leaf(_READY, None)] if checked else []
    return group(
        "Health check",
        [builtin, *ready, *_own_checks(plan, system)],
        description="Built-in checks, then the checks of the new package; nothing is changed.",
        phase=Phase.HEALTH_CHECK,
    )


def _own_checks(plan: Plan, system: SystemDescription) -> Sequence[Branch]:
    """The package's own: all are asked, whatever one finds, so that all that is wrong is known at once."""
    own = expand(Plan(plan.name, plan.checks), system)
    if len(own) < 2:
        return own
    described = "All are asked, whatever one of them finds."
    return [group("Checks of the new version", own, mode=GroupMode.PARALLEL, description=described)]


def _confirm(package: PackageMetadata) -> Branch:
    confirm = PlanStep(
        "Confirm versions",
        "confirm-version",
        f"Every node says by itself that it runs {package.version}.",
        args={"product": package.product, "version": str(package.version)},
        deadline=timedelta(minutes=2),
    )
    return leaf(confirm, None)
