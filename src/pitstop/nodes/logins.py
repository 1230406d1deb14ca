"""Names and passwords for what is not reached by SSH: where they lie is declared, and they are read anew each
time they are needed. They are in no plan, no log and no database.

In the nodes file, with one ``password``::

    [login.bmc]
    user = "service"
    password = "file:keys/bmc"             # its first line; relative to the nodes file
    password = "env:BMC_PASSWORD"          # of the service's environment
    password = "keyring:rack-1/service"    # SERVICE/NAME of the machine's keyring
    ca = "keys/bmc-ca.pem"                 # whom to trust for its TLS; the machine's own, unless told
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from pitstop.model.errors import NotFound
from pitstop.model.system import Login
from pitstop.nodes.toml_table import TomlTable

_KINDS = ("file", "env", "keyring")
_HINT = "Put it where the nodes file says it is ([login]), or change that; then resume the run."


def declared_logins(file: TomlTable, folder: Path) -> Mapping[str, Login]:
    """What ``[login.NAME]`` says; files are named absolutely from here on."""
    logins = file.table("login")
    return {name: _login(logins.table(name), folder) for name in logins.content}


def _login(table: TomlTable, folder: Path) -> Login:
    table.only("user", "password", "ca")
    kind, _, rest = table.checked("password", None, _is_reference, _RULE).partition(":")
    ca = table.text("ca", "")
    return Login(
        user=table.text("user"),
        password=f"file:{folder / rest}" if kind == "file" else f"{kind}:{rest}",
        ca=str(folder / ca) if ca else "",
    )


_RULE = "is not 'file:PATH', 'env:VARIABLE' or 'keyring:SERVICE/NAME': a password does not stand here itself"


def _is_reference(text: str) -> bool:
    kind, _, rest = text.partition(":")
    return kind in _KINDS and bool(rest) and (kind != "keyring" or "/" in rest)


def password_of(name: str, login: Login) -> str:
    """The password itself.

    Raises:
        NotFound: it is not where it is said to be.
    """
    kind, _, rest = login.password.partition(":")
    find: Mapping[str, Callable[[str], str | None]] = {
        "file": _of_file,
        "env": os.environ.get,
        "keyring": _of_keyring,
    }
    found = find[kind](rest)
    if not found:
        raise NotFound(f"the password of login {name} is not there: {kind}:{rest}", hint=_HINT)
    return found


def _of_file(path: str) -> str | None:
    try:
        return Path(path).read_text(encoding="utf-8").partition("\n")[0]
    except OSError:
        return None


def _of_keyring(place: str) -> str | None:
    try:
        import keyring  # noqa: PLC0415 - comes with the extra `redfish`, and starts a keyring's own service
    except ImportError as error:
        raise NotFound("keyrings are read with the package `keyring`: install pitstop[redfish]") from error
    service, _, user = place.rpartition("/")
    return keyring.get_password(service, user)
