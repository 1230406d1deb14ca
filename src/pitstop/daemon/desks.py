"""Wiring: from settings and opened state to the desk that faces ask at, and the engine behind it."""

from __future__ import annotations

from dataclasses import dataclass

from pitstop.daemon.cases import case_parts
from pitstop.daemon.checks import check_rounds, checks_desk
from pitstop.daemon.clock import MachineClock
from pitstop.daemon.ending import Ending
from pitstop.daemon.installation import LaunchedService, launched
from pitstop.daemon.links import links
from pitstop.daemon.logs import log_parts
from pitstop.daemon.node_versions import NodeVersions
from pitstop.daemon.own_log import OwnLogLines
from pitstop.daemon.rehearsing import Rehearsing
from pitstop.daemon.settings import Settings, WatchedBucket
from pitstop.daemon.stored import Stored, worker_name
from pitstop.daemon.workers import hire
from pitstop.engine.alarm import NotDriven
from pitstop.engine.driver import Driver
from pitstop.engine.progress import Progress
from pitstop.model.system import SystemDescription
from pitstop.nodes.ansible import AnsibleRunner
from pitstop.nodes.declared import DeclaredSystem, read_system
from pitstop.nodes.examining import SshExaminer
from pitstop.nodes.probing import HttpxProber
from pitstop.nodes.redfish import RedfishControllers
from pitstop.nodes.ssh import SshNodes
from pitstop.nodes.streaming import SshStreams
from pitstop.ports.clock import Clock
from pitstop.ports.host_keys import HostKeys
from pitstop.ports.jobs import Worker
from pitstop.service.accounts import AccountsService
from pitstop.service.adoption import Adoption
from pitstop.service.alert_look import AlertLook
from pitstop.service.alert_messages import AlertMessages
from pitstop.service.alert_sending import AlertSending
from pitstop.service.alerts import AlertsService
from pitstop.service.audit import AuditService
from pitstop.service.audited import Audited
from pitstop.service.beginning import Beginning
from pitstop.service.bucket_watch import BucketWatch
from pitstop.service.cases import CasesService
from pitstop.service.check_findings import CheckFindings
from pitstop.service.check_rounds import CheckRounds
from pitstop.service.checklists import ChecklistsService
from pitstop.service.desk import Desk
from pitstop.service.facts import Knowledge
from pitstop.service.hours import DeclaredHours
from pitstop.service.importing import Importing
from pitstop.service.imports import ImportsService
from pitstop.service.issue_lists import ListedIssues
from pitstop.service.known_issues import KnownIssuesService
from pitstop.service.logs import LogsService
from pitstop.service.metrics_access import MetricsAccess
from pitstop.service.node_watch import NodeWatch
from pitstop.service.nodes import NodesService
from pitstop.service.offers import Offers
from pitstop.service.outlooks import Outlooks
from pitstop.service.policy import PolicyService
from pitstop.service.rehearsals import Rehearsals
from pitstop.service.retention import Retention
from pitstop.service.runs import RunsService
from pitstop.service.sources import SourcesService
from pitstop.service.step_sizes import StepSizes
from pitstop.service.supply import Supply
from pitstop.service.system import SystemService
from pitstop.service.transfers import TransfersService
from pitstop.service.updates import UpdatesService
from pitstop.steps.kind import World
from pitstop.steps.table import KINDS
from pitstop.store.database import DATABASE_NAME
from pitstop.transport.arrivals import FileArrivals
from pitstop.transport.bucket import ObjectBucket
from pitstop.transport.feeds import TufFeeds, free_space
from pitstop.transport.link import Link


@dataclass(frozen=True, slots=True)
class Wired:
    """The service with all its parts in place, before its loop runs."""

    settings: Settings
    jobs: Worker
    driver: Driver
    alarm: NotDriven
    progress: Progress
    supply: Supply
    nodes: SshNodes
    http: HttpxProber
    desk: Desk
    accounts: AccountsService
    sources: SourcesService
    runs: RunsService
    issues: KnownIssuesService
    imports: ImportsService
    bucket: BucketWatch | None
    retention: Retention
    installation: LaunchedService
    ending: Ending
    node_declarations: NodesService
    host_keys: HostKeys
    node_watch: NodeWatch
    logs: LogsService
    cases: CasesService
    log_streams: SshStreams
    checks: CheckRounds
    alert_sending: AlertSending
    alert_look: AlertLook


def wire(
    settings: Settings, stored: Stored, *, clock: Clock | None = None, header: SystemDescription | None = None
) -> Wired:
    """Put everything together.

    Args:
        clock: another than this machine's.
        header: what the system is, instead of what the nodes file says.

    Raises:
        NotFound, InvalidInput: the nodes file is not there, or does not hold to its form.
    """
    clock = clock or MachineClock()
    header = header or read_system(settings.system_file)
    systems = DeclaredSystem(header, stored.nodes)
    audited = Audited(stored.audit, clock)
    standing = CheckFindings(stored.checks, stored.runs, settings.checks.habits)
    knowledge = Knowledge(
        stored.catalogues,
        stored.ledger,
        stored.runs,
        stored.declarations,
        systems,
        clock,
        standing.standing,
    )
    progress = Progress(stored.board)
    host_keys = stored.host_keys
    nodes, http = SshNodes(host_keys, header.ssh.connections), HttpxProber()
    controllers = RedfishControllers(lambda: header.logins)
    playbooks = AnsibleRunner(stored.folder / "ansible", host_keys, settings.ansible_wheels)
    accounts = AccountsService(stored.accounts, audited, clock)
    link, own_links = links(settings.reach)
    feeds = TufFeeds(stored.folder / "sources", link=link, links=own_links, bounds=settings.medium)
    sources = SourcesService(
        stored.catalogues, stored.alerts, feeds, stored.payloads, audited, clock, stored.known_issues
    )

    rounds = check_rounds(settings, stored, knowledge)
    ending = Ending()
    own_database = stored.folder / DATABASE_NAME if settings.database is None else None
    installation = launched(own_database, ending.to_be_started_anew)

    def world() -> World:
        return World(
            systems.now(),
            nodes,
            http,
            stored.payloads,
            sources.feed_of,
            clock,
            installation=installation,
            hours=DeclaredHours(stored.declarations),
            controllers=controllers,
            playbooks=playbooks,
            readiness=rounds,
        )

    driver = Driver(stored.journal, KINDS, world, progress, worker_name())
    alarm = NotDriven(stored.alerts, clock)
    importing = Importing(feeds, feeds, sources, stored.payloads, settings.medium)

    jobs = hire(settings.database, stored, clock)
    log_streams = SshStreams(host_keys, settings.logs.bandwidth)
    logs = log_parts(settings.logs, stored, streams=log_streams, jobs=jobs, audited=audited, systems=systems)
    arrivals = FileArrivals(stored.folder / "imports", free_space)
    retention = Retention(knowledge, stored.payloads, audited, clock, settings.keep_payloads)
    imports = ImportsService(arrivals, importing, jobs, stored.alerts, audited, clock)
    outlooks = Outlooks(stored.runs, stored.journal, StepSizes(stored.payloads))
    listed = ListedIssues(stored.known_issues)
    offers = Offers(listed, knowledge, OwnLogLines(stored.folder))
    runs = RunsService(stored.journal, stored.runs, knowledge, jobs, progress, audited, outlooks, offers)
    issues = KnownIssuesService(offers, stored.journal, runs, jobs, audited)
    hours = DeclaredHours(stored.declarations)
    beginning = Beginning(stored.journal, stored.payloads, knowledge, jobs, hours)
    versions = NodeVersions(systems, host_keys)
    adoption = Adoption(stored.ledger, knowledge, versions, audited)
    messages = AlertMessages(stored.runs, header.name, settings.alerts.portal)
    channels = settings.alerts.channels
    sending = AlertSending(channels, stored.outbox, stored.alerts, messages, audited)
    node_declarations = NodesService(
        stored.nodes, host_keys, SshExaminer(host_keys), header, stored.alerts, audited
    )
    system = SystemService(knowledge, stored.alerts, host_keys, adoption)
    policy = PolicyService(knowledge, stored.declarations, audited)
    alerts = AlertsService(stored.alerts, messages, audited)
    cases = case_parts(
        settings,
        stored,
        knowledge,
        system=system,
        policy=policy,
        alerts=alerts,
        runs=runs,
        logs=logs,
        jobs=jobs,
        audited=audited,
    )
    checklists = ChecklistsService(
        stored.checklists,
        knowledge,
        stored.journal,
        standing,
        stored.alerts,
        settings.contacts,
        listed,
        audited,
    )
    desk = Desk(
        system=system,
        nodes=node_declarations,
        updates=UpdatesService(knowledge, runs, beginning, stored.payloads, progress, audited, checklists),
        checklists=checklists,
        runs=runs,
        issues=issues,
        alerts=alerts,
        channels=sending,
        metrics=MetricsAccess(accounts, settings.alerts.metrics_token),
        sources=sources,
        accounts=accounts,
        audit=AuditService(stored.audit),
        policy=policy,
        imports=imports,
        rehearsals=Rehearsals(beginning, Rehearsing(world, host_keys), outlooks),
        logs=logs,
        checks=checks_desk(stored, rounds, standing, jobs, audited),
        cases=cases,
        transfers=TransfersService(knowledge, sources, feeds, stored.payloads),
    )
    bucket = _bucket_watch(settings.import_bucket, link, imports)
    return Wired(
        settings=settings,
        jobs=jobs,
        driver=driver,
        alarm=alarm,
        progress=progress,
        supply=Supply(stored.runs, stored.payloads, sources),
        nodes=nodes,
        http=http,
        desk=desk,
        accounts=accounts,
        sources=sources,
        runs=runs,
        issues=issues,
        imports=imports,
        bucket=bucket,
        retention=retention,
        installation=installation,
        ending=ending,
        node_declarations=node_declarations,
        host_keys=host_keys,
        node_watch=NodeWatch(knowledge, versions, stored.nodes, stored.alerts),
        logs=logs,
        cases=cases,
        log_streams=log_streams,
        checks=rounds,
        alert_sending=sending,
        alert_look=AlertLook(stored.alerts, knowledge, rounds.verdict),
    )


def _bucket_watch(said: WatchedBucket | None, link: Link, imports: ImportsService) -> BucketWatch | None:
    if said is None:
        return None
    return BucketWatch(ObjectBucket(said.url, said.options, link), said.url, imports)
