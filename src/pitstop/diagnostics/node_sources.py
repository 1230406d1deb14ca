"""What is read on a node, as shell texts: its journal, its files, what commands say.

A node needs a POSIX shell, coreutils and find, as for acting on it. Each text says on standard output what
is to be kept, on standard error why there is nothing, and ends with :data:`NOT_HERE` where a node has no such
thing. Of what is too long the newest part is given; what comes through a pipe has an empty line before it, so
that whoever drops the first line drops either that or a line that was cut.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

NOT_HERE = 69
"""The exit status for: there is no such thing on this node. ``EX_UNAVAILABLE``."""

MOST_FILES = 2_000

DEFAULT_FILES = ("var/log/*",)
DEFAULT_COMMANDS = {
    "system": "uname -a; uptime; cat etc/os-release",
    "disks": "df -hT; df -hi",
    "memory": "free -m",
    "processes": "ps -eo pid,ppid,user,stat,lstart,time,rss,args --sort=-rss",
    "network": "ip addr; ip route; ss -tlnp",
    "clock": "date -u; timedatectl",
    "failed-services": "systemctl --failed --no-pager --full",
    "kernel": "dmesg -T | tail -n 2000",
}

_STATUS_OF_FIRST = "exec 3>&1; status=$({{ {{ {first}; echo $? >&4; }} | {second} >&3; }} 4>&1); exit $status"
"""Of two commands with a pipe between them: end with the first one's status."""
_GLOB = re.compile(r"[*?\[]")
_UNPACKING = {".gz": "gzip -dc", ".xz": "xz -dc", ".bz2": "bzip2 -dc", ".zst": "zstd -dqc"}


def journal(since: datetime, until: datetime, most: int) -> str:
    read = (
        "journalctl --no-pager --quiet --output=short-iso-precise "
        f"--since=@{int(since.timestamp())} --until=@{int(until.timestamp()) + 1}"
    )
    return f"""command -v journalctl >/dev/null || {{ echo "there is no journal here" >&2; exit {NOT_HERE}; }}
if [ -n "$PITSTOP_ROOT" ]; then
  [ -d "$PITSTOP_ROOT/var/log/journal" ] || {{ echo "there is no journal here" >&2; exit {NOT_HERE}; }}
  set -- -D "$PITSTOP_ROOT/var/log/journal"
fi
{_STATUS_OF_FIRST.format(first=f'echo; {read} "$@"', second=f"tail -c {most}")}
"""


def list_files(patterns: Sequence[str], since: datetime) -> str:
    """Lists files that were changed since then: ``changed size path`` each, ended by NUL."""
    finds = [
        f"[ -e {shlex.quote(_base(pattern))} ] && find {shlex.quote(_base(pattern))} -type f "
        f"-newermt @{int(since.timestamp())} ! -name '*.journal' ! -name '*.journal~' "
        f"-path {shlex.quote(_under(pattern))} -printf '%T@ %s %p\\0'"
        for pattern in patterns
    ]
    return "\n".join([*finds, "exit 0"])


def _under(pattern: str) -> str:
    return "./" + posixpath.normpath("/" + pattern).lstrip("/")


def _base(pattern: str) -> str:
    """The folder below which everything lies that the pattern may mean, or the one file."""
    parts = _under(pattern).split("/")
    for number, part in enumerate(parts):
        if _GLOB.search(part):
            return "/".join(parts[:number])
    return "/".join(parts)


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file on a node; ``path`` begins with ``./`` in the node's root. ``is_named``: its name is text, so
    that it can be asked for."""

    changed: float
    size: int
    path: str
    is_named: bool = True

    @property
    def shown(self) -> str:
        return self.path.removeprefix(".")

    @property
    def is_packed(self) -> bool:
        return posixpath.splitext(self.path)[1] in _UNPACKING


def listed(output: bytes) -> list[ListedFile]:
    """What was listed, the newest first, each once."""
    files = {}
    for entry in output.split(b"\0"):
        changed, _, rest = entry.partition(b" ")
        size, _, path = rest.partition(b" ")
        if path and size.isdigit():
            name = path.decode("utf-8", "replace")
            files[path] = ListedFile(float(changed), int(size), name, name.encode() == path)
    return sorted(files.values(), key=lambda file: file.changed, reverse=True)


def read_file(file: ListedFile, most: int) -> str:
    path = shlex.quote(file.path)
    unpack = _UNPACKING.get(posixpath.splitext(file.path)[1])
    if unpack is None:
        return f"exec {'head' if file.size <= most else 'tail'} -c {most} -- {path}"
    program = unpack.split()[0]
    missing = (
        f'command -v {program} >/dev/null || {{ echo "there is no {program} here" >&2; exit {NOT_HERE}; }}'
    )
    return (
        f"{missing}\n{_STATUS_OF_FIRST.format(first=f'echo; {unpack} -- {path}', second=f'tail -c {most}')}"
    )


def run_command(command: str) -> str:
    """What it says, on both its outputs."""
    return f"( {command}\n) 2>&1"


def make_sos_report(folder: str) -> str:
    """Makes a report with ``sos`` below the node's ``folder``, not packed, as files to be looked into."""
    place = shlex.quote(folder)
    return f"""command -v sos >/dev/null || command -v sosreport >/dev/null || {{
  echo "there is no sos here" >&2; exit {NOT_HERE}; }}
rm -rf {place} && mkdir -p -m 700 {place} || exit
if command -v sos >/dev/null; then set -- sos report; else set -- sosreport; fi
"$@" --batch --build --quiet --tmp-dir "$PWD"/{place} >{place}/said 2>&1 || {{
  status=$?; tail -c 1000 {place}/said >&2; exit $status; }}
"""


def list_folder(folder: str) -> str:
    """Lists all files below a folder, as :func:`list_files` does."""
    return (
        f"[ -d {shlex.quote(folder)} ] && find {shlex.quote(folder)} -type f -printf '%T@ %s %p\\0'; exit 0"
    )


def drop_folder(folder: str) -> str:
    return f"rm -rf {shlex.quote(folder)}"


def names_of_machine() -> str:
    """What the machine and its people are called: ``host NAME`` and ``user NAME`` lines."""
    return (
        'for name in $(hostname 2>/dev/null; hostname -f 2>/dev/null); do echo "host $name"; done\n'
        "awk -F: '$3 >= 1000 && $3 < 65000 {print \"user \" $1}' etc/passwd 2>/dev/null\nexit 0"
    )
