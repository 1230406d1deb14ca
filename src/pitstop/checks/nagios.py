"""The operator's own checks: programs that keep the exit statuses and the output of Nagios' plugins.

Exit status 0 is a pass, 1 a warning, 2 a fail, 3 (and any other) unknown. The first line of the output is the
description, up to a ``|``; what follows that is performance data. Further lines are detail, up to another.
https://www.monitoring-plugins.org/doc/guidelines.html
"""

from __future__ import annotations

import re
import shlex
from base64 import b64encode
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass

from pitstop.checks.kind import CheckKind, Outcome, Surroundings, Target, of_machine, of_nodes, unknown
from pitstop.checks.threads import in_thread
from pitstop.model.checks import CheckOrigin, CheckStatus
from pitstop.model.errors import PitstopError
from pitstop.model.findings import Severity
from pitstop.ports.checks import OperatorCheck, Said

CODE = "operator-check"
MOST_PROGRAM_BYTES = 90_000
"""Of a program that is sent along to nodes: it goes over as part of a command."""

_STATUSES = {0: CheckStatus.PASS, 1: CheckStatus.WARNING, 2: CheckStatus.FAIL, 3: CheckStatus.UNKNOWN}
_NOT_FOUND, _NOT_EXECUTABLE = 127, 126
_MEASURE = re.compile(r"(?:'(?:[^']|'')*'|[^\s='][^\s=]*)=\S*")
_CONTROL = re.compile(r"[^\t\n\x20-\x7e\xa0-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class PluginOutput:
    """What a plugin has printed, taken apart."""

    text: str
    detail: str
    measures: tuple[str, ...]


def parse(output: str) -> PluginOutput:
    """Any output at all: what is not of the form is text."""
    lines = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", output.replace("\r", "")).strip("\n").split("\n")
    text, _, measured = lines[0].partition("|")
    detail: list[str] = []
    for index, line in enumerate(lines[1:], 1):
        before, bar, after = line.partition("|")
        detail.append(before.rstrip())
        if bar:  # from here on all is performance data
            measured = " ".join([measured, after, *lines[index + 1 :]])
            break
    return PluginOutput(text.strip(), "\n".join(detail).strip(), tuple(_MEASURE.findall(measured)[:50]))


def judge(said: Said, check: OperatorCheck) -> Outcome:
    """What a plugin's end means."""
    printed = parse(said.output)
    words = printed.text or parse(said.complaint).text or "it says nothing"
    status = _STATUSES.get(said.status, CheckStatus.UNKNOWN)
    if said.status not in _STATUSES:
        words = f"{_ended(said.status, check)}: {words}"
    remedy = check.remedy or f"See what `{shlex.join(check.run)}` says there, and mend what it names."
    detail = "\n".join(part for part in (printed.detail, said.complaint.strip()) if part)
    return Outcome(status, words, "" if status is CheckStatus.PASS else remedy, detail, printed.measures)


def _ended(status: int, check: OperatorCheck) -> str:
    if status in (_NOT_FOUND, _NOT_EXECUTABLE):
        return f"{check.run[0]} cannot be run there"
    if status < 0:
        return f"a signal has ended it ({-status})"
    return f"it ended with status {status}, which no plugin means anything by"


def kinds_of(checks: Sequence[OperatorCheck], taken: Collection[str] = ()) -> Sequence[CheckKind]:
    """The operator's checks as kinds like any other. One of a name that is taken gets another."""
    return [_kind(check, f"own-{check.name}" if check.name in taken else check.name) for check in checks]


def _kind(check: OperatorCheck, name: str) -> CheckKind:
    return CheckKind(
        CODE,
        check.title,
        f"`{shlex.join(check.run)}`",
        Severity.CRITICAL if check.critical else Severity.WARNING,
        _targets(check.on),
        _looking(check),
        check.deadline,
        CheckOrigin.OPERATOR,
        name,
    )


def _targets(on: str) -> Callable[[Surroundings], Sequence[Target]]:
    if on == "service":
        return of_machine
    if on == "nodes":
        return of_nodes
    return lambda around: [target for target in of_nodes(around) if target.node and on in target.node.roles]


def _looking(check: OperatorCheck) -> Callable[[Surroundings, Target], Awaitable[Outcome]]:
    async def look(around: Surroundings, target: Target) -> Outcome:
        if check.problem:
            return unknown(check.problem, check.remedy or "Mend that, then run the checks again.")
        if target.node is None:
            return judge(await around.run(check.run, deadline=check.deadline), check)
        script = await in_thread(lambda: node_script(check))
        return judge(await around.ask(target, script, deadline=check.deadline), check)

    return look


def node_script(check: OperatorCheck) -> str:
    """Shell text that runs it on a node, as it is there or as it is sent along.

    Raises:
        PitstopError: the program cannot be read, or is too big to be sent.
    """
    if check.program is None:
        return f"exec {shlex.join(check.run)} </dev/null"
    try:
        raw = check.program.read_bytes()
    except OSError as error:
        raise PitstopError(
            f"{check.program} cannot be read: {error.strerror}", hint="See its mode."
        ) from error
    if len(raw) > MOST_PROGRAM_BYTES:
        raise PitstopError(
            f"{check.program} is too big to be sent to nodes: {len(raw)} bytes, of {MOST_PROGRAM_BYTES}",
            hint="Install it on the nodes, and name it there in a [[check]].",
        )
    arguments = shlex.join(check.run[1:])
    return f"""
place=$(mktemp -d) || exit 3
trap 'rm -rf "$place"' EXIT
trap 'exit 3' HUP INT TERM
base64 -d >"$place/check" <<'PROGRAM' && chmod 700 "$place/check" || exit 3
{b64encode(raw).decode()}
PROGRAM
"$place/check" {arguments} </dev/null
"""
