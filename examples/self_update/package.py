"""The source of a hotfix of Lantern that carries Pitstop: what a publisher would have in its repository."""

from __future__ import annotations

import shutil
from pathlib import Path

PLAN = Path(__file__).with_name("plan.yaml")
PACKAGE = """\
format = 1
type = "Hotfix"
version = "{version}"
title = "Lantern hotfix {version}"
description = "The update service {pitstop}, then a fix of Lantern."
released = {released}
families = ["2601"]
content = [
  {{ text = "@VERSION@\\n", to = "opt/lantern/VERSION" }},
  {{ from = "wheels", to = "pitstop" }},
]
"""
ARTICLE = """\
# The update service {pitstop}

## Issue

It was older.

## Cause

A newer one had not been made.

## Resolution

Install @NAME@.

## Applies to

Lantern of family 2601.
"""


def lay_source(folder: Path, version: str, pitstop: str, wheels: Path, *, released: str) -> Path:
    """Write the package's source into ``folder``.

    Args:
        pitstop: the version of Pitstop that the wheels are of.
        wheels: what the package is to carry of Pitstop, with its requirements.
        released: the day, ISO 8601.
    """
    folder.mkdir(parents=True)
    told = {"version": version, "pitstop": pitstop, "released": released}
    (folder / "package.toml").write_text(PACKAGE.format(**told))
    (folder / "plan.yaml").write_text(PLAN.read_text().replace("@PITSTOP@", pitstop))
    (folder / "notes.md").write_text(f"# @NAME@\n\nThe update service {pitstop} first.\n")
    (folder / "kb.md").write_text(ARTICLE.format(**told))
    shutil.copytree(wheels, folder / "wheels")
    return folder
