"""An object store that speaks S3, on loopback."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3  # type: ignore[import-untyped] # it has no types
from moto.server import ThreadedMotoServer


@contextmanager
def object_store(bucket: str) -> Iterator[Mapping[str, str]]:
    """A store that has this bucket: what its client is to be told."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    options = {
        "endpoint": f"http://{host}:{port}",
        "region": "us-east-1",
        "access_key_id": "someone",
        "secret_access_key": "secret",
        "virtual_hosted_style_request": "false",
    }
    try:
        looking_in(options).create_bucket(Bucket=bucket)
        yield options
    finally:
        server.stop()


def looking_in(options: Mapping[str, str]) -> Any:
    """A client of another make, to look at what is there."""
    return boto3.client(
        "s3",
        endpoint_url=options["endpoint"],
        region_name=options["region"],
        aws_access_key_id=options["access_key_id"],
        aws_secret_access_key=options["secret_access_key"],
    )
