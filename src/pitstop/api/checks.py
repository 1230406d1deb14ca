"""``/api/v1/checks``: how the system is, running checks, skipping one; and readiness for an update."""

from __future__ import annotations

from litestar import get, post
from litestar.params import FromPath, JSONBody

from pitstop.api.security import DeskHere, SignedIn
from pitstop.wire.check_views import (
    CheckRunAsked,
    CheckRunRequest,
    CheckSkipRequest,
    ChecksView,
    CheckUnskipRequest,
    CheckView,
    ReadinessView,
)


@get("/checks", operation_id="listChecks", summary="What the system's checks found last", sync_to_thread=True)
def list_checks(desk: DeskHere, actor: SignedIn) -> ChecksView:
    return desk.checks.list(actor)


@get(
    "/checks/{name:str}",
    operation_id="showCheck",
    summary="One check: its results, and how they have changed",
    sync_to_thread=True,
)
def show_check(desk: DeskHere, actor: SignedIn, name: FromPath[str]) -> CheckView:
    return desk.checks.show(actor, name)


@post(
    "/checks/run",
    operation_id="runChecks",
    summary="Run checks now: those that are named, or all",
    description="Answers at once. They have been run when a round of `rounds` has a higher number than "
    "`after` and has ended.",
    status_code=202,
    sync_to_thread=True,
)
def run_checks(desk: DeskHere, actor: SignedIn, data: JSONBody[CheckRunRequest]) -> CheckRunAsked:
    return desk.checks.run(actor, data.checks)


@post(
    "/checks/{name:str}/skip",
    operation_id="skipCheck",
    summary="Let a check's warnings keep no update off, with a reason",
    description="At one target, or at all. The check goes on being run and shown. What it finds critical "
    "still keeps updates off.",
    status_code=200,
    sync_to_thread=True,
)
def skip_check(
    desk: DeskHere, actor: SignedIn, name: FromPath[str], data: JSONBody[CheckSkipRequest]
) -> CheckView:
    return desk.checks.skip(actor, name, data.target, data.reason)


@post(
    "/checks/{name:str}/unskip",
    operation_id="unskipCheck",
    summary="No longer skip a check",
    status_code=200,
    sync_to_thread=True,
)
def unskip_check(
    desk: DeskHere, actor: SignedIn, name: FromPath[str], data: JSONBody[CheckUnskipRequest]
) -> CheckView:
    return desk.checks.unskip(actor, name, data.target)


@get(
    "/updates/{name:str}/readiness",
    operation_id="showReadiness",
    summary="Whether the system is ready for an update, as its checks say",
    sync_to_thread=True,
)
def show_readiness(desk: DeskHere, actor: SignedIn, name: FromPath[str]) -> ReadinessView:
    return desk.checks.readiness(actor, name)


HANDLERS = (list_checks, show_check, run_checks, skip_check, unskip_check, show_readiness)
