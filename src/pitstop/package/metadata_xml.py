"""``Metadata.xml``: what is true of a package as it was published (namespace ``urn:pitstop:package:1``).

Read with a parser that resolves no entity, reads no DTD and reaches no network; a DOCTYPE is refused before
anything is parsed. Checked against the schema that is shipped as ``metadata-1.xsd``. Written in one way: the
same metadata always gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources
from typing import Any, cast

from lxml import etree

from pitstop.model.errors import InvalidPackage
from pitstop.model.packages import ExpectedRuntime, PackageMetadata, PackageType, Volume
from pitstop.model.versions import Version
from pitstop.package.content_paths import package_name_problem
from pitstop.package.fileset import volume_name_problem

NAMESPACE = "urn:pitstop:package:1"
MAX_METADATA_BYTES = 1024 * 1024
_SHOWN = 5


@cache
def schema_bytes() -> bytes:
    """The XSD, as it is shipped."""
    return resources.files("pitstop.package").joinpath("metadata-1.xsd").read_bytes()


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.fromstring(schema_bytes(), _parser()))


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def read_metadata(raw: bytes) -> PackageMetadata:
    """The metadata that these bytes say.

    Raises:
        InvalidPackage: too large, not XML, with a DOCTYPE, or not as the schema says; names element and line.
    """
    root = _parse(raw)
    problems = list(_schema_problems(root))
    if problems:
        raise InvalidPackage(f"Metadata.xml is not as its schema says: {'; '.join(problems[:_SHOWN])}")
    metadata = _metadata(root)
    _check(metadata)
    return metadata


def _schema_problems(root: etree._Element) -> Iterator[str]:
    schema = _schema()
    if not schema.validate(root):
        log = cast("Iterable[Any]", schema.error_log)  # the stubs do not know that it can be read
        for entry in log:
            yield f"line {entry.line}: {_plain(entry.message)}"


def _parse(raw: bytes) -> etree._Element:
    if len(raw) > MAX_METADATA_BYTES:
        raise InvalidPackage(
            f"Metadata.xml is too large: {len(raw)} bytes, at most {MAX_METADATA_BYTES} are allowed"
        )
    if b"\0" in raw:
        raise InvalidPackage("Metadata.xml is not UTF-8")
    if b"<!DOCTYPE" in raw:
        line = raw[: raw.index(b"<!DOCTYPE")].count(b"\n") + 1
        raise InvalidPackage(f"Metadata.xml has a DOCTYPE in line {line}, which is not allowed")
    try:
        root = etree.fromstring(raw, _parser())
    except etree.XMLSyntaxError as error:
        raise InvalidPackage(f"Metadata.xml is not well-formed XML: {error.msg}") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise InvalidPackage("Metadata.xml has a DOCTYPE, which is not allowed")
    return root


def _plain(message: str) -> str:
    return message.replace(f"{{{NAMESPACE}}}", "").rstrip(".")


def _metadata(root: etree._Element) -> PackageMetadata:
    return PackageMetadata(
        name=_text(root, "Name"),
        publisher=_text(root, "Publisher"),
        product=_text(root, "Product"),
        type=PackageType(_text(root, "Type")),
        version=Version.parse(_text(root, "Version")),
        display_name=_text(root, "DisplayName"),
        description=_text(root, "Description"),
        prerequisites=tuple(element.text or "" for element in _inside(root, "Prerequisites")),
        min_version=_version(root, "MinVersion"),
        min_oem_version=_version(root, "MinOemVersion"),
        restarts_nodes=_text(root, "RestartsNodes") == "true",
        expected_runtimes=tuple(_runtime(element) for element in _inside(root, "ExpectedRuntimes")),
        support_address=_text(root, "SupportAddress"),
        release_link=_text(root, "ReleaseLink"),
        article_link=_text(root, "ArticleLink"),
        size=int(_text(root, "Size")),
        manifest_sha256=_attribute(_element(root, "Manifest"), "sha256"),
        plan_sha256=_attribute(_element(root, "Plan"), "sha256"),
        volumes=tuple(_volume(element) for element in _inside(root, "Volumes")),
    )


def _element(root: etree._Element, name: str) -> etree._Element:
    found = root.find(f"{{{NAMESPACE}}}{name}")
    if found is None:
        raise InvalidPackage(f"Metadata.xml has no element {name}")
    return found


def _text(root: etree._Element, name: str) -> str:
    return _element(root, name).text or ""


def _version(root: etree._Element, name: str) -> Version | None:
    found = root.find(f"{{{NAMESPACE}}}{name}")
    return None if found is None else Version.parse(found.text or "")


def _inside(root: etree._Element, name: str) -> Iterator[etree._Element]:
    yield from _element(root, name)


def _attribute(element: etree._Element, name: str) -> str:
    return str(element.get(name, ""))


def _runtime(element: etree._Element) -> ExpectedRuntime:
    nodes = _attribute(element, "nodes")
    return ExpectedRuntime(
        nodes=int(nodes) if nodes else None,
        least_minutes=int(_attribute(element, "leastMinutes")),
        most_minutes=int(_attribute(element, "mostMinutes")),
    )


def _volume(element: etree._Element) -> Volume:
    return Volume(
        _attribute(element, "name"), int(_attribute(element, "size")), _attribute(element, "sha256")
    )


def _check(metadata: PackageMetadata) -> None:
    problems = list(_problems(metadata))
    if problems:
        raise InvalidPackage(f"Metadata.xml does not hold together: {'; '.join(problems[:_SHOWN])}")


def _problems(metadata: PackageMetadata) -> Iterator[str]:
    """What the schema cannot say."""
    problem = package_name_problem(metadata.name)
    if problem:
        yield f"Name: {problem}"
    names = [volume.name for volume in metadata.volumes]
    for name in names:
        if problem := volume_name_problem(metadata.name, name):
            yield f"Volumes: {problem}"
    if len(set(names)) < len(names):
        yield "Volumes: a volume is listed twice"
    together = sum(volume.size for volume in metadata.volumes)
    if metadata.size != together:
        yield f"Size: {metadata.size} bytes are named, the volumes have {together} together"
    for runtime in metadata.expected_runtimes:
        if runtime.least_minutes > runtime.most_minutes:
            yield f"ExpectedRuntimes: at least {runtime.least_minutes} and at most {runtime.most_minutes}"


def write_metadata(metadata: PackageMetadata) -> bytes:
    """The metadata's one form.

    Raises:
        InvalidPackage: it would not be read back.
    """
    try:
        raw = etree.tostring(_tree(metadata), encoding="UTF-8", xml_declaration=True, pretty_print=True)
    except ValueError as error:  # lxml's word for characters that XML cannot carry
        raise InvalidPackage(f"the package's metadata cannot be written as XML: {error}") from error
    if read_metadata(raw) != metadata:
        raise InvalidPackage("the package's metadata has text that XML does not carry unchanged")
    return raw


def _tree(metadata: PackageMetadata) -> etree._Element:
    root = etree.XML(f'<UpdatePackage xmlns="{NAMESPACE}"/>', _parser())
    for name, value in _leading_texts(metadata):
        _add(root, name, value)
    prerequisites = _add(root, "Prerequisites")
    for line in metadata.prerequisites:
        _add(prerequisites, "Prerequisite", line)
    for name, version in (("MinVersion", metadata.min_version), ("MinOemVersion", metadata.min_oem_version)):
        if version is not None:
            _add(root, name, str(version))
    _add(root, "RestartsNodes", "true" if metadata.restarts_nodes else "false")
    runtimes = _add(root, "ExpectedRuntimes")
    for runtime in metadata.expected_runtimes:
        _add_runtime(runtimes, runtime)
    _add(root, "SupportAddress", metadata.support_address)
    _add(root, "ReleaseLink", metadata.release_link)
    _add(root, "ArticleLink", metadata.article_link)
    _add(root, "Size", str(metadata.size))
    _add(root, "Manifest").set("sha256", metadata.manifest_sha256)
    _add(root, "Plan").set("sha256", metadata.plan_sha256)
    volumes = _add(root, "Volumes")
    for volume in metadata.volumes:
        element = _add(volumes, "Volume")
        element.set("name", volume.name)
        element.set("size", str(volume.size))
        element.set("sha256", volume.sha256)
    return root


def _leading_texts(metadata: PackageMetadata) -> tuple[tuple[str, str], ...]:
    return (
        ("Name", metadata.name),
        ("Publisher", metadata.publisher),
        ("Product", metadata.product),
        ("Type", metadata.type.value),
        ("Version", str(metadata.version)),
        ("DisplayName", metadata.display_name),
        ("Description", metadata.description),
    )


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    element = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    if text:
        element.text = text
    return element


def _add_runtime(parent: etree._Element, runtime: ExpectedRuntime) -> None:
    element = _add(parent, "ExpectedRuntime")
    if runtime.nodes is not None:
        element.set("nodes", str(runtime.nodes))
    element.set("leastMinutes", str(runtime.least_minutes))
    element.set("mostMinutes", str(runtime.most_minutes))
