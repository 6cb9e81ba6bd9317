"""Objects in a folder: as S3 to the use cases, without its memory being ours."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from notorious.aws.multipart_sink import MultipartSink
from notorious.service.ports import ObjectMissing, StoredObject, UploadForm

CHUNK_BYTES = 1 << 20


class FolderObjects:
    """See `service.ports.Objects`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, key: str) -> Path:
        return self._folder / key

    def find(self, key: str) -> StoredObject | None:
        path = self.path(key)
        if not path.is_file():
            return None
        status = path.stat()
        return StoredObject(key, status.st_size, str(status.st_mtime_ns), datetime.fromtimestamp(status.st_mtime, UTC))

    def get(self, key: str) -> bytes:
        return b"".join(self.chunks(key))

    def get_range(self, key: str, start: int, length: int) -> bytes:
        with self._open(key).open("rb") as file:
            file.seek(start)
            return file.read(length)

    def chunks(self, key: str, *, if_etag: str | None = None) -> Iterator[bytes]:
        with self._open(key).open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk

    def download(self, key: str, path: Path) -> None:
        with path.open("wb") as file:
            for chunk in self.chunks(key):
                file.write(chunk)

    def put(self, key: str, data: bytes, *, content_type: str = "application/octet-stream") -> None:
        self.path(key).parent.mkdir(parents=True, exist_ok=True)
        self.path(key).write_bytes(data)

    def upload(self, path: Path, key: str, *, content_type: str = "application/octet-stream") -> None:
        with path.open("rb") as file, self.sink(key) as sink:
            while piece := file.read(CHUNK_BYTES):
                sink.write(piece)

    def sink(self, key: str, *, content_type: str = "application/octet-stream") -> MultipartSink:
        return MultipartSink(_FolderUpload(self, key))

    def copy(self, source: str, target: str, *, if_etag: str | None = None) -> None:
        self.put(target, self.get(source))

    def delete(self, key: str) -> None:
        self.path(key).unlink(missing_ok=True)

    def under(self, prefix: str) -> Iterator[StoredObject]:
        names = sorted(str(path.relative_to(self._folder)) for path in self._folder.rglob("*") if path.is_file())
        found = (self.find(name) for name in names if name.startswith(prefix))
        return (one for one in found if one is not None)

    def download_address(self, key: str, *, seconds: int, file_name: str | None = None) -> str:
        return self.path(key).as_uri()

    def upload_form(self, key: str, *, seconds: int, most_bytes: int) -> UploadForm:
        return UploadForm(self.path(key).as_uri(), {"key": key}, seconds)

    def _open(self, key: str) -> Path:
        if not self.path(key).is_file():
            raise ObjectMissing(key)
        return self.path(key)


class _FolderUpload:
    """Parts as files, put together at the end."""

    def __init__(self, objects: FolderObjects, key: str) -> None:
        self._objects = objects
        self._key = key
        self._parts: dict[int, Path] = {}

    def put_whole(self, data: bytes) -> None:
        self._objects.put(self._key, data)

    def put_part(self, number: int, data: bytes) -> None:
        name = hashlib.sha256(self._key.encode()).hexdigest()[:16]
        key = f"uploads/{name}-{number}"
        self._objects.put(key, data)
        self._parts[number] = self._objects.path(key)

    def complete(self) -> None:
        target = self._objects.path(self._key)
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            for number in sorted(self._parts):
                file.write(self._parts[number].read_bytes())
                self._parts[number].unlink()

    def abort(self) -> None:
        for path in self._parts.values():
            path.unlink(missing_ok=True)
