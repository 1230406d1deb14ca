"""Known issues and guidance: numbered, signed, each in place of the one before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pitstop.model.errors import InvalidInput, NotFound
from pitstop.model.releases import PublisherKind
from pitstop.package.site_layout import Numbered
from pitstop.publish.documents import (
    add_issues,
    known_issues,
    put_guidance,
    read_issues_file,
    remove_issue,
)
from publish.press import Press, a_moment_ago

ISSUE = """
[[issue]]
id = "slow"
title = "It is slow"
applicable = { families = ["1"] }
symptom = "Waiting."
cause = "Not known."
remediation = "Patience."
occurrence = "Common"
"""


def issues_file(folder: Path, text: str) -> Path:
    path = folder / "common-issues.toml"
    path.write_text(f"format = 1\n{text}", encoding="utf-8")
    return path


def test_issues_are_added_replaced_and_removed_under_rising_numbers(press: Press, tmp_path: Path) -> None:
    press.publish("1.1.0.1")
    first = read_issues_file(issues_file(tmp_path, ISSUE))
    published = add_issues(press.repository, press.keys, first, a_moment_ago())
    assert published.documents[Numbered.KNOWN_ISSUES] == 1
    more = ISSUE.replace("Patience", "Hotfix") + ISSUE.replace('"slow"', '"loud"')
    again = read_issues_file(issues_file(tmp_path, more))
    published = add_issues(press.repository, press.keys, again, a_moment_ago())
    found = known_issues(press.repository, published)
    assert [(issue.id, issue.remediation) for issue in found] == [("loud", "Patience."), ("slow", "Hotfix.")]
    published = remove_issue(press.repository, press.keys, "loud", a_moment_ago())
    assert [issue.id for issue in known_issues(press.repository, published)] == ["slow"]
    signed = [path for path in published.targets if path.startswith("known-issues/")]
    assert signed == ["known-issues/3.json"]
    assert published.number == 2
    with pytest.raises(NotFound, match="no known issue loud"):
        remove_issue(press.repository, press.keys, "loud", a_moment_ago())


def test_an_issue_names_what_is_published(press: Press, tmp_path: Path) -> None:
    issues = read_issues_file(issues_file(tmp_path, ISSUE))
    with pytest.raises(InvalidInput, match="issue slow: family 1 is not published"):
        add_issues(press.repository, press.keys, issues, a_moment_ago())
    assert known_issues(press.repository, press.repository.read()) == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (ISSUE.replace('cause = "Not known."', ""), "cause"),
        (ISSUE.replace("Common", "Often"), "Often"),
        (ISSUE + "more = 1\n", "more"),
        ("issue = 1", "issue"),
        ("[[", "common-issues.toml"),
    ],
)
def test_a_file_that_is_wrong_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        read_issues_file(issues_file(tmp_path, text))


def test_a_file_that_is_not_there_or_no_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        read_issues_file(tmp_path / "nothing")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_issues_file(tmp_path / "binary")


def test_guidance_is_an_oems(press: Press, tmp_path: Path) -> None:
    text = tmp_path / "guidance.md"
    text.write_text("# Guidance\n\nCarefully.\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match="an OEM's to publish"):
        put_guidance(press.repository, press.keys, text, a_moment_ago())
    oem = Press(replace(press.settings, kind=PublisherKind.OEM), press.work)
    for number in (1, 2):
        published = put_guidance(oem.repository, oem.keys, text, a_moment_ago())
        assert published.documents[Numbered.GUIDANCE] == number
    text.write_text(" \n", encoding="utf-8")
    with pytest.raises(InvalidInput, match="is empty"):
        put_guidance(oem.repository, oem.keys, text, a_moment_ago())
