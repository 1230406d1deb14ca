"""``confirm-version``: every node says by itself which build it runs, and it is the one just installed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from pitstop.model.errors import InvalidInput, PitstopError, StepFailed
from pitstop.model.system import Node, SystemDescription
from pitstop.ports.nodes import NodeDriver
from pitstop.steps.kind import Done, StepContext, StepKind, never_known
from pitstop.steps.shell import quoted

_SHOWN = 200


class ConfirmVersionArgs(msgspec.Struct, forbid_unknown_fields=True):
    """Ask every node by the version probe that the nodes file has for the product."""

    product: Annotated[str, Meta(description="The product, as the package's metadata names it.")]
    version: Annotated[str, Meta(description="The build that every node must say.")]


@dataclass(frozen=True, slots=True)
class VersionSaid:
    """What a node says it runs.

    Attributes:
        version: the probe's output; None if it gave none.
        problem: why there is none.
    """

    node: str
    version: str | None
    problem: str = ""

    def __str__(self) -> str:
        return (
            f"{self.node} says {self.version}" if self.version is not None else f"{self.node}: {self.problem}"
        )


async def ask_versions(
    nodes: NodeDriver, system: SystemDescription, product: str, *, deadline: timedelta
) -> Sequence[VersionSaid]:
    """What each node of the system says of this product, in declared order; asked all at once.

    Raises:
        InvalidInput: the nodes file has no version probe for the product.
    """
    probe = system.version_probes.get(product)
    if probe is None:
        raise InvalidInput(
            f"the nodes file does not say how a node is asked for its version of {product}",
            hint=f"Add `{product} = [...]`, a command that prints the version, to [system.version_probes].",
        )
    command = quoted(probe)
    asking = (_ask(nodes, node, f"{command} 2>/dev/null || {command}", deadline) for node in system.nodes)
    return await asyncio.gather(*asking)


async def _ask(nodes: NodeDriver, node: Node, script: str, deadline: timedelta) -> VersionSaid:
    """On success standard error is no part of the answer; on failure it is asked again for its reason."""
    try:
        answer = await nodes.ask(node, script, deadline=deadline)
    except PitstopError as error:
        return VersionSaid(node.name, None, error.message)
    said = answer.output.strip()[-_SHOWN:]
    if answer.status != 0:
        return VersionSaid(node.name, None, f"the version probe ended with status {answer.status}: {said}")
    return VersionSaid(node.name, said)


async def _act(context: StepContext, args: ConfirmVersionArgs) -> Done:
    world = context.world
    said = await ask_versions(world.nodes, world.system, args.product, deadline=context.step.deadline)
    wrong = [str(each) for each in said if each.version != args.version]
    if wrong:
        raise StepFailed(
            f"not every node runs {args.product} {args.version}: {'; '.join(wrong)}",
            hint="Look at the named nodes: what the probe asks there is not what was installed. Mend it, "
            "then resume the run.",
        )
    return Done(f"all {len(said)} nodes say {args.version}")


CONFIRM_VERSION = StepKind(
    "confirm-version",
    ConfirmVersionArgs,
    _act,
    never_known,
    on_node=False,
    in_plans=False,
    changes_nothing=True,
)
