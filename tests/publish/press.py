"""A publisher at work: its sources, its builds and its releases, with real keys and real files."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pitstop.model.releases import Release
from pitstop.publish.building import BuiltPackage, build, plan_kinds
from pitstop.publish.keys import KeyFolder
from pitstop.publish.releasing import release
from pitstop.publish.repository import Repository
from pitstop.publish.settings import PublisherSettings

PASSPHRASE = "correct horse battery"
PLAN = """
format: 1
name: Install @NAME@
checks:
  - {name: Well, kind: probe, role: "*", args: {run: ["true"]}}
items:
  - name: All
    mode: rolling
    role: "*"
    items:
      - {name: Copy, kind: copy, args: {from: opt, to: /opt}}
"""


ARTICLE = """# It forgets what it was told

## Issue

After a **restart** it says nothing. <script>alert(1)</script>

## Cause

It was never written down.

## Resolution

Install @NAME@.

## Applies to

All builds before @VERSION@.
"""


def a_moment_ago() -> datetime:
    """The client looks at the true clock: signatures are made at true times."""
    return datetime.now(UTC) - timedelta(seconds=5)


@dataclass
class Press:
    """A publisher at work in one folder."""

    settings: PublisherSettings
    work: Path
    keys: KeyFolder = field(init=False)

    def __post_init__(self) -> None:
        self.keys = KeyFolder(self.settings.key_folder, PASSPHRASE)

    @property
    def repository(self) -> Repository:
        return Repository(self.settings)

    def source(self, version: str, more: str = 'type = "Full"\nfamily = "1"', text: str = "hello") -> Path:
        """A package source; ``more`` are further lines of its package.toml."""
        folder = self.work / "sources" / version
        content = folder / "content" / "opt"
        content.mkdir(parents=True, exist_ok=True)
        (content / "greeting.txt").write_text(text, encoding="utf-8")
        (content / "run.sh").write_text("#!/bin/sh\n", encoding="utf-8")
        (content / "run.sh").chmod(0o755)
        (folder / "plan.yaml").write_text(PLAN, encoding="utf-8")
        (folder / "notes.md").write_text("# @NAME@\n", encoding="utf-8")
        if '"Hotfix"' in more:
            (folder / "kb.md").write_text(ARTICLE, encoding="utf-8")
        head = f'format = 1\nversion = "{version}"\ntitle = "Release {version}"\nreleased = 2026-01-20\n'
        (folder / "package.toml").write_text(f"{head}{more}\n", encoding="utf-8")
        return folder

    def build(self, source: Path, out: str = "built") -> BuiltPackage:
        return build(source, self.work / out, self.settings, plan_kinds())

    def release(self, built: BuiltPackage) -> Release:
        return release(self.repository, self.keys, built, a_moment_ago())

    def publish(self, version: str, more: str = 'type = "Full"\nfamily = "1"') -> Release:
        return self.release(self.build(self.source(version, more)))
