"""``pitstop system``: the system as a whole."""

from __future__ import annotations

from typing import Annotated

import typer

from pitstop.cli.connection import connect
from pitstop.cli.nouns import noun_app
from pitstop.cli.output import field, finding_lines, note, paint, say, say_json, table
from pitstop.model.errors import InvalidInput
from pitstop.wire.formats import NOTHING, day, hardware, instant, spoken
from pitstop.wire.views import FindingView, SystemView

app = noun_app("The system: its versions, its support, its nodes.")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON: the wire types.")]


@app.command()
def show(as_json: AsJson = False) -> None:
    """Show what is installed, whether it is supported and why, the nodes, and what there is to know."""
    with connect() as client:
        system = client.system()
    if as_json:
        say_json(system)
        return
    for line in system_lines(system):
        say(line)


@app.command()
def adopt(
    baseline: Annotated[
        list[str],
        typer.Argument(metavar="PRODUCT=VERSION...", help="What every node runs, as in lantern=1.2.0.4"),
    ],
    as_json: AsJson = False,
) -> None:
    """Declare, once, what is installed on a fresh system. Every node is asked, and must say the same."""
    declared = dict(_declared(item) for item in baseline)
    if len(declared) < len(baseline):
        raise InvalidInput("a product is named twice", hint="Name each product once.")
    with connect() as client:
        system = client.adopt(declared)
    if as_json:
        say_json(system)
        return
    note(f"{system.name} was adopted.")
    for line in system_lines(system):
        say(line)


def _declared(item: str) -> tuple[str, str]:
    product, equals, version = item.partition("=")
    if not (product and equals and version):
        raise InvalidInput(f"{item!r} is not PRODUCT=VERSION", hint="Such as lantern=1.2311.0.9.")
    return product, version


def system_lines(system: SystemView) -> list[str]:
    state, support = spoken(system.state), system.support
    status = spoken(support.status)
    lines = [f"{system.name}: {paint(state.words, state.tone)}"]
    lines += field("version", _version(system))
    position, *more = field("support", f"{status.words}, {support.position}. {support.why}")
    lines += [position.replace(status.words, paint(status.words, status.tone), 1), *more]
    lines += field(
        "",
        f"As known on {day(support.as_known_on)}; the newest family is {support.newest_family or NOTHING}.",
    )
    lines += field("checked", f"{instant(system.last_checked)} (last successful look for new updates)")
    lines += field("hardware", hardware(system))
    if system.active_run:
        lines += field("running", f"run {system.active_run}: pitstop run show")
    lines += ["", "Nodes", *(f"  {line}" for line in _nodes(system))]
    findings = _distinct((*system.findings, *support.findings))
    if findings:
        lines += ["", "To know"]
        lines += [f"  {line}" for finding in findings for line in finding_lines(finding)]
    return lines


def _version(system: SystemView) -> str:
    oem = f", OEM {system.current_oem_version}" if system.current_oem_version else ""
    return f"{system.current_version or NOTHING}{oem}, last changed {instant(system.last_updated)}"


def _nodes(system: SystemView) -> list[str]:
    rows = (
        (node.name, node.fault_domain or NOTHING, f"{node.address}:{node.port}", ", ".join(node.roles))
        for node in system.nodes
    )
    return table(("NAME", "FAULT DOMAIN", "ADDRESS", "ROLES"), rows)


def _distinct(findings: tuple[FindingView, ...]) -> list[FindingView]:
    """Each code and subject once: the system repeats what its support says."""
    return list({(finding.code, finding.subject): finding for finding in findings}.values())
