"""The service's problems as the errors that they were there: same code, hint, exit status and findings."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from pitstop.model.errors import InvalidInput, NotAllowed, NotFound, NotSignedIn, PitstopError, Unreachable
from pitstop.model.findings import Finding, Severity
from pitstop.package.typed import from_json
from pitstop.wire.views import FindingView, Problem

_BY_STATUS = {401: NotSignedIn, 404: NotFound}


def error_of(status: int, body: bytes, url: str) -> PitstopError:
    """What an answer that is no success means.

    Something that speaks no problem+json is not a service of ours, or stands in front of one.
    """
    try:
        problem = from_json(body, Problem)
    except msgspec.DecodeError:
        return Unreachable(
            f"{url} does not answer as a Pitstop service: HTTP {status}",
            hint="Check the address, and what stands between here and the service.",
        )
    return _raised(problem)


def _raised(problem: Problem) -> PitstopError:
    kind = _KINDS.get(problem.code)
    if kind is None:
        fallback = InvalidInput if 400 <= problem.status < 500 else PitstopError
        error = _BY_STATUS.get(problem.status, fallback)(problem.detail, hint=problem.hint)
        error.code = problem.code
        return error
    error = kind(problem.detail, hint=problem.hint)
    if isinstance(error, NotAllowed):
        error.findings = tuple(finding_of(view) for view in problem.findings)
    return error


def finding_of(view: FindingView) -> Finding:
    """A finding that came over the wire; a severity that is not known here counts as a warning."""
    severity = Severity(view.severity) if view.severity in tuple(Severity) else Severity.WARNING
    return Finding(
        view.code, severity, view.subject, view.what, view.remedy, view.impact, view.detail, view.links
    )


def _all_kinds(kind: type[PitstopError]) -> Iterator[type[PitstopError]]:
    yield kind
    for inner in kind.__subclasses__():
        yield from _all_kinds(inner)


_KINDS = {kind.code: kind for kind in reversed(tuple(_all_kinds(PitstopError)))}
"""The class of each code; where a subclass has its parent's code, the parent."""
