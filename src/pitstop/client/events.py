"""Server-Sent Events, as much of them as the service sends: ``event``, ``data``, comments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def reports_in(lines: Iterable[str]) -> Iterator[str]:
    """The data of each ``report`` event in these lines; an event that is cut off is left out."""
    name = ""
    data: list[str] = []
    for line in lines:
        if not line:
            if name == "report" and data:
                yield "\n".join(data)
            name, data = "", []
        elif line.startswith("event:"):
            name = line.removeprefix("event:").strip()
        elif line.startswith("data:"):
            data.append(line.removeprefix("data:").removeprefix(" "))
