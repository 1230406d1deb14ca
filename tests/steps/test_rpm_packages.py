"""``rpm-packages``: real dnf and rpm, from the package's content alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

import pytest

import machines
from machines import Machine, Role
from machines.rpms import Rpm, make
from pitstop.model.errors import (
    InvalidPlan,
    NodeFull,
    OtherPackages,
    PackagesBroken,
    PackagesGone,
    PackagesHeld,
    PackagesLocked,
    PackagesUnfit,
    StepFailed,
)
from pitstop.steps.kind import Done
from pitstop.steps.table import KINDS
from simulators.real_machines import require_machines

from .on_machine import OnMachine

_AS_NEW = """\
rm -rf /var/lib/pitstop-node /var/lib/dnf /var/cache/dnf /opt/filler
rpm -qa | xargs -r rpm -e --force-debian --nodeps --noscripts
rm -rf "$(rpm --eval '%{_dbpath}')" /etc/lamp* /usr/bin/lamp*
echo >/etc/dnf/plugins/versionlock.list
printf '[main]\\ngpgcheck=True\\nclean_requirements_on_remove=True\\n' >/etc/dnf/dnf.conf
"""
_HOLD = """\
exec >/dev/null 2>&1
python3 -c "import fcntl, subprocess, time
path = subprocess.check_output(['rpm', '--eval', '%{_rpmlock_path}'], text=True).strip()
lock = open(path, 'w')
fcntl.lockf(lock, fcntl.LOCK_EX)
open('/run/locked', 'w')
time.sleep(4)" unattended &
until [ -e /run/locked ]; do sleep 0.05; done
"""
_HALF_DONE = """\
import sqlite3
history = sqlite3.connect("/var/lib/dnf/history.sqlite")
states = [state for state, in history.execute("select state from trans")]
print(f"{len(states)} transactions, {len(states) - states.count(1)} half done")
"""
_DNF = ("dnf", "-y", "-q", "--disablerepo=*", "--disableplugin=local")


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    require_machines()
    with machines.running(tmp_path_factory.mktemp("machine") / "m", [Role("n1")], megabytes=96) as made:
        yield made[0]


def lamp(version: str, *, needs: str = "", config: str = "%config(noreplace)", post: str = "true") -> Rpm:
    """A package with a program and a configuration file that changes with each version."""
    program = f"#!/bin/sh\necho {version}\n"
    files = {"/usr/bin/lamp": program, "/etc/lamp.conf": f"made for {version}\n"}
    fields = {"Requires": needs} if needs else {}
    return Rpm("lamp", version, files, frozenset({"/usr/bin/lamp"}), config, {"post": post}, fields)


SHELL = Rpm("shell", "1-1", fields={"Provides": "/bin/sh"})
"""What all scripts need, and every system of RPMs has."""


class OnRpm(OnMachine):
    """RPM packages on the machine."""

    def __init__(self, machine: Machine, folder: Path) -> None:
        super().__init__(machine, folder, "rpm-packages")
        self.made: list[tuple[Rpm, Path]] = []
        machine.run("sh", "-c", _AS_NEW)
        self.install_by_hand(SHELL)

    def file_of(self, rpm: Rpm) -> Path:
        """The same file each time that it is asked for."""
        for made, file in self.made:
            if made == rpm:
                return file
        self.made.append((rpm, make(rpm, self.folder / "made" / str(len(self.made)), self.machine)))
        return self.made[-1][1]

    def bring(self, *rpms: Rpm) -> None:
        for rpm in rpms:
            made = self.file_of(rpm)
            self.content.add(f"rpms/{made.name}", made.read_bytes())

    def put(self, rpm: Rpm, folder: str = "/root") -> str:
        """Its file onto the machine; where it is there."""
        made = self.file_of(rpm)
        (self.machine.root / folder.lstrip("/")).mkdir(parents=True, exist_ok=True)
        (self.machine.root / folder.lstrip("/") / made.name).write_bytes(made.read_bytes())
        return f"{folder}/{made.name}"

    def install_by_hand(self, *rpms: Rpm) -> None:
        self.machine.run("rpm", "-i", "--force-debian", *(self.put(rpm) for rpm in rpms))

    def state(self) -> list[str]:
        """What is installed above the shell."""
        shown = self.machine.run("rpm", "-qa", "--qf", "%{NAME} %{EVR}\n")
        return sorted(line for line in shown.splitlines() if line != "shell 1-1")

    def wanted(self) -> list[str]:
        """What somebody has asked for, as dnf remembers it."""
        return sorted(self.machine.run(*_DNF, "repoquery", "--userinstalled", "--qf", "%{name}").split())

    def install(
        self, held: str = "refuse", remove: tuple[str, ...] = (), way_back: str = "kept", **packages: str
    ) -> Done:
        return self.act(self.args(held, remove, way_back, **packages))

    def args(
        self, held: str = "refuse", remove: tuple[str, ...] = (), way_back: str = "kept", **packages: str
    ) -> dict[str, object]:
        return {
            "from": "rpms",
            "install": packages,
            "remove": list(remove),
            "held": held,
            "way_back": way_back,
        }

    def go_back(self, args: dict[str, object] | None = None) -> Done:
        return super().go_back(args or self.args(remove=("of-no-account",)))


@pytest.fixture
def on(machine: Machine, tmp_path: Path) -> OnRpm:
    return OnRpm(machine, tmp_path)


@pytest.mark.slow
def test_rpms_come_in_the_versions_that_the_plan_says_with_what_they_need(on: OnRpm) -> None:
    wick, far = Rpm("wick", "2:2.0-1"), "tail -n 1 /run/pitstop-*/progress >/run/far"
    on.bring(
        lamp("1.0-1"), lamp("1.1-1", needs="wick >= 2:2", post=far), lamp("1.2-1"), wick, Rpm("wick", "2.9-1")
    )
    on.content.add("rpms/wick-2:2.0-1.aarch64.rpm", b"of another architecture: it does not even go along")
    on.install(lamp="1.1-1")
    assert on.state() == ["lamp 1.1-1", "wick 2:2.0-1"]
    assert on.probed(on.args(lamp="1.1-1"))
    assert on.machine.run("lamp") == "1.1-1\n"
    assert on.machine.run("cat", "/run/far") == "dnf:lamp:100.0:\n", "how far it has come is said meanwhile"
    on.act({"from": "rpms", "install": {"lamp.noarch": "1.0-1", "wick": "2:2.0-1"}})
    assert on.state() == ["lamp 1.0-1", "wick 2:2.0-1"]
    assert not on.probed(on.args(wick="2.0-1")), "another epoch is another version"
    with pytest.raises(PackagesUnfit, match=r"lamp 0:3.0-1 is not among the files that came along"):
        on.install(lamp="3.0-1")


@pytest.mark.slow
def test_an_abort_leaves_all_rpms_as_they_were_before(on: OnRpm) -> None:
    oil = Rpm("oil", "7-1", {"/etc/oil.conf": "thin\n"})
    former = lamp("1.0-1", needs="oil")
    on.put(oil)
    on.machine.run(*_DNF, "install", on.put(former), "/root/" + oil.file_name)
    on.machine.run(*_DNF, "mark", "remove", "oil")
    assert on.wanted() == ["lamp", "shell"]
    on.bring(former, oil, lamp("2.0-1", needs="wick"), Rpm("wick", "2.0-1"))
    on.install(lamp="2.0-1", remove=("oil",))
    assert on.probed(on.args(lamp="2.0-1", remove=("oil",)))
    assert (on.state(), on.wanted()) == (["lamp 2.0-1", "wick 2.0-1"], ["lamp", "shell"])
    on.go_back()
    assert (on.state(), on.wanted()) == (["lamp 1.0-1", "oil 7-1"], ["lamp", "shell"])
    assert on.machine.run("lamp") == "1.0-1\n"
    assert (on.machine.root / "etc/lamp.conf").read_text() == "made for 1.0-1\n"
    assert on.go_back().output == "nothing was replaced here\n"
    assert on.machine.run("python3", "-c", _HALF_DONE) == "4 transactions, 0 half done\n"


@pytest.mark.slow
def test_nothing_is_changed_that_could_not_be_brought_back(on: OnRpm) -> None:
    former = lamp("1.0-1")
    on.install_by_hand(former)
    on.bring(lamp("2.0-1"), lamp("1.0-1", post="of another build"))
    with pytest.raises(PackagesGone, match=r"lamp-1\.0-1\.noarch would be replaced, and cannot be had"):
        on.install(lamp="2.0-1")
    assert on.state() == ["lamp 1.0-1"]
    on.put(former, "/var/cache/dnf/updates-1/packages")
    on.install(lamp="2.0-1")
    on.go_back()
    assert on.state() == ["lamp 1.0-1"]
    on.machine.run("rm", "-r", "/var/cache/dnf/updates-1")
    given_up = on.args(way_back="given-up", lamp="2.0-1")
    on.act(given_up)
    assert on.state() == ["lamp 2.0-1"]
    kind = KINDS["rpm-packages"]
    assert kind.undone_by(kind.read(given_up, "here")) is None
    assert kind.undone_by(kind.read(on.args(lamp="2.0-1"), "here")) == "restore-rpm-packages"


@pytest.mark.slow
def test_a_configuration_file_that_was_edited_is_kept_whatever_its_rpm_says(on: OnRpm) -> None:
    def desk(version: str) -> Rpm:
        return Rpm("desk", version, {"/etc/lamp-desk.conf": version}, config="%config(noreplace)")

    confs = [on.machine.root / "etc" / name for name in ("lamp.conf", "lamp-desk.conf")]

    def all_by_hand() -> bool:
        return [conf.read_text() for conf in confs] == ["by hand\n"] * 2

    former = [lamp("1.0-1", config="%config"), desk("1.0-1")]
    on.install_by_hand(*former)
    for conf in confs:
        conf.write_text("by hand\n")
    on.bring(*former, lamp("2.0-1", config="%config"), desk("2.0-1"))
    done = on.install(lamp="2.0-1", desk="2.0-1")
    for conf in confs:
        new = f"/etc/{conf.name}.rpmnew"
        assert f"Kept as it is: /etc/{conf.name}. The new version is beside it, in {new}." in done.output
        assert "2.0-1" in conf.with_name(f"{conf.name}.rpmnew").read_text()
    assert all_by_hand()
    on.go_back()
    assert all_by_hand()
    on.install(remove=("lamp", "desk"))
    on.go_back()
    assert all_by_hand(), "of packages that were gone too"
    on.machine.run("rpm", "-e", "--force-debian", "lamp", "desk")
    for conf in confs:
        conf.write_text("by hand\n")
        conf.with_name(f"{conf.name}.rpmsave").unlink()
    on.install(lamp="2.0-1", desk="2.0-1")
    assert all_by_hand(), "and where it was nobody's"
    on.go_back()
    assert all_by_hand()
    assert sorted(path.name for path in confs[0].parent.glob("lamp*")) == ["lamp-desk.conf", "lamp.conf"]


@pytest.mark.slow
def test_an_rpm_that_the_operator_holds_is_refused_by_name(on: OnRpm) -> None:
    former = lamp("1.0-1")
    on.install_by_hand(former)
    on.bring(former, lamp("2.0-1"))
    on.machine.run(*_DNF, "versionlock", "add", "lamp")
    for_lamp = (
        r"lamp is held at 0:1\.0-1 on this node \(versionlock: lamp-0:1\.0-1\.\*\), and the plan wants 0:2"
    )
    with pytest.raises(PackagesHeld, match=for_lamp):
        on.install(lamp="2.0-1")
    with pytest.raises(PackagesHeld, match="wants it gone"):
        on.install(remove=("lamp",))
    on.install(held="change", lamp="2.0-1")
    listed = on.machine.root / "etc/dnf/plugins/versionlock.list"
    assert on.machine.run(*_DNF, "versionlock", "list") == "lamp-0:2.0-1.*\n", "it is held again"
    on.go_back()
    assert (on.state(), listed.read_text().splitlines()[-1]) == (["lamp 1.0-1"], "lamp-0:1.0-1.*")
    listed.write_text("lamp-0:1.0-1.*\nlamp-0:2.0-1.*\n")
    on.install(lamp="2.0-1")  # either may be
    on.go_back()
    listed.write_text("la*-0:1.0-1.*\n")
    with pytest.raises(PackagesHeld, match=r"versionlock: la\*"):
        on.install(lamp="2.0-1")
    on.install(held="change", lamp="2.0-1")
    assert listed.read_text() == "la*-0:1.0-1.*\nlamp-0:2.0-1.*\n", "of others it is what it was"
    on.go_back()
    assert listed.read_text() == "la*-0:1.0-1.*\n"
    listed.write_text("")
    (on.machine.root / "etc/dnf/dnf.conf").write_text("[main]\nexclude=kernel* la*\n")
    with pytest.raises(PackagesHeld, match=r"lamp is held at 0:1\.0-1 on this node \(excludepkgs\)"):
        on.install(lamp="2.0-1")


@pytest.mark.slow
def test_an_interrupted_transaction_is_finished_first(on: OnRpm) -> None:
    former, oil = lamp("1.0-1"), Rpm("oil", "7-1")
    killed = lamp("2.0-1", post="test -e /run/once || { touch /run/once; kill -9 $PPID; }; echo >/run/twice")
    on.install_by_hand(former)
    on.machine.run("sh", "-c", f"rm -f /run/once; {' '.join(_DNF)} install {on.put(killed)} || true")
    assert on.state() == ["lamp 1.0-1", "lamp 2.0-1"]
    half = on.machine.root / "usr/bin/lamp;6566e1f0"
    half.touch()
    on.bring(former, killed, oil)
    assert "is finished first" in on.install(oil="7-1").output
    assert on.state() == ["lamp 2.0-1", "oil 7-1"]
    assert (on.machine.root / "run/twice").exists(), "its scripts were run after all"
    assert not half.exists()


@pytest.mark.slow
def test_a_transaction_of_a_step_that_was_cut_short_goes_on_and_goes_back(on: OnRpm) -> None:
    former = lamp("1.0-1", config="%config")
    once = "test -e /run/once || { touch /run/once; kill -9 $PPID; }"
    on.install_by_hand(former)
    (on.machine.root / "etc/lamp.conf").write_text("by hand\n")
    on.bring(former, lamp("2.0-1", needs="wick", config="%config", post=once), Rpm("wick", "1-1"))
    for comes_next in ("back", "on"):
        on.machine.run("rm", "-f", "/run/once")
        with pytest.raises(StepFailed, match="dnf's library has failed"):
            on.install(lamp="2.0-1")
        assert on.state() == ["lamp 1.0-1", "lamp 2.0-1", "wick 1-1"]
        assert not on.probed(on.args(lamp="2.0-1"))
        if comes_next == "back":
            on.go_back()
            assert (on.state(), on.machine.run("lamp")) == (["lamp 1.0-1"], "1.0-1\n")
        else:
            on.install(lamp="2.0-1")
            assert (on.state(), on.machine.run("lamp")) == (["lamp 2.0-1", "wick 1-1"], "2.0-1\n")
            assert "wick" not in on.wanted(), "it came for the sake of lamp, and is still known to"
        assert (on.machine.root / "etc/lamp.conf").read_text() == "by hand\n"


@pytest.mark.slow
def test_who_holds_the_database_of_rpms_is_named_and_waited_for(on: OnRpm) -> None:
    on.bring(lamp("2.0-1"))
    on.machine.run("sh", "-c", _HOLD)
    on.deadline = timedelta(seconds=2)
    with pytest.raises(PackagesLocked, match=r"in use for longer than 1 s, by python3 .*\(process \d+\)"):
        on.install(lamp="2.0-1")
    on.deadline = timedelta(seconds=60)
    on.install(lamp="2.0-1")
    assert on.state() == ["lamp 2.0-1"]
    assert any("python3" in reason for reason in on.waits), on.waits


@pytest.mark.slow
def test_a_full_disk_is_seen_before_and_in_the_middle_of_rpms(on: OnRpm) -> None:
    former, hog = lamp("1.0-1"), Rpm("hog", "1-1", {"/opt/hog": "x" * (30 << 20)})
    on.install_by_hand(former)
    on.bring(former, hog, lamp("2.0-1", needs="hog"))
    filler = on.machine.root / "opt/filler"
    on.machine.run("fallocate", "-l", "70M", "/opt/filler")
    with pytest.raises(NodeFull, match=r"At least \d+MB more space needed on the / filesystem"):
        on.install(lamp="2.0-1")
    filler.unlink()
    # what fills the disk does so once the room was looked at: in the middle of the unpacking
    on.bring(Rpm("wick", "1-1", scripts={"post": "fallocate -l 75M /opt/filler"}))
    on.bring(Rpm("hog", "2-1", {"/opt/hog": "y" * (30 << 20)}, fields={"Requires(pre)": "wick"}))
    on.bring(lamp("2.1-1", needs="hog = 2"))
    with pytest.raises(NodeFull, match="the disk became full while packages were unpacked"):
        on.install(lamp="2.1-1")
    assert not any(line.startswith("hog") for line in on.state())
    assert not list((on.machine.root / "opt").glob("hog*")), "what did not fit is not left half there"
    with pytest.raises(NodeFull, match="more space needed"):
        on.install(lamp="2.1-1")
    filler.unlink()
    on.install(lamp="2.1-1")
    assert on.state() == ["hog 2-1", "lamp 2.1-1", "wick 1-1"]
    on.go_back()
    assert on.state() == ["lamp 1.0-1"]


@pytest.mark.slow
def test_a_script_of_an_rpm_that_fails_is_run_again_once_its_cause_is_mended(on: OnRpm) -> None:
    former = lamp("1.0-1")
    on.install_by_hand(former)
    on.bring(former, lamp("2.0-1", post="test -e /etc/lamp-oil || { echo 'lamp: no oil'; exit 1; }"))
    failures, said = [], "Error in POSTIN scriptlet in rpm package lamp: lamp: no oil"
    for comes_next in ("back", "on", "on"):
        with pytest.raises(StepFailed, match=said) as failed:
            on.install(lamp="2.0-1")
        failures.append(failed.value)
        if comes_next == "back":
            on.go_back()
            assert on.state() == ["lamp 1.0-1"]
    assert isinstance(failures[-1], PackagesBroken), "it was so before"
    (on.machine.root / "etc/lamp-oil").touch()
    on.install(lamp="2.0-1")
    assert on.state() == ["lamp 2.0-1"]


@pytest.mark.slow
def test_rpms_that_do_not_fit_together_change_nothing(on: OnRpm) -> None:
    on.bring(lamp("1.0-1", needs="genie"), Rpm("wick", "3-1", fields={"Conflicts": "oil"}))
    on.bring(Rpm("grease", "1-1", fields={"Obsoletes": "oil", "Provides": "oil = 8"}))
    with pytest.raises(PackagesUnfit, match="nothing provides genie needed by lamp"):
        on.install(lamp="1.0-1")
    on.bring(Rpm("torch", "1-1", {"/opt/can": "another"}))
    oil, can = Rpm("oil", "7-1"), Rpm("can", "1-1", {"/opt/can": ""}, fields={"Requires": "oil"})
    on.install_by_hand(oil, can)
    with pytest.raises(PackagesUnfit, match="can would have to be removed, and the plan does not say so"):
        on.install(wick="3-1", remove=("oil",))
    with pytest.raises(PackagesUnfit, match="oil would have to be removed, and the plan does not say so"):
        on.install(grease="1-1")
    with pytest.raises(PackagesUnfit, match=r"/opt/can from install of torch-1-1.* conflicts with file from"):
        on.install(torch="1-1")
    assert on.state() == ["can 1-1", "oil 7-1"]
    on.bring(oil, lamp("1.1-1", needs="/opt/can"))
    on.install(lamp="1.1-1", grease="1-1", remove=("oil",))
    assert on.state() == ["can 1-1", "grease 1-1", "lamp 1.1-1"], (
        "one takes another's place if the plan says so"
    )
    on.go_back()
    assert on.state() == ["can 1-1", "oil 7-1"]


@pytest.mark.slow
def test_a_package_of_two_architectures_is_changed_in_both(on: OnRpm) -> None:
    wide, narrow = ([Rpm("lib", f"{n}-1", architecture=of) for n in (1, 2)] for of in ("x86_64", "i686"))
    on.install_by_hand(wide[0], narrow[0])
    on.bring(*wide, narrow[0])
    with pytest.raises(PackagesUnfit, match=r"lib\.i686 0:2-1 is not among the files that came along"):
        on.install(lib="2-1")
    on.bring(narrow[1])
    on.install(lib="2-1")
    assert on.state() == ["lib 2-1", "lib 2-1"]
    on.go_back()
    assert on.state() == ["lib 1-1", "lib 1-1"]


@pytest.mark.slow
def test_a_kernel_comes_beside_the_one_that_is_there(on: OnRpm) -> None:
    kernels = [
        Rpm("kernel", f"{number}.0-1", {f"/boot/{number}": ""}, fields={"Provides": "installonlypkg(kernel)"})
        for number in (5, 6)
    ]
    on.install_by_hand(kernels[0])
    on.bring(kernels[1])
    on.install(kernel="6.0-1")
    assert on.probed(on.args(kernel="6.0-1"))
    assert on.state() == ["kernel 5.0-1", "kernel 6.0-1"]
    on.install_by_hand(module := Rpm("module", "1-1", fields={"Requires": "kernel = 6.0"}))
    with pytest.raises(PackagesUnfit, match="module would have to be removed, and the plan does not say so"):
        on.go_back()
    on.machine.run("rpm", "-e", "--force-debian", module.name)
    on.go_back()
    assert on.state() == ["kernel 5.0-1"]


@pytest.mark.slow
def test_a_node_without_dnf_4_says_what_it_has(on: OnRpm) -> None:
    on.bring(lamp("1.0-1"))
    on.machine.run("mv", "/usr/bin/dnf", "/usr/bin/dnf.away")
    try:
        # that of dnf 5 is no script either
        for stands_there in ("rm -f /usr/bin/dnf", "cp /bin/true /usr/bin/dnf"):
            on.machine.run("sh", "-c", stands_there)
            with pytest.raises(OtherPackages, match=r"has no dnf 4, .*; it has apt-get"):
                on.install(lamp="1.0-1")
    finally:
        on.machine.run("mv", "/usr/bin/dnf.away", "/usr/bin/dnf")


@pytest.mark.parametrize(
    "args",
    [
        {"from": "rpms"},
        {"from": "rpms", "install": {"lamp; reboot": "1-1"}},
        {"from": "rpms", "install": {"lamp": "1"}},
        {"from": "rpms", "install": {"lamp": "1-1 --nodeps"}},
        {"from": "rpms", "install": {"lamp": "1-1"}, "remove": ["lamp"]},
        {"from": "rpms", "install": {"lamp": "1-1"}, "way_back": "perhaps"},
    ],
)
def test_a_plan_that_says_something_else_of_rpms_is_refused(args: dict[str, object]) -> None:
    with pytest.raises(InvalidPlan):
        KINDS["rpm-packages"].read(args, "item 1")


def test_what_runs_on_nodes_is_python_of_their_age() -> None:
    for file in (files("pitstop.steps") / "on_node").iterdir():
        if file.name.endswith(".py"):
            ast.parse(file.read_text(encoding="ascii"), feature_version=(3, 6))
