"""``/api/v1/issues``: known issues, what a failure may be, and consent to mends."""

from __future__ import annotations

from litestar import Response, delete, get, post, put
from litestar.params import FromPath, JSONBody

from pitstop.api.security import DeskHere, SignedIn
from pitstop.package.failure_cases_format import FailureOfCase
from pitstop.wire.issue_views import IssueView, MendAsked, OfferView
from pitstop.wire.views import RunView


@get("/issues", operation_id="listIssues", summary="All known issues", sync_to_thread=True)
def list_issues(desk: DeskHere, actor: SignedIn) -> tuple[IssueView, ...]:
    return desk.issues.list(actor)


@get(
    "/issues/{source:str}/{issue_id:str}",
    operation_id="showIssue",
    summary="One known issue",
    sync_to_thread=True,
)
def show_issue(desk: DeskHere, actor: SignedIn, source: FromPath[str], issue_id: FromPath[str]) -> IssueView:
    return desk.issues.show(actor, f"{source}/{issue_id}")


@post(
    "/issues/match",
    operation_id="matchFailure",
    summary="Which known issues a failure may be",
    description="Likeliest first, with what speaks for each; nothing where it is none of them.",
    status_code=200,
    sync_to_thread=True,
)
def match_failure(desk: DeskHere, actor: SignedIn, data: JSONBody[FailureOfCase]) -> tuple[OfferView, ...]:
    return desk.issues.match(actor, data.failure())


@put(
    "/issues/{source:str}/{issue_id:str}/consent",
    operation_id="consentToMend",
    summary="Agree to a mend for whenever its issue is met",
    description="The service then mends and resumes by itself, once for each failure.",
    status_code=200,
    sync_to_thread=True,
)
def consent(desk: DeskHere, actor: SignedIn, source: FromPath[str], issue_id: FromPath[str]) -> IssueView:
    return desk.issues.consent(actor, f"{source}/{issue_id}", given=True)


@delete(
    "/issues/{source:str}/{issue_id:str}/consent",
    operation_id="withdrawConsentToMend",
    summary="No longer agree to a mend beforehand",
    status_code=200,
    sync_to_thread=True,
)
def withdraw(desk: DeskHere, actor: SignedIn, source: FromPath[str], issue_id: FromPath[str]) -> IssueView:
    return desk.issues.consent(actor, f"{source}/{issue_id}", given=False)


@post(
    "/runs/{run_id:str}/mend",
    operation_id="mendRun",
    summary="Mend what a run failed with",
    description="On the nodes where it failed; the run is then as failed as before, and can be resumed.",
    status_code=202,
    sync_to_thread=True,
)
def mend_run(
    desk: DeskHere, actor: SignedIn, run_id: FromPath[str], data: JSONBody[MendAsked]
) -> Response[RunView]:
    run = desk.issues.mend(actor, run_id, data.issue)
    return Response(run, status_code=202, headers={"Location": f"/api/v1/runs/{run.id}"})


HANDLERS = (list_issues, show_issue, match_failure, consent, withdraw, mend_run)
