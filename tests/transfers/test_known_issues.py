"""Known issues reach a system without a connection, also alone."""

from __future__ import annotations

from pathlib import Path

from pitstop.model.known_issues import Applicable, KnownIssue, KnownIssues, Occurrence
from pitstop.package.known_issues_format import write_known_issues
from transfers.conftest import Pitstop
from transfers.publishers import platform
from transfers.system import system
from transport.repository import NOW


def test_what_the_publisher_says_is_collected_and_imported_without_any_release(
    pitstop: Pitstop, tmp_path: Path
) -> None:
    publisher, to = platform(), tmp_path / "usb"
    issue = KnownIssue("full", "No room", Applicable(all_supported=True), "s", "c", "r", Occurrence.COMMON)
    of = publisher.catalogue
    listed = write_known_issues(KnownIssues(of.publisher, of.product, NOW, (issue,)))
    publisher.repository.add("known-issues/2.json", listed)
    publisher.repository.publish()
    root = tmp_path / "root.json"
    root.write_bytes(publisher.root)
    with publisher.site() as site:
        ended = pitstop("download", site.url, "--root", root, "--to", to, "--news")
    assert ended.status == 0, ended.err
    assert not list(to.rglob("*.zip"))
    with system(tmp_path / "state", [publisher]) as rack:
        item = rack.handed(to)
        assert item.state == "succeeded"
        assert list(rack.stored.known_issues.issue_lists()) == [("northstar", listed)]
