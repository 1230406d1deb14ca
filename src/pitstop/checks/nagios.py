"""The operator's own checks as kinds like any other: programs in the manner of Nagios' plugins."""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable, Collection, Sequence

from pitstop.checks.kind import CheckKind, Outcome, Surroundings, Target, of_machine, of_nodes, unknown
from pitstop.checks.threads import in_thread
from pitstop.model.checks import CheckOrigin, CheckStatus
from pitstop.model.errors import PitstopError
from pitstop.model.findings import Severity
from pitstop.model.plugins import read_plugin, sent_along
from pitstop.ports.checks import OperatorCheck, Said

CODE = "operator-check"
MOST_PROGRAM_BYTES = 90_000
"""Of a program that is sent along to nodes: it goes over as part of a command."""
_NO_NODE = "role"


def judge(said: Said, check: OperatorCheck) -> Outcome:
    """What a plugin's end means."""
    plugin = read_plugin(said.status, said.output, said.complaint)
    remedy = check.remedy or f"See what `{shlex.join(check.run)}` says there, and mend what it names."
    passed = plugin.status is CheckStatus.PASS
    return Outcome(plugin.status, plugin.text, "" if passed else remedy, plugin.detail, plugin.measures)


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

    def of_role(around: Surroundings) -> Sequence[Target]:
        found = [target for target in of_nodes(around) if target.node and on in target.node.roles]
        return found or [Target(_NO_NODE, on)]

    return of_role


def _looking(check: OperatorCheck) -> Callable[[Surroundings, Target], Awaitable[Outcome]]:
    async def look(around: Surroundings, target: Target) -> Outcome:
        if check.problem:
            return unknown(check.problem, check.remedy or "Mend that, then run the checks again.")
        if target.sort == _NO_NODE:
            return unknown(
                f"no node has the role {target.name}", "Correct `on` of the check in the settings."
            )
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
    return sent_along(raw, check.run[1:])
