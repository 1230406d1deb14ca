"""What is not as its publisher signed it is refused, and said alike in command line, API and portal."""

from __future__ import annotations

import html
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from demo import processes
from e2e.conftest import Operator
from e2e.test_2_the_story import NEXT, OEM, TO_2604

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("stage")]

UPDATE = "Northstar1.2607.1.33"


def site(operator: Operator, publisher: str) -> Path:
    return operator.stage.folder / "publishers" / publisher / "site"


@contextmanager
def kept(folder: Path) -> Iterator[None]:
    """Put the folder back as it was."""
    copy = folder.with_name(f"{folder.name}.kept")
    shutil.copytree(folder, copy)
    try:
        yield
    finally:
        shutil.rmtree(folder)
        copy.rename(folder)


@contextmanager
def portal(operator: Operator) -> Iterator[httpx.Client]:
    """A browser's view, signed in."""
    with httpx.Client(base_url=operator.stage.url, trust_env=False, follow_redirects=True) as client:
        signing_in = {"name": "admin", "password": operator.stage.password}
        client.post("/sign-in", data=signing_in, headers={"Origin": operator.stage.url}).raise_for_status()
        yield client


def finding_of_northstar(operator: Operator) -> dict[str, str]:
    """What the source says of itself after a check; the same in command line and API, and on the page."""
    operator.pitstop("source", "check", status=7)
    with operator.client() as client:
        said = next(source.finding for source in client.sources() if source.name == "northstar")
    listed = next(item for item in operator.asked("source", "list") if item["name"] == "northstar")
    assert said is not None
    assert listed["finding"]["what"] == said.what
    with portal(operator) as browser:
        assert said.what in html.unescape(browser.get("/sources").text)
    return {"code": said.code, "what": said.what, "remedy": said.remedy}


def settled(operator: Operator) -> None:
    """The source is well again, and so is its alert."""
    operator.pitstop("source", "check")
    assert all(source["finding"] is None for source in operator.asked("source", "list"))
    assert not [alert for alert in operator.asked("alert", "list") if alert["source"].startswith("source ")]


def test_metadata_from_the_past_is_refused(operator: Operator) -> None:
    publisher = operator.stage.folder / "publishers" / "northstar"
    passphrase = ["--passphrase-file", str(operator.stage.folder / "publishers" / "passphrase")]
    with kept(site(operator, "northstar") / "metadata"):
        processes.call(["publish", "renew", "--publisher", str(publisher), *passphrase])
        operator.pitstop("source", "check")
        newer = shutil.copytree(
            site(operator, "northstar") / "metadata", operator.stage.folder / "newer-metadata"
        )
    finding = finding_of_northstar(operator)
    assert finding["code"] == "not-trusted"
    assert "back" in finding["what"] or "older" in finding["what"]
    shutil.rmtree(site(operator, "northstar") / "metadata")
    newer.rename(site(operator, "northstar") / "metadata")
    settled(operator)


def test_another_publishers_site_at_the_address_of_a_source_is_refused(operator: Operator) -> None:
    with kept(site(operator, "northstar")):
        shutil.rmtree(site(operator, "northstar"))
        shutil.copytree(site(operator, "lumen"), site(operator, "northstar"))
        finding = finding_of_northstar(operator)
    assert finding["code"] in ("not-trusted", "wrong-publisher")
    assert finding["remedy"]
    settled(operator)


def advised(operator: Operator) -> set[str]:
    return {reason["code"] for reason in operator.asked("update", "show", UPDATE)["reasons"]}


def test_a_changed_byte_in_a_package_is_refused_and_nothing_is_touched(operator: Operator) -> None:
    operator.reach(*TO_2604, OEM, NEXT)
    before = operator.versions()
    folder = site(operator, "northstar") / "targets" / "packages" / UPDATE
    with kept(folder):
        volume = folder / f"{UPDATE}-1.zip"
        raw = bytearray(volume.read_bytes())
        raw[len(raw) // 2] ^= 1
        volume.write_bytes(raw)
        report = operator.ended(operator.install(UPDATE))
        assert advised(operator) == set()
        operator.ended(operator.install(UPDATE))
        assert advised(operator) == {"import-by-hand"}
    assert report.run.state == "failed"
    assert report.run.finding is not None
    assert report.run.finding.code == "digest-mismatch"
    assert "Nothing was changed on the nodes" in report.run.finding.impact
    assert operator.asked("update", "show", UPDATE)["state"] == "PreparationFailed"
    assert operator.asked("system", "show")["state"] == "PreparationFailed"
    what = report.run.finding.what
    assert what in " ".join(operator.pitstop("run", "show", report.run.id).split())
    with portal(operator) as browser:
        assert what in html.unescape(browser.get(f"/runs/{report.run.id}").text)
    assert operator.versions() == before


def test_with_the_right_bytes_it_goes_on_after_all(operator: Operator) -> None:
    operator.reach(*TO_2604, OEM, NEXT)
    report = operator.ended(operator.install(UPDATE))
    assert report.run.state == "succeeded"
    assert set(operator.versions().values()) == {"1.2607.1.33"}
    settled(operator)
