"""A bucket in memory."""

import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path

from fakes.clock import FakeClock
from notorious.aws.multipart_sink import MultipartSink
from notorious.service.ports import Clock, ObjectChanged, ObjectMissing, StoredObject, UploadForm

CHUNK_BYTES = 1 << 16


class MemoryObjects:
    """See `service.ports.Objects`. `reads` counts how often each key was read."""

    def __init__(self, clock: Clock | None = None, *, part_bytes: int = 1 << 20) -> None:
        self._clock = clock or FakeClock()
        self._part_bytes = part_bytes
        self._lock = threading.Lock()
        self._objects: dict[str, tuple[bytes, StoredObject]] = {}
        self.reads: dict[str, int] = {}

    def names(self, prefix: str = "") -> list[str]:
        return sorted(key for key in self._objects if key.startswith(prefix))

    def find(self, key: str) -> StoredObject | None:
        with self._lock:
            return self._objects[key][1] if key in self._objects else None

    def get(self, key: str) -> bytes:
        return self._read(key)

    def get_range(self, key: str, start: int, length: int) -> bytes:
        return self._read(key)[start : start + max(0, length)]

    def chunks(self, key: str, *, if_etag: str | None = None) -> Iterator[bytes]:
        data = self._read(key)
        self._check(key, if_etag)
        for start in range(0, len(data), CHUNK_BYTES):
            yield data[start : start + CHUNK_BYTES]

    def download(self, key: str, path: Path) -> None:
        path.write_bytes(self._read(key))

    def put(self, key: str, data: bytes, *, content_type: str = "application/octet-stream") -> None:
        etag = hashlib.md5(data).hexdigest()
        with self._lock:
            self._objects[key] = (bytes(data), StoredObject(key, len(data), etag, self._clock.now()))

    def upload(self, path: Path, key: str, *, content_type: str = "application/octet-stream") -> None:
        self.put(key, path.read_bytes(), content_type=content_type)

    def sink(self, key: str, *, content_type: str = "application/octet-stream") -> MultipartSink:
        return MultipartSink(_MemoryUpload(self, key), part_bytes=self._part_bytes)

    def copy(self, source: str, target: str, *, if_etag: str | None = None) -> None:
        data = self._read(source)
        self._check(source, if_etag)
        self.put(target, data)

    def delete(self, key: str) -> None:
        with self._lock:
            self._objects.pop(key, None)

    def under(self, prefix: str) -> Iterator[StoredObject]:
        return iter([self._objects[key][1] for key in self.names(prefix)])

    def download_address(self, key: str, *, seconds: int, file_name: str | None = None) -> str:
        return f"memory://{key}?seconds={seconds}&name={file_name or ''}"

    def upload_form(self, key: str, *, seconds: int, most_bytes: int) -> UploadForm:
        return UploadForm("memory://", {"key": key, "most_bytes": str(most_bytes)}, seconds)

    def _read(self, key: str) -> bytes:
        with self._lock:
            if key not in self._objects:
                raise ObjectMissing(key)
            self.reads[key] = self.reads.get(key, 0) + 1
            return self._objects[key][0]

    def _check(self, key: str, if_etag: str | None) -> None:
        if if_etag is not None and self._objects[key][1].etag != if_etag:
            raise ObjectChanged(key)


class _MemoryUpload:
    def __init__(self, objects: MemoryObjects, key: str) -> None:
        self._objects = objects
        self._key = key
        self._parts: dict[int, bytes] = {}

    def put_whole(self, data: bytes) -> None:
        self._objects.put(self._key, data)

    def put_part(self, number: int, data: bytes) -> None:
        self._parts[number] = data

    def complete(self) -> None:
        self._objects.put(self._key, b"".join(self._parts[number] for number in sorted(self._parts)))

    def abort(self) -> None:
        self._parts.clear()
