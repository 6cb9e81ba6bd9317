"""Objects are files: whole or not at all, read in pieces, found again."""

import io
import os
import urllib.request
from pathlib import Path

import pytest
from running import Running, start

from notorious.embedded import objects_on_disk
from notorious.embedded.data_folder import DataFolder
from notorious.embedded.uploads import PART_BYTES, put_file

MEGABYTE = 1024 * 1024


def put(service: Running, key: str, body: bytes) -> None:
    service.client("s3").put_object(Bucket=service.output("MediaBucket"), Key=key, Body=body)


def get(service: Running, key: str, **more: str) -> bytes:
    body = service.client("s3").get_object(Bucket=service.output("MediaBucket"), Key=key, **more)["Body"]
    return bytes(body.read())


@pytest.mark.parametrize("size", [0, 1, objects_on_disk.LARGE_BYTES - 1, objects_on_disk.LARGE_BYTES, 3 * MEGABYTE + 7])
def test_what_was_put_is_got(service: Running, size: int) -> None:
    body = os.urandom(size)
    put(service, f"voices/local/{size}", body)
    assert get(service, f"voices/local/{size}") == body


def test_a_range_is_the_bytes_that_were_asked_for(service: Running) -> None:
    body = os.urandom(2 * MEGABYTE)
    put(service, "voices/local/range", body)
    assert get(service, "voices/local/range", Range="bytes=1000000-1000099") == body[1_000_000:1_000_100]
    assert get(service, "voices/local/range", Range="bytes=-5") == body[-5:]


def test_reading_a_range_does_not_read_the_whole_object(service: Running, tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(400 * MEGABYTE)
    put_file(service.access, service.output("MediaBucket"), "voices/local/large", tmp_path / "large")
    before = peak_memory_mb(service)
    for start_byte in range(0, 400 * MEGABYTE, 40 * MEGABYTE):
        assert get(service, "voices/local/large", Range=f"bytes={start_byte}-{start_byte + 9}") == bytes(10)
    assert peak_memory_mb(service) - before < 100
    # Neither sending all of it, nor having taken it in parts, held it in memory.
    assert sum(len(piece) for piece in pieces(service, "voices/local/large")) == 400 * MEGABYTE
    assert peak_memory_mb(service) < 400


def pieces(service: Running, key: str) -> "list[bytes]":
    body = service.client("s3").get_object(Bucket=service.output("MediaBucket"), Key=key)["Body"]
    return list(body.iter_chunks(MEGABYTE))


def peak_memory_mb(service: Running) -> float:
    """Memory of the service's own, without the pages of files that it has mapped."""
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    return int(status.split("RssAnon:")[1].split()[0]) / 1024


def test_an_upload_in_parts_is_one_object(service: Running, tmp_path: Path) -> None:
    body = os.urandom(PART_BYTES + 12345)
    (tmp_path / "file").write_bytes(body)
    put_file(service.access, service.output("MediaBucket"), "voices/local/parts", tmp_path / "file")
    assert get(service, "voices/local/parts") == body


def test_a_presigned_address_reads_one_object_and_no_other(service: Running) -> None:
    put(service, "mixes/local/mine", b"mine")
    put(service, "mixes/local/yours", b"yours")
    address = service.client("s3").generate_presigned_url(
        "get_object", Params={"Bucket": service.output("MediaBucket"), "Key": "mixes/local/mine"}, ExpiresIn=60
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(address) as answer:
        assert answer.read() == b"mine"


def test_what_cannot_be_written_is_not_acknowledged(service: Running) -> None:
    bucket = DataFolder(service.data).objects / "000000000000" / service.output("MediaBucket")
    put(service, "analyses/local/x", b"a file where a folder would have to be")
    (bucket / "blocked").write_bytes(b"")
    (bucket / "blocked.meta.json").mkdir()
    objects = service.client("s3")
    with pytest.raises(objects.exceptions.ClientError):
        put(service, "blocked", b"new")
    with pytest.raises(objects.exceptions.NoSuchKey):
        get(service, "blocked")


def test_objects_are_found_again_after_a_kill(tmp_path: Path, template: Path) -> None:
    first = start(tmp_path / "data", template)
    body = os.urandom(3 * MEGABYTE)
    put(first, "mixes/local/one/mix.flac", body)
    put(first, "mixes/local/two words and ümläuts/sheet", b"text")
    first.kill()
    second = start(tmp_path / "data", template)
    try:
        assert get(second, "mixes/local/one/mix.flac") == body
        assert get(second, "mixes/local/two words and ümläuts/sheet") == b"text"
    finally:
        second.stop()


def test_a_crash_between_an_object_and_its_description_is_noticed(tmp_path: Path, template: Path) -> None:
    first = start(tmp_path / "data", template)
    put(first, "indexes/local/index", b"the old index")
    first.kill()
    found = DataFolder(tmp_path / "data").objects / "000000000000" / first.output("MediaBucket") / "indexes/local/index"
    # As if the new content had been renamed into place and nothing after it had happened.
    found.write_bytes(b"the new index, which is longer")
    second = start(tmp_path / "data", template)
    try:
        assert get(second, "indexes/local/index") == b"the new index, which is longer"
        head = second.client("s3").head_object(Bucket=second.output("MediaBucket"), Key="indexes/local/index")
        assert head["ContentLength"] == len(b"the new index, which is longer")
    finally:
        second.stop()


def test_small_parts_stay_in_memory_and_large_ones_become_a_file() -> None:
    assert objects_on_disk.spooled([b"a", b"b"]) == b"ab"
    large = objects_on_disk.spooled([bytes(objects_on_disk.LARGE_BYTES), b"end"])
    assert not isinstance(large, bytes)
    assert io.BytesIO(large).read()[-4:] == b"\0end"
