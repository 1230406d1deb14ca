"""`docs/checklist.md`: the activity checklist, made from its table."""

from __future__ import annotations

from pitstop.policy.checklist import MATTERS, Stage
from pitstop.wire.formats import STAGE_WORDS

_HEAD = """# The activity checklist

Made from the code by `make docs`.

What is to be seen to before, during and after an update. Facts decide where they can; where no fact does, or
it is not known, a person ticks it off, with a note if there is something to say. The list keeps nothing off:
what must is in the rules and the checks.

```console
$ pitstop checklist show Northstar1.2607.0.30
$ pitstop checklist tick Northstar1.2607.0.30 users --note "mail of Monday"
$ pitstop checklist untick Northstar1.2607.0.30 users
```

In the portal it is a page of each update, made to be printed too; in the API
`/api/v1/updates/{name}/checklist`. Before the run it belongs to the update. The run that begins keeps how it
stood then, and has the lists during and after; after an abort or a cancel it begins anew. Each tick is in the
audit log.
"""


def checklist_page() -> str:
    lines = [_HEAD]
    for stage in Stage:
        lines += [f"## {STAGE_WORDS[stage]}", "", "| item | | decided by | |", "|---|---|---|---|"]
        for matter in (each for each in MATTERS if each.stage is stage):
            by = "facts" if matter.ask else "a person"
            lines.append(f"| `{matter.id}` | {matter.title} | {by} | {matter.says} |")
        lines.append("")
    return "\n".join(lines)
