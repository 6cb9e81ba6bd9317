"""An object read like a file, a range at a time."""

import io
import random

import pytest

from fakes.objects import MemoryObjects
from notorious.service.ports import ObjectMissing
from notorious.service.ranged_reader import RangedReader

DATA = random.Random(5).randbytes(10_000)


def reader(range_bytes: int = 256) -> RangedReader:
    objects = MemoryObjects()
    objects.put("voice", DATA)
    return RangedReader(objects, "voice", range_bytes=range_bytes)


def test_it_reads_what_a_file_reads() -> None:
    stream, file, chance = reader(), io.BytesIO(DATA), random.Random(6)
    for _ in range(200):
        if chance.random() < 0.3:
            place = chance.randrange(12_000)
            stream.seek(place)
            file.seek(place)
        length = chance.randrange(900)
        assert stream.read(length) == file.read(length)
        assert stream.tell() == file.tell()


def test_reading_on_asks_for_each_range_once() -> None:
    objects = MemoryObjects()
    objects.put("voice", DATA)
    stream = io.BufferedReader(RangedReader(objects, "voice", range_bytes=1000), 1000)
    while stream.read(77):
        pass
    assert objects.reads["voice"] == 10


def test_it_knows_its_length_from_either_end() -> None:
    stream = reader()
    assert stream.seek(-10, io.SEEK_END) == 9_990
    assert stream.read() == DATA[-10:]


def test_an_object_that_is_not_there_cannot_be_opened() -> None:
    with pytest.raises(ObjectMissing, match="there is no object voices/x"):
        RangedReader(MemoryObjects(), "voices/x")


def test_an_object_that_became_shorter_is_noticed() -> None:
    objects = MemoryObjects()
    objects.put("voice", DATA)
    stream = RangedReader(objects, "voice", range_bytes=1000)
    objects.put("voice", DATA[:1500])
    with pytest.raises(OSError, match="500 of 1000 bytes"):
        stream.read(5000)
