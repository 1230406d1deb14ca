"""The tree of a whole run: prepare, health check, install, as its purpose asks for them.

The tree is complete before the run begins: the plan is a small signed file that is here long before the
payload is.
"""

from __future__ import annotations

from datetime import timedelta

from pitstop.model.expansion import Branch, expand, group, leaf, numbered
from pitstop.model.packages import PackageMetadata
from pitstop.model.plans import GroupMode, Plan, PlanStep
from pitstop.model.runs import Phase, RunPurpose, Step
from pitstop.model.system import SystemDescription

_DOWNLOAD_DEADLINE = timedelta(days=2)
_UNPACK_DEADLINE = timedelta(hours=6)


def compose(
    purpose: RunPurpose,
    package: PackageMetadata,
    plan: Plan,
    system: SystemDescription,
    *,
    changes_version: bool = True,
) -> tuple[Step, ...]:
    """All steps of a run of this purpose, numbered, in tree order.

    Args:
        changes_version: whether the nodes say another version afterwards, as the release entry has it.

    Raises:
        InvalidPlan: the plan cannot be laid over this system.
    """
    branches = []
    if purpose is not RunPurpose.HEALTH_CHECK:
        branches.append(_prepare(package))
    branches.append(_health_check(plan, system))
    if purpose is RunPurpose.APPLY:
        confirm = [_confirm(package)] if changes_version else []
        branches.append(
            group("Install", [*expand(plan, system), *confirm], description=plan.name, phase=Phase.INSTALL)
        )
    return tuple(numbered(branches))


def _prepare(package: PackageMetadata) -> Branch:
    download = PlanStep(
        "Download",
        "download",
        f"Fetch {len(package.volumes)} payload volume(s); every byte is checked against the signed digests.",
        deadline=_DOWNLOAD_DEADLINE,
    )
    unpack = PlanStep(
        "Verify and unpack",
        "unpack",
        "Check every content file against the signed manifest.",
        deadline=_UNPACK_DEADLINE,
    )
    return group(
        "Prepare",
        [leaf(download, None, phase=Phase.DOWNLOAD), leaf(unpack, None, phase=Phase.PREPARE)],
        description=f"Bring {package.name} onto this system.",
    )


def _health_check(plan: Plan, system: SystemDescription) -> Branch:
    reach = PlanStep("Nodes answer", "reach", "Sign in to every node.", deadline=timedelta(seconds=30))
    builtin = group(
        reach.name,
        [leaf(reach, node.name, name=f"{reach.name}: {node.name}") for node in system.nodes],
        mode=GroupMode.PARALLEL,
        description=reach.description,
    )
    own = expand(Plan(plan.name, plan.checks), system)
    return group(
        "Health check",
        [builtin, *own],
        description="Built-in checks, then the checks of the new package; nothing is changed.",
        phase=Phase.HEALTH_CHECK,
    )


def _confirm(package: PackageMetadata) -> Branch:
    confirm = PlanStep(
        "Confirm versions",
        "confirm-version",
        f"Every node says by itself that it runs {package.version}.",
        args={"product": package.product, "version": str(package.version)},
        deadline=timedelta(minutes=2),
    )
    return leaf(confirm, None)
