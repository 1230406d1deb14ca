"""``check``: ask the node something, in the manner of Nagios' plugins, before anything is changed.

What it asks with may come with the package: the new version's own logic looks at the old one's system. What
is Critical ends the health check; a Warning does unless the check is skipped by name; Informational never.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from pitstop.model.checks import CheckOrigin, CheckResult, CheckStatus, finding_of, severity_of
from pitstop.model.errors import CheckBlocks, InvalidPlan
from pitstop.model.findings import Severity
from pitstop.model.plugins import PluginSaid, read_plugin, sent_along
from pitstop.steps.kind import Done, StepContext, StepKind, never_known
from pitstop.steps.shell import Command, Word, quoted

CODE = "package-check"
MOST_PROGRAM_BYTES = 1 << 20
STATUS, SAID, SEVERITY = "status", "said", "severity"
Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,63}\Z")]


class CheckArgs(msgspec.Struct, forbid_unknown_fields=True):
    """Ask whether the node is as the new version needs it. For `checks` of the plan. It changes nothing.

    The program ends with 0 (pass), 1 (warning), 2 (fail) or 3 (unknown), and its first line says what it
    found. Exactly one of `run` and `program` is given.
    """

    name: Annotated[Name, Meta(description="By which it is skipped; unique in the plan.")]
    run: Annotated[Command | None, Meta(description="A program of the node, and its arguments.")] = None
    program: Annotated[
        Word | None, Meta(description="A file of the package's content that is sent along and run.")
    ] = None
    arguments: Annotated[list[Word], Meta(description="Of `program`.")] = []
    severity: Annotated[
        Severity,
        Meta(description="How bad a fail is. Critical blocks, Warning unless skipped, Informational never."),
    ] = Severity.CRITICAL
    remedy: Annotated[str, Meta(description="What to do where it does not pass.")] = ""

    def __post_init__(self) -> None:
        if (self.run is None) == (self.program is None):
            raise ValueError("exactly one of `run` and `program` must be given")


async def _act(context: StepContext, args: CheckArgs) -> Done:
    clock = context.world.clock
    begun = clock.now()
    answer = await context.ask(await asyncio.to_thread(_script, context, args))
    result = _result(context, args, read_plugin(answer.status, answer.output), clock.now() - begun)
    readiness = context.world.readiness
    weigh = finding_of if readiness is None else readiness.weighed
    finding = await asyncio.to_thread(weigh, result)
    if finding is not None and finding.blocks:
        failure = CheckBlocks(
            f"{result.description} ({result.status})", hint=result.remedy, severity=finding.severity
        )
        failure.add_note(answer.output)
        raise failure
    skipped = f"{finding.impact}\n" if finding is not None and finding.impact else ""
    record = {STATUS: result.status.value, SAID: result.description, SEVERITY: result.severity.value}
    return Done(f"{skipped}{answer.output}", record)


def _script(context: StepContext, args: CheckArgs) -> str:
    """Raises InvalidPlan, NotFound: the program is not in the package, or not here."""
    if args.run is not None:
        return quoted(args.run)
    payloads = context.world.payloads
    file = payloads.manifest(context.package).file(args.program or "")
    if file is None:
        raise InvalidPlan(f"the package has no file {args.program!r} that its check {args.name!r} could run")
    if file.size > MOST_PROGRAM_BYTES:
        raise InvalidPlan(f"{args.program!r} is too big to be sent along with a check: {file.size} bytes")
    return sent_along(payloads.content(file).read_bytes(), args.arguments)


def _result(context: StepContext, args: CheckArgs, plugin: PluginSaid, took: timedelta) -> CheckResult:
    passed = plugin.status is CheckStatus.PASS
    remedy = args.remedy or "Mend what it names; the release notes may say more."
    return CheckResult(
        check=args.name,
        code=CODE,
        origin=CheckOrigin.PACKAGE,
        title=context.step.name,
        target=f"node {context.here.name}",
        status=plugin.status,
        severity=args.severity if passed else severity_of(plugin.status, args.severity),
        description=plugin.text,
        remedy="" if passed else f"{remedy} Then check health again, or skip the check {args.name} by name.",
        at=context.world.clock.now(),
        took=took,
        detail=plugin.detail,
        measures=plugin.measures,
    )


def _content(args: CheckArgs) -> tuple[str, ...]:
    return () if args.program is None else (args.program,)


CHECK = StepKind("check", CheckArgs, _act, never_known, changes_nothing=True, content=_content)
