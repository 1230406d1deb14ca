"""The publisher's site of the room: HTTPS, with a certificate that is valid or has expired."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Final

from demo import processes
from pitstop.publish.serving import SiteServer
from simulators.certificates import self_signed

NAME: Final = "site.northstar.example"
"""Of the site, where this user can have names of their own; else the site has only an address."""


@dataclass
class Site:
    """``folder``: the room's, with the publisher's folder, certificates, and what names its machine knows."""

    folder: Path
    closing: ExitStack = field(default_factory=ExitStack)

    @cached_property
    def port(self) -> int:
        return processes.free_port()

    @property
    def files(self) -> Path:
        return self.folder / "northstar/site"

    def lay(self) -> None:
        """``valid`` and ``expired``, each a certificate with its key; the service trusts both issuers."""
        now = datetime.now(UTC)
        ends = {"valid": now + timedelta(days=300), "expired": now - timedelta(days=1)}
        for name, end in ends.items():
            (self.folder / name).write_bytes(_certificate(end))
        (self.folder / "sites.pem").write_bytes(b"".join((self.folder / name).read_bytes() for name in ends))
        self.name()

    def start(self, certificate: str = "valid") -> None:
        """``certificate``: ``valid`` or ``expired``."""
        self.closing.enter_context(_serving(self.files, self.port, self.folder / certificate))

    def stop(self) -> None:
        self.closing.close()

    def name(self, *, known: bool = True) -> None:
        """What the service's machine knows of names."""
        (self.folder / "hosts").write_text(f"127.0.0.1 localhost\n{f'127.0.0.1 {NAME}' if known else ''}\n")


def _certificate(end: datetime) -> bytes:
    """One that signs itself, until then, with its key: PEM."""
    begin = end - timedelta(days=400)
    return b"".join(self_signed([NAME, "127.0.0.1"], begin, end, called=f"a site, until {end:%Y}"))


@contextmanager
def _serving(folder: Path, port: int, certificate: Path) -> Iterator[None]:
    with SiteServer(folder, port) as server:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
