"""Make a new publisher: its folder with settings, keys, root of trust and an empty site, all or nothing."""

from __future__ import annotations

import io
import shutil
import tempfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from pitstop.model.errors import Conflict
from pitstop.publish.durable import put, sync_folder
from pitstop.publish.keys import KeyFolder
from pitstop.publish.repository import Repository
from pitstop.publish.settings import SETTINGS_FILE, PublisherSettings, settings_text


def feed_authority(site_url: str, now: datetime) -> str:
    """What the ids of the feeds' entries begin with: the site's domain, and this day. "" without a site."""
    host = urlsplit(site_url).hostname if site_url else None
    return f"{host},{now:%Y-%m-%d}" if host else ""


def found(settings: PublisherSettings, passphrase: str, now: datetime) -> PublisherSettings:
    """Make the publisher that the settings describe, in their folder.

    Raises:
        Conflict: the folder has something in it.
        InvalidInput: settings or passphrase cannot be.
    """
    settings.check()
    folder = settings.folder.absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Conflict(f"{folder} is not empty", hint="Name a folder that is new or empty.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        made = replace(settings, folder=work)
        Repository(made).create(KeyFolder(made.key_folder, passphrase), now)
        put(work / SETTINGS_FILE, io.BytesIO(settings_text(made).encode()))
        work.chmod(0o755)
        work.rename(folder)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    sync_folder(folder.parent)
    return replace(settings, folder=folder)
