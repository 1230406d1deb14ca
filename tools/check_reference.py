"""`docs/checks.md`: how the system is checked, with the table of built-in checks made from the code."""

from __future__ import annotations

from pitstop.checks.nagios import MOST_PROGRAM_BYTES
from pitstop.checks.table import KINDS

_HEAD = """# Checks

Made from the code by `make docs`.

A check asks whether something is as it should be, at each of its *targets*: a node, the service's machine,
a source, a role. It answers **pass**, **warning**, **fail** or **unknown**, with what it found, what to do,
how long it took, and since when it is so. It changes nothing.

All checks are run once a day (`every_hours` under `[checks]`), after each run, and whenever somebody asks:

```
$ pitstop check run                  # all; or by name: pitstop check run clock space
$ pitstop check list                 # what was found last; --wrong: only what is not as it should be
$ pitstop check show clock           # one check, and how it has changed
```

In the portal they are on the page *System health*, in the API under `/api/v1/checks`.

## What keeps an update off

| severity | what it does |
|---|---|
| Critical | keeps every update off. Nothing sets it aside: mend it, then run the checks again |
| Warning | keeps every update off, unless the check is skipped by name, with a reason |
| Informational | is shown, and keeps nothing off |

What could not be found out is a Warning: unknown is no pass. Where there is nothing to find out (no
systemd, no certificates named, a node that the check `nodes` has already found silent) the result says that
it was skipped and why, and keeps nothing off.

```
$ pitstop check skip restart --target "node n2" --reason "restarts with the update"
$ pitstop check unskip restart --target "node n2"
```

A skipped check goes on being run and shown, and says who skipped it and why; both are in the audit log.
With `treat_warnings_as_blockers = true` under `[checks]` warnings block like what is critical, whatever is
skipped.

Results count for two days (`valid_hours`). What is older keeps nothing off: it says nothing of today.
"""

_OWN = f"""
## Checks of your own

A check of your own is any program that keeps the exit statuses and the output of Nagios' plugins: it ends
with 0 (pass), 1 (warning), 2 (fail) or 3 (unknown), and prints one line that says what it found; after a
`|` in it stands what was measured, and further lines are shown as detail. The plugins of Debian's
`monitoring-plugins` work as they are.

- **A program in the folder** `checks` beside the settings (`folder` under `[checks]`) is run on the service's
  machine, without arguments. What lies in its folder `nodes` is sent to every node and run there (up to
  {MOST_PROGRAM_BYTES // 1000} kB; what is bigger is installed on the nodes and named as follows).
- **A `[[check]]` in the settings** says program and arguments, and where it is run:

```toml
[[check]]
name = "root-disk"
title = "The root file system has room"
run = ["/usr/lib/nagios/plugins/check_disk", "-w", "10%", "-c", "5%", "-p", "/"]
on = "nodes"                     # or "service", or a role
critical = true                  # false: a fail is a Warning, which can be skipped
remedy = "Remove old logs."
```

They run with the rights of the service, or of whoever it is on the nodes, so the folder and what lies in it
must belong to the service's user or root, and nobody else may change them: such a program is not run, and
its check says so. One that hangs is ended after its time (`seconds`) with all that it has started; one that
prints without end, or no text, is cut and made readable. Whatever one does, the others go on, and no run is
disturbed.

## Checks of an update

A package brings checks of its own: steps of its plan's `checks`, of kind `check` ([plan](plan.md)). They
are run on the nodes after the update was prepared, with programs that come with the new package, and before
anything is changed; `pitstop update prepare` runs them without installing. What they say stands on the
update's page under *Readiness*, and in `pitstop check ready UPDATE`. One that only warns is skipped like
any other. Before them all checks of the system are asked anew, in the same health check.

## Built in
"""


def checks_page() -> str:
    """The whole page."""
    lines = [_HEAD + _OWN, "| check | what is well | a fail is | what it looks at |", "|---|---|---|---|"]
    lines += [
        f"| [`{kind.name}`](runbooks/{kind.code}.md) | {kind.title} | {kind.severity} | {kind.says} |"
        for kind in KINDS
    ]
    return "\n".join(lines) + "\n"
