"""Each built-in check: when it passes, warns, fails, and when it cannot say."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from checks.certificates import certificate
from contracts.journal import FIRST, new_run
from pitstop.checks import (
    backup,
    certificates,
    clock,
    disk,
    load,
    memory,
    restart,
    services,
    sources,
    versions,
)
from pitstop.checks.asking import ask_all
from pitstop.checks.kind import CheckHabits, CheckKind
from pitstop.checks.table import KINDS
from pitstop.model.checks import CheckResult
from pitstop.model.errors import HostKeyChanged, Unreachable
from pitstop.model.findings import Finding, Severity, from_error
from pitstop.model.packages import PackageType
from pitstop.model.releases import PublisherKind
from pitstop.model.runs import RunState
from pitstop.model.system import Node, SystemDescription
from pitstop.ports.checks import Damaged, Need, ReadAgain, Said
from pitstop.ports.feeds import Source
from pitstop.ports.records import SourceStatus
from simulators.checks import NOW, GivenIntegrity, GivenSurroundings

N1, N2 = Node("n1", "192.0.2.1", roles=("host",)), Node("n2", "192.0.2.2", roles=("host", "storage"))
SYSTEM = SystemDescription("Aurora", "aurora", "Lumen", "R4", (N1, N2), {"star": ("star-version",)})
SOURCE = Source("north", "north", PublisherKind.PLATFORM, "https://north.example", frozenset(PackageType))
GIB = 1 << 30


def kind(name: str) -> CheckKind:
    return next(each for each in KINDS if each.name == name)


def ask(name: str, around: GivenSurroundings) -> dict[str, CheckResult]:
    """What a check says of each of its targets."""
    return {each.target: each for each in asyncio.run(ask_all([kind(name)], around))}


def status(name: str, around: GivenSurroundings, target: str = "") -> tuple[str, str]:
    """Status and severity, of the one target or of this one."""
    found = ask(name, around)
    result = found[target] if target else next(iter(found.values()))
    assert result.description
    assert bool(result.remedy) or result.status == "pass" or "skipped" in result.description
    return result.status.value, result.severity.value


def answers(text: str) -> GivenSurroundings:
    return GivenSurroundings(SYSTEM, {"": Said(0, f"{text}\nend\n")})


class TestNodes:
    def test_answers(self) -> None:
        assert status("nodes", GivenSurroundings(SYSTEM)) == ("pass", "Critical")

    def test_slowly(self) -> None:
        slow = GivenSurroundings(SYSTEM, took=timedelta(seconds=7))
        assert status("nodes", slow) == ("warning", "Warning")

    @pytest.mark.parametrize("why", [Unreachable("no route"), HostKeyChanged("another key")])
    def test_not_at_all(self, why: Unreachable | HostKeyChanged) -> None:
        found = ask("nodes", GivenSurroundings(SYSTEM, silent={"n2": why}))
        assert found["node n1"].status == "pass"
        assert (found["node n2"].status, found["node n2"].severity) == ("fail", "Critical")
        assert found["node n2"].description == why.message
        assert found["node n2"].remedy == why.hint

    @pytest.mark.parametrize(
        "name", ["clock", "node-space", "memory", "load", "services", "restart", "certificates"]
    )
    def test_the_other_checks_of_a_node_that_does_not_answer_say_that_they_are_skipped(
        self, name: str
    ) -> None:
        habits = CheckHabits(node_certificates=("/etc/tls/*.pem",), certificates=("/etc/tls/*.pem",))
        around = GivenSurroundings(SYSTEM, silent={"n2": Unreachable("no route")}, habits=habits)
        found = ask(name, around)["node n2"]
        assert (found.status, found.severity) == ("unknown", "Informational")
        assert "skipped" in found.description
        assert "n2" in found.description


class TestClock:
    @pytest.mark.parametrize(
        ("seconds", "wanted"), [(0, "pass"), (-4, "pass"), (9, "warning"), (-9, "warning"), (40, "fail")]
    )
    def test_is_held_against_the_services(self, seconds: int, wanted: str) -> None:
        said = Said(0, f"{int(NOW.timestamp()) + seconds}\n")
        assert status("clock", GivenSurroundings(SYSTEM, {"": said}))[0] == wanted

    def test_what_a_slow_answer_leaves_open_is_in_its_favour(self) -> None:
        assert clock.judge(1000, before=990.0, after=1003.0).status == "pass"
        assert clock.judge(1000, before=1010.5, after=1011.0).status == "warning"
        assert "behind" in clock.judge(1000, before=1100.0, after=1100.0).description
        assert "ahead" in clock.judge(1000, before=900.0, after=900.0).description

    def test_nonsense_is_unknown(self) -> None:
        assert status("clock", GivenSurroundings(SYSTEM, {"": Said(0, "late\n")})) == ("unknown", "Warning")


class TestMemory:
    @pytest.mark.parametrize(("kib", "wanted"), [(4_000_000, "pass"), (200_000, "warning"), (9_000, "fail")])
    def test_is_what_is_available(self, kib: int, wanted: str) -> None:
        around = answers(f"MemTotal:  8000000 kB\nMemAvailable: {kib} kB")
        assert status("memory", around)[0] == wanted

    def test_a_limit_of_the_service_counts(self) -> None:
        said = "MemTotal: 8000000 kB\nMemAvailable: 4000000 kB\nlimit 500000000\nused 490000000\n"
        assert memory.judge(said).status == "fail"
        assert memory.judge(said + "inactive_file 480000000\n").status == "pass"
        assert memory.judge(said.replace("limit 500000000", "limit max")).status == "pass"

    def test_nonsense_is_unknown(self) -> None:
        assert status("memory", answers("nothing"))[0] == "unknown"


class TestLoad:
    @pytest.mark.parametrize(("load", "wanted"), [("0.50", "pass"), ("7.9", "pass"), ("8.5", "warning")])
    def test_is_for_each_processor_and_never_blocks(self, load: str, wanted: str) -> None:
        assert status("load", answers(f"{load}\n2")) == (wanted, "Informational")

    @pytest.mark.parametrize("said", ["", "high", "0.5", "0.5 many"])
    def test_nonsense_is_unknown(self, said: str) -> None:
        assert load.judge(said).status == "unknown"


class TestServices:
    def test_none_has_failed(self) -> None:
        assert status("services", answers("status 0"))[0] == "pass"

    def test_the_failed_ones_are_named(self) -> None:
        found = services.judge(
            "star.service loaded failed failed Star\nb.socket loaded failed failed B\nstatus 0"
        )
        assert found.status == "fail"
        assert "star.service, b.socket" in found.description
        assert "systemctl status star.service" in found.remedy

    def test_it_says_that_it_is_skipped_where_there_is_no_systemd(self) -> None:
        assert status("services", answers("no systemd")) == ("unknown", "Informational")

    def test_systemd_may_not_answer(self) -> None:
        assert status("services", answers("Failed to connect to bus\nstatus 1")) == ("unknown", "Warning")


class TestRestart:
    def test_none_is_pending(self) -> None:
        assert restart.judge("").status == "pass"

    def test_one_is_pending_and_why(self) -> None:
        found = restart.judge("needed\nlinux-image\nlibc6\nneeded\n")
        assert found.status == "warning"
        assert "libc6, linux-image" in found.description

    def test_a_shell_that_breaks_is_unknown(self) -> None:
        around = GivenSurroundings(SYSTEM, {"": Said(1, "sh: not today")})
        assert status("restart", around) == ("unknown", "Warning")


class TestCertificates:
    def judged(self, *days: float) -> tuple[str, str]:
        pems = "".join(
            f"file /etc/tls/{number}.pem\n{certificate(NOW + timedelta(days=day), f'c{number}')}\n"
            for number, day in enumerate(days)
        )
        found = certificates.judge(f"{pems}end\n", NOW)
        return found.status.value, found.description

    def test_all_last(self) -> None:
        assert self.judged(400, 90)[0] == "pass"

    def test_one_ends_soon(self) -> None:
        status, text = self.judged(400, 12.5)
        assert status == "warning"
        assert "12 days" in text
        assert "CN=c1 in /etc/tls/1.pem" in text

    def test_one_has_ended(self) -> None:
        status, text = self.judged(400, 3, -1)
        assert status == "fail"
        assert "CN=c2" in text

    def test_what_is_no_certificate_is_unknown(self) -> None:
        assert (
            certificates.judge("file /x.pem\n-----BEGIN CERTIFICATE-----\nno\n-----END", NOW).status
            == "unknown"
        )
        broken = "file /x.pem\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\nend\n"
        assert certificates.judge(broken, NOW).status == "unknown"

    @pytest.mark.parametrize("habits", [CheckHabits(), CheckHabits(certificates=("/none/*",))])
    def test_none_to_look_at_is_said(self, habits: CheckHabits) -> None:
        around = replace(answers(""), habits=habits)
        found = ask("certificates", around)["machine here"]
        assert (found.status, found.severity) == ("unknown", "Informational")
        assert "skipped" in found.description

    def test_a_path_reaches_the_shell_as_it_is_but_for_stars(self) -> None:
        text = certificates.script(["/a b/$(touch x)/*.pem"])
        assert "'/a b/$(touch x)/'*.pem" in text


DF = "overlay {whole} 1 {free} 50% /\noverlay 6553600 1 {files} 1% /"


def df(free: int, files: int = 6_000_000) -> GivenSurroundings:
    text = DF.format(whole=100 * GIB // 1024, free=free // 1024, files=files)
    return GivenSurroundings(SYSTEM, {"": Said(0, text)})


class TestSpace:
    def test_there_is_room(self) -> None:
        need = Need("next", 2 * GIB, 3 * GIB, 3 * GIB)
        around = replace(df(20 * GIB), room=[need])
        assert status("space", around) == ("pass", "Critical")
        assert "next needs" in ask("space", around)["machine here"].description
        assert status("node-space", around) == ("pass", "Critical")

    def test_it_will_be_tight(self) -> None:
        around = replace(df(5 * GIB + (300 << 20)), room=[Need("next", 2 * GIB, 3 * GIB, None)])
        assert status("space", around) == ("warning", "Warning")

    def test_there_is_too_little(self) -> None:
        around = replace(df(4 * GIB), room=[Need("next", 2 * GIB, 3 * GIB, 3 * GIB)])
        assert status("space", around) == ("fail", "Critical")
        found = ask("node-space", around)["node n1"]
        assert found.status == "fail"
        assert "Free 2.3 GB at least" in found.remedy

    def test_there_is_no_room_for_more_files(self) -> None:
        assert status("space", df(20 * GIB, files=10)) == ("fail", "Critical")

    @pytest.mark.parametrize("said", ["", "df: nothing", "a b c d e f g"])
    def test_nonsense_is_unknown(self, said: str) -> None:
        assert disk.room(said) is None
        assert status("space", GivenSurroundings(SYSTEM, {"": Said(0, said)}))[0] == "unknown"

    def test_a_file_system_that_does_not_count_files(self) -> None:
        there = disk.room("btrfs 1000 1 900 1% /\nbtrfs 0 0 0 - /")
        assert there is not None
        assert there.files is None


class TestSources:
    def judged(self, **known: object) -> tuple[str, str]:
        status_of = SourceStatus(SOURCE, **known)  # type: ignore[arg-type]  # as the tests below say
        return status("sources", GivenSurroundings(SYSTEM, known_sources=[status_of]))

    def test_fresh(self) -> None:
        assert self.judged(last_checked=NOW - timedelta(hours=2)) == ("pass", "Warning")

    def test_away(self) -> None:
        away = from_error(Unreachable("no answer"), "source north")
        assert self.judged(last_checked=NOW, finding=away) == ("warning", "Informational")

    def test_not_trusted(self) -> None:
        finding = Finding("metadata-expired", Severity.CRITICAL, "source north", "it has expired", "Ask.")
        assert self.judged(last_checked=NOW, finding=finding) == ("warning", "Warning")

    def test_old(self) -> None:
        assert self.judged(last_checked=NOW - timedelta(days=5)) == ("warning", "Informational")

    def test_never_checked(self) -> None:
        assert self.judged() == ("unknown", "Informational")

    def test_on_media(self) -> None:
        on_media = SourceStatus(replace(SOURCE, url=""), NOW - timedelta(days=20))
        assert sources.judge(on_media, CheckHabits(), NOW).status == "pass"
        older = replace(on_media, last_checked=NOW - timedelta(days=40))
        assert sources.judge(older, CheckHabits(), NOW).status == "warning"


class TestRuns:
    def run(self, state: RunState) -> GivenSurroundings:
        return GivenSurroundings(SYSTEM, known_runs=[replace(new_run("run-1"), state=state)], out=("n2",))

    @pytest.mark.parametrize(
        ("state", "wanted"),
        [("succeeded", "pass"), ("in-progress", "warning"), ("stopped", "warning"), ("failed", "warning")],
    )
    def test_activity_is_said_and_never_blocks(self, state: str, wanted: str) -> None:
        assert status("activity", self.run(RunState(state))) == (wanted, "Informational")
        assert status("activity", GivenSurroundings(SYSTEM))[0] == "pass"

    @pytest.mark.parametrize(
        ("state", "wanted"), [("in-progress", "pass"), ("failed", "fail"), ("stopped", "fail")]
    )
    def test_a_node_that_a_run_has_left_out_of_service(self, state: str, wanted: str) -> None:
        found = ask("node-states", self.run(RunState(state)))
        assert found["node n1"].status == "pass"
        assert found["node n2"].status == wanted
        assert (FIRST.name in found["node n2"].description) is (wanted == "fail")

    @pytest.mark.parametrize(("says", "wanted"), [(0, "fail"), (1, "pass"), (3, "unknown")])
    def test_a_node_that_a_cancelled_run_has_left_out_is_asked_whether_it_still_is(
        self, says: int, wanted: str
    ) -> None:
        around = replace(self.run(RunState.CANCELLED), says={"node n2": Said(says, "")})
        found = ask("node-states", around)["node n2"]
        assert found.status == wanted
        assert ("star-drain --back" in found.remedy) is (wanted != "pass")


class TestVersions:
    def test_equal(self) -> None:
        found = ask("versions", GivenSurroundings(SYSTEM, {"": Said(0, "1.2.3\n")}))
        assert {target: result.status.value for target, result in found.items()} == {
            "role host": "pass",
            "role storage": "pass",
        }

    def test_different(self) -> None:
        says = {"node n1": Said(0, "1.2.3"), "node n2": Said(0, "1.2.4")}
        found = ask("versions", GivenSurroundings(SYSTEM, says))
        assert (found["role host"].status, found["role storage"].status) == ("fail", "pass")
        assert "n1 1.2.3, n2 1.2.4" in found["role host"].description

    @pytest.mark.parametrize("said", [Said(127, "star-version: not found"), Said(0, "")])
    def test_not_said(self, said: Said) -> None:
        around = GivenSurroundings(SYSTEM, {"node n1": Said(0, "1.2.3"), "node n2": said})
        assert status("versions", around, "role host") == ("unknown", "Warning")

    def test_a_difference_outweighs_silence(self) -> None:
        assert versions.judge({"star": {"a": "1", "b": "2"}}, {"c": "away"}).status == "fail"

    def test_nodes_without_a_role_are_held_together(self) -> None:
        loose = replace(SYSTEM, nodes=(Node("n8", "192.0.2.8"), Node("n9", "192.0.2.9")))
        assert list(ask("versions", GivenSurroundings(loose, {"": Said(0, "1")}))) == ["nodes without a role"]

    def test_without_probes_it_says_that_it_is_skipped(self) -> None:
        around = GivenSurroundings(replace(SYSTEM, version_probes={}))
        assert status("versions", around) == ("unknown", "Informational")


class TestWhatIsKept:
    def test_database(self) -> None:
        assert status("database", GivenSurroundings(SYSTEM)) == ("pass", "Critical")
        damaged = GivenSurroundings(SYSTEM, integrity=GivenIntegrity(["row 3 missing from index"]))
        assert status("database", damaged) == ("fail", "Critical")

    def test_payloads(self) -> None:
        hurt = Damaged("north1", "bin/star", Path("/state/content/ab/abc"))
        around = GivenSurroundings(SYSTEM, integrity=GivenIntegrity(read=ReadAgain([hurt], 5, 9)))
        found = ask("payloads", around)["machine here"]
        assert (found.status, found.severity) == ("fail", "Warning")
        assert found.detail == "/state/content/ab/abc (north1: bin/star)"
        assert status("payloads", GivenSurroundings(SYSTEM))[0] == "pass"

    @pytest.mark.parametrize(("days", "wanted"), [(1, "pass"), (9, "warning"), (17, "fail")])
    def test_backup(self, days: int, wanted: str) -> None:
        made = int((NOW - timedelta(days=days)).timestamp())
        around = replace(answers(""), says={"": Said(0, f"{made}\n")}, habits=CheckHabits(backup="/backup"))
        assert status("backup", around)[0] == wanted

    def test_no_backup_at_all(self) -> None:
        assert backup.judge("", CheckHabits(backup="/backup"), NOW).status == "fail"
        assert status("backup", GivenSurroundings(SYSTEM)) == ("unknown", "Informational")


def test_names_and_titles_are_each_check_s_own() -> None:
    assert len({each.name for each in KINDS}) == len({each.title for each in KINDS}) == len(KINDS)
