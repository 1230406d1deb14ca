"""``pitstop node``: the machines of the system."""

from __future__ import annotations

from typing import Annotated

import typer

from pitstop.cli.asking import at_terminal, confirm
from pitstop.cli.connection import connect
from pitstop.cli.nouns import noun_app
from pitstop.cli.output import field, note, paint, say, say_json, table
from pitstop.cli.system import AsJson
from pitstop.model.errors import InvalidInput, NodeUnfit
from pitstop.wire.formats import NOTHING, Tone, instant
from pitstop.wire.node_views import (
    KeyTrust,
    NewNode,
    NodeChange,
    NodeDeclared,
    NodeDetail,
    NodeReport,
    OtherKey,
)

app = noun_app("Nodes: list, show, test, add, change, replace, remove, trust.")

Name = Annotated[str, typer.Argument(help="The node's name.")]
Address = Annotated[str | None, typer.Option(help="Where its SSH server is.")]
Port = Annotated[int | None, typer.Option(help="Of its SSH server.")]
User = Annotated[str | None, typer.Option(help="Who signs in there.")]
Key = Annotated[str | None, typer.Option(help="Path of the private key, on the service's machine.")]
Agent = Annotated[
    str | None, typer.Option(help="Socket of an SSH agent, or a variable such as $SSH_AUTH_SOCK.")
]
Jump = Annotated[
    list[str] | None,
    typer.Option(help="[USER@]ADDRESS[:PORT] of a jump host; once for each, the first one first."),
]
Become = Annotated[str | None, typer.Option(help="'sudo' to run everything as root; '' for nobody else.")]
Root = Annotated[str | None, typer.Option(help="Prefix of its file system.")]
Role = Annotated[list[str] | None, typer.Option(help="What it does; once for each role.")]
FaultDomain = Annotated[str | None, typer.Option(help="Nodes that share power or network.")]
Fact = Annotated[list[str] | None, typer.Option(help="NAME=VALUE; once for each.")]
HostKey = Annotated[
    str | None, typer.Option(help="Its host key as one OpenSSH line; left out, what it shows is pinned.")
]
Untested = Annotated[bool, typer.Option("--untested", help="Declare it even if it does not pass its test.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@app.command("list")
def list_nodes(as_json: AsJson = False) -> None:
    """List the nodes."""
    with connect() as client:
        nodes = client.nodes()
    if as_json:
        say_json(nodes)
        return
    rows = (
        (
            node.name,
            ", ".join(node.roles) or NOTHING,
            node.fault_domain or NOTHING,
            node.declared_in,
            f"{node.user}@{node.address}:{node.port}",
        )
        for node in nodes
    )
    for line in table(("NAME", "ROLES", "FAULT DOMAIN", "DECLARED IN", "REACHED AT"), rows):
        say(line)


@app.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """Show one node: how it is reached, its host key, what it runs."""
    with connect() as client:
        node = client.node(name)
    if as_json:
        say_json(node)
        return
    _say_node(node)


@app.command("test")
def examine(name: Name, as_json: AsJson = False) -> None:
    """Connect to a node and find out whether it can be worked on. Changes nothing there."""
    with connect() as client:
        report = client.test_node(name)
    if as_json:
        say_json(report)
    else:
        _say_report(report)
    if not report.passed:
        raise typer.Exit(NodeUnfit.exit_status)


@app.command()
def add(
    name: Name,
    *,
    address: Annotated[str, typer.Option(help="Where its SSH server is.")],
    port: Port = None,
    user: User = None,
    key: Key = None,
    agent: Agent = None,
    jump: Jump = None,
    become: Become = None,
    root: Root = None,
    role: Role = None,
    fault_domain: FaultDomain = None,
    fact: Fact = None,
    host_key: HostKey = None,
    untested: Untested = False,
    as_json: AsJson = False,
) -> None:
    """Add a node. It is tested first; what is left out is as in the nodes file under [ssh]."""
    wanted = NewNode(
        name=name,
        address=address,
        port=port,
        user=user,
        key=key,
        agent=agent,
        jump=_several(jump),
        become=become,
        root=root,
        roles=_several(role),
        fault_domain=fault_domain,
        facts=_facts(fact),
        host_key=host_key,
        untested=untested,
    )
    with connect() as client:
        _say_declared(client.add_node(wanted), as_json=as_json, done="was added")


@app.command()
def change(
    name: Name,
    *,
    address: Address = None,
    port: Port = None,
    user: User = None,
    key: Key = None,
    agent: Agent = None,
    jump: Jump = None,
    become: Become = None,
    root: Root = None,
    role: Role = None,
    fault_domain: FaultDomain = None,
    fact: Fact = None,
    as_json: AsJson = False,
) -> None:
    """Declare a node otherwise: the same machine. What is left out stays."""
    wanted = NodeChange(
        address=address,
        port=port,
        user=user,
        key=key,
        agent=agent,
        jump=_several(jump),
        become=become,
        root=root,
        roles=_several(role),
        fault_domain=fault_domain,
        facts=_facts(fact),
    )
    with connect() as client:
        _say_declared(client.change_node(name, wanted), as_json=as_json, done="was changed")


@app.command()
def replace(
    name: Name,
    *,
    address: Address = None,
    port: Port = None,
    user: User = None,
    key: Key = None,
    agent: Agent = None,
    jump: Jump = None,
    host_key: HostKey = None,
    untested: Untested = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Put another machine under the name of a node: its host key is pinned anew, and it counts as new."""
    wanted = NodeChange(
        address=address,
        port=port,
        user=user,
        key=key,
        agent=agent,
        jump=_several(jump),
        host_key=host_key,
        untested=untested,
    )
    confirm(
        f"Put another machine under the name {name}? What runs did on the one before is done again.", yes=yes
    )
    with connect() as client:
        _say_declared(client.replace_node(name, wanted), as_json=as_json, done="was replaced")


@app.command()
def remove(name: Name, yes: Yes = False) -> None:
    """Remove a node from the system. Nothing is done on the machine."""
    confirm(f"Remove node {name}?", yes=yes)
    with connect() as client:
        client.remove_node(name)
    note(f"Node {name} was removed.")


@app.command()
def trust(
    name: Name,
    fingerprint: Annotated[
        str | None,
        typer.Option(help="SHA256:... as compared on the machine itself; left out, you are asked."),
    ] = None,
    same_machine: Annotated[
        bool, typer.Option("--same-machine", help="Only its key has changed: it was not installed anew.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Pin the host key that a node (or a jump host before it) shows now, after somebody has compared it."""
    with connect() as client:
        compared = fingerprint or _compared(client.other_key(name))
        node = client.trust_key(name, KeyTrust(fingerprint=compared, same_machine=same_machine))
    if as_json:
        say_json(node)
        return
    note(f"The host key {compared} is trusted.")
    _say_node(node)


def _compared(other: OtherKey) -> str:
    """The fingerprint that is shown, once a person has said that it is the machine's own."""
    if not other.shown:
        raise InvalidInput(
            f"node {other.node} shows the pinned host key: there is nothing to trust anew",
            hint=f"Test it: `pitstop node test {other.node}`.",
        )
    note(f"{other.name} shows the host key {other.shown}; pinned is {other.pinned or NOTHING}.")
    note("On the machine itself: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub")
    if not at_terminal():
        raise InvalidInput(
            "nobody has said that this is the machine's own key, and there is no terminal to ask on",
            hint="Compare it on the machine itself, then give it: --fingerprint SHA256:...",
        )
    confirm("Does the machine itself say the same?", yes=False)
    return other.shown


def _say_declared(declared: NodeDeclared, *, as_json: bool, done: str) -> None:
    if as_json:
        say_json(declared)
        return
    note(f"Node {declared.node.name} {done}.")
    _say_node(declared.node)
    if declared.report is not None:
        say()
        _say_report(declared.report)


def _say_node(node: NodeDetail) -> None:
    place = "the nodes file" if node.declared_in == "nodes-file" else f"the service, by {node.declared_by}"
    lines = [node.name]
    lines += field("reached at", f"{node.user}@{node.address}:{node.port}")
    if node.jump:
        lines += field("through", ", ".join(node.jump))
    lines += field("key", node.key or NOTHING)
    if node.agent:
        lines += field("agent", node.agent)
    lines += field("becomes", "root, by sudo" if node.become else NOTHING)
    lines += field("root", node.root)
    lines += field("roles", ", ".join(node.roles) or NOTHING)
    lines += field("fault domain", node.fault_domain or NOTHING)
    if node.facts:
        lines += field("facts", ", ".join(f"{name}={value}" for name, value in node.facts.items()))
    lines += field("host key", node.fingerprint or "pinned at first contact")
    lines += field("declared in", f"{place}, {instant(node.declared_at)}")
    if node.since:
        lines += field("new since", instant(node.since))
    for said in node.versions:
        lines += field(said.product, f"{said.version}, as it said {instant(said.at)}")
    for line in lines:
        say(line)


def _say_report(report: NodeReport) -> None:
    word, tone = ("passed", Tone.GOOD) if report.passed else ("not passed", Tone.BAD)
    say(f"Test of {report.node}: {paint(word, tone)}")
    for check in report.checks:
        mark = {True: "ok", False: "FAIL", None: "?"}[check.passed]
        lines = field(f"{mark:<4} {check.name}", check.what, label=22)
        if check.remedy and check.passed is False:
            lines += field("", f"remedy: {check.remedy}", label=22)
        for line in lines:
            say(line)


def _several(given: list[str] | None) -> tuple[str, ...] | None:
    """None stays; one empty value means none."""
    return None if not given else tuple(value for value in given if value)


def _facts(given: list[str] | None) -> dict[str, str] | None:
    if not given:
        return None
    facts = {}
    for item in given:
        name, equals, value = item.partition("=")
        if not (name and equals and value):
            raise InvalidInput(f"{item!r} is not NAME=VALUE", hint="Such as --fact rack=7.")
        facts[name] = value
    return facts
