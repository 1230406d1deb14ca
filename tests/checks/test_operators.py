"""The operator's own checks: programs in the manner of Nagios' plugins, Debian's as they are, and hostile."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pitstop.checks.asking import ask_all
from pitstop.checks.kind import CheckHabits
from pitstop.checks.nagios import MOST_PROGRAM_BYTES, kinds_of
from pitstop.checks.table import KINDS
from pitstop.daemon.check_settings import ChecksTable, CheckTable, check_settings
from pitstop.daemon.clock import MachineClock
from pitstop.diagnostics.operator_checks import FolderChecks
from pitstop.diagnostics.this_machine import LocalMachine
from pitstop.model.checks import CheckResult, CheckStatus
from pitstop.model.errors import InvalidInput
from pitstop.model.plugins import read_plugin
from pitstop.model.system import SystemDescription
from pitstop.nodes.streaming import SshStreams
from pitstop.ports.checks import OperatorCheck
from pitstop.service.check_surroundings import Around, SystemMemory
from simulators.checks import GivenIntegrity
from simulators.host_keys import FileHostKeys
from simulators.records import MemoryRuns
from simulators.ssh_server import ssh_server

PLUGINS = Path("/usr/lib/nagios/plugins")
HAVE_PLUGINS = pytest.mark.skipif(
    not (PLUGINS / "check_disk").exists(), reason="Debian's monitoring-plugins-basic is not installed"
)


def ask(tmp_path: Path, checks: Sequence[OperatorCheck]) -> dict[tuple[str, str], CheckResult]:
    """Of this machine and of one node, by check and by the sort of its target."""

    async def scene() -> dict[tuple[str, str], CheckResult]:
        async with ssh_server(tmp_path / "rack", "n1") as n1:
            around = Around(
                SystemDescription("A", "a", "L", "R4", (replace(n1.node(), roles=("host",)),)),
                CheckHabits(),
                str(tmp_path),
                LocalMachine(),
                SshStreams(FileHostKeys(tmp_path / "host-keys")),
                SystemMemory(lambda: (), MemoryRuns(), lambda _run: {}, lambda _update: (), GivenIntegrity()),
                MachineClock(),
            )
            try:
                results = await ask_all(kinds_of(checks, {kind.name for kind in KINDS}), around)
            finally:
                await around.close()
            left = list((tmp_path / "rack/n1").iterdir())
            assert left == [], "nothing is left on the node"
            return {(each.check, each.target.partition(" ")[0]): each for each in results}

    return asyncio.run(scene())


def program(folder: Path, name: str, text: str, mode: int = 0o755) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    file.chmod(mode)
    return file


def sh(name: str, script: str, on: str = "service", seconds: float = 20) -> OperatorCheck:
    return OperatorCheck(name, name, ("/bin/sh", "-c", script), on, deadline=timedelta(seconds=seconds))


class TestOutput:
    @pytest.mark.parametrize(
        ("status", "wanted"),
        [
            (0, "pass"),
            (1, "warning"),
            (2, "fail"),
            (3, "unknown"),
            (4, "unknown"),
            (127, "unknown"),
            (-9, "unknown"),
        ],
    )
    def test_the_exit_status_decides(self, status: int, wanted: str) -> None:
        said = read_plugin(status, "DISK OK\n")
        assert (said.status, "DISK OK" in said.text) == (wanted, True)

    def test_text_measures_and_detail_are_taken_apart(self) -> None:
        said = read_plugin(
            0,
            "DISK OK - free space: / 3326 MB (56%); | /=2643MB;5948;5958;0;5968\n"
            "/ 15272 MB (77%);\n/boot 68 MB (69%);\n"
            "/var/log 819 MB (84%); | /boot=68MB;88;93;0;98\n'/home my'=69357MB;253404;253409;0;253414\n",
        )
        assert said.text == "DISK OK - free space: / 3326 MB (56%);"
        assert said.measures == (
            "/=2643MB;5948;5958;0;5968",
            "/boot=68MB;88;93;0;98",
            "'/home my'=69357MB;253404;253409;0;253414",
        )
        assert said.detail == "/ 15272 MB (77%);\n/boot 68 MB (69%);\n/var/log 819 MB (84%);"

    @pytest.mark.parametrize("output", ["", "\n\n", " ", "|", "|||", "= = =", "\x00", "a|b=\n|\n|"])
    def test_any_output_at_all_is_taken(self, output: str) -> None:
        assert read_plugin(2, output).text

    def test_what_a_terminal_would_obey_is_not_passed_on(self) -> None:
        said = read_plugin(1, "\x1b[2J\x07red\n\x1b]0;title\x07\n", "\x1b[31mno")
        assert "\x1b" not in said.text + said.detail
        assert said.status is CheckStatus.WARNING

    def test_complaints_are_what_there_is_where_nothing_was_said(self) -> None:
        assert read_plugin(3, "", "cannot open /dev/ipmi0\n").text == "cannot open /dev/ipmi0"


class TestFolder:
    def test_programs_are_run_here_and_those_for_nodes_there(self, tmp_path: Path) -> None:
        folder = tmp_path / "checks"
        program(folder, "raid", "#!/bin/sh\necho 'RAID degraded | disks=3;4'; exit 2\n")
        program(folder, "notes.txt", "no program", 0o644)
        program(folder, ".hidden", "#!/bin/sh\nexit 2\n")
        program(folder / "nodes", "lamp", '#!/bin/sh\necho "lit in $(pwd) of ${PITSTOP_ROOT##*/}"\nexit 1\n')
        found = ask(tmp_path, FolderChecks(folder).all())
        assert set(found) == {("raid", "machine"), ("nodes-lamp", "node")}
        raid, lamp = found["raid", "machine"], found["nodes-lamp", "node"]
        assert (raid.status, raid.severity, raid.description) == ("fail", "Critical", "RAID degraded")
        assert (raid.measures, raid.code, raid.origin) == (("disks=3;4",), "operator-check", "operator")
        assert (lamp.status, lamp.severity) == ("warning", "Warning")
        assert lamp.description.endswith("of n1")

    def test_without_a_folder_there_are_none(self, tmp_path: Path) -> None:
        assert list(FolderChecks(tmp_path / "none").all()) == []

    @pytest.mark.parametrize("mode", [0o777, 0o775])
    def test_what_others_may_change_is_not_run_and_says_so(self, tmp_path: Path, mode: int) -> None:
        folder = tmp_path / "checks"
        program(folder, "open", f"#!/bin/sh\ntouch {tmp_path}/was-run\n", mode)
        found = ask(tmp_path, FolderChecks(folder).all())["open", "machine"]
        assert (found.status, found.severity) == ("unknown", "Warning")
        assert "changed by others" in found.description
        assert not (tmp_path / "was-run").exists()

    def test_a_folder_that_others_may_change_counts_as_well(self, tmp_path: Path) -> None:
        folder = tmp_path / "checks"
        program(folder, "fine", "#!/bin/sh\nexit 0\n")
        folder.chmod(0o777)
        assert "changed by others" in ask(tmp_path, FolderChecks(folder).all())["fine", "machine"].description

    def test_a_program_too_big_to_be_sent_says_what_to_do(self, tmp_path: Path) -> None:
        folder = tmp_path / "checks"
        program(folder / "nodes", "big", "#!/bin/sh\nexit 0\n#" + "x" * MOST_PROGRAM_BYTES)
        program(folder / "nodes", "just", "#!/bin/sh\necho well\n#" + "x" * (MOST_PROGRAM_BYTES - 30))
        found = ask(tmp_path, FolderChecks(folder).all())
        assert found["nodes-big", "node"].status == "unknown"
        assert "Install it on the nodes" in found["nodes-big", "node"].remedy
        assert found["nodes-just", "node"].description == "well"

    def test_names_are_made_readable_and_never_take_a_built_in_one(self, tmp_path: Path) -> None:
        folder = tmp_path / "checks"
        for name in ("clock", "my check\n", os.fsdecode(b"\xff\xfe")):
            program(folder, name, "#!/bin/sh\necho well\n")
        found = ask(tmp_path, FolderChecks(folder).all())
        assert {check for check, _ in found} == {"own-clock", "my_check_", "__"}
        assert {result.status.value for result in found.values()} == {"pass"}


class TestHostile:
    def test_whatever_programs_do_each_has_its_answer_and_the_others_go_on(self, tmp_path: Path) -> None:
        begun = time.monotonic()
        scripts = {
            "good": "echo fine",
            "hangs": "sleep 100",
            "deaf": "trap '' TERM INT HUP; while :; do sleep 100; done",
            "latin": "printf 'caf\\351 \\377\\376\\n'; exit 1",
            "silent": "exit 2",
            "killed": "kill -9 $$",
            "odd": "echo hm; exit 42",
            "gone": "exec /nonexistent/check",
            "reads": "cat; echo read it all",
        }
        on_both = [
            sh(f"{name}-{on}", text, on, 2) for name, text in scripts.items() for on in ("service", "nodes")
        ]
        found = ask(
            tmp_path, [*on_both, OperatorCheck("absent", "absent", ("/nonexistent/check",), "service")]
        )
        said = {check: (each.status.value, each.description) for (check, _), each in found.items()}
        for on in ("service", "nodes"):
            assert said[f"good-{on}"] == ("pass", "fine")
            assert said[f"latin-{on}"] == (
                "warning",
                "caf\N{REPLACEMENT CHARACTER} " + "\N{REPLACEMENT CHARACTER}" * 2,
            )
            assert said[f"silent-{on}"] == ("fail", "it says nothing")
            assert said[f"odd-{on}"][0] == said[f"gone-{on}"][0] == said[f"killed-{on}"][0] == "unknown"
            assert said[f"reads-{on}"] == ("pass", "read it all")
            for name in ("hangs", "deaf"):
                assert said[f"{name}-{on}"][0] == "unknown"
                assert "2 s" in said[f"{name}-{on}"][1]
        assert said["absent"][0] == "unknown"
        assert time.monotonic() - begun < 15

    def test_a_megabyte_and_output_without_end(self, tmp_path: Path) -> None:
        megabyte = "head -c 1000000 /dev/zero | tr '\\0' x; echo; echo tail; exit 1"
        checks = [sh(f"mega-{on}", megabyte, on) for on in ("service", "nodes")]
        checks += [sh(f"endless-{on}", "exec yes", on, 3) for on in ("service", "nodes")]
        found = ask(tmp_path, checks)
        for on, sort in (("service", "machine"), ("nodes", "node")):
            assert found[f"mega-{on}", sort].status == "warning"
            assert len(found[f"mega-{on}", sort].description) <= 500
            assert found[f"endless-{on}", sort].status == "unknown"

    def test_what_it_leaves_behind_is_ended_and_holds_nobody_up(self, tmp_path: Path) -> None:
        pid = tmp_path / "pid"
        found = ask(tmp_path, [sh("leaves", f"sleep 300 & echo $! >{pid}; echo fine")])
        assert found["leaves", "machine"].status == "pass"
        assert found["leaves", "machine"].took < timedelta(seconds=5)
        deadline = time.monotonic() + 5
        while Path(f"/proc/{pid.read_text().strip()}").exists() and time.monotonic() < deadline:
            if "Z" in Path(f"/proc/{pid.read_text().strip()}/stat").read_text().split()[2]:
                break
            time.sleep(0.05)
        assert time.monotonic() < deadline

    def test_secrets_of_the_service_s_environment_are_not_handed_on(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
        found = ask(tmp_path, [sh("env", "env | grep -c AWS_SECRET; exit 0")])
        assert found["env", "machine"].description == "0"


@HAVE_PLUGINS
class TestDebiansPlugins:
    def plugin(self, name: str, *arguments: str, on: str = "service") -> OperatorCheck:
        return OperatorCheck(f"{name}-{on}", name, (str(PLUGINS / name), *arguments), on)

    def test_they_work_as_they_are_here_and_on_nodes(self, tmp_path: Path) -> None:
        """The four statuses by the one that says what it is told, and others that measure."""
        words = {0: "pass", 1: "warning", 2: "fail", 3: "unknown"}
        checks = [
            replace(self.plugin("check_dummy", str(status), "as told", on=on), name=f"dummy-{status}-{on}")
            for status in words
            for on in ("service", "nodes")
        ]
        for on in ("service", "nodes"):
            checks += [
                self.plugin("check_disk", "-w", "1", "-c", "1", "-p", "/", on=on),
                self.plugin("check_load", "-w", "900,900,900", "-c", "999,999,999", on=on),
                self.plugin("check_procs", "-w", "1:", "-c", "1:", on=on),
            ]
        found = ask(tmp_path, checks)
        for on, sort in (("service", "machine"), ("nodes", "node")):
            for status, word in words.items():
                result = found[f"dummy-{status}-{on}", sort]
                assert (result.status.value, result.description.endswith("as told")) == (word, True)
            disk = found[f"check_disk-{on}", sort]
            assert (disk.status, disk.description.startswith("DISK OK")) == ("pass", True)
            assert disk.measures[0].startswith("/=")
            assert found[f"check_load-{on}", sort].measures[0].startswith("load1=")
            assert found[f"check_procs-{on}", sort].description.startswith("PROCS OK")

    def test_one_that_fails_fails(self, tmp_path: Path) -> None:
        found = ask(tmp_path, [self.plugin("check_disk", "-w", "100%", "-c", "100%", "-p", "/")])
        result = found["check_disk-service", "machine"]
        assert (result.status, result.severity) == ("fail", "Critical")
        assert result.description.startswith("DISK CRITICAL")
        assert "check_disk" in result.remedy

    def test_one_in_the_folder_runs_without_a_word_of_settings(self, tmp_path: Path) -> None:
        folder = tmp_path / "checks"
        folder.mkdir()
        (folder / "users").symlink_to(PLUGINS / "check_dummy")
        assert ask(tmp_path, FolderChecks(folder).all())["users", "machine"].status == "unknown"


class TestSettings:
    def test_a_check_of_the_settings(self, tmp_path: Path) -> None:
        said = CheckTable(name="root-disk", run=("true",), on="host", critical=False, seconds=5, remedy="Do.")
        settings = check_settings(ChecksTable(folder="own"), [said], tmp_path)
        assert settings.folder == tmp_path / "own"
        (check,) = FolderChecks(settings.folder, settings.named).all()
        assert check == OperatorCheck(
            "root-disk", "root-disk", ("true",), "host", None, False, "Do.", timedelta(seconds=5)
        )
        assert ask(tmp_path, [check])["root-disk", "node"].status == "pass"

    def test_a_fail_that_is_not_critical_is_a_warning(self, tmp_path: Path) -> None:
        found = ask(tmp_path, [replace(sh("soft", "exit 2"), critical=False)])["soft", "machine"]
        assert (found.status, found.severity) == ("fail", "Warning")

    def test_a_role_that_no_node_has_is_said(self, tmp_path: Path) -> None:
        found = ask(tmp_path, [sh("nowhere", "exit 0", "witness")])["nowhere", "role"]
        assert found.status == "unknown"
        assert "no node has the role witness" in found.description

    @pytest.mark.parametrize("names", [["a b"], [""], ["x", "x"], ["ä"]])
    def test_names_are_checked(self, tmp_path: Path, names: list[str]) -> None:
        with pytest.raises(InvalidInput):
            check_settings(ChecksTable(), [CheckTable(name=name, run=("true",)) for name in names], tmp_path)

    def test_paths_of_certificates_are_absolute(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidInput, match="absolute"):
            check_settings(ChecksTable(certificates=("tls/*.pem",)), [], tmp_path)
