"""Locales that this machine was not set up with, made from the system's sources of locales."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

_SOURCES = Path("/usr/share/i18n/locales")


def can_be_made(locale: str) -> bool:
    """Whether it can, or is one that is nowhere: what it is then is the system's own affair."""
    language = locale.partition(".")[0]
    return language == "xx_XX" or bool(shutil.which("localedef") and (_SOURCES / language).exists())


def made(folder: Path, locale: str) -> Path:
    """A folder for ``LOCPATH`` that holds it; once made, it is there."""
    place = folder / "locales" / locale
    language, _, charset = locale.partition(".")
    if not place.exists() and (_SOURCES / language).exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["localedef", "-c", "-i", language, "-f", charset, str(place)], check=True, capture_output=True
        )
    return place.parent


def charset_of(locale: str) -> str:
    """What its terminal shows, as Python names it; UTF-8 where the locale is nowhere."""
    charset = locale.partition(".")[2]
    return charset if charset.startswith(("ISO", "EUC")) else "utf-8"
