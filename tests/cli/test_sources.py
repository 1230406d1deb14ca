"""How sources are listed."""

from __future__ import annotations

import msgspec

from pitstop.cli.source import source_lines
from simulators.scenes import sources


def test_a_source_that_the_settings_name_no_longer_is_said_to_be_off() -> None:
    north = msgspec.structs.replace(sources()[0], declared=False, connected=False)
    lines = " ".join(source_lines((north,)))
    assert "switched off" in lines
    assert north.url in lines
