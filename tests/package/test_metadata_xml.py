"""``Metadata.xml``: what is written is read back; what is hostile or wrong is refused by name."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lxml import etree

from pitstop.model.errors import InvalidPackage
from pitstop.model.packages import ExpectedRuntime, PackageMetadata, PackageType, Volume
from pitstop.model.versions import Version
from pitstop.package.metadata_xml import MAX_METADATA_BYTES, read_metadata, schema_bytes, write_metadata

FULL = PackageMetadata(
    name="Northstar1.2604.0.21",
    publisher="northstar",
    product="lantern",
    type=PackageType.EXPRESS,
    version=Version.parse("1.2604.0.21"),
    display_name='Lantern <2604> & "friends"',
    description="Zwei Zeilen,\n  die zweite eingerückt. ✓",
    prerequisites=("Hotfix 1.2601.1.15", "OEM 2.1"),
    min_version=Version.parse("1.2601.0.12"),
    min_oem_version=Version.parse("2.1"),
    restarts_nodes=True,
    expected_runtimes=(ExpectedRuntime(4, 1, 6), ExpectedRuntime(None, 3, 20)),
    support_address="support@northstar.example",
    release_link="https://northstar.example/notes?a=1&b=2",
    article_link="",
    size=30,
    manifest_sha256="a" * 64,
    plan_sha256="b" * 64,
    volumes=(
        Volume("Northstar1.2604.0.21-1.zip", 10, "c" * 64),
        Volume("Northstar1.2604.0.21-2.bin", 20, "d" * 64),
    ),
)
LEAST = replace(
    FULL,
    description="",
    prerequisites=(),
    min_version=None,
    min_oem_version=None,
    restarts_nodes=False,
    expected_runtimes=(),
    support_address="",
    release_link="",
    size=0,
    volumes=(),
)


@pytest.mark.parametrize("metadata", [FULL, LEAST], ids=["full", "least"])
def test_what_is_written_is_read_back(metadata: PackageMetadata) -> None:
    raw = write_metadata(metadata)
    assert read_metadata(raw) == metadata
    assert write_metadata(read_metadata(raw)) == raw


def test_the_schema_is_a_schema_for_other_tools_too() -> None:
    schema = etree.XMLSchema(etree.fromstring(schema_bytes()))
    schema.assertValid(etree.fromstring(write_metadata(FULL)))


def test_comments_and_another_layout_change_nothing() -> None:
    raw = write_metadata(FULL).replace(b"<Product>", b"<!-- seen --><Product>").replace(b"\n  <", b"\n\t<")
    assert read_metadata(raw) == FULL


def with_doctype(doctype: str, raw: bytes) -> bytes:
    return raw.replace(b"<UpdatePackage", doctype.encode() + b"\n<UpdatePackage", 1)


BOMB = (
    '<!DOCTYPE bomb [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 20}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    + "]>"
)


@pytest.mark.parametrize(
    "doctype",
    [
        "<!DOCTYPE UpdatePackage>",
        '<!DOCTYPE UpdatePackage SYSTEM "http://127.0.0.1:9/x.dtd">',
        '<!DOCTYPE UpdatePackage [<!ENTITY e SYSTEM "file:///etc/hostname">]>',
        BOMB,
    ],
    ids=["plain", "outside", "file-entity", "bomb"],
)
def test_a_doctype_is_refused(doctype: str) -> None:
    raw = with_doctype(doctype, write_metadata(FULL)).replace(b"<Product>lantern", b"<Product>&e;")
    with pytest.raises(InvalidPackage, match="DOCTYPE in line 2"):
        read_metadata(raw)


def test_a_doctype_cannot_hide_in_another_encoding() -> None:
    text = with_doctype("<!DOCTYPE UpdatePackage>", write_metadata(FULL)).decode()
    with pytest.raises(InvalidPackage, match="UTF-8"):
        read_metadata(text.replace("UTF-8", "UTF-16").encode("utf-16"))
    with pytest.raises(InvalidPackage):
        read_metadata(text.replace("UTF-8", "UTF-7").replace("<!DOCTYPE", "+ADwAIQ-DOCTYPE").encode())


def test_what_is_huge_is_refused_unparsed() -> None:
    with pytest.raises(InvalidPackage, match="too large"):
        read_metadata(b"<a>" * MAX_METADATA_BYTES)


def test_what_is_nested_without_end_is_refused() -> None:
    with pytest.raises(InvalidPackage, match="not well-formed"):
        read_metadata(b"<a>" * 100_000)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (b"<Type>Express", b"<Type>Bogus", r"line 6: Element 'Type'.*Bogus"),
        (b"<Version>1.2604.0.21", b"<Version>1.02", r"line 7: Element 'Version'"),
        (b"<Product>", b"<Extra/><Product>", r"line 5: Element 'Extra'"),
        (b'sha256="aaaa', b'sha256="AAAA', r"Element 'Manifest', attribute 'sha256'"),
        (b'size="10"', b'size="10" mode="x"', r"attribute 'mode'"),
        (b"urn:pitstop:package:1", b"urn:pitstop:package:2", r"line 2: Element '.*UpdatePackage'"),
        (b'size="10"', b'size="11"', r"Size: 30 bytes are named, the volumes have 31"),
        (b"<Size>30", b"<Size>-1", r"Element 'Size'"),
        (b"21-2.bin", b"22-2.bin", r"Volumes: volume .* is not named"),
        (b"21-2.bin", b"21-1.zip", r"listed twice"),
        (b"<Name>Northstar1.2604.0.21", b"<Name>../../etc", r"Element 'Name'"),
        (b'leastMinutes="1"', b'leastMinutes="7"', r"at least 7 and at most 6"),
        (b"</UpdatePackage>", b"", r"not well-formed"),
        (b"<Publisher>northstar</Publisher>", b"<Publisher>&nbsp;</Publisher>", r"not well-formed"),
    ],
)
def test_what_does_not_hold_is_named_with_its_element(old: bytes, new: bytes, says: str) -> None:
    raw = write_metadata(FULL)
    assert old in raw
    with pytest.raises(InvalidPackage, match=says):
        read_metadata(raw.replace(old, new))


def test_what_xml_cannot_carry_is_not_written() -> None:
    with pytest.raises(InvalidPackage, match="cannot be written"):
        write_metadata(replace(FULL, description="bell \a"))
    with pytest.raises(InvalidPackage):
        write_metadata(replace(FULL, name="no name at all"))
