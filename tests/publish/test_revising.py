"""What is said of a release may change; what it is never does, and nothing is signed that systems refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from pitstop.model.errors import Conflict, InvalidCatalogue, InvalidInput, NotFound
from pitstop.model.packages import ExpectedRuntime
from pitstop.model.releases import Release
from pitstop.model.versions import Version
from pitstop.publish.revising import REVISABLE, read_fields, read_runtimes, revise, supersede
from publish.press import Press, a_moment_ago

V = Version.parse
FULL = 'type = "Full"\nfamily = "1"'
HOTFIX = 'type = "Hotfix"\nfamilies = ["1"]'
NEXT = 'type = "Express"\nfamily = "2"\npredecessor = "1"'


def revised(press: Press, version: str, **changes: object) -> Release:
    return revise(press.repository, press.keys, V(version), changes, a_moment_ago())


def newest(press: Press, version: str) -> Release:
    return next(
        entry for entry in press.repository.read().catalogue.releases if str(entry.version) == version
    )


def test_a_required_hotfix_is_set_and_taken_back_under_higher_revisions(press: Press) -> None:
    for version, more in (("1.1.0.1", FULL), ("1.1.1.2", HOTFIX), ("1.2.0.3", NEXT)):
        press.publish(version, more)
    entry = revised(press, "1.2.0.3", required_hotfix="1.1.1.2", min_oem_version="2.1")
    assert (str(entry.required_hotfix), str(entry.min_oem_version), entry.revision) == ("1.1.1.2", "2.1", 2)
    assert newest(press, "1.2.0.3") == entry
    back = revised(press, "1.2.0.3", required_hotfix=None, expected_runtimes=read_runtimes("4:10-20,10-120"))
    assert (back.required_hotfix, back.revision) == (None, 3)
    assert back.expected_runtimes == (ExpectedRuntime(4, 10, 20), ExpectedRuntime(None, 10, 120))


def test_a_gate_that_no_system_could_pass_is_not_signed(press: Press) -> None:
    press.publish("1.1.0.1", FULL)
    press.publish("1.2.0.3", NEXT)
    with pytest.raises(InvalidCatalogue, match=r"1\.1\.9\.9"):
        revised(press, "1.2.0.3", required_hotfix="1.1.9.9")
    assert newest(press, "1.2.0.3").revision == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [("family", "2"), ("package_sha256", "a" * 64), ("revision", 9), ("status", "available"), ("bogus", 1)],
)
def test_what_a_release_is_cannot_be_revised(press: Press, field: str, value: object) -> None:
    press.publish("1.1.0.1", FULL)
    with pytest.raises(InvalidInput, match=f"{field} of a release cannot be revised"):
        revised(press, "1.1.0.1", **{field: value})
    assert field not in REVISABLE


def test_values_that_cannot_be_are_refused(press: Press) -> None:
    press.publish("1.1.0.1", FULL)
    with pytest.raises(InvalidCatalogue, match="not a version"):
        revised(press, "1.1.0.1", min_oem_version="new")
    with pytest.raises(Conflict, match="says so already"):
        revised(press, "1.1.0.1", title="Release 1.1.0.1")
    with pytest.raises(NotFound, match=r"no release 9\.9"):
        revised(press, "9.9", title="x")


@pytest.mark.parametrize("text", ["", "10", "4:10", "x:1-2", "4:1-2,"])
def test_runtimes_of_another_form_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="no runtime"):
        read_runtimes(text)


def test_further_fields_come_from_a_file(press: Press, tmp_path: Path) -> None:
    press.publish("1.1.0.1", FULL)
    file = tmp_path / "fields.toml"
    file.write_text('[[risks]]\nname = "slow"\nmessage = "It may be slow."\n', encoding="utf-8")
    entry = revised(press, "1.1.0.1", **read_fields(file))
    assert [risk.name for risk in entry.risks] == ["slow"]
    file.write_text("[[", encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"fields\.toml"):
        read_fields(file)
    with pytest.raises(NotFound):
        read_fields(tmp_path / "nothing")


def test_a_hotfix_takes_the_place_of_one_that_numbers_put_after_it(press: Press) -> None:
    press.publish("1.1.0.1", FULL)
    press.publish("20180302.1", HOTFIX)
    press.publish("1.1.1.2", HOTFIX)
    entry = supersede(press.repository, press.keys, V("20180302.1"), V("1.1.1.2"), a_moment_ago())
    assert (entry.replaces, entry.revision) == ((V("20180302.1"),), 2)
    with pytest.raises(Conflict, match="already"):
        supersede(press.repository, press.keys, V("20180302.1"), V("1.1.1.2"), a_moment_ago())
    with pytest.raises(InvalidCatalogue):
        supersede(press.repository, press.keys, V("1.1.1.2"), V("20180302.1"), a_moment_ago())


def test_a_build_takes_the_place_of_one_of_its_family_alone(press: Press) -> None:
    press.publish("1.1.0.1", FULL)
    press.publish("1.1.0.2", f'{FULL}\nreissues = "1.1.0.1"')
    press.publish("1.2.0.3", NEXT)
    with pytest.raises(Conflict, match="says so already"):
        supersede(press.repository, press.keys, V("1.1.0.1"), V("1.1.0.2"), a_moment_ago())
    with pytest.raises(InvalidInput, match="cannot take the place"):
        supersede(press.repository, press.keys, V("1.1.0.1"), V("1.2.0.3"), a_moment_ago())
