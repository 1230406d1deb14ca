"""How nodes are reached, as the nodes file says it: for all of them under ``[ssh]``, and for each its own."""

from __future__ import annotations

from pathlib import Path

from pitstop.model.errors import InvalidInput
from pitstop.model.node_rules import jump_host
from pitstop.model.system import CONNECTIONS_AT_ONCE, Become, JumpHost, SshDefaults
from pitstop.nodes.toml_table import TomlTable

SSH_KEYS = ("port", "user", "key", "agent", "jump", "become", "connect_timeout", "keepalive")
_JUMP_KEYS = ("address", "port", "user", "key", "host_key")


def ssh_of(table: TomlTable, folder: Path, general: SshDefaults | None = None) -> SshDefaults:
    """What this table says; what it leaves out is as in general. Paths are relative to ``folder``."""
    general = general or SshDefaults()
    return SshDefaults(
        port=table.number("port", general.port),
        user=table.text("user", general.user),
        key=_key(table, folder, general.key),
        agent=table.text("agent", general.agent),
        jump=_jump(table, folder, general.jump),
        become=_become(table, general.become),
        connect_timeout=table.seconds("connect_timeout", general.connect_timeout),
        keepalive=table.seconds("keepalive", general.keepalive),
        connections=general.connections,
    )


def general_ssh(table: TomlTable, folder: Path) -> SshDefaults:
    """The ``[ssh]`` table."""
    table.only(*SSH_KEYS, "connections")
    ssh = ssh_of(table, folder)
    connections = table.number("connections", CONNECTIONS_AT_ONCE)
    if connections < 1:
        table.problem("connections", "must be at least 1")
    return SshDefaults(
        ssh.port,
        ssh.user,
        ssh.key,
        ssh.agent,
        ssh.jump,
        ssh.become,
        ssh.connect_timeout,
        ssh.keepalive,
        max(1, connections),
    )


def _key(table: TomlTable, folder: Path, general: str) -> str:
    if "key" not in table.content:
        return general
    said = table.text("key")
    if said and not (folder / said).is_file():
        table.problem("key", f"there is no file {folder / said}")
    return str(folder / said)


def _become(table: TomlTable, general: Become) -> Become:
    word = table.content.get("become", general)
    if isinstance(word, str) and word in tuple(Become):
        return Become(word)
    table.problem("become", f"{word!r} is not known; known are 'sudo' and '' (nobody)")
    return general


def _jump(table: TomlTable, folder: Path, general: tuple[JumpHost, ...]) -> tuple[JumpHost, ...]:
    entries = table.content.get("jump")
    if entries is None:
        return general
    if isinstance(entries, str):
        entries = [entry for entry in entries.split(",") if entry.strip()]
    if not isinstance(entries, list):
        table.problem("jump", "must be a list of jump hosts")
        return general
    return tuple(host for entry in entries if (host := _jump_host(table, folder, entry)) is not None)


def _jump_host(table: TomlTable, folder: Path, entry: object) -> JumpHost | None:
    """``"USER@ADDRESS:PORT"``, or a table where there is more to say."""
    if isinstance(entry, dict):
        own = TomlTable(entry, f"{table.place}jump.", table.problems)
        own.only(*_JUMP_KEYS)
        return JumpHost(
            own.text("address"),
            own.number("port", 22),
            own.text("user", ""),
            _key(own, folder, ""),
            own.text("host_key") if "host_key" in entry else None,
        )
    try:
        return jump_host(entry if isinstance(entry, str) else "")
    except InvalidInput as error:
        table.problem("jump", error.message)
        return None
