"""Which service to ask, and as whom: the environment says so, else the profile of ``pitstop login``.

The profile is ``profile.toml`` in ``$PITSTOP_CONFIG``, else in ``pitstop`` below the XDG configuration
folder. It holds a session's token, so it is its owner's alone (mode 0600), is refused when it is not, and
its token goes to the service that gave it and to no other.
"""

from __future__ import annotations

import json
import os
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from pitstop.client.address import DEFAULT_URL, checked_url
from pitstop.model.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Profile:
    """A service and a session at it. ``token`` is None when nobody is signed in."""

    url: str = DEFAULT_URL
    name: str = ""
    token: str | None = None
    ca: Path | None = None


def profile_file(environment: Mapping[str, str]) -> Path:
    folder = environment.get("PITSTOP_CONFIG")
    if folder:
        return Path(folder) / "profile.toml"
    configuration = environment.get("XDG_CONFIG_HOME")
    root = Path(configuration) if configuration else Path(environment.get("HOME") or Path.home()) / ".config"
    return root / "pitstop" / "profile.toml"


def current(environment: Mapping[str, str]) -> Profile:
    """What holds now: ``PITSTOP_URL`` and ``PITSTOP_TOKEN`` before the profile.

    Raises:
        InvalidInput: the profile cannot be used.
    """
    stored = read(profile_file(environment))
    url = checked_url(environment.get("PITSTOP_URL") or stored.url)
    same = url == stored.url
    token = environment.get("PITSTOP_TOKEN") or (stored.token if same else None)
    ca = environment.get("PITSTOP_CA")
    return Profile(url, stored.name if same else "", token, Path(ca) if ca else stored.ca if same else None)


def read(file: Path) -> Profile:
    """The stored profile; an empty one when there is none.

    Raises:
        InvalidInput: others may read it, or it is damaged.
    """
    try:
        with file.open("rb") as opened:
            mode = stat.S_IMODE(os.fstat(opened.fileno()).st_mode)
            values = tomllib.load(opened)
    except FileNotFoundError:
        return Profile()
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{file} cannot be read: {error}", hint=_ANEW) from error
    if mode & 0o077:
        raise InvalidInput(
            f"{file} holds a session and may be read by others (mode {mode:04o})",
            hint=f"chmod 600 {file}; if others may have read it, `pitstop logout` and sign in again.",
        )
    if not all(isinstance(value, str) for value in values.values()):
        raise InvalidInput(f"{file} is not a profile: its values must be texts", hint=_ANEW)
    ca = values.get("ca")
    url = values.get("url", DEFAULT_URL)
    return Profile(url, values.get("name", ""), values.get("token"), Path(ca) if ca else None)


_ANEW = "Remove it, then sign in anew with `pitstop login`."


def write(file: Path, profile: Profile) -> None:
    """Put the profile in place, whole or not at all.

    Raises:
        InvalidInput: the folder cannot be written.
    """
    values = {"url": profile.url, "name": profile.name, "token": profile.token, "ca": profile.ca}
    lines = [f"{key} = {json.dumps(str(value))}\n" for key, value in values.items() if value]
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with NamedTemporaryFile(
            "w", dir=file.parent, prefix=".profile-", encoding="utf-8", delete=False
        ) as new:
            new.writelines(lines)
            new.flush()
            os.fsync(new.fileno())
        Path(new.name).replace(file)
    except OSError as error:
        raise InvalidInput(
            f"{file} cannot be written: {error.strerror}", hint="Set PITSTOP_CONFIG to a folder of yours."
        ) from error
