"""The plan of the runs that are killed: every kind of group, on three nodes that keep count of what is done.

Every step but the drain leaves one line in its node's log each time it is done, and one more when it is
taken back: what is repeated shows. Where a node has the file ``breaks``, the step ``broken`` fails there, and
the run with it; the node after it still goes on, as the group bears one failure.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from pitstop.model.known_issues import Mend
from pitstop.model.packages import PackageType
from pitstop.model.plans import Drain, GroupMode, Plan, PlanGroup, PlanStep, RollOrder
from pitstop.model.releases import Catalogue, Family, PublisherKind, Release, ReleaseId
from pitstop.model.runs import Phase, RunState
from pitstop.model.system import Node
from pitstop.model.versions import Version

UPDATE = "Northstar1.2604.0.21"
BREAKS = "breaks"
DRAINED = "drained"


class Story(StrEnum):
    """What becomes of the run."""

    APPLY = "apply"
    ABORT = "abort"
    CANCEL = "cancel"
    MEND = "mend"
    """It fails, is mended, and then resumed."""

    @property
    def end(self) -> RunState:
        return _ENDS[self]

    @property
    def is_installed(self) -> bool:
        """Whether the update is on at the end."""
        return self.end is RunState.SUCCEEDED


_ENDS = {
    Story.APPLY: RunState.SUCCEEDED,
    Story.ABORT: RunState.ABORTED,
    Story.CANCEL: RunState.CANCELLED,
    Story.MEND: RunState.SUCCEEDED,
}


def noting(what: str, then: str = "sleep 0.02") -> PlanStep:
    """A step that leaves a line in its node's log."""
    return PlanStep(what, "command", args={"shell": f"echo '{what}' >> log; {then}"})


def both_ways(what: str, then: str = "sleep 0.02", role: str | None = None) -> PlanStep:
    return replace(noting(what, then), role=role, undo=(noting(_back(what)),))


def _back(what: str) -> str:
    return f"back from {what}"


PLAN = Plan(
    "Every kind of group",
    (
        both_ways("before", role="*"),
        PlanGroup(
            "two at a time",
            GroupMode.PARALLEL,
            tuple(both_ways(what, role="worker") for what in ("one", "two", "three")),
            limit=2,
        ),
        PlanGroup(
            "roll",
            GroupMode.ROLLING,
            (
                both_ways("first"),
                PlanGroup("pair", GroupMode.PARALLEL, (both_ways("left"), both_ways("right"))),
                both_ways("broken", f"[ ! -e {BREAKS} ]"),
            ),
            role="*",
            order=RollOrder.FAULT_DOMAIN,
            may_fail=1,
            pause=timedelta(microseconds=1),  # it has always gone by when it is looked at
            drain=Drain(out=("touch", DRAINED), back=("rm", "-f", DRAINED), is_out=("test", "-e", DRAINED)),
            verify=(both_ways("verified"),),
        ),
        PlanGroup("end", GroupMode.SEQUENCE, (both_ways("after", role="worker"),)),
    ),
)
MENDED, SEEN = "mended", "seen to have helped"
MEND = Mend(
    "Takes away what breaks.",
    (noting(MENDED, f"sleep 0.02; rm -f {BREAKS}"),),
    (noting(SEEN, f"[ ! -e {BREAKS} ]"),),
)
EARLY = (Phase.DOWNLOAD, Phase.PREPARE, Phase.HEALTH_CHECK)
"""Each is one step, on the first node."""

RELEASE = Release(
    ReleaseId("northstar", "lantern", Version.parse("1.2604.0.21")),
    UPDATE,
    PackageType.EXPRESS,
    "Lantern 2604",
    family="2604",
)
CATALOGUE = Catalogue(
    "northstar",
    "lantern",
    PublisherKind.PLATFORM,
    datetime(2026, 4, 21, tzinfo=UTC),
    (Family("2604", None),),
    (RELEASE,),
)


def breaking(node: Node, story: Story) -> bool:
    """Whether the run fails on this node."""
    return story is not Story.APPLY and "worker" in node.roles


def expected_on(node: Node, story: Story, *, is_first: bool) -> Counter[str]:
    """How often each line is in this node's log at the run's end."""
    done = ["before", "first", "left", "right", "broken"]
    if "worker" in node.roles:
        done += ["one", "two", "three"]
    if not breaking(node, story) or story.is_installed:
        done.append("verified")
    if "worker" in node.roles and story.is_installed:
        done.append("after")
    if breaking(node, story) and story is Story.MEND:
        done += [MENDED, SEEN, "broken"]  # it was done in vain before
    back = [_back(what) for what in done] if story is Story.ABORT else []
    return Counter([*(EARLY if is_first else ()), *done, *back])
