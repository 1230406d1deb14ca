"""Where the service is, and how to trust it."""

from __future__ import annotations

import ssl
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from pitstop.model.errors import InvalidInput

DEFAULT_URL = "http://127.0.0.1:8460"


def checked_url(url: str) -> str:
    """The address without a trailing slash.

    Raises:
        InvalidInput: it is no http address, or is plain http to another machine: passwords and tokens go
            over the wire in the clear nowhere.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    if (
        parts.scheme not in ("http", "https")
        or not host
        or parts.query
        or parts.fragment
        or "@" in parts.netloc
    ):
        raise InvalidInput(
            f"{url!r} is not the address of a service", hint=f"An address looks like {DEFAULT_URL}."
        )
    if parts.scheme == "http" and not is_loopback(host):
        raise InvalidInput(
            f"{url} is plain http to another machine",
            hint="Use https, so that password and token stay secret.",
        )
    return url.rstrip("/")


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def tls_context(ca: Path | None) -> ssl.SSLContext:
    """Trust this certificate authority alone; None: those of this machine.

    Raises:
        InvalidInput: the file is not there, or holds no certificate.
    """
    if ca is None:
        return ssl.create_default_context()
    try:
        return ssl.create_default_context(cafile=ca)
    except (OSError, ssl.SSLError) as error:
        raise InvalidInput(
            f"{ca} cannot be used as certificate authority: {error.strerror or error}",
            hint="Give a file with certificates in PEM form.",
        ) from error
