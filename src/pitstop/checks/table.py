"""The table of built-in checks: a new kind is a new file, and a row here."""

from __future__ import annotations

from pitstop.checks.activity import ACTIVITY
from pitstop.checks.backup import BACKUP
from pitstop.checks.certificates import CERTIFICATES
from pitstop.checks.clock import CLOCK
from pitstop.checks.database import DATABASE
from pitstop.checks.kind import CheckKind
from pitstop.checks.load import LOAD
from pitstop.checks.memory import MEMORY
from pitstop.checks.node_space import NODE_SPACE
from pitstop.checks.node_states import NODE_STATES
from pitstop.checks.nodes import NODES
from pitstop.checks.payloads import PAYLOADS
from pitstop.checks.restart import RESTART
from pitstop.checks.services import SERVICES
from pitstop.checks.sources import SOURCES
from pitstop.checks.space import SPACE
from pitstop.checks.versions import VERSIONS

KINDS: tuple[CheckKind, ...] = (
    NODES,
    NODE_STATES,
    CLOCK,
    VERSIONS,
    SPACE,
    NODE_SPACE,
    MEMORY,
    LOAD,
    SERVICES,
    RESTART,
    CERTIFICATES,
    DATABASE,
    PAYLOADS,
    SOURCES,
    BACKUP,
    ACTIVITY,
)
"""In the order in which they are shown."""
