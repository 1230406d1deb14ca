"""``packages``: real apt and dpkg on a real Debian, from the package's content alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

import machines
from machines import Machine, Role
from machines.debs import Deb, make
from pitstop.model.errors import (
    InvalidPlan,
    NodeFull,
    OtherPackages,
    PackagesBroken,
    PackagesHeld,
    PackagesLocked,
    PackagesUnfit,
    StepFailed,
)
from pitstop.steps.kind import Done
from pitstop.steps.table import KINDS
from simulators.real_machines import require_machines

from .on_machine import OnMachine

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    require_machines()
    with machines.running(tmp_path_factory.mktemp("machine") / "m", [Role("n1")], megabytes=96) as made:
        yield made[0]


def lamp(version: str, *, needs: str = "", postinst: str = "true") -> Deb:
    """A package with a program and a configuration file that changes with each version."""
    program = f"#!/bin/sh\necho {version}\n"
    files = {"/usr/bin/lamp": program, "/etc/lamp.conf": f"made for {version}\n"}
    control = {"Depends": needs} if needs else {}
    return Deb("lamp", version, files, frozenset({"/usr/bin/lamp"}), {"postinst": postinst}, control)


_AS_NEW = """\
rm -rf /var/lib/pitstop-node
apt-mark unhold lamp wick oil hog
dpkg --purge --force-all lamp wick oil hog
rm -f /etc/lamp* /opt/filler
true
"""
_HOLD = """\
exec >/dev/null 2>&1
python3 -c "import fcntl, time
lock = open('/var/lib/dpkg/lock-frontend', 'w')
fcntl.lockf(lock, fcntl.LOCK_EX)
open('/run/locked', 'w')
time.sleep(4)" unattended &
until [ -e /run/locked ]; do sleep 0.05; done
"""


class OnDebian(OnMachine):
    """Debian packages on the machine."""

    def __init__(self, machine: Machine, folder: Path) -> None:
        super().__init__(machine, folder, "packages")
        machine.run("sh", "-c", _AS_NEW)

    def bring(self, *debs: Deb) -> None:
        for deb in debs:
            made = make(deb, self.folder / "made")
            self.content.add(f"debs/{made.name}", made.read_bytes())

    def install_by_hand(self, *debs: Deb) -> None:
        for deb in debs:
            made = make(deb, self.folder / "made")
            (self.machine.root / "root" / made.name).write_bytes(made.read_bytes())
            self.machine.run("dpkg", "-i", f"/root/{made.name}")

    def state(self, *names: str) -> list[str]:
        shown = self.machine.run("sh", "-c", f"dpkg -l {' '.join(names)} 2>/dev/null | grep '^[a-z]'; true")
        return [" ".join(line.split()[:3]) for line in shown.splitlines()]

    def install(self, held: str = "refuse", remove: tuple[str, ...] = (), **packages: str) -> Done:
        args: dict[str, object] = {"from": "debs", "install": packages, "remove": list(remove), "held": held}
        done = self.act(args)
        assert self.probed(args)
        return done

    def go_back(self, args: dict[str, object] | None = None) -> Done:
        return super().go_back(args or {"from": "debs", "remove": ["of-no-account"]})


@pytest.fixture
def on(machine: Machine, tmp_path: Path) -> OnDebian:
    return OnDebian(machine, tmp_path)


def test_packages_come_in_the_versions_that_the_plan_says_with_what_they_need(on: OnDebian) -> None:
    on.bring(lamp("1.0"), lamp("1.1", needs="wick (>= 2)"), lamp("1.2"), Deb("wick", "2.0"))
    on.install(lamp="1.1")
    assert on.state("lamp", "wick") == ["ii lamp 1.1", "ii wick 2.0"]
    assert on.machine.run("lamp") == "1.1\n"


def test_an_abort_leaves_all_as_it_was_before(on: OnDebian) -> None:
    on.install_by_hand(lamp("1.0"), Deb("oil", "7"))
    before = on.machine.packages()
    on.bring(lamp("2.0", needs="wick"), Deb("wick", "2.0"))
    on.install(lamp="2.0", remove=("oil",))
    assert on.state("lamp", "oil", "wick") == ["ii lamp 2.0", "ii wick 2.0"]
    on.go_back()
    assert on.machine.packages() == before
    assert on.machine.run("lamp") == "1.0\n"
    assert (on.machine.root / "etc/lamp.conf").read_text() == "made for 1.0\n"
    assert on.go_back().output == "nothing was replaced here\n"


def test_a_configuration_file_that_was_edited_is_kept_then_and_ever_after(on: OnDebian) -> None:
    on.install_by_hand(lamp("1.0"))
    conf = on.machine.root / "etc/lamp.conf"
    conf.write_text("by hand\n")
    on.bring(lamp("2.0"))
    done = on.install(lamp="2.0")
    assert "Kept as it is: /etc/lamp.conf. The new version is beside it" in done.output
    assert conf.read_text() == "by hand\n"
    on.go_back()
    assert conf.read_text() == "by hand\n"
    assert sorted(path.name for path in conf.parent.glob("lamp.conf*")) == ["lamp.conf"]
    on.install(lamp="2.0")
    assert conf.read_text() == "by hand\n", "what went back is still known as edited"


def test_a_package_that_the_operator_holds_is_refused_by_name(on: OnDebian) -> None:
    on.install_by_hand(lamp("1.0"))
    on.machine.run("apt-mark", "hold", "lamp")
    on.bring(lamp("2.0"))
    with pytest.raises(PackagesHeld, match=r"lamp is held at 1\.0 on this node, and the plan wants 2\.0"):
        on.install(lamp="2.0")
    assert on.state("lamp") == ["hi lamp 1.0"]
    with pytest.raises(PackagesHeld, match=r"lamp is held at 1\.0 on this node, and the plan wants 2\.0"):
        on.probed({"from": "debs", "install": {"lamp": "2.0"}})
    with pytest.raises(PackagesHeld, match=r"lamp is held at 1\.0 on this node, and the plan wants it gone"):
        on.probed({"from": "debs", "remove": ["lamp"]})
    assert not on.probed({"from": "debs", "install": {"lamp": "2.0"}, "held": "change"})
    assert on.probed({"from": "debs", "install": {"lamp": "1.0"}}), "what is there already is not changed"
    on.install(held="change", lamp="2.0")
    assert on.state("lamp") == ["hi lamp 2.0"], "it is held again"


def test_an_interrupted_dpkg_is_finished_first(on: OnDebian) -> None:
    on.install_by_hand(Deb("oil", "7"))
    deb = make(Deb("oil", "8"), on.folder / "made")
    (on.machine.root / "root/oil.deb").write_bytes(deb.read_bytes())
    on.machine.run("dpkg", "--unpack", "/root/oil.deb")
    on.bring(lamp("2.0"))
    assert "is finished first" in on.install(lamp="2.0").output
    assert on.state("lamp", "oil") == ["ii lamp 2.0", "ii oil 8"]


def test_what_cannot_be_finished_stops_it_before_anything_is_changed(on: OnDebian) -> None:
    on.install_by_hand(Deb("oil", "7"))
    deb = make(Deb("oil", "8", scripts={"postinst": "echo no flame >&2; exit 3"}), on.folder / "made")
    (on.machine.root / "root/oil.deb").write_bytes(deb.read_bytes())
    on.machine.run("dpkg", "--unpack", "/root/oil.deb")
    on.bring(lamp("2.0"))
    with pytest.raises(PackagesBroken, match="package oil was left half done before"):
        on.install(lamp="2.0")
    assert on.state("lamp") == []


def test_who_holds_the_package_database_is_named_and_waited_for(on: OnDebian) -> None:
    on.bring(lamp("2.0"))
    on.machine.run("sh", "-c", _HOLD)
    on.deadline = timedelta(seconds=2)
    with pytest.raises(PackagesLocked, match=r"in use for longer than 1 s, by python3 .*\(process \d+\)"):
        on.install(lamp="2.0")
    on.deadline = timedelta(seconds=60)
    on.install(lamp="2.0")
    assert on.state("lamp") == ["ii lamp 2.0"]
    assert any("python3" in reason for reason in on.waits), on.waits


def test_a_full_disk_is_seen_before_and_in_the_middle(on: OnDebian) -> None:
    hog = Deb("hog", "1", {"/opt/hog": "x" * (30 << 20)})
    on.install_by_hand(lamp("1.0"))
    on.bring(hog, lamp("2.0", needs="hog"))
    filler = on.machine.root / "opt/filler"
    on.machine.run("fallocate", "-l", "70M", "/opt/filler")
    with pytest.raises(NodeFull, match=r"has \d+ MB free, and \d+ MB are needed"):
        on.install(lamp="2.0")
    filler.unlink()
    # what fills the disk does so once the room was looked at: in the middle of the unpacking
    on.bring(Deb("wick", "1", scripts={"preinst": "fallocate -l 75M /opt/filler"}))
    on.bring(
        lamp("2.1", needs="hog"),
        Deb("hog", "2", {"/opt/hog": "y" * (30 << 20)}, control={"Pre-Depends": "wick"}),
    )
    with pytest.raises(NodeFull, match="the disk became full while packages were unpacked"):
        on.install(lamp="2.1")
    assert on.state("hog") == ["in hog <none>"], "what did not fit is not left half there"
    filler.unlink()
    on.install(lamp="2.1")
    assert on.state("lamp", "hog") == ["ii hog 2", "ii lamp 2.1"]
    on.go_back()
    assert on.state("lamp", "hog", "wick") == ["ii lamp 1.0"]


def test_a_service_that_does_not_start_fails_and_is_begun_again_once_mended(on: OnDebian) -> None:
    on.install_by_hand(lamp("1.0"))
    on.bring(lamp("2.0", postinst="test -e /etc/lamp-oil || { echo 'lamp: no oil'; exit 1; }"))
    for comes_next in ("back", "on"):
        with pytest.raises(StepFailed, match="dpkg: error processing package lamp") as failed:
            on.install(lamp="2.0")
        assert "lamp: no oil" in failed.value.__notes__[0]
        if comes_next == "back":
            on.go_back()
            assert on.state("lamp") == ["ii lamp 1.0"]
    (on.machine.root / "etc/lamp-oil").touch()
    on.install(lamp="2.0")
    assert on.state("lamp") == ["ii lamp 2.0"]


def test_what_does_not_fit_together_changes_nothing(on: OnDebian) -> None:
    on.bring(lamp("1.0", needs="genie"))
    with pytest.raises(PackagesUnfit, match="genie"):
        on.install(lamp="1.0")
    on.bring(lamp("2.0"), Deb("wick", "3", control={"Conflicts": "oil"}))
    on.install_by_hand(Deb("oil", "7"))
    with pytest.raises(PackagesUnfit, match="oil would have to be removed, and the plan does not say so"):
        on.install(wick="3")
    assert on.state("lamp", "wick", "oil") == ["ii oil 7"]


def test_a_node_without_apt_says_what_it_has(on: OnDebian) -> None:
    on.bring(lamp("1.0"))
    on.machine.run("mv", "/usr/bin/apt-get", "/usr/bin/apt-get.away")
    try:
        with pytest.raises(OtherPackages, match=r"has no apt: .*; it has dnf"):
            on.install(lamp="1.0")
    finally:
        on.machine.run("mv", "/usr/bin/apt-get.away", "/usr/bin/apt-get")


@pytest.mark.parametrize(
    "args",
    [
        {"from": "debs"},
        {"from": "debs", "install": {"lamp; reboot": "1"}},
        {"from": "debs", "install": {"lamp": "1 -o x"}},
        {"from": "debs", "install": {"lamp": "1"}, "remove": ["lamp"]},
        {"from": "debs", "install": {"lamp": "1"}, "held": "ignore"},
    ],
)
def test_a_plan_that_says_something_else_is_refused(args: dict[str, object]) -> None:
    with pytest.raises(InvalidPlan):
        KINDS["packages"].read(args, "item 1")


def test_a_folder_without_packages_is_said(on: OnDebian) -> None:
    with pytest.raises(InvalidPlan, match=r"no \.deb files in 'debs'"):
        on.install(lamp="1.0")
