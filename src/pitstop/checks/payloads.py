"""``payloads``: the content of packages that lies here is still what was signed.

It is read again in portions, what was not read for longest first, so that it never takes the disk for long.
"""

from __future__ import annotations

from datetime import timedelta

from pitstop.checks.kind import CheckKind, Outcome, Surroundings, Target, fails, of_machine, passes
from pitstop.checks.threads import in_thread
from pitstop.model.findings import Severity
from pitstop.wire.formats import size

_READ_FOR = timedelta(seconds=15)


async def _look(around: Surroundings, _target: Target) -> Outcome:
    found = await in_thread(lambda: around.integrity.read_again(_READ_FOR))
    read = f"{size(found.read)} of {size(found.whole)} were read again"
    if found.damaged:
        packages = ", ".join(dict.fromkeys(each.package for each in found.damaged))
        return fails(
            f"{len(found.damaged)} content files of {packages} are not what was signed; {read}",
            "Look at the disk that the state folder lies on, and who may write there. Then remove the files "
            "that are named below: the next run brings them again.",
            detail="\n".join(f"{each.file} ({each.package}: {each.path})" for each in found.damaged),
        )
    return passes(read if found.whole else "there is none here")


PAYLOADS = CheckKind(
    "check-payloads",
    "Payloads are whole",
    f"Reads content that lies here again, for up to {_READ_FOR.seconds} s, and holds it against its digests.",
    Severity.WARNING,
    of_machine,
    _look,
)
