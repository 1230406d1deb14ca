"""How the tests are shared out: what belongs together goes to one worker, in its order.

A file's tests stay together. Files that are marked with the same ``xdist_group`` stay together too: they tell
one story on one stage. pytest-xdist's own ``loadgroup`` reads that mark from the tests' ids, where pytest 9.2
no longer lets it be written; so it is read from the files here.

What Python compiles is kept, also where the machine's environment says otherwise: the tests start the service
and the command many times, and compiling all of it anew took longer than the start itself.
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

_GROUP = re.compile(r'xdist_group\("([a-z]+)"\)')


class _Together(LoadScopeScheduling):  # type: ignore[misc]  # it comes without types
    def _split_scope(self, nodeid: str) -> str:
        return scope_of(self.config.rootpath / nodeid.partition("::")[0])


@cache
def scope_of(file: Path) -> str:
    """The group that the file names, else the file itself."""
    group = _GROUP.search(file.read_text(encoding="utf-8"))
    return group[1] if group else str(file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> _Together:
    return _Together(config, log)
