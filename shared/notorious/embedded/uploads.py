"""Putting files into the media bucket, small ones at once, large ones in parts."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from notorious.embedded.emulator import Access

PART_BYTES = 16 * 1024 * 1024


def drop_key(tenant: str, upload_id: str, file_name: str) -> str:
    """The key under which a tenant's upload arrives."""
    # A key is text: bytes of a name that are none are written as %XX.
    return f"drop/{tenant}/{upload_id}/{quote_undecodable(file_name)}"


def quote_undecodable(name: str) -> str:
    """The name with what is not valid text written as %XX."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return quote(name.encode("utf-8", "surrogateescape"), safe=" ()[]{}!,;'+=@#&$")
    return name


def put_file(access: Access, bucket: str, key: str, path: Path) -> None:
    """Put a file, which is read in parts and need not fit into memory."""
    objects: Any = access.client("s3")
    if path.stat().st_size <= PART_BYTES:
        objects.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())
        return
    upload = objects.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
    named = {"Bucket": bucket, "Key": key, "UploadId": upload}
    parts: list[dict[str, object]] = []
    try:
        with path.open("rb") as file:
            while piece := file.read(PART_BYTES):
                number = len(parts) + 1
                answer = objects.upload_part(**named, PartNumber=number, Body=piece)
                parts.append({"PartNumber": number, "ETag": answer["ETag"]})
        objects.complete_multipart_upload(**named, MultipartUpload={"Parts": parts})
    except BaseException:
        objects.abort_multipart_upload(**named)
        raise
