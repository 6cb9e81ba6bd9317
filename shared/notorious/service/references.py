"""Large data beside the events: objects under the hash of their content, and the references that events hold."""

import gzip
import hashlib
import json
from collections.abc import Callable
from typing import Any

from notorious.domain import Reference
from notorious.errors import NotoriousError
from notorious.service.ports import Objects

JSON = "application/json"
GZIP = "application/gzip"


class ContentDiffers(NotoriousError):
    """What lies under a reference's key is not what the reference was made for."""


def keep(objects: Objects, data: bytes, key_of: Callable[[str], str], *, content_type: str) -> Reference:
    """Put data under the key that `key_of` makes of their hash. Putting the same twice changes nothing."""
    sha256 = hashlib.sha256(data).hexdigest()
    reference = Reference(key=key_of(sha256), sha256=sha256, size_bytes=len(data))
    objects.put(reference.key, data, content_type=content_type)
    return reference


def keep_json(objects: Objects, value: Any, key_of: Callable[[str], str], *, compressed: bool = False) -> Reference:
    """Put a JSON value under the hash of its bytes, the same bytes for the same value."""
    return keep(objects, json_bytes(value, compressed=compressed), key_of, content_type=GZIP if compressed else JSON)


def json_bytes(value: Any, *, compressed: bool) -> bytes:
    """A JSON value as bytes that depend on nothing else (no time stamp in the gzip header)."""
    data = json.dumps(value, separators=(",", ":"), ensure_ascii=False, sort_keys=True).encode()
    return gzip.compress(data, 6, mtime=0) if compressed else data


def read(objects: Objects, reference: Reference) -> bytes:
    """The data of a reference. Raises ObjectMissing, ContentDiffers."""
    data = objects.get(reference.key)
    if hashlib.sha256(data).hexdigest() != reference.sha256:
        raise ContentDiffers(f"the object {reference.key} is not what was written there; restore it from a backup")
    return data


def read_json(objects: Objects, reference: Reference) -> Any:
    """The JSON value of a reference, compressed or not. Raises ObjectMissing, ContentDiffers."""
    return parse_json(read(objects, reference))


def parse_json(data: bytes) -> Any:
    """A JSON value from bytes, which may be compressed."""
    return json.loads(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)


def reference_to(objects: Objects, key: str) -> Reference:
    """A reference to an object as it lies there, read once from its beginning to its end. Raises ObjectMissing.

    What is written as a stream whose header comes last has no hash before it is complete; reading it also proves that
    it can be read.
    """
    digest, size = hashlib.sha256(), 0
    for chunk in objects.chunks(key):
        digest.update(chunk)
        size += len(chunk)
    return Reference(key=key, sha256=digest.hexdigest(), size_bytes=size)
