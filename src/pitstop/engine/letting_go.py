"""What a cancelled run leaves behind, said so that somebody can act on it."""

from __future__ import annotations

from collections.abc import Sequence

from pitstop.engine.failures import touched_nodes
from pitstop.model.findings import Finding, Severity
from pitstop.model.run_tree import RunTree
from pitstop.model.updates import Verb, action

CODE = "run-cancelled"
_AGAIN = ", then try again"
_HOW_IT_IS_PUT_BACK = (
    "Ask whether a node is still out of service, `pitstop check run node-states`; then see how it is put "
    "back: `pitstop check show node-states`."
)


def cancelled_finding(tree: RunTree, troubles: Sequence[Finding]) -> Finding | None:
    """``troubles``: why a node could not be put back, or may still act. None: no node was ever touched."""
    touched = touched_nodes(tree)
    if not touched and not troubles:
        return None
    run = tree.run
    untouched = sorted({leaf.node for leaf in tree.leaves() if leaf.node} - set(touched))
    rest = f" Not touched: {', '.join(untouched)}." if untouched else ""
    again = f"{action(Verb.APPLY).command} {run.update}"
    return Finding(
        CODE,
        Severity.CRITICAL if troubles else Severity.WARNING,
        f"run {run.id}",
        f"The run to {run.to_version} was cancelled before it was done"
        + "".join(f"; {trouble.subject}: {trouble.what}" for trouble in troubles),
        " ".join(
            [
                *(trouble.remedy.replace(_AGAIN, "") for trouble in troubles),
                *([_HOW_IT_IS_PUT_BACK] if troubles else ()),
                f"To go on, install the update again (`{again}`): what is done already is found done.",
                "`pitstop node list` says what each node runs.",
            ]
        ),
        impact=f"The system is partly updated. Touched: {', '.join(touched)}.{rest}",
    )
