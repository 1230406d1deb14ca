"""``space``: on the service's machine there is room for what an update downloads and unpacks."""

from __future__ import annotations

from pitstop.checks.disk import judge, room, script
from pitstop.checks.kind import CheckKind, Outcome, Surroundings, Target, of_machine
from pitstop.checks.threads import in_thread
from pitstop.model.findings import Severity
from pitstop.wire.formats import size


async def _look(around: Surroundings, target: Target) -> Outcome:
    folder = around.state_folder
    said = await around.ask(target, script(folder))
    needs = await in_thread(around.needs)
    most = max(needs, key=lambda need: need.download + need.unpacked, default=None)
    text = ""
    if most is not None and most.download + most.unpacked:
        text = f"{most.update} needs {size(most.download)} to download and {size(most.unpacked)} unpacked"
    need = most.download + most.unpacked if most else 0
    return judge(room(said.output), need, text, f"`du -x {folder}` shows what is there.")


SPACE = CheckKind(
    "check-space",
    "Room for updates",
    "The room in the service's state folder, held against what the next updates download and unpack there.",
    Severity.CRITICAL,
    of_machine,
    _look,
)
