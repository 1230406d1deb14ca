"""The metadata of a package that says nothing but its name, its version and its one volume."""

from __future__ import annotations

from pitstop.model.packages import PackageMetadata, PackageType, Volume
from pitstop.model.versions import Version


def plain_metadata(
    product: str, version: str, volume: Volume, manifest_sha256: str = "", plan_sha256: str = ""
) -> PackageMetadata:
    """Its publisher has the product's name in small letters, and so has the product itself."""
    return PackageMetadata(
        name=f"{product}{version}",
        publisher=product.lower(),
        product=product.lower(),
        type=PackageType.FULL,
        version=Version.parse(version),
        display_name=product,
        description="",
        prerequisites=(),
        min_version=None,
        min_oem_version=None,
        restarts_nodes=False,
        expected_runtimes=(),
        support_address="nobody",
        release_link="none",
        article_link="",
        size=volume.size,
        manifest_sha256=manifest_sha256,
        plan_sha256=plan_sha256,
        volumes=(volume,),
    )
