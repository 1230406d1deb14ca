"""The tables. Their history is in :mod:`pitstop.store.migrations`; a test holds the two together.

Two rules are the database's own: at most one run is in progress, and at most one alert of a code, a
subject, a source and an update (or none) is open. The audit log refuses UPDATE and DELETE by triggers (see
the first migration).
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
    true,
)

from pitstop.model.accounts import Role
from pitstop.model.cases import CaseFile, CaseState, Impact
from pitstop.model.checks import CheckResult, CheckStatus
from pitstop.model.findings import Finding, Severity
from pitstop.model.inner_steps import InnerStep
from pitstop.model.packages import PackageType
from pitstop.model.plans import GroupMode, PlanStep, Retry
from pitstop.model.releases import PublisherKind
from pitstop.model.runs import Phase, Rider, RunPurpose, RunState, StepStatus, Waiting, WindowUse
from pitstop.model.system import DeclaredIn, InstalledBy, Node
from pitstop.model.updates import UpdateState
from pitstop.policy.checklist import Item
from pitstop.policy.facts import HardwareContract
from pitstop.policy.windows import Blackout, MaintenanceWindow
from pitstop.store.columns import Duration, Instant, Json, VersionText, words

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

_ACTIVE = text("closed IS NULL")
_ACTIVE_OF_NONE = text("closed IS NULL AND update_name IS NULL")

counters = Table(
    "counters",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", BigInteger, nullable=False),
)
"""Numbers that only rise. ``epoch``: the fencing number given out last, over all runs."""

sources = Table(
    "sources",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("publisher", Text, nullable=False),
    Column("kind", words(PublisherKind), nullable=False),
    Column("url", Text, nullable=False),
    Column("types", Json(tuple[PackageType, ...]), nullable=False),
    Column("last_checked", Instant),
    Column("finding", Json(Finding)),
    Column("catalogue", Text),
    Column("declared", Boolean, nullable=False, server_default=true()),
)
"""``catalogue``: the newest that a poll brought, in the catalogue format. ``declared``: the settings name
it."""

updates = Table(
    "updates",
    metadata,
    Column("name", Text, primary_key=True),
    Column("publisher", Text, nullable=False),
    Column("product", Text, nullable=False),
    Column("version", VersionText, nullable=False),
    Column("type", words(PackageType), nullable=False),
    Column("family", Text),
    Column("state", words(UpdateState), nullable=False),
    Column("package_sha256", String(64), nullable=False, server_default=""),
    UniqueConstraint("publisher", "product", "version"),
)
"""The updates ever seen, with the stored state of each. ``package_sha256``: of the package's metadata as it
was first known; never changed."""

runs = Table(
    "runs",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", String(40), nullable=False, unique=True),
    Column("update_name", ForeignKey(updates.c.name), nullable=False, index=True),
    Column("publisher", Text, nullable=False),
    Column("product", Text, nullable=False),
    Column("version", VersionText, nullable=False),
    Column("purpose", words(RunPurpose), nullable=False),
    Column("state", words(RunState), nullable=False),
    Column("created", Instant, nullable=False),
    Column("requested_by", Text, nullable=False),
    Column("from_version", Text, nullable=False),
    Column("to_version", Text, nullable=False),
    Column("plan_sha256", String(64), nullable=False),
    Column("package_sha256", String(64), nullable=False, server_default=""),
    Column("phase", words(Phase)),
    Column("epoch", BigInteger, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("ended", Instant),
    Column("finding", Json(Finding)),
    Column("riders", Json(tuple[Rider, ...], ()), nullable=False, server_default="[]"),
    Column("windows", words(WindowUse), nullable=False, server_default=WindowUse.NONE),
    Column("goes_on", Instant),
    Column("now", Boolean, nullable=False, server_default=false()),
    Column("occupies", Boolean),
    Index("only_run_that_occupies", "occupies", unique=True),
)
"""Heads of runs. ``number`` rises in the order of creation. ``occupies`` follows from the state: true while
no other run may begin, else NULL, which equals no other NULL."""

steps = Table(
    "steps",
    metadata,
    Column("run_id", ForeignKey(runs.c.id), primary_key=True),
    Column("place", Text, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("mode", words(GroupMode)),
    Column("at_once", Integer),
    Column("phase", words(Phase)),
    Column("kind", Text),
    Column("args", Json(Mapping[str, object], {}), nullable=False),
    Column("node", Text),
    Column("expected", Duration),
    Column("deadline", Duration, nullable=False),
    Column("retry", Json(Retry, Retry()), nullable=False),
    Column("status", words(StepStatus), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("started", Instant),
    Column("ended", Instant),
    Column("waiting", Json(Waiting, None)),
    Column("output", Text, nullable=False),
    Column("record", Json(Mapping[str, str], {}), nullable=False),
    Column("finding", Json(Finding)),
    Column("found_done", Boolean, nullable=False),
    Column("package", Text),
    Column("whole", Boolean, nullable=False, server_default=false()),
    Column("may_fail", Integer, nullable=False, server_default="0"),
    Column("bandwidth", BigInteger),
    Column("undo", Json(tuple[PlanStep, ...], None)),
    Column("undoes", Text),
    Column("no_return", Boolean, nullable=False, server_default=false()),
    Column("inner_steps", Json(tuple[InnerStep, ...], ()), nullable=False, server_default="[]"),
)
"""The places of a run's tree. ``place`` is the index (2.9.2), ``number`` the position in tree order."""

events = Table(
    "events",
    metadata,
    Column("run_id", ForeignKey(runs.c.id), primary_key=True),
    Column("sequence", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("place", Text),
    Column("text", Text, nullable=False),
    Column("data", Text, nullable=False),
)
"""The history of runs. ``sequence`` is the run's revision after the event; ``data`` the event as JSON."""

ledger = Table(
    "ledger",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("publisher", Text, nullable=False),
    Column("product", Text, nullable=False),
    Column("version", VersionText, nullable=False),
    Column("type", words(PackageType), nullable=False),
    Column("family", Text),
    Column("at", Instant, nullable=False),
    Column("by", words(InstalledBy), nullable=False),
    Column("run_id", ForeignKey(runs.c.id)),
    UniqueConstraint("run_id", "publisher", "product", "version"),
)
"""What went on, in order."""

facts = Table(
    "facts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Instant, nullable=False),
)
"""Facts of the system that people recorded."""

issue_lists = Table(
    "issue_lists",
    metadata,
    Column("source", ForeignKey(sources.c.name), primary_key=True),
    Column("content", LargeBinary, nullable=False),
    Column("at", Instant, nullable=False),
)
"""The newest list of known issues that a source has signed, as it is signed."""

mend_consents = Table(
    "mend_consents",
    metadata,
    Column("issue", Text, primary_key=True),
    Column("by", Text, nullable=False),
    Column("at", Instant, nullable=False),
)
"""The known issues whose mend was agreed to beforehand."""

accepted_risks = Table(
    "accepted_risks",
    metadata,
    Column("name", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

contracts = Table(
    "contracts",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("contract", Json(HardwareContract)),
    Column("by", Text, nullable=False),
    Column("at", Instant, nullable=False),
)
"""What was recorded of the hardware contract, in order: the last row holds. NULL: nothing is recorded."""

maintenance_times = Table(
    "maintenance_times",
    metadata,
    Column("revision", Integer, primary_key=True),
    Column("windows", Json(tuple[MaintenanceWindow, ...]), nullable=False),
    Column("blackouts", Json(tuple[Blackout, ...]), nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Instant, nullable=False),
)
"""When work may be done, in order of revision: the last row holds."""

nodes = Table(
    "nodes",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("declared_in", words(DeclaredIn), nullable=False),
    Column("place", Integer, nullable=False),
    Column("node", Json(Node), nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Instant, nullable=False),
)
"""The nodes that are declared. ``place``: in the nodes file."""

node_versions = Table(
    "node_versions",
    metadata,
    Column("node", Text, primary_key=True),
    Column("product", Text, primary_key=True),
    Column("version", Text, nullable=False),
    Column("at", Instant, nullable=False),
)
"""What each node said of a product, when it was asked last."""

leaves = Table(
    "leaves",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("what", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("until", Instant, nullable=False),
)
"""Leave to change the nodes: one at most that is not over. ``number`` is of the counter ``leave``."""

alerts = Table(
    "alerts",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", String(40), nullable=False, unique=True),
    Column("code", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("finding", Json(Finding), nullable=False),
    Column("update_name", ForeignKey(updates.c.name), index=True),
    Column("raised", Instant, nullable=False),
    Column("refreshed", Instant, nullable=False),
    Column("closed", Instant),
    Column("closed_by", Text, nullable=False),
    Column("source", Text, nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
    Column("held", Boolean, nullable=False, server_default=false()),
    Column("quiet_until", Instant),
    Index(
        "only_active_alert",
        "code",
        "subject",
        "source",
        "update_name",
        unique=True,
        sqlite_where=_ACTIVE,
        postgresql_where=_ACTIVE,
    ),
    Index(
        "only_active_alert_of_no_update",
        "code",
        "subject",
        "source",
        unique=True,
        sqlite_where=_ACTIVE_OF_NONE,
        postgresql_where=_ACTIVE_OF_NONE,
    ),
)
"""``update_name``: the update whose failed run raised it. In the first index no NULL equals another.
``quiet_until``: no channel is told before, for it is still being found out how bad it is."""

channels = Table(
    "channels",
    metadata,
    Column("name", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("due", Instant),
    Column("problem", Text, nullable=False),
    Column("took", Instant),
)
"""How each channel does: how often in a row it has failed, with what, and when it is tried again; when it
took something last."""

told = Table(
    "told",
    metadata,
    Column("alert", ForeignKey(alerts.c.number, ondelete="CASCADE"), primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("at", Instant, nullable=False),
)
"""What each channel took last of each alert: its severity while it was active, or that it is closed."""

cases = Table(
    "cases",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("title", Text, nullable=False),
    Column("impact", words(Impact), nullable=False),
    Column("text", Text, nullable=False),
    Column("contact", Text, nullable=False),
    Column("state", words(CaseState), nullable=False),
    Column("opened", Instant, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("file", Json(CaseFile), nullable=False),
    Column("run", Text),
    Column("reference", Text, nullable=False),
    Column("closed", Instant),
)

case_entries = Table(
    "case_entries",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("case_number", ForeignKey(cases.c.number), nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("by", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("theirs", Boolean, nullable=False),
)
"""What was said about a case, in order."""

checklist_ticks = Table(
    "checklist_ticks",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("item", Text, primary_key=True),
    Column("by", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("note", Text, nullable=False),
)
"""What people have seen to. ``subject``: the update before its run, the run from then on."""

checklists = Table(
    "checklists",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("items", Json(tuple[Item, ...]), nullable=False),
)
"""The list before a run, as it stood when that began."""

accounts = Table(
    "accounts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("role", words(Role), nullable=False),
    Column("created", Instant, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("signed_in", Instant),
)
"""``signed_in``: the last time; NULL: never."""

sessions = Table(
    "sessions",
    metadata,
    Column("token_sha256", String(64), primary_key=True),
    Column("account", ForeignKey(accounts.c.name, ondelete="CASCADE"), nullable=False, index=True),
    Column("opened", Instant, nullable=False),
    Column("until", Instant, nullable=False),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("who", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("completes", Integer),
)
"""``completes``: the number of the entry that said that this act had begun."""

turns = Table("turns", metadata, Column("name", Text, primary_key=True), Column("at", Double, nullable=False))
"""When what is done now and then was last begun, by whichever worker; seconds, by the database's clock."""

portions = Table(
    "portions",
    metadata,
    Column("worker", Text, primary_key=True),
    Column("run_id", Text, primary_key=True),
    Column("place", Text, primary_key=True),
    Column("done", BigInteger, nullable=False),
    Column("whole", BigInteger, nullable=False),
    Column("rate", Double),
    Column("at", Double, nullable=False),
)
"""How far steps have come, for the faces of other processes. Of no use once it is a few seconds old."""

documents = Table(
    "documents",
    metadata,
    Column("package", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
"""Packages' small files, where several machines need them; else they lie in the state folder alone."""

host_keys = Table(
    "host_keys", metadata, Column("node", Text, primary_key=True), Column("key", Text, nullable=False)
)
"""The SSH host keys that are pinned: of nodes by name, of jump hosts as ADDRESS:PORT."""

check_rounds = Table(
    "check_rounds",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("began", Instant, nullable=False),
    Column("ended", Instant),
    Column("why", Text, nullable=False),
    Column("checks", Json(tuple[str, ...], ()), nullable=False),
)
"""When checks were asked, the last some hundred times."""

check_results = Table(
    "check_results",
    metadata,
    Column("name", Text, primary_key=True),
    Column("target", Text, primary_key=True),
    Column("status", words(CheckStatus), nullable=False),
    Column("result", Json(CheckResult, None), nullable=False),
    Column("since", Instant, nullable=False),
)
"""The newest result of each check at each target. ``since``: it has had this status without a break."""

check_changes = Table(
    "check_changes",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("status", words(CheckStatus), nullable=False),
    Column("severity", words(Severity), nullable=False),
    Column("description", Text, nullable=False),
    Index("ix_check_changes_name", "name", "target"),
)
"""That from then on a check had another status at a target."""

check_skips = Table(
    "check_skips",
    metadata,
    Column("name", Text, primary_key=True),
    Column("target", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Instant, nullable=False),
)
"""Checks whose warnings keep no update off. ``target`` empty: at all targets."""
