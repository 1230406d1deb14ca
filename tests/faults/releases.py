"""What the room's publisher has released: the first release of Lantern, and a hotfix for each fault.

Each install passes two gates on each node, where a test can hold it: ``set-up`` (the node is out of service
and has the new files) and ``verify`` (before it is put back). What a step does leaves a line in the node's
file ``done``, so that what was done twice shows.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from lantern import build as lantern_build
from pitstop.publish.founding import found

BASE: Final = "1.2601.0.12"
PASSPHRASE: Final = "correct horse battery"
HOTFIXES: Final = 21
_BALLAST_LINES: Final = 5_000

CTL: Final = """\
#!/bin/sh
# Takes the node out of service, once nothing is busy on it, and puts it back.
case $1 in
out) while [ -e run/busy ]; do cat run/busy; sleep 0.2; done; touch run/out ;;
back) rm -f run/out ;;
is-out) [ -e run/out ] ;;
esac
"""
_GATE = "touch run/at-{gate}; while [ -e run/hold-{gate} ]; do sleep 0.05; done; rm -f run/at-{gate}"
_PLAN = """\
format: 2
name: Install Lantern hotfix @VERSION@
checks:
  - name: The room is free
    description: Nobody works at the machine.
    kind: probe
    role: "*"
    deadline: PT20S
    args: { run: [sh, -c, '! cat etc/occupied 2>/dev/null'], within: PT1S }
  - name: The door is closed
    description: Nobody comes in.
    kind: probe
    role: "*"
    deadline: PT20S
    args: { run: [sh, -c, '! cat etc/door 2>/dev/null'], within: PT1S }
items:
  - name: All nodes
    mode: rolling
    role: "*"
    drain:
      out: [sbin/ctl, out]
      back: [sbin/ctl, back]
      is_out: [sbin/ctl, is-out]
      deadline: PT3S
    items:
      - name: Bring the files
        kind: copy
        args: { from: opt, to: /opt }
      - name: Set up
        kind: command
        deadline: PT6S
        args:
          shell: |
            AT_SET_UP
            [ ! -e etc/broken ] || { cat etc/broken >&2; exit 1; }
            echo "set-up @VERSION@" >>done
          done_when: [grep, -qx, "set-up @VERSION@", done]
        undo:
          - name: Take down
            kind: command
            args: { shell: 'echo "take-down @VERSION@" >>done' }
RESTART    verify:
      - name: It works
        kind: command
        deadline: PT10S
        args:
          shell: |
            AT_VERIFY
            [ ! -e etc/unwell ] || { cat etc/unwell; exit 1; }
            echo "verified @VERSION@" >>done
          done_when: [grep, -qx, "verified @VERSION@", done]
        undo: []
"""
_RESTART = """\
      - name: Restart
        kind: restart
        deadline: PT12S
        undo: []
        args: { run: [sbin/restart], identity: [cat, run/boot_id] }
"""
_PACKAGE = """\
format = 1
type = "Hotfix"
version = "{version}"
title = "Lantern hotfix {version}"
description = "One of many."
released = 2026-02-02
families = ["2601"]
content = [
  {{ text = "@VERSION@\\n", to = "opt/lantern/VERSION" }},
  {{ from = "ballast", to = "opt/lantern/share/ballast" }},
]
"""
_ARTICLE = """\
# Hotfix @VERSION@

## Issue

One.

## Cause

Another.

## Resolution

Install @NAME@.

## Applies to

Lantern of family 2601.
"""


def version(number: int) -> str:
    """Of the hotfix with this number."""
    return f"1.2601.{number}.{100 + number}"


def restarts(number: int) -> bool:
    """Whether this hotfix restarts the nodes: the first ones, for who comes first goes to the lowest."""
    return number <= 2


def publish(folder: Path) -> None:
    """The publisher with all its releases: ``folder``/northstar."""
    publisher = lantern_build.northstar(folder)
    now = datetime.now(UTC)
    found(publisher, PASSPHRASE, now)
    hotfixes = [_source(folder, number) for number in range(1, HOTFIXES + 1)]
    sources = [lantern_build.RELEASES / BASE, *hotfixes]
    lantern_build.publish_all(publisher, sources, folder / "built", PASSPHRASE, now)


def _source(folder: Path, number: int) -> Path:
    source = folder / "sources" / version(number)
    source.mkdir(parents=True)
    (source / "package.toml").write_text(_PACKAGE.format(version=version(number)))
    plan = _PLAN.replace("RESTART", _RESTART if restarts(number) else "")
    for gate in ("set-up", "verify"):
        plan = plan.replace(f"AT_{gate.upper().replace('-', '_')}", _GATE.format(gate=gate))
    (source / "plan.yaml").write_text(plan)
    (source / "notes.md").write_text("# @NAME@\n\nA fix.\n")
    (source / "kb.md").write_text(_ARTICLE)
    (source / "ballast").write_text("".join(f"{number} {line}\n" for line in range(_BALLAST_LINES)))
    return source
