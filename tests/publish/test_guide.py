"""``docs/publishing.md`` says what works: its files are written, and its commands run, in order."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from pitstop.cli.main import run
from pitstop.publish.package_source import PackageSource
from pitstop.publish.repository import Repository
from pitstop.publish.settings import ExpiryDays, read_settings

GUIDE = Path(__file__).parents[2] / "docs" / "publishing.md"
_BLOCK = re.compile(r"(?:<!-- file: (?P<file>\S+) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)```\n", re.DOTALL)


def test_the_guide_can_be_followed_from_its_beginning_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    commands = 0
    for block in _BLOCK.finditer(GUIDE.read_text(encoding="utf-8")):
        if block["file"]:
            path = tmp_path / block["file"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block["text"], encoding="utf-8")
        elif block["kind"] == "console":
            for line in block["text"].splitlines():
                _follow(line, monkeypatch, capsys)
                commands += 1
    assert commands > 30
    catalogue = Repository(read_settings(tmp_path / "northstar")).read().catalogue
    assert [str(entry.version) for entry in catalogue.releases] == ["1.1.0.1", "1.1.1.2", "1.1.2.3"]
    assert (tmp_path / "public" / "feeds" / "hotfixes.rss.xml").is_file()


def _follow(line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    prompt, *words = shlex.split(line)
    assert prompt == "$", line
    if words[0] == "export":
        name, _, value = words[1].partition("=")
        monkeypatch.setenv(name, value)
        return
    assert words[0] == "pitstop", line
    status = run(words[1:])
    assert status == 0, f"{line}\n{capsys.readouterr().err}"


def test_the_fields_of_package_toml_are_all_in_the_reference() -> None:
    page = (GUIDE.parent / "package.md").read_text(encoding="utf-8")
    missing = [name for name in PackageSource.__struct_fields__ if f"`{name}`" not in page]
    assert missing == ["release"]
    assert "`[release]`" in page


def test_metadata_holds_as_long_as_the_guide_says() -> None:
    page = GUIDE.read_text(encoding="utf-8")
    days = ExpiryDays()
    for row in (
        f"| `timestamp` | {days.timestamp} |",
        f"| `snapshot`, `targets` | {days.targets} |",
        f"| `media` | {days.media} |",
        f"| `root` | {days.root} |",
    ):
        assert row in page
    assert days.snapshot == days.targets
