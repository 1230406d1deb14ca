"""What the settings say about logs, and what is refused with its name."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from daemon.test_settings import settings
from pitstop.diagnostics.node_sources import DEFAULT_COMMANDS
from pitstop.diagnostics.targets import PutTarget, SftpTarget, StoreTarget
from pitstop.model.errors import InvalidInput
from simulators.ssh_server import make_key


def test_by_default_bundles_stay_as_the_rules_say(tmp_path: Path) -> None:
    logs = settings(tmp_path).logs
    assert (logs.keep, logs.keep_of_runs) == (timedelta(days=90), timedelta(days=180))
    assert (logs.automatic, logs.pseudonyms, logs.targets) == (True, False, ())
    assert logs.what.commands == DEFAULT_COMMANDS


def test_what_is_collected_and_how_much_can_be_set(tmp_path: Path) -> None:
    said = """
[logs]
files = ["opt/app/log/*"]
sos = true
file_limit = "1M"
node_limit = "2M"
limit = "3M"
minutes = 5
bandwidth = "1M"
keep_days = 1
space = "1G"
[[log_command]]
name = "raid"
run = "cat proc/mdstat"
[[log_command]]
name = "kernel"
run = ""
[[log_pattern]]
name = "badge"
pattern = 'B-[0-9]+'
"""
    logs = settings(tmp_path, source=said).logs
    assert logs.what.files == ("opt/app/log/*",)
    assert logs.what.sos
    assert set(logs.what.commands) == {*DEFAULT_COMMANDS, "raid"} - {"kernel"}
    assert (logs.bounds.thing, logs.bounds.node, logs.bounds.whole) == (1_000_000, 2_000_000, 3_000_000)
    assert (logs.bounds.long, logs.bandwidth, logs.space) == (timedelta(minutes=5), 1_000_000, 1_000_000_000)
    assert logs.own == {"badge": b"B-[0-9]+"}


def test_targets_are_of_three_kinds(tmp_path: Path) -> None:
    key = make_key(tmp_path / "key")
    (tmp_path / "s3").write_text("region=us-east-1\n")
    said = f"""
[[log_target]]
name = "one"
url = "sftp://logs@files.example/in"
key = "key"
host_key = "{key}"
automatic = true
[[log_target]]
name = "two"
url = "s3://bucket/path"
options = "s3"
[[log_target]]
name = "three"
url = "https://files.example/up"
token = "token"
"""
    one, two, three = settings(tmp_path, source=said).logs.targets
    assert isinstance(one, SftpTarget)
    assert (one.says, one.automatic) == ("sftp://logs@files.example:22/in", True)
    assert isinstance(two, StoreTarget)
    assert two.options == {"region": "us-east-1"}
    assert isinstance(three, PutTarget)
    assert three.token == tmp_path / "token"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ('[[log_target]]\nname = "t"\nurl = "ftp://x/y"', "no place"),
        ('[[log_target]]\nname = "t"\nurl = "http://files.example/x"', "no place"),
        ('[[log_target]]\nname = "t"\nurl = "sftp://a@b/c"', "a `key` and a `host_key`"),
        ('[[log_target]]\nname = "t"\nurl = "sftp://a@b/c"\nkey = "k"\nhost_key = "x"', "no public key"),
        ("[[log_pattern]]\nname = \"p\"\npattern = '('", "'p' is no pattern"),
        ("[[log_pattern]]\nname = \"p\"\npattern = 'x*'", "where there is nothing"),
        ('[logs]\nlimit = "much"', "no size"),
        ("[logs]\nkeep_days = 0", "keep_days"),
        ("[logs]\nminuets = 3", "minuets"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, said: str, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        settings(tmp_path, source=said)
