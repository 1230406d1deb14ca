"""``versions``: the nodes of a role run the same version of each product, as they say themselves."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Sequence

from pitstop.checks.kind import (
    CheckKind,
    Outcome,
    Surroundings,
    Target,
    fails,
    not_looked_at,
    passes,
    shown,
    unknown,
)
from pitstop.model.errors import PitstopError
from pitstop.model.findings import Severity
from pitstop.model.system import Node

_NO_ROLE = "nodes without a role"


def _targets(around: Surroundings) -> Sequence[Target]:
    nodes = around.system.nodes
    roles = dict.fromkeys(role for node in nodes for role in node.roles)
    left = any(not node.roles for node in nodes)
    return [*(Target("role", role) for role in roles), *([Target(_NO_ROLE)] if left else [])]


async def _look(around: Surroundings, target: Target) -> Outcome:
    nodes = [n for n in around.system.nodes if (target.name in n.roles if target.name else not n.roles)]
    probes = around.system.version_probes
    if not probes:
        return not_looked_at("skipped: the nodes file has no version probe")
    asked = [(product, node) for product in probes for node in nodes]
    said = await asyncio.gather(*(_ask(around, node, probes[product]) for product, node in asked))
    answers: dict[str, dict[str, str]] = {}
    for (product, node), (version, _) in zip(asked, said, strict=True):
        if version is not None:
            answers.setdefault(product, {})[node.name] = version
    silent = {node.name: why for (_, node), (_, why) in zip(asked, said, strict=True) if why}
    return judge(answers, silent)


async def _ask(around: Surroundings, node: Node, probe: tuple[str, ...]) -> tuple[str | None, str]:
    """What it says, or why it does not."""
    try:
        said = await around.ask(Target("node", node.name, node), shlex.join(probe))
    except PitstopError as error:
        return None, error.message
    version = said.output.strip()
    if said.status != 0 or not version:
        return (
            None,
            f"its version probe ended with status {said.status}: {shown(said.output + said.complaint)}",
        )
    return version[:200], ""


def judge(answers: dict[str, dict[str, str]], silent: dict[str, str]) -> Outcome:
    """Args:
    answers: by product, what each node says.
    silent: by node, why it says nothing.
    """
    differing = [
        f"{product}: {', '.join(f'{node} {version}' for node, version in said.items())}"
        for product, said in answers.items()
        if len(set(said.values())) > 1
    ]
    if differing:
        return fails(
            f"they run different versions: {'; '.join(differing)}"[:500],
            "Does a run stand still half-way (`pitstop run list`)? Then resume or abort it. Else bring the "
            "nodes that differ to the version of the others, as for a replaced node.",
            detail="\n".join(differing),
        )
    if silent:
        names = ", ".join(silent)
        return unknown(
            f"not said by {names}",
            "See why these nodes do not say their version: `pitstop node test NODE`.",
            detail="\n".join(f"{node}: {why}" for node, why in silent.items()),
        )
    same = ", ".join(f"{product} {next(iter(said.values()))}" for product, said in answers.items())
    return passes(f"all run {same}")


VERSIONS = CheckKind(
    "check-versions",
    "Versions are equal",
    "Asks the nodes of each role, by the version probes of the nodes file, what they run.",
    Severity.WARNING,
    _targets,
    _look,
)
