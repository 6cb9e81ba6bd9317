"""Objects in S3: one bucket."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

from notorious.aws.multipart_sink import MultipartSink
from notorious.service.keys import content_disposition
from notorious.service.ports import ObjectChanged, ObjectMissing, StoredObject, UploadForm

T = TypeVar("T")
CHUNK_BYTES = 1 << 20
UPLOAD_PART_BYTES = 8 << 20
RANGE_ATTEMPTS = 3
_MISSING = ("NoSuchKey", "404", "NotFound")
_CHANGED = ("PreconditionFailed", "412")


class S3Objects:
    """The objects of one bucket. See `service.ports.Objects`."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self.bucket = bucket

    def find(self, key: str) -> StoredObject | None:
        try:
            found = self._asked(key, lambda: self._client.head_object(Bucket=self.bucket, Key=key))
        except ObjectMissing:
            return None
        return StoredObject(key, found["ContentLength"], found["ETag"].strip('"'), found["LastModified"])

    def get(self, key: str) -> bytes:
        return b"".join(self.chunks(key))

    def get_range(self, key: str, start: int, length: int) -> bytes:
        from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError

        if length <= 0:
            return b""
        span = f"bytes={start}-{start + length - 1}"
        for attempt in range(1, RANGE_ATTEMPTS + 1):
            try:
                found = self._asked(key, lambda: self._client.get_object(Bucket=self.bucket, Key=key, Range=span))
                with closing(found["Body"]) as body:
                    return bytes(body.read())
            except ClientError as error:
                if error.response["Error"]["Code"] == "InvalidRange":
                    return b""
                raise
            except (HTTPClientError, IncompleteReadError):
                # botocore repeats requests, but not one whose answer breaks off in the middle.
                if attempt == RANGE_ATTEMPTS:
                    raise
        raise AssertionError("the last attempt returns or raises")

    def chunks(self, key: str, *, if_etag: str | None = None) -> Iterator[bytes]:
        condition: dict[str, Any] = {} if if_etag is None else {"IfMatch": if_etag}
        found = self._asked(key, lambda: self._client.get_object(Bucket=self.bucket, Key=key, **condition))
        # Not `with found["Body"]`: that hands out the bare stream, which does not notice that it ends too early.
        with closing(found["Body"]) as body:
            while chunk := body.read(CHUNK_BYTES):
                yield chunk

    def download(self, key: str, path: Path) -> None:
        with path.open("wb") as file:
            for chunk in self.chunks(key):
                file.write(chunk)

    def put(self, key: str, data: bytes, *, content_type: str = "application/octet-stream") -> None:
        self._client.put_object(Bucket=self.bucket, Key=key, Body=data, ContentType=content_type)

    def upload(self, path: Path, key: str, *, content_type: str = "application/octet-stream") -> None:
        with path.open("rb") as file, self.sink(key, content_type=content_type) as sink:
            while piece := file.read(UPLOAD_PART_BYTES):
                sink.write(piece)

    def sink(self, key: str, *, content_type: str = "application/octet-stream") -> MultipartSink:
        return MultipartSink(_S3Upload(self._client, self.bucket, key, content_type))

    def copy(self, source: str, target: str, *, if_etag: str | None = None) -> None:
        condition: dict[str, Any] = {}
        if if_etag is not None:
            # Looked at beforehand too, since not every implementation of S3 minds the condition.
            found = self.find(source)
            if found is not None and found.etag != if_etag:
                raise ObjectChanged(source)
            condition = {"CopySourceIfMatch": if_etag}
        self._asked(
            source,
            lambda: self._client.copy_object(
                Bucket=self.bucket, Key=target, CopySource={"Bucket": self.bucket, "Key": source}, **condition
            ),
        )

    def delete(self, key: str) -> None:
        self._client.delete_object(Bucket=self.bucket, Key=key)

    def under(self, prefix: str) -> Iterator[StoredObject]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        for page in pages:
            for found in page.get("Contents", []):
                yield StoredObject(found["Key"], found["Size"], found["ETag"].strip('"'), found["LastModified"])

    def download_address(self, key: str, *, seconds: int, file_name: str | None = None) -> str:
        wanted = {"Bucket": self.bucket, "Key": key}
        if file_name is not None:
            wanted["ResponseContentDisposition"] = content_disposition(file_name)
        return str(self._client.generate_presigned_url("get_object", Params=wanted, ExpiresIn=seconds))

    def upload_form(self, key: str, *, seconds: int, most_bytes: int) -> UploadForm:
        made = self._client.generate_presigned_post(
            self.bucket, key, Conditions=[["content-length-range", 1, most_bytes]], ExpiresIn=seconds
        )
        return UploadForm(made["url"], made["fields"], seconds)

    def _asked(self, key: str, request: Callable[[], T]) -> T:
        from botocore.exceptions import ClientError

        try:
            return request()
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in _MISSING:
                raise ObjectMissing(key) from error
            if code in _CHANGED:
                raise ObjectChanged(key) from error
            raise


class _S3Upload:
    """One multipart upload; begun with its first part."""

    def __init__(self, client: Any, bucket: str, key: str, content_type: str) -> None:
        self._client = client
        self._where = {"Bucket": bucket, "Key": key}
        self._content_type = content_type
        self._upload_id: str | None = None
        self._parts: dict[int, dict[str, Any]] = {}

    def put_whole(self, data: bytes) -> None:
        self._client.put_object(**self._where, Body=data, ContentType=self._content_type)

    def put_part(self, number: int, data: bytes) -> None:
        if self._upload_id is None:
            begun = self._client.create_multipart_upload(**self._where, ContentType=self._content_type)
            self._upload_id = begun["UploadId"]
        done = self._client.upload_part(
            **self._where,
            UploadId=self._upload_id,
            PartNumber=number,
            Body=data,
        )
        self._parts[number] = {"PartNumber": number, "ETag": done["ETag"]}

    def complete(self) -> None:
        assert self._upload_id is not None
        self._client.complete_multipart_upload(
            **self._where,
            UploadId=self._upload_id,
            MultipartUpload={"Parts": [self._parts[number] for number in sorted(self._parts)]},
        )
        self._upload_id = None

    def abort(self) -> None:
        if self._upload_id is not None:
            self._client.abort_multipart_upload(**self._where, UploadId=self._upload_id)
            self._upload_id = None
