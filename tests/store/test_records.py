"""What the service remembers beside runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, text, update
from sqlalchemy.exc import StatementError

from pitstop.model.accounts import Account, Role
from pitstop.model.audit import AuditEntry
from pitstop.model.errors import Conflict, InvalidCatalogue, NotFound, PitstopError
from pitstop.model.findings import Finding, Severity
from pitstop.model.packages import ExpectedRuntime, PackageType
from pitstop.model.releases import (
    Catalogue,
    DatePrecision,
    Family,
    HardwareMatch,
    PublisherKind,
    Release,
    ReleaseDate,
    ReleaseId,
    ReleaseStatus,
)
from pitstop.model.system import Installed, InstalledBy
from pitstop.model.updates import UpdateState
from pitstop.model.versions import Version
from pitstop.ports.feeds import Source
from pitstop.ports.records import Accounts, Alerts, AuditLog, Catalogues, Ledger, Runs, SourceStatus
from pitstop.store.accounts import SqlAccounts
from pitstop.store.alerts import SqlAlerts
from pitstop.store.audit import SqlAuditLog
from pitstop.store.catalogues import SqlCatalogues
from pitstop.store.database import Database
from pitstop.store.ledger import SqlLedger
from pitstop.store.runs import SqlRuns
from pitstop.store.tables import audit_log

T0 = datetime(2026, 3, 4, 5, 6, 7, 8, tzinfo=UTC)
SOURCE = Source(
    "north",
    "north",
    PublisherKind.PLATFORM,
    "https://north.example",
    frozenset({PackageType.FULL, PackageType.HOTFIX}),
)
FINDING = Finding("unreachable", Severity.WARNING, "source north", "no answer", "check the network")


def later(seconds: int) -> datetime:
    return T0 + timedelta(seconds=seconds)


def release(build: str, name: str | None = None) -> Release:
    version = Version.parse(build)
    return Release(
        ReleaseId("north", "star", version),
        name or f"Star{build}",
        PackageType.FULL,
        f"Star {build}",
        family="2311",
    )


def catalogue(*releases: Release) -> Catalogue:
    return Catalogue("north", "star", PublisherKind.PLATFORM, T0, (Family("2311", None),), releases)


def test_the_adapters_are_what_the_ports_ask_for(database: Database) -> None:
    """Holds the types together; mypy is the judge."""
    catalogues: Catalogues = SqlCatalogues(database)
    ledger: Ledger = SqlLedger(database)
    runs: Runs = SqlRuns(database)
    alerts: Alerts = SqlAlerts(database)
    accounts: Accounts = SqlAccounts(database)
    audit: AuditLog = SqlAuditLog(database)
    nothing = (
        catalogues.sources(),
        catalogues.catalogues(),
        ledger.installed(),
        runs.runs(),
        alerts.alerts(),
        accounts.accounts(),
        audit.entries(),
    )
    assert not any(nothing)


class TestCatalogues:
    @pytest.fixture
    def catalogues(self, database: Database) -> SqlCatalogues:
        records = SqlCatalogues(database)
        records.add_source(SOURCE)
        return records

    def test_a_source_is_kept_as_it_was_added(self, catalogues: SqlCatalogues) -> None:
        assert catalogues.sources() == [SourceStatus(SOURCE)]
        with pytest.raises(Conflict, match="north"):
            catalogues.add_source(SOURCE)

    def test_sources_are_listed_in_the_order_they_came(self, catalogues: SqlCatalogues) -> None:
        catalogues.add_source(replace(SOURCE, name="a-second"))
        assert [status.source.name for status in catalogues.sources()] == ["north", "a-second"]

    def test_what_a_poll_brought_is_kept_and_new_updates_are_ready(self, catalogues: SqlCatalogues) -> None:
        known = catalogue(release("1.0"), release("1.1"))
        catalogues.checked("north", known, T0)
        assert catalogues.catalogues() == [("north", known)]
        assert catalogues.update_states() == {"Star1.0": UpdateState.READY, "Star1.1": UpdateState.READY}
        assert catalogues.sources() == [SourceStatus(SOURCE, T0)]

    def test_the_newest_takes_the_place_of_the_last(self, catalogues: SqlCatalogues) -> None:
        catalogues.checked("north", catalogue(release("1.0")), T0)
        newer = catalogue(release("1.0"), release("1.2"))
        catalogues.checked("north", newer, later(60))
        assert catalogues.catalogues() == [("north", newer)]
        assert catalogues.sources()[0].last_checked == later(60)

    def test_states_and_updates_stay_when_a_catalogue_changes(
        self, catalogues: SqlCatalogues, database: Database
    ) -> None:
        catalogues.checked("north", catalogue(release("1.0"), release("1.1")), T0)
        with database.writing() as connection:
            connection.execute(text("UPDATE updates SET state = 'Installed' WHERE name = 'Star1.0'"))
        catalogues.checked("north", catalogue(release("1.0")), T0)
        assert catalogues.update_states() == {"Star1.0": UpdateState.INSTALLED, "Star1.1": UpdateState.READY}

    def test_a_failed_check_keeps_what_is_known(self, catalogues: SqlCatalogues) -> None:
        known = catalogue(release("1.0"))
        catalogues.checked("north", known, T0)
        catalogues.check_failed("north", FINDING)
        assert catalogues.sources() == [SourceStatus(SOURCE, T0, FINDING)]
        assert catalogues.catalogues() == [("north", known)]
        catalogues.checked("north", known, later(1))
        assert catalogues.sources() == [SourceStatus(SOURCE, later(1))]

    def test_an_unknown_source_is_not_found(self, catalogues: SqlCatalogues) -> None:
        with pytest.raises(NotFound, match="south"):
            catalogues.checked("south", catalogue(release("1.0")), T0)
        with pytest.raises(NotFound, match="south"):
            catalogues.check_failed("south", FINDING)
        assert catalogues.update_states() == {}

    @pytest.mark.parametrize(
        "clash", [release("1.9", "Star1.0"), release("1.0", "Other1.0")], ids=["name", "identity"]
    )
    def test_name_and_identity_belong_together_for_ever(
        self, catalogues: SqlCatalogues, clash: Release
    ) -> None:
        known = catalogue(release("1.0"))
        catalogues.checked("north", known, T0)
        with pytest.raises(InvalidCatalogue, match=r"Star1\.0"):
            catalogues.checked("north", catalogue(release("1.5"), clash), later(1))
        assert catalogues.catalogues() == [("north", known)]
        assert catalogues.sources()[0].last_checked == T0
        assert list(catalogues.update_states()) == ["Star1.0"]

    def test_two_sources_may_bring_the_same_release(self, catalogues: SqlCatalogues) -> None:
        catalogues.add_source(replace(SOURCE, name="mirror"))
        for name in ("north", "mirror"):
            catalogues.checked(name, catalogue(release("1.0")), T0)
        assert len(catalogues.catalogues()) == 2
        assert list(catalogues.update_states()) == ["Star1.0"]

    def test_the_digest_that_was_first_known_stays(self, catalogues: SqlCatalogues) -> None:
        entry = release("1.0")
        catalogues.checked("north", catalogue(entry), T0)
        assert catalogues.package_digests() == {}
        for digest in ("a" * 64, "b" * 64, ""):
            catalogues.checked("north", catalogue(replace(entry, package_sha256=digest)), later(1))
            assert catalogues.package_digests() == {"Star1.0": "a" * 64}
        catalogues.checked("north", catalogue(release("1.1"), replace(entry, revision=2)), later(2))
        assert catalogues.package_digests() == {"Star1.0": "a" * 64}

    def test_what_was_wrong_in_a_catalogue_is_kept_with_it(self, catalogues: SqlCatalogues) -> None:
        catalogues.checked("north", catalogue(release("1.0")), T0, FINDING)
        assert catalogues.sources() == [SourceStatus(SOURCE, T0, FINDING)]

    def test_a_source_is_kept_as_it_is_declared_now(self, catalogues: SqlCatalogues) -> None:
        known = catalogue(release("1.0"))
        catalogues.checked("north", known, T0)
        moved = replace(SOURCE, url="https://new.example", types=frozenset({PackageType.OEM}))
        catalogues.change_source(moved, declared=False)
        assert catalogues.sources() == [SourceStatus(moved, T0, None, declared=False)]
        assert catalogues.catalogues() == [("north", known)]
        with pytest.raises(NotFound, match="south"):
            catalogues.change_source(replace(SOURCE, name="south"))


versions = st.lists(st.integers(0, 10**6), min_size=1, max_size=4).map(lambda parts: Version(tuple(parts)))
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
releases = st.builds(
    lambda version, **rest: Release(
        ReleaseId("north", "star", version), f"Star{version}", PackageType.FULL, family="2311", **rest
    ),
    versions,
    title=texts,
    description=texts,
    released=st.none()
    | st.builds(ReleaseDate, st.dates(date(2000, 1, 1)), st.sampled_from(list(DatePrecision))),
    revision=st.integers(1, 99),
    status=st.sampled_from(list(ReleaseStatus)),
    reissues=st.none() | versions,
    required_hotfix=st.none() | versions,
    hardware=st.lists(st.builds(HardwareMatch, texts, st.none() | texts), max_size=2).map(tuple),
    expected_runtimes=st.builds(
        lambda nodes, least, more: (ExpectedRuntime(nodes, least, least + more),),
        st.none() | st.integers(1, 64),
        st.integers(0, 999),
        st.integers(0, 999),
    ),
    restarts_nodes=st.booleans(),
    size=st.integers(0, 2**40),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some=st.lists(releases, max_size=3, unique_by=lambda one: one.id))
def test_any_catalogue_is_read_back_as_it_was(database: Database, some: list[Release]) -> None:
    records = SqlCatalogues(database)
    if not records.sources():
        records.add_source(SOURCE)
    records.checked("north", catalogue(*some), T0)
    assert records.catalogues() == [("north", catalogue(*some))]


class TestLedger:
    def test_a_baseline_is_declared_once(self, database: Database) -> None:
        ledger = SqlLedger(database)
        baseline = [
            Installed(release("1.0").id, PackageType.FULL, "2311", T0, InstalledBy.BASELINE),
            Installed(release("0.9").id, PackageType.OEM, None, T0, InstalledBy.BASELINE),
        ]
        ledger.adopt(baseline)
        assert ledger.installed() == baseline
        with pytest.raises(Conflict, match="baseline"):
            ledger.adopt(baseline[:1])
        assert ledger.installed() == baseline


class TestAlerts:
    @pytest.fixture
    def alerts(self, database: Database) -> SqlAlerts:
        return SqlAlerts(database)

    def test_the_same_again_is_refreshed(self, alerts: SqlAlerts) -> None:
        alerts.raise_alert(FINDING, T0)
        worse = replace(FINDING, severity=Severity.CRITICAL, what="still no answer")
        alerts.raise_alert(worse, later(5))
        (alert,) = alerts.alerts()
        assert (alert.finding, alert.raised, alert.refreshed) == (worse, T0, later(5))

    def test_another_subject_is_another_alert_newest_first(self, alerts: SqlAlerts) -> None:
        alerts.raise_alert(FINDING, T0)
        alerts.raise_alert(replace(FINDING, subject="source oem"), T0)
        assert [alert.finding.subject for alert in alerts.alerts()] == ["source oem", "source north"]

    def test_closed_by_what_it_is_about(self, alerts: SqlAlerts) -> None:
        alerts.raise_alert(FINDING, T0)
        alerts.close_alerts(FINDING.code, "something else", "pitstop", later(1))
        assert len(alerts.alerts(active_only=True)) == 1
        alerts.close_alerts(FINDING.code, FINDING.subject, "pitstop", later(2))
        alerts.close_alerts(FINDING.code, FINDING.subject, "pitstop", later(3))
        (alert,) = alerts.alerts()
        assert (alert.closed, alert.closed_by) == (later(2), "pitstop")
        assert alerts.alerts(active_only=True) == []

    def test_closed_by_its_id(self, alerts: SqlAlerts) -> None:
        alerts.raise_alert(FINDING, T0)
        (alert,) = alerts.alerts()
        closed = alerts.close_alert(alert.id, "ada", later(1))
        assert closed == replace(alert, closed=later(1), closed_by="ada")
        assert alerts.close_alert(alert.id, "bob", later(2)) == closed
        with pytest.raises(NotFound, match="nothing"):
            alerts.close_alert("nothing", "ada", T0)

    def test_raised_again_after_it_was_closed_it_is_a_new_one(self, alerts: SqlAlerts) -> None:
        alerts.raise_alert(FINDING, T0)
        alerts.close_alerts(FINDING.code, FINDING.subject, "ada", later(1))
        alerts.raise_alert(FINDING, later(2))
        new, old = alerts.alerts()
        assert (new.active, old.active) == (True, False)
        assert new.id != old.id


class TestAccounts:
    @pytest.fixture
    def accounts(self, database: Database) -> SqlAccounts:
        records = SqlAccounts(database)
        records.add_account("bob", Role.OPERATOR, "hash-1", T0)
        return records

    def test_are_listed_by_name(self, accounts: SqlAccounts) -> None:
        accounts.add_account("ada", Role.ADMINISTRATOR, "hash-2", later(1))
        assert accounts.accounts() == [
            Account("ada", Role.ADMINISTRATOR, later(1)),
            Account("bob", Role.OPERATOR, T0),
        ]

    def test_a_name_is_taken_once(self, accounts: SqlAccounts) -> None:
        with pytest.raises(Conflict, match="bob"):
            accounts.add_account("bob", Role.READER, "hash-9", T0)
        assert accounts.password_hash("bob") == "hash-1"
        assert accounts.password_hash("nobody") is None

    def test_a_session_lasts_until_its_end(self, accounts: SqlAccounts) -> None:
        accounts.open_session("digest", "bob", T0, later(60))
        assert accounts.session("digest", later(59)) == Account("bob", Role.OPERATOR, T0)
        assert accounts.session("digest", later(60)) is None
        assert accounts.session("other", T0) is None

    def test_a_session_can_be_closed(self, accounts: SqlAccounts) -> None:
        accounts.open_session("digest", "bob", T0, later(60))
        accounts.close_session("digest")
        accounts.close_session("digest")
        assert accounts.session("digest", T0) is None

    def test_a_new_password_ends_all_sessions_of_its_account(self, accounts: SqlAccounts) -> None:
        accounts.add_account("ada", Role.READER, "hash-2", T0)
        for token, name in (("one", "bob"), ("two", "bob"), ("three", "ada")):
            accounts.open_session(token, name, T0, later(60))
        accounts.set_password_hash("bob", "hash-3")
        assert accounts.password_hash("bob") == "hash-3"
        assert [accounts.session(token, T0) is None for token in ("one", "two", "three")] == [
            True,
            True,
            False,
        ]

    def test_another_role_ends_all_sessions_of_its_account(self, accounts: SqlAccounts) -> None:
        accounts.open_session("digest", "bob", T0, later(60))
        accounts.set_role("bob", Role.READER)
        assert accounts.accounts() == [Account("bob", Role.READER, T0)]
        assert accounts.session("digest", T0) is None

    def test_a_removed_account_leaves_no_session(self, accounts: SqlAccounts) -> None:
        accounts.open_session("digest", "bob", T0, later(60))
        accounts.remove_account("bob")
        assert accounts.accounts() == []
        accounts.add_account("bob", Role.ADMINISTRATOR, "hash-9", T0)
        assert accounts.session("digest", T0) is None

    def test_whether_anybody_ever_signed_in_outlasts_the_sessions(self, accounts: SqlAccounts) -> None:
        assert not accounts.ever_signed_in()
        accounts.open_session("digest", "bob", T0, later(60))
        accounts.close_session("digest")
        assert accounts.ever_signed_in()

    def test_who_is_not_there_is_not_found(self, accounts: SqlAccounts) -> None:
        with pytest.raises(NotFound, match="nobody"):
            accounts.set_password_hash("nobody", "hash")
        with pytest.raises(NotFound, match="nobody"):
            accounts.set_role("nobody", Role.READER)
        with pytest.raises(NotFound, match="nobody"):
            accounts.remove_account("nobody")
        with pytest.raises(NotFound, match="nobody"):
            accounts.open_session("digest", "nobody", T0, later(1))


class TestAudit:
    ENTRY = AuditEntry(T0, "ada", "start apply", "Star1.0", "portal 127.0.0.1", "done")

    def test_entries_are_listed_newest_first(self, database: Database) -> None:
        audit = SqlAuditLog(database)
        entries = [replace(self.ENTRY, subject=str(number)) for number in range(5)]
        for entry in entries:
            audit.audit(entry)
        assert audit.entries() == entries[::-1]
        assert audit.entries(limit=2) == [entries[4], entries[3]]

    def test_an_entry_has_a_number_by_which_another_completes_it(self, database: Database) -> None:
        audit = SqlAuditLog(database)
        number = audit.audit(replace(self.ENTRY, outcome="begun"))
        audit.audit(replace(self.ENTRY, completes=number))
        ended, begun = audit.entries()
        assert (begun.number, begun.completes, ended.completes) == (number, None, number)
        assert ended.number > number

    def test_the_database_refuses_to_change_or_remove_an_entry(self, database: Database) -> None:
        audit = SqlAuditLog(database)
        audit.audit(self.ENTRY)
        for statement in (update(audit_log).values(who="nobody"), delete(audit_log)):
            with pytest.raises(PitstopError, match="append-only"), database.writing() as connection:
                connection.execute(statement)
        assert audit.entries() == [self.ENTRY]


def test_instants_come_back_in_utc_and_naive_ones_are_refused(database: Database) -> None:
    audit = SqlAuditLog(database)
    elsewhere = T0.astimezone(timezone(timedelta(hours=5, minutes=30)))
    audit.audit(replace(TestAudit.ENTRY, at=elsewhere))
    (entry,) = audit.entries()
    assert entry.at == T0
    assert entry.at.tzinfo is UTC
    with pytest.raises(StatementError, match="no time zone"):
        audit.audit(replace(TestAudit.ENTRY, at=T0.replace(tzinfo=None)))
