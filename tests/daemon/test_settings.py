"""``pitstop.toml``: what it may say, what overrides it, and what is refused with the place named."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from pitstop.daemon.links import links
from pitstop.daemon.settings import Settings, WatchedBucket, read_settings
from pitstop.model.errors import InvalidInput, NotFound
from pitstop.model.sizes import parse_size

SOURCE = """
[[source]]
name = "northstar"
publisher = "northstar"
kind = "platform"
types = ["Full"]
root = "northstar.root.json"
"""


def settings(folder: Path, text: str = "", source: str = "", **environment: str) -> Settings:
    (folder / "pitstop.toml").write_text(f'system = "nodes.yaml"\n{text}\n{SOURCE}{source}\n')
    return read_settings(folder / "pitstop.toml", environment)


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    read = settings(tmp_path, 'state = "state"\nimport_folder = "in"\nca = "ca.pem"')
    assert (read.state, read.import_folder, read.reach.ca) == (
        tmp_path / "state",
        tmp_path / "in",
        tmp_path / "ca.pem",
    )


def test_a_bucket_is_watched_with_what_its_store_is_to_be_told(tmp_path: Path) -> None:
    assert settings(tmp_path).import_bucket is None
    told = '[import_bucket_options]\nendpoint = "http://127.0.0.1:9000"'
    said = settings(tmp_path, f'import_bucket = "s3://inbox/rack"\n{told}').import_bucket
    assert said == WatchedBucket("s3://inbox/rack", {"endpoint": "http://127.0.0.1:9000"})
    with pytest.raises(InvalidInput, match="no import_bucket"):
        settings(tmp_path, told)


def test_a_source_without_an_address_is_not_connected(tmp_path: Path) -> None:
    ((source, root),) = settings(tmp_path).sources
    assert not source.connected
    assert root == tmp_path / "northstar.root.json"


def test_a_source_may_have_mirrors(tmp_path: Path) -> None:
    said = 'url = "https://a.example"\nmirrors = ["https://b.example", "file:///srv/copy"]'
    ((source, _),) = settings(tmp_path, source=said).sources
    assert source.connected
    assert source.mirrors == ("https://b.example", "file:///srv/copy")


def test_the_proxy_is_from_the_file_or_from_our_own_variable(tmp_path: Path) -> None:
    said = 'proxy = "http://proxy.example:3128"'
    assert settings(tmp_path, said).reach.proxy == "http://proxy.example:3128"
    assert settings(tmp_path, said, PITSTOP_PROXY="http://other:1").reach.proxy == "http://other:1"
    assert settings(tmp_path, said, PITSTOP_PROXY="").reach.proxy is None
    assert (
        settings(tmp_path, http_proxy="http://ambient:1", HTTPS_PROXY="http://ambient:1").reach.proxy is None
    )


def test_each_source_may_be_reached_in_its_own_way_under_one_limit(tmp_path: Path) -> None:
    said = 'proxy = "http://proxy:3128"\nca = "ca.pem"\nbandwidth = "10M"'
    general, own = links(settings(tmp_path, said, source='proxy = "direct"\nca = "own.pem"').reach)
    assert (general.proxy, general.ca_bundle) == ("http://proxy:3128", tmp_path / "ca.pem")
    assert (own["northstar"].proxy, own["northstar"].ca_bundle) == (None, tmp_path / "own.pem")
    assert general.traffic is own["northstar"].traffic
    assert general.traffic.limit == 10_000_000


def test_the_database_is_in_the_state_folder_or_shared(tmp_path: Path) -> None:
    address = "postgresql://pitstop@db.example/pitstop"
    assert settings(tmp_path).database is None
    assert settings(tmp_path, f'database = "{address}"').database == address
    assert settings(tmp_path, PITSTOP_DATABASE=address).database == address
    assert settings(tmp_path, f'database = "{address}"', PITSTOP_DATABASE="").database is None


def test_bounds_of_media_and_payloads_have_defaults(tmp_path: Path) -> None:
    read = settings(tmp_path)
    assert (read.medium.warn, read.medium.refuse) == (timedelta(days=90), timedelta(days=365))
    assert read.keep_payloads == timedelta(days=14)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('proxy = "socks5://p:1"', "proxy"),
        ('proxy = "proxy:3128"', "proxy"),
        ('bandwidth = "fast"', "'fast' is no size"),
        ('bandwidth = "0"', "zero"),
        ("medium_warn_days = 400", "medium_warn_days = 400 is more than medium_refuse_days = 365"),
        ("medium_refuse_days = 0", "medium_refuse_days"),
        ("keep_payloads_days = -1", "keep_payloads_days"),
        ('mirrors = ["x"]', "mirrors"),
        ('listen = "0.0.0.0:80"', "loopback"),
        ('database = "mysql://db/pitstop"', "PostgreSQL"),
        ('database = "state.db"', "PostgreSQL"),
    ],
)
def test_what_is_wrong_is_refused_by_name(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        settings(tmp_path, text)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"pitstop\.toml"):
        read_settings(tmp_path / "pitstop.toml", {})


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1", 1),
        ("512 B", 512),
        ("4G", 4 * 10**9),
        ("4GB", 4 * 10**9),
        ("4GiB", 4 * 2**30),
        ("1.5 MB", 1_500_000),
        ("700M", 700 * 10**6),
        ("2k", 2000),
        ("2KiB", 2048),
        ("2T", 2 * 10**12),
    ],
)
def test_sizes_are_read_as_people_write_them(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "G", "-4G", "4 X", "4GG", "1e9", "0", "0G", "four", "9" * 40, "4G 4G"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="no size"):
        parse_size(text)
