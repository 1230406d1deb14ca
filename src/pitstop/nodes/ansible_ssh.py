"""How Ansible's connections get to the nodes: what the node driver does, as settings of OpenSSH's.

Every node has a way of its own, hop by hop, with the user, key and agent of each: a jump host may be signed
in to by another user for another node. Only what is pinned is spoken to.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from pitstop.model.system import Node
from pitstop.nodes.hops import Hop, hops_to

_GENERAL = """\
UserKnownHostsFile {known_hosts}
GlobalKnownHostsFile /dev/null
StrictHostKeyChecking yes
UpdateHostKeys no
BatchMode yes
PreferredAuthentications publickey
ControlMaster no
SetEnv LC_PITSTOP_PLAY={mark}
"""


def ssh_config(nodes: Sequence[Node], known_hosts: Path, mark: str) -> str:
    """Sections for all of them, under ``host_alias`` of their names."""
    ways = "".join(text for node in nodes for text in _way(node))
    return _GENERAL.format(known_hosts=_quoted(str(known_hosts)), mark=mark) + ways


def known_hosts(nodes: Sequence[Node], pinned: Callable[[str], str | None]) -> str:
    """The host keys of the nodes and of what lies before them, as far as they are known."""
    hops = {hop.name: hop for node in nodes for hop in hops_to(node)}
    keys = {name: hop.host_key or pinned(name) for name, hop in hops.items()}
    return "".join(f"{host_alias(name)} {key}\n" for name, key in keys.items() if key is not None)


def host_alias(name: str) -> str:
    """A name that OpenSSH takes for a host's, and no other name's: a jump host's has a port in it."""
    return re.sub(r"[^A-Za-z0-9.-]", lambda found: f"_{ord(found[0]):x}_", name)


def _way(node: Node) -> Iterator[str]:
    before = ""
    for number, hop in enumerate(hops_to(node)):
        alias = host_alias(node.name) + ("" if hop.is_node else f"_{number}")
        yield f"Host {alias}\n" + "".join(f"  {line}\n" for line in _lines(hop, before))
        before = alias


def _lines(hop: Hop, before: str) -> Iterator[str]:
    yield f"HostName {hop.address}"
    yield f"Port {hop.port}"
    yield f"User {hop.user}"
    yield f"HostKeyAlias {host_alias(hop.name)}"
    yield f"ConnectTimeout {max(1, round(hop.connect_seconds))}"
    yield f"ServerAliveInterval {max(1, round(hop.keepalive_seconds))}"
    yield f"IdentityAgent {_quoted(os.path.expandvars(hop.agent)) if hop.agent else 'none'}"
    yield f"IdentitiesOnly {'yes' if hop.key else 'no'}"
    yield f"IdentityFile {_quoted(hop.key) if hop.key else 'none'}"
    if before:
        yield f"ProxyJump {before}"


def _quoted(path: str) -> str:
    """OpenSSH reads blanks as ends of words, and ``%`` as the begin of a token."""
    return '"' + path.replace("%", "%%") + '"'
