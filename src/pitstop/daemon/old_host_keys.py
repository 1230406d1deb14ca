"""Host keys that an older Pitstop kept in a file of the state folder: taken into the database, once."""

from __future__ import annotations

from pathlib import Path

from pitstop.model.errors import StateUnusable
from pitstop.ports.host_keys import HostKeys

OLD_NAME = "host-keys"


def take_over(folder: Path, host_keys: HostKeys) -> None:
    """Pin what the file has (a line each: ``NAME TYPE BASE64``), then put the file aside.

    Raises:
        StateUnusable: the file is there and cannot be read: to go on would pin anew what may have changed.
    """
    file = folder / OLD_NAME
    try:
        lines = file.read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        raise StateUnusable(f"the pinned host keys in {file} cannot be read: {error}") from error
    for name, _, key in (line.partition(" ") for line in lines):
        if key:
            host_keys.pin(name, key)
    file.replace(file.with_name(f"{OLD_NAME}.old"))
