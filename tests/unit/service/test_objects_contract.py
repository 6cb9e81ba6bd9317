"""What a bucket guarantees: the same of the fake that the use cases are tested with, and of S3."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from fakes.objects import MemoryObjects
from notorious.aws.objects import S3Objects
from notorious.service.ports import ObjectChanged, ObjectMissing, Objects
from unit.service.conftest import emulator_client


def s3_objects(request: pytest.FixtureRequest) -> Objects:
    request.getfixturevalue("aws")
    import boto3

    return objects_of(boto3.client("s3"))


def emulated_objects(request: pytest.FixtureRequest) -> Objects:
    return objects_of(emulator_client("s3", request.getfixturevalue("emulator_address")))


def objects_of(client: Any) -> Objects:
    bucket = f"bucket-{uuid4().hex}"
    client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return S3Objects(client, bucket)


MAKERS: dict[str, Callable[[pytest.FixtureRequest], Objects]] = {
    "memory": lambda _: MemoryObjects(),
    "s3": s3_objects,
    "emulator": emulated_objects,
}


@pytest.fixture(params=list(MAKERS))
def objects(request: pytest.FixtureRequest) -> Objects:
    return MAKERS[request.param](request)


def test_what_was_put_is_got(objects: Objects) -> None:
    objects.put("a/b ü.txt", b"hello", content_type="text/plain")
    assert objects.get("a/b ü.txt") == b"hello"
    found = objects.find("a/b ü.txt")
    assert found is not None
    assert (found.key, found.bytes) == ("a/b ü.txt", 5)


def test_putting_replaces_and_the_etag_tells(objects: Objects) -> None:
    objects.put("a", b"one")
    before = objects.find("a")
    objects.put("a", b"two")
    after = objects.find("a")
    assert objects.get("a") == b"two"
    assert before is not None
    assert after is not None
    assert before.etag != after.etag


def test_what_is_not_there_is_missing(objects: Objects, tmp_path: Path) -> None:
    assert objects.find("nothing") is None
    for read in (
        lambda: objects.get("nothing"),
        lambda: objects.get_range("nothing", 0, 5),
        lambda: list(objects.chunks("nothing")),
        lambda: objects.download("nothing", tmp_path / "file"),
        lambda: objects.copy("nothing", "other"),
    ):
        with pytest.raises(ObjectMissing, match="nothing"):
            read()


def test_a_range_is_a_slice(objects: Objects) -> None:
    objects.put("a", b"0123456789")
    assert objects.get_range("a", 2, 3) == b"234"
    assert objects.get_range("a", 8, 100) == b"89"
    assert objects.get_range("a", 10, 5) == b""
    assert objects.get_range("a", 0, 0) == b""


def test_chunks_are_the_whole_and_hold_to_their_etag(objects: Objects) -> None:
    data = bytes(range(256)) * 20_000
    objects.put("a", data)
    found = objects.find("a")
    assert found is not None
    assert b"".join(objects.chunks("a", if_etag=found.etag)) == data
    objects.put("a", b"another")
    with pytest.raises(ObjectChanged):
        list(objects.chunks("a", if_etag=found.etag))


def test_a_copy_is_made_only_of_what_was_looked_at(objects: Objects) -> None:
    objects.put("a", b"one")
    found = objects.find("a")
    assert found is not None
    objects.copy("a", "b", if_etag=found.etag)
    assert objects.get("b") == b"one"
    objects.put("a", b"two")
    with pytest.raises(ObjectChanged):
        objects.copy("a", "b", if_etag=found.etag)


def test_deleting_is_quiet(objects: Objects) -> None:
    objects.put("a", b"one")
    objects.delete("a")
    objects.delete("a")
    assert objects.find("a") is None


def test_files_go_up_and_come_down(objects: Objects, tmp_path: Path) -> None:
    data = bytes(9_000_000) + b"end"
    (tmp_path / "up").write_bytes(data)
    objects.upload(tmp_path / "up", "big", content_type="audio/flac")
    objects.download("big", tmp_path / "down")
    assert (tmp_path / "down").read_bytes() == data


def test_a_sink_becomes_an_object_only_when_it_ends_well(objects: Objects) -> None:
    def write(fail: bool) -> None:
        with objects.sink("mix") as sink:
            for _ in range(3):
                sink.write(bytes(4 << 20))
            sink.seek(4)
            sink.write(b"header")
            assert sink.tell() == 10
            sink.seek(0, io.SEEK_END)
            if fail:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write(fail=True)
    assert objects.find("mix") is None
    write(fail=False)
    assert objects.get("mix") == bytes(4) + b"header" + bytes(3 * (4 << 20) - 10)


def test_listing_is_by_prefix_and_in_order(objects: Objects) -> None:
    for key in ("a/2", "a/1", "b/1", "a/10"):
        objects.put(key, b"x")
    assert [found.key for found in objects.under("a/")] == ["a/1", "a/10", "a/2"]
    assert list(objects.under("c/")) == []


def test_an_upload_form_names_one_key_and_a_limit(objects: Objects) -> None:
    form = objects.upload_form("drop/anna/u/x.mp3", seconds=600, most_bytes=1000)
    assert form.fields["key"] == "drop/anna/u/x.mp3"
    assert form.expires_seconds == 600


def test_a_download_address_is_of_its_object(objects: Objects) -> None:
    assert "mixes/anna/m/mix.flac" in objects.download_address(
        "mixes/anna/m/mix.flac", seconds=60, file_name="Set.flac"
    )
