"""Canned read models: one system of four nodes at N-3, its updates, and runs in three conditions.

Everything is fixed, times too: ``NOW`` is when all of it is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec

from pitstop.engine.rehearsal import Found, Probed
from pitstop.model.alerts import AlertState
from pitstop.model.conditions import Comparison, FactTest
from pitstop.model.expansion import left_out
from pitstop.model.findings import Finding, Severity
from pitstop.model.plans import Drain, GroupMode, Plan, PlanGroup, PlanStep
from pitstop.model.releases import ReleaseId
from pitstop.model.run_actions import RUN_ACTIONS
from pitstop.model.run_tree import RunTree
from pitstop.model.runs import Run, RunPurpose, RunState
from pitstop.model.system import Node, SystemDescription
from pitstop.model.updates import UpdateState, actions_for
from pitstop.model.versions import Version
from pitstop.policy.alerting import steps_of
from pitstop.service.alert_issues import best_of, issue_link, issue_steps
from pitstop.service.findings import action_view, finding_view
from pitstop.service.rehearsals import rehearsal_view
from pitstop.steps.composition import steps_of_plan
from pitstop.wire.alert_views import AlertView, LinkView
from pitstop.wire.formats import lateness
from pitstop.wire.issue_views import EvidenceView, IssueView, MendView, OfferView
from pitstop.wire.views import (
    EventView,
    FindingView,
    LeftOutView,
    NodeView,
    PackageVersionView,
    Range,
    RehearsalView,
    RunReport,
    RunView,
    SourceView,
    StepView,
    SupportView,
    SystemView,
    UpdateView,
    WaitingView,
    leaves,
)

NOW = datetime(2024, 5, 14, 9, 30, tzinfo=UTC)
NODES = ("n1", "n2", "n3", "n4")

HOTFIX = "Northstar1.2305.1.22"
EXPRESS = "Northstar1.2308.0.15"
FULL_2311 = "Northstar1.2311.0.9"
FULL_2402 = "Northstar1.2402.0.8"
BASE = "Northstar1.2305.0.10"
FIRMWARE = "Lumen2.4.1"
RECALLED = "Northstar1.2308.1.3"

RUN_DONE = "1f0e6a52-93c4-4d0b-8f57-2f5a3f0f9a01"
RUN_NOW = "7d3c9a52-0b1e-4c53-9f0e-6a1f5b2c8d02"
RUN_FAILED = "c4a1be77-58d9-4a86-b1b5-0d9a4e7f6c03"
ALERT_FAILED = "a11e27"

NOTES = "# Lantern 2305, hotfix 1\n\nA lamp that was drained twice stays drained.\n"

HOTFIX_FIRST = finding_view(
    Finding(
        "hotfix-required",
        Severity.CRITICAL,
        f"update {EXPRESS}",
        "The newest hotfix of family 2305 is not installed.",
        f"Install {HOTFIX} first.",
        impact="The update cannot go on.",
    )
)
FAMILY_FIRST = finding_view(
    Finding(
        "family-order",
        Severity.CRITICAL,
        f"update {FULL_2402}",
        "Family 2402 needs family 2311, and this system has family 2305.",
        f"Install {EXPRESS}, then {FULL_2311}.",
    )
)
WITHDRAWN = finding_view(
    Finding(
        "recalled",
        Severity.CRITICAL,
        f"update {RECALLED}",
        "The publisher has withdrawn this release: it loses sessions when a node is drained.",
        "Do not install it; a newer hotfix replaces it.",
    )
)
OUT_OF_COMPLIANCE = finding_view(
    Finding(
        "out-of-compliance",
        Severity.CRITICAL,
        "system Aurora",
        "The system is three families behind the newest.",
        f"Install {HOTFIX}, then {EXPRESS}.",
        impact="No support until it has reached at least N-2, except for help with that very update.",
    )
)
STEP_FAILED = finding_view(
    Finding(
        "step-failed",
        Severity.CRITICAL,
        "node n3",
        "Replace files ended with status 1: no space left on device",
        "Free at least 120 MB on n3 under /opt, then resume the run.",
        impact="n3 is out of service; n1 and n2 run the new version, n4 the old one.",
        detail="unpacking lantern-1.2305.1.22\nwrite /opt/lantern/bin/lantern: no space left on device",
    )
)


def quiet_system() -> SystemView:
    return SystemView(
        name="Aurora",
        location="aurora",
        state="UpdateAvailable",
        hardware_family="Lumen",
        hardware_model="L4",
        current_version="1.2305.0.10",
        current_oem_version="2.3.0",
        last_updated=NOW - timedelta(days=200),
        last_checked=NOW - timedelta(minutes=18),
        package_versions=(
            PackageVersionView(
                package_type="Platform",
                publisher="Northstar",
                product="Lantern",
                version="1.2305.0.10",
                last_updated=NOW - timedelta(days=200),
            ),
            PackageVersionView(
                package_type="OEM",
                publisher="Lumen",
                product="Firmware",
                version="2.3.0",
                last_updated=None,
            ),
        ),
        support=SupportView(
            status="out-of-compliance",
            position="N-3",
            why="Family 2305 is three families behind 2402, and two are allowed.",
            newest_family="2402",
            current_family="2305",
            as_known_on=(NOW - timedelta(minutes=18)).date(),
            findings=(OUT_OF_COMPLIANCE,),
        ),
        nodes=tuple(
            NodeView(
                name=name,
                address="127.0.0.1",
                port=2200 + number,
                roles=("web", "storage") if number < 3 else ("web",),
                fault_domain="A" if number % 2 else "B",
                host_key="ssh-ed25519 SHA256:q0Zf",
            )
            for number, name in enumerate(NODES, start=1)
        ),
        active_run=None,
        findings=(OUT_OF_COMPLIANCE,),
    )


def an_update(
    name: str,
    state: UpdateState,
    *,
    title: str,
    package_type: str,
    family: str,
    reasons: tuple[FindingView, ...] = (),
    last_run: str | None = None,
    installed: datetime | None = None,
) -> UpdateView:
    oem = package_type == "OEM"
    return UpdateView(
        name=name,
        title=title,
        description=f"{title} for all systems of this line.",
        publisher="Lumen" if oem else "Northstar",
        product="Firmware" if oem else "Lantern",
        version=name.removeprefix("Lumen").removeprefix("Northstar"),
        package_type=package_type,
        family=family,
        state=state,
        reasons=reasons,
        actions=tuple(action_view(action) for action in actions_for(state)),
        released="2024-05-02",
        installed=installed,
        size=73_400_321,
        restarts_nodes=package_type in ("Full", "OEM"),
        expected=Range(least=240, most=420),
        min_version="" if oem else "1.2305.0.10",
        min_oem_version="2.4.0" if package_type == "Full" else "",
        requires=() if oem or family == "2305" else (HOTFIX,),
        notes_link="https://northstar.example/notes/1.2305.1.22",
        article_link="https://northstar.example/kb/5001" if package_type == "Hotfix" else "",
        support_address="support@northstar.example",
        last_run=last_run,
    )


def quiet_updates() -> tuple[UpdateView, ...]:
    waits, ready = UpdateState.HAS_PREREQUISITE, UpdateState.READY
    return (
        an_update(
            FULL_2402,
            waits,
            title="Lantern 2402",
            package_type="Full",
            family="2402",
            reasons=(FAMILY_FIRST,),
        ),
        an_update(
            FULL_2311,
            waits,
            title="Lantern 2311",
            package_type="Full",
            family="2311",
            reasons=(FAMILY_FIRST,),
        ),
        an_update(
            RECALLED,
            UpdateState.RECALLED,
            title="Lantern 2308, hotfix 1",
            package_type="Hotfix",
            family="2308",
            reasons=(WITHDRAWN,),
        ),
        an_update(
            EXPRESS,
            waits,
            title="Lantern 2308",
            package_type="Express",
            family="2308",
            reasons=(HOTFIX_FIRST,),
        ),
        an_update(HOTFIX, ready, title="Lantern 2305, hotfix 1", package_type="Hotfix", family="2305"),
        an_update(
            BASE,
            UpdateState.INSTALLED,
            title="Lantern 2305",
            package_type="Full",
            family="2305",
            last_run=RUN_DONE,
            installed=NOW - timedelta(days=200),
        ),
        an_update(FIRMWARE, ready, title="Lumen firmware 2.4.1", package_type="OEM", family=""),
    )


def issues() -> dict[str, IssueView]:
    """What Northstar knows goes wrong: one issue that it can mend, one that people must."""
    told = [
        IssueView(
            name="northstar/busy-drain",
            source="northstar",
            id="busy-drain",
            title="A node is not given up",
            applies="All supported releases",
            occurrence="Common",
            symptom="The drain goes on until its deadline.",
            cause="A workload may **not** leave the node.",
            remediation="Stop the workload with its owner, then resume.",
            link="https://northstar.example/kb/17",
            mend=MendView(
                says="Ends the workload's rebuild on the node.",
                steps=("End the rebuild",),
                verify=("Nothing is rebuilt",),
            ),
        ),
        IssueView(
            name="northstar/full-disk",
            source="northstar",
            id="full-disk",
            title="No room on a node",
            applies="Families 2610",
            occurrence="Rare",
            symptom="A step cannot write.",
            cause="Logs.",
            remediation="Free space, then resume.",
            fixed_in="1.2611.0.4",
        ),
    ]
    return {issue.name: issue for issue in told}


def offer(issue: IssueView, index: str = "", node: str = "") -> OfferView:
    """Of an issue, that a failed step may be it."""
    return OfferView(
        issue=issue,
        likeness="match",
        score=14.5,
        evidence=(EvidenceView(place="error", text="not done within its deadline of 0:10:00"),),
        index=index,
        node=node,
        mend=issue.mend is not None and bool(node),
    )


def sources() -> tuple[SourceView, ...]:
    unreachable = Finding(
        "unreachable",
        Severity.WARNING,
        "source lumen",
        "lumen.example does not answer: connection refused",
        "Check the address, the network and that the other side runs, then check again.",
        impact="New releases of Lumen are not seen.",
    )
    return (
        SourceView(
            name="northstar",
            publisher="Northstar",
            kind="platform",
            url="https://northstar.example/repository",
            types=("Express", "Full", "Hotfix"),
            last_checked=NOW - timedelta(minutes=18),
            finding=None,
        ),
        SourceView(
            name="lumen",
            publisher="Lumen",
            kind="oem",
            url="https://lumen.example/repository",
            types=("OEM",),
            last_checked=NOW - timedelta(days=2),
            finding=finding_view(unreachable),
        ),
    )


# --- runs ------------------------------------------------------------------------------------------------

_ON_NODE = (
    ("Take out of service", "drain", 20),
    ("Replace files", "copy", 45),
    ("Restart Lantern", "service", 15),
    ("Answers as healthy", "http-probe", 10),
    ("Put back into service", "undrain", 5),
)


class _Times:
    """Hands out starts and ends one after the other."""

    def __init__(self, start: datetime) -> None:
        self.at = start

    def take(self, seconds: float) -> tuple[datetime, datetime]:
        start, self.at = self.at, self.at + timedelta(seconds=seconds)
        return start, self.at


def step(
    index: str,
    name: str,
    status: str,
    *,
    started: datetime | None = None,
    ended: datetime | None = None,
    now: datetime = NOW,
    description: str = "",
    node: str | None = None,
    kind: str | None = None,
    expected: float | None = None,
    attempt: int | None = None,
    output: str = "",
    waiting: WaitingView | None = None,
    finding: FindingView | None = None,
    steps: tuple[StepView, ...] = (),
    usual: Range | None = None,
    late: bool = False,
    until: datetime | None = None,
) -> StepView:
    return StepView(
        index=index,
        name=name,
        description=description,
        status=status,
        node=node,
        kind=kind,
        started=started,
        ended=ended,
        seconds=((ended or now) - started).total_seconds() if started else None,
        expected=expected,
        attempt=attempt if attempt is not None else int(bool(started)),
        output=output,
        found_done=False,
        waiting=waiting,
        finding=finding,
        steps=steps,
        usual=usual,
        late=late,
        until=until,
    )


def _usual(seconds: float) -> Range:
    return Range(least=0.8 * seconds, most=1.4 * seconds)


def _group(index: str, name: str, steps: tuple[StepView, ...], description: str = "") -> StepView:
    statuses = {inner.status for inner in steps}
    started = min((inner.started for inner in steps if inner.started), default=None)
    ended = max((inner.ended for inner in steps if inner.ended), default=None)
    status = "pending"
    if statuses == {"succeeded"}:
        status = "succeeded"
    elif statuses & {"in-progress", "waiting", "failed"}:
        status = next(word for word in ("in-progress", "failed", "waiting") if word in statuses)
    elif "succeeded" in statuses:
        status = "in-progress"
    done = status in ("succeeded", "failed")
    return step(
        index,
        name,
        status,
        started=started,
        ended=ended if done else None,
        description=description,
        attempt=0,
        steps=steps,
    )


def _done(index: str, name: str, times: _Times, seconds: float, **more: str) -> StepView:
    started, ended = times.take(seconds)
    return step(
        index,
        name,
        "succeeded",
        started=started,
        ended=ended,
        expected=seconds,
        usual=_usual(seconds),
        kind=more.get("kind"),
        node=more.get("node"),
    )


def _beginning(times: _Times) -> tuple[StepView, StepView]:
    prepare = (
        _done("1.1", "Download", times, 64, kind="download"),
        _done("1.2", "Verify and unpack", times, 12, kind="unpack"),
    )
    reached = tuple(
        _done(f"2.1.{number}", f"Nodes answer: {node}", times, 1, kind="reach", node=node)
        for number, node in enumerate(NODES, start=1)
    )
    answers = _group("2.1", "Nodes answer", reached, "Sign in to every node.")
    return _group("1", "Prepare", prepare), _group("2", "Health check", (answers,))


def _node_steps(prefix: str, node: str, times: _Times, stop: str) -> Iterator[StepView]:
    """``stop``: ``""`` (all done), ``pending``, ``waiting``, ``late``, ``playing`` or ``failed``."""
    stopped = stop == "pending"
    for number, (name, kind, seconds) in enumerate(_ON_NODE, start=1):
        index, full = f"{prefix}.{number}", f"{name}: {node}"
        if stopped:
            yield step(index, full, "pending", node=node, kind=kind, expected=seconds, usual=_usual(seconds))
        elif stop == "late" and kind == "copy":
            started, _ = times.take(0)
            stopped = True
            yield step(
                index,
                full,
                "in-progress",
                started=started,
                node=node,
                kind=kind,
                expected=seconds,
                usual=_usual(seconds),
                late=True,
                until=started + timedelta(minutes=10),
            )
        elif stop == "playing" and kind == "copy":
            started, _ = times.take(0)
            stopped = True
            yield step(
                index,
                "Play the lamps",
                "in-progress",
                started=started,
                node=node,
                kind="ansible",
                steps=_tasks(index, node, started),
            )
        elif stop == "failed" and kind == "copy":
            started, ended = times.take(6)
            stopped = True
            yield step(
                index,
                full,
                "failed",
                started=started,
                ended=ended,
                node=node,
                kind=kind,
                expected=seconds,
                output=STEP_FAILED.detail,
                finding=STEP_FAILED,
            )
        elif stop == "waiting" and kind == "http-probe":
            started, _ = times.take(0)
            stopped = True
            waiting = WaitingView(
                reason="n3 to answer on /health", since=started, until=started + timedelta(minutes=10)
            )
            yield step(
                index,
                full,
                "waiting",
                started=started,
                node=node,
                kind=kind,
                expected=seconds,
                usual=_usual(seconds),
                waiting=waiting,
            )
        else:
            yield _done(index, full, times, seconds, kind=kind, node=node)


def _tasks(index: str, node: str, started: datetime) -> tuple[StepView, ...]:
    """Of a playbook that is at its third task."""
    ended = [("Say so", "changed"), ("Ask for oil", "failed: there is no /etc/oil")]
    going_on = ("Light the lamp", "")
    return tuple(
        step(
            f"{index}.{number}",
            name,
            ("failed" if said.startswith("failed") else "succeeded") if said else "in-progress",
            started=started + timedelta(seconds=number),
            ended=started + timedelta(seconds=number + 1) if said else None,
            node=node,
            description=said,
        )
        for number, (name, said) in enumerate([*ended, going_on], start=1)
    )


def _install(times: _Times, stops: tuple[str, str, str, str]) -> StepView:
    batches = []
    for number, (node, stop) in enumerate(zip(NODES, stops, strict=True), start=1):
        prefix = f"3.1.{number}.1"
        on_node = _group(prefix, node, tuple(_node_steps(prefix, node, times, stop)))
        batches.append(_group(f"3.1.{number}", f"Batch {number} of 4: {node}", (on_node,)))
    rolling = _group("3.1", "Replace Lantern", tuple(batches), "One node after the other.")
    if any(stops):
        confirm = step("3.2", "Confirm versions", "pending", kind="confirm-version", expected=4)
    else:
        confirm = _done("3.2", "Confirm versions", times, 4, kind="confirm-version")
    return _group("3", "Install", (rolling, confirm))


def a_report(
    run_id: str,
    update: str,
    state: str,
    *,
    started: datetime,
    stops: tuple[str, str, str, str] = ("", "", "", ""),
    revision: int = 40,
    percent: float = 100.0,
    remaining: Range | None = None,
    out_of_service: tuple[str, ...] = (),
) -> RunReport:
    times = _Times(started + timedelta(seconds=2))
    steps = (*_beginning(times), _install(times, stops))
    doing = list(leaves(steps))
    ended = None if state == "in-progress" else times.at
    failed = state == "failed"
    open_now = RunState(state)
    actions = tuple(action for action in RUN_ACTIONS if open_now in action.states)
    return RunReport(
        run=RunView(
            id=run_id,
            update=update,
            title="Lantern 2305, hotfix 1" if update == HOTFIX else "Lantern 2305",
            purpose="apply",
            state=state,
            phase="install",
            attempt=1,
            revision=revision,
            from_version="1.2305.0.10" if update == HOTFIX else "1.2302.0.4",
            to_version=update.removeprefix("Northstar"),
            requested_by="ada",
            started=started,
            ended=ended,
            seconds=((ended or NOW) - started).total_seconds(),
            finding=STEP_FAILED if failed else None,
            actions=tuple(action_view(action) for action in actions),
        ),
        percent=percent,
        steps_done=sum(leaf.status == "succeeded" for leaf in doing),
        steps_all=len(doing),
        remaining=remaining,
        now=tuple(
            f"{leaf.index} {leaf.name}"
            + (f": waits for {leaf.waiting.reason}" if leaf.waiting else "")
            + (f", {lateness(leaf)}" if leaf.late else "")
            for leaf in doing
            if leaf.status in ("in-progress", "waiting")
        ),
        nodes_out_of_service=out_of_service,
        steps=steps,
        next=next(
            (
                f"{leaf.index} {leaf.name}"
                for leaf in doing
                if leaf.status == "pending" and state == "in-progress"
            ),
            "",
        ),
    )


def report_done() -> RunReport:
    return a_report(RUN_DONE, BASE, "succeeded", started=NOW - timedelta(days=200, minutes=8))


def _report_of(stop: str, percent: float, most: float) -> RunReport:
    """Of a run that has come to the third node, and does there what ``stop`` says."""
    return a_report(
        RUN_NOW,
        HOTFIX,
        "in-progress",
        started=NOW - timedelta(minutes=8, seconds=5),
        stops=("", "", stop, "pending"),
        percent=percent,
        remaining=Range(least=150, most=most),
        out_of_service=("n3",),
    )


def report_now() -> RunReport:
    return _report_of("waiting", 61.4, 260)


def report_late() -> RunReport:
    return _report_of("late", 58.2, 600)


def report_playing() -> RunReport:
    return _report_of("playing", 58.2, 260)


def report_failed() -> RunReport:
    report = a_report(
        RUN_FAILED,
        HOTFIX,
        "failed",
        started=NOW - timedelta(minutes=25),
        stops=("", "", "failed", "pending"),
        percent=54.2,
        out_of_service=("n3",),
    )
    failed = next(leaf for leaf in leaves(report.steps) if leaf.status == "failed")
    known = offer(issues()["northstar/busy-drain"], failed.index, failed.node or "n3")
    return msgspec.structs.replace(report, issues=(known,))


def events(report: RunReport) -> tuple[EventView, ...]:
    """A journal that fits the report's head."""
    first = report.run.started
    rows = [
        EventView(sequence=1, at=first, epoch=7, kind="RunTaken", index=None, text="taken by worker w1"),
        EventView(
            sequence=2,
            at=first + timedelta(seconds=2),
            epoch=7,
            kind="StepStarted",
            index="1.1",
            text="Download started",
        ),
    ]
    if report.run.finding is not None and report.run.ended is not None:
        what = report.run.finding.what
        rows.append(
            EventView(sequence=3, at=report.run.ended, epoch=7, kind="RunFailed", index=None, text=what)
        )
    return tuple(rows)


def alert_failed() -> AlertView:
    report = report_failed()
    at, offers = report.run.ended or NOW, report.issues
    best = best_of(offers)
    assert best is not None
    known = issue_link(best, offers, RUN_FAILED)
    return AlertView(
        id=ALERT_FAILED,
        finding=STEP_FAILED,
        state=AlertState.ACTIVE,
        raised=at,
        refreshed=at,
        closed=None,
        closed_by="",
        verdict="failed",
        steps=(
            *issue_steps(best, RUN_FAILED),
            *steps_of(STEP_FAILED.remedy),
            f"Resume the run: pitstop run resume {RUN_FAILED}",
        ),
        links=(
            LinkView(words=known.words, url=known.url),
            LinkView(words="The run", url=f"/runs/{RUN_FAILED}"),
        ),
        update=HOTFIX,
        run=RUN_FAILED,
    )


def rehearsal(update: str, title: str, *, ask_nodes: bool) -> RehearsalView:
    """Of a small plan on two nodes; where the nodes are asked, the first step is done already."""
    drain = Drain(("ctl", "out"), ("ctl", "back"), ("ctl", "is-out"))
    copy = PlanStep(
        "Update Lantern", "copy", args={"from": "opt", "to": "/opt"}, expected=timedelta(seconds=8)
    )
    migrate = PlanStep("Migrate", "command", args={"run": ["migrate"]}, role="host")
    old = FactTest("lantern-plugin", Comparison.IS, ("yes",))
    plugin = PlanStep(
        "Update the plugin", "copy", args={"from": "plugin", "to": "/opt"}, role="host", when=(old,)
    )
    roll = PlanGroup("Hosts", GroupMode.ROLLING, (copy,), role="host", drain=drain)
    plan = Plan("Install Lantern", (roll, migrate, plugin))
    nodes = tuple(Node(name, "127.0.0.1", roles=("host",)) for name in ("n1", "n2"))
    system = SystemDescription("Aurora", "aurora", "Lumen", "L4", nodes, facts={"lantern-plugin": "no"})
    tree = RunTree(
        Run(
            "rehearsal",
            update,
            ReleaseId("", "", Version((0,))),
            RunPurpose.APPLY,
            RunState.IN_PROGRESS,
            NOW,
            "",
        ),
        steps_of_plan(plan, system),
    )
    asked = [leaf for leaf in tree.leaves() if leaf.kind == "copy"] if ask_nodes else []
    answers = {leaf.index: Probed(Found.TO_DO) for leaf in asked} | {
        leaf.index: Probed(Found.DONE, "0 copied, 12 unchanged") for leaf in asked[:1]
    }
    for leaf in asked[1:2]:
        held = "package lamp is held at 1.0 on this node, and the plan wants 2.0"
        answers[leaf.index] = Probed(Found.REFUSED, held)
    skipped = tuple(LeftOutView(item=o.item, node=o.node, why=o.why) for o in left_out(plan, system))
    return rehearsal_view(tree, answers, skipped, title)
