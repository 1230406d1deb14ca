"""One transaction of dnf, with what it says of itself, to its end."""

import os
import re
from pathlib import Path
from typing import Any

import dnf
import dnf.callback
import dnf.exceptions
import dnf.transaction
import libdnf.transaction
import rpm_kept as kept
from rpm_configs import note_edited, put_back_edited
from rpm_kept import FAILED, FULL, LOCKED, UNFIT, Refusal

WORK = Path(os.environ["work"])  # noqa: SIM112
_FULL = re.compile(r"No space left on device|cpio: write$", re.MULTILINE)
"""The latter is what rpm says where a part of what was to be written had room, and no reason was given."""

_MORE_ROOM = re.compile(r"(At least \S+ more space needed|needs \d+ inodes) on the \S+ filesystem")


class Display(dnf.callback.TransactionProgress):  # type: ignore[misc]
    """Writes down how far it has come, and hears what goes wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.errors = []  # type: list[str]
        self.output = self._last = self.why = ""

    def progress(  # noqa: PLR0917 - as dnf calls it
        self, package: Any, action: int, ti_done: Any, ti_total: Any, ts_done: Any, ts_total: Any
    ) -> None:
        if action in (dnf.callback.TRANS_PREPARATION, dnf.callback.TRANS_POST, dnf.callback.PKG_VERIFY):
            return
        share = (ts_done - 1 + ti_done / (ti_total or 1)) / ts_total
        with (WORK / "progress").open("a") as file:
            file.write(f"dnf:{package.name}:{100 * share:.1f}:\n")

    def scriptout(self, msgs: Any) -> None:
        self._last = (msgs or b"").decode("utf-8", "replace")
        self.output += self._last

    def error(self, message: str) -> None:
        """What a script has said itself tells more than that it has failed."""
        self.errors.append(message)
        lines = [line for line in self._last.splitlines() if line.strip()]
        own = [line for line in lines if not line.startswith(("error: ", "warning: "))]
        self.why = self.why or ": ".join([message, *(own or lines)[-1:]])


def carry_out(base: Any) -> None:
    """The transaction that was worked out; configuration files and reasons stay as they were.

    Raises:
        Refusal: it has not ended well; what was begun is remembered.
    """
    note_edited(base)
    _keep_reasons(base)
    names = {str(package): package.name for package in base.transaction.install_set}
    former = set(kept.begun())
    kept.begin(sorted(former.union(names)))
    for item in base.transaction:
        print(item.action_name, item)
    display = Display()
    try:
        base.do_transaction(display)
    except dnf.exceptions.ProcessLockError as error:
        raise Refusal(LOCKED, f"the package database is in use, by process {error.pid}") from error
    except dnf.exceptions.Error as error:  # rpm has tried it, and not begun
        kept.begin(sorted(former))
        text = " ".join(str(error).split())
        lacks = _MORE_ROOM.search(text)
        raise Refusal(FULL if lacks else UNFIT, lacks.group(0) if lacks else text) from error
    put_back_edited()
    failed = [str(t) for t in base.transaction if t.state == libdnf.transaction.TransactionItemState_ERROR]
    at_fault = {word for error in display.errors for word in error.split()[-1:]}.union(failed)
    again = {full for full, name in names.items() if at_fault.intersection([full, name])}
    kept.begin(sorted(former.difference(names) | again))
    if at_fault:
        raise _failure(display, failed)


def _failure(display: Display, failed: "list[str]") -> Refusal:
    if _FULL.search(display.output):
        return Refusal(FULL, "the disk became full while packages were unpacked")
    return Refusal(FAILED, display.why or f"{failed[0]} could not be done")


def _keep_reasons(base: Any) -> None:
    """Whether somebody wanted them, or they came for another's sake: as it was before, or at first."""
    before = kept.remembered()["packages"]
    for item in base.transaction:
        known = before.get(f"{item.name}.{item.arch}")
        if known and item.action in dnf.transaction.FORWARD_ACTIONS:
            item.reason = known["reason"]
