"""The watched bucket: an object store of any kind that obstore knows, or a folder.

Read only. Credentials come from the options or from the environment, as the store's own tools read them; the
link's proxy, certificate authorities and bandwidth limit hold here too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import obstore
from obstore.exceptions import BaseError, PreconditionError
from obstore.store import from_url

from pitstop.model.errors import Conflict, InvalidInput, Unreachable
from pitstop.ports.buckets import BucketFile
from pitstop.transport.link import Link

if TYPE_CHECKING:
    from obstore import GetOptions
    from obstore.store import ObjectStore

MAX_FILES = 20_000
_CHUNK = 1 << 20


class ObjectBucket:
    """Implements :class:`pitstop.ports.buckets.Bucket`.

    Args:
        url: such as ``s3://bucket/path``; ``file:///srv/inbox`` is a folder.
        options: settings of the store, such as ``endpoint`` and ``region``.

    Raises:
        InvalidInput: it is no address of a store, or it knows no such option.
    """

    def __init__(self, url: str, options: Mapping[str, str], link: Link) -> None:
        self.url = url
        self._link = link
        self._store = _opened(url, options, link)

    def files(self) -> Sequence[BucketFile]:
        found: list[BucketFile] = []
        with self._translated():
            for batch in obstore.list(self._store):
                for item in batch:
                    mark = item["e_tag"] or f"{item['last_modified'].isoformat()}/{item['size']}"
                    found.append(BucketFile(item["path"], item["size"], mark))
                if len(found) > MAX_FILES:
                    raise InvalidInput(
                        f"{self.url} holds more than {MAX_FILES} files: at most so many are taken"
                    )
        return sorted(found, key=lambda file: file.name)

    def read(self, file: BucketFile, start: int) -> Iterator[bytes]:
        if start >= file.size:
            return
        with self._translated():
            wanted: GetOptions = {"range": {"offset": start}}
            if _is_tag(file.mark):
                wanted["if_match"] = file.mark
            said = obstore.get(self._store, file.name, options=wanted)
            chunks = (bytes(chunk) for chunk in said.stream(min_chunk_size=_CHUNK))
            yield from self._link.paced(chunks, f"{self.url}/{file.name}")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except PreconditionError as error:
            raise Conflict(f"{self.url} has another file there by now") from error
        except (BaseError, OSError) as error:
            raise Unreachable(
                f"{self.url} cannot be read: {str(error).partition(chr(10))[0]}",
                hint="Check `import_bucket`, its options, credentials and network.",
            ) from error


def _is_tag(mark: str) -> bool:
    return mark.endswith('"')


def _opened(url: str, options: Mapping[str, str], link: Link) -> ObjectStore:
    client: dict[str, Any] = {
        "connect_timeout": f"{link.connect:.0f}s",
        "allow_http": options.get("endpoint", "").startswith("http://"),
    }
    if link.proxy:
        client["proxy_url"] = link.proxy
    if link.ca_bundle:
        client["root_certificate"] = link.ca_bundle.read_bytes()
    try:
        if url.startswith("file:"):
            return from_url(url)
        return from_url(url, client_options=client, **options)  # type: ignore[call-overload, no-any-return] # of any store
    except (BaseError, ValueError, TypeError, OSError) as error:
        raise InvalidInput(
            f"import_bucket: {url} cannot be opened: {str(error).partition(chr(10))[0]}",
            hint="It is s3://bucket/path, or file:///path; options are in `[import_bucket_options]`.",
        ) from error
