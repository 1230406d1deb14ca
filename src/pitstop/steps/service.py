"""``service``: start, stop or restart a service of the node.

Systemd where it is the node's init, else the script ``etc/init.d/NAME`` below the node's root, with exit
statuses as LSB has them.

Before a service is started or stopped it is noted on the node whether it ran, under a name that is the same
for every attempt; ``restore-service`` brings it back to that. A restart cannot be taken back by itself, for
what it loads is put back only after it: where a step is to be undone, stop before it and start after it.
"""

from __future__ import annotations

import shlex
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from pitstop.steps.kind import Done, StepContext, StepKind, done_of, reattach_operation
from pitstop.steps.shell import Command, found_done


class ServiceState(StrEnum):
    STARTED = "started"
    STOPPED = "stopped"
    RESTARTED = "restarted"


_VERBS = {
    ServiceState.STARTED: "start",
    ServiceState.STOPPED: "stop",
    ServiceState.RESTARTED: "restart",
}

_RUNS = 0
_RUNS_NOT = (1, 2, 3)
"""LSB: dead with a pid file, dead with a lock file, stopped."""

_SCRIPT = """\
script=$PITSTOP_ROOT/etc/init.d/$name
if [ -d "$PITSTOP_ROOT/run/systemd/system" ]; then
    systemctl "$verb" "$name"
elif [ -x "$script" ]; then
    "$script" "$verb"
else
    echo "there is no service $name: systemd is not the init, and $script is not there" >&2
    return 5
fi
"""


ServiceName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9@:._-]*\Z")]


class ServiceArgs(msgspec.Struct, forbid_unknown_fields=True):
    """Bring a service of the node to a state."""

    name: Annotated[ServiceName, Meta(description="Unit of systemd, or init script in `etc/init.d`.")]
    state: Annotated[ServiceState, Meta(description="`started`, `stopped` or `restarted`.")]
    done_when: Annotated[
        Command | None,
        Meta(
            description="A command that changes nothing and ends with 0 when the state is there already. "
            "Without it the service's own status is asked; a restart is then always done again."
        ),
    ] = None


async def _probe(context: StepContext, args: ServiceArgs) -> Done | None:
    if args.done_when is not None or args.state is ServiceState.RESTARTED:
        return await found_done(context, args.done_when)
    answer = await context.ask(service_script("status", args.name))
    wanted = answer.status == _RUNS if args.state is ServiceState.STARTED else answer.status in _RUNS_NOT
    return done_of(answer) if wanted else None


_NOTE = """\
if [ ! -s "$note" ]; then
    (verb=status; act) >/dev/null 2>&1 </dev/null
    case $? in
    0) was=started ;;
    1 | 2 | 3) was=stopped ;;
    *) was=unknown ;;
    esac
    mkdir -p "$PITSTOP_NOTES" && echo "$was" >"$note.new" && sync "$note.new" || exit 1
    mv "$note.new" "$note" || exit 1
fi
"""


async def _act(context: StepContext, args: ServiceArgs) -> Done:
    noted = "" if args.state is ServiceState.RESTARTED else note_of(context, context.step.index) + _NOTE
    return await context.operate(f"{functions(_VERBS[args.state], args.name)}{noted}act\n")


def note_of(context: StepContext, index: str) -> str:
    """Shell text that names the note of what the service was before the step of this index."""
    return f'note="$PITSTOP_NOTES"/{shlex.quote(f"{context.run.id}-service-{index}")}\n'


def service_script(verb: str, name: str) -> str:
    """Shell text that does this with the service, whatever the node's init is."""
    return f"{functions(verb, name)}act\n"


def functions(verb: str, name: str) -> str:
    """Shell text: ``act`` does the verb that is set with the service that is set."""
    return f"verb={verb}\nname={shlex.quote(name)}\nact() {{\n{_SCRIPT}}}\n"


def _undone_by(args: ServiceArgs) -> str | None:
    return None if args.state is ServiceState.RESTARTED else "restore-service"


SERVICE = StepKind("service", ServiceArgs, _act, _probe, reattach_operation, undone_by=_undone_by)
