"""How the tests are shared out: what belongs together goes to one worker, in its order.

A file's tests stay together. Files that are marked with the same ``xdist_group`` stay together too: they tell
one story on one stage. pytest-xdist's own ``loadgroup`` reads that mark from the tests' ids, where pytest 9.2
no longer lets it be written; so it is read from the files here.

What takes longest begins first (xdist would begin with what has most tests), so that at the end nobody waits
for one group alone.

What Python compiles is kept, also where the machine's environment says otherwise: the tests start the service
and the command many times, and compiling all of it anew took longer than the start itself.

Their folders lie in memory where the machine has enough of it: what the service and its database sync, they
sync thousands of times. What is tested is that they do, and in which order (tests/crash); no disk.
"""

from __future__ import annotations

import os
import re
import sys
from functools import cache
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # processes that the tests start get this environment
sys.dont_write_bytecode = False


_MEMORY, _ROOM = Path("/dev/shm"), 4 << 30  # noqa: S108  pytest makes folders of its own there; bytes


def _holds_tests(folder: Path) -> bool:
    """Whether there is room for the tests' folders, and programs may run from it."""
    if not folder.is_dir():
        return False
    told = os.statvfs(folder)
    return told.f_bavail * told.f_frsize >= _ROOM and not told.f_flag & os.ST_NOEXEC


if _holds_tests(_MEMORY):
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))

_LONGEST_FIRST = (
    "itself",
    "stage",
    "tests/machines/test_machines.py",
    "postgresql",
    "tests/steps/test_ansible.py",
    "second",
    "abroad",
    "tests/portal/test_axe.py",
    "crash",
    "faultsofnodes",
    "faultsofservice",
    "tests/daemon/test_installation.py",
)
"""Groups, and files that are in none, that take more than about half a minute on one worker."""

_GROUP = re.compile(r'xdist_group\("([a-z]+)"\)')


class _Together(LoadScopeScheduling):  # type: ignore[misc]  # it comes without types
    def _split_scope(self, nodeid: str) -> str:
        return scope_of(self.config.rootpath / nodeid.partition("::")[0])


@cache
def scope_of(file: Path) -> str:
    """The group that the file names, else the file itself."""
    group = _GROUP.search(file.read_text(encoding="utf-8"))
    return group[1] if group else str(file)


def _rank(file: Path, root: Path) -> int:
    scope = scope_of(file).removeprefix(f"{root}/")
    return _LONGEST_FIRST.index(scope) if scope in _LONGEST_FIRST else len(_LONGEST_FIRST)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: _rank(item.path, config.rootpath))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> _Together:
    config.option.loadscopereorder = False
    return _Together(config, log)
