"""A stream that becomes an object part by part: the bytes of a file, whatever is written again at its beginning."""

import io
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.objects import MemoryObjects
from notorious.aws.multipart_sink import MultipartSink

PART = 64


class Parts:
    """Writes down what it is given, in order."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.parts: dict[int, bytes] = {}
        self.whole: bytes | None = None
        self.is_complete = False
        self.is_aborted = False

    def put_whole(self, data: bytes) -> None:
        self.whole = data

    def put_part(self, number: int, data: bytes) -> None:
        self.numbers.append(number)
        self.parts[number] = data

    def complete(self) -> None:
        self.is_complete = True

    def abort(self) -> None:
        self.is_aborted = True

    def object(self) -> bytes:
        if self.whole is not None:
            return self.whole
        assert self.is_complete
        return b"".join(self.parts[number] for number in sorted(self.parts))


@given(pieces=st.lists(st.binary(max_size=3 * PART), max_size=12), header=st.binary(max_size=PART))
@settings(deadline=None)
def test_the_object_is_what_a_file_would_be(pieces: list[bytes], header: bytes) -> None:
    parts, file = Parts(), io.BytesIO()
    with MultipartSink(parts, part_bytes=PART) as sink:
        for stream in (sink, file):
            for piece in pieces:
                stream.write(piece)
            stream.seek(0)
            stream.write(header)
    assert parts.object() == file.getvalue()


def test_the_beginning_can_be_read_and_written_again_at_the_end() -> None:
    parts = Parts()
    with MultipartSink(parts, part_bytes=PART) as sink:
        sink.write(bytes(5 * PART))
        sink.seek(10)
        assert sink.read(3) == bytes(3)
        sink.seek(10)
        sink.write(b"abc")
        sink.seek(0, io.SEEK_END)
        sink.write(b"end")
    assert parts.object() == bytes(10) + b"abc" + bytes(5 * PART - 13) + b"end"


def test_the_first_part_is_handed_over_last() -> None:
    parts = Parts()
    with MultipartSink(parts, part_bytes=PART) as sink:
        sink.write(bytes(4 * PART + 5))
    assert parts.numbers == [2, 3, 4, 5, 1]


def test_every_part_but_the_last_is_as_long_as_the_first() -> None:
    parts = Parts()
    with MultipartSink(parts, part_bytes=PART) as sink:
        for length in (1, 3 * PART, 17, PART):
            sink.write(bytes(length))
    assert [len(parts.parts[number]) for number in sorted(parts.parts)][:-1] == [PART] * 4


def test_what_was_handed_over_can_neither_be_read_nor_written_again() -> None:
    sink = MultipartSink(Parts(), part_bytes=PART)
    sink.write(bytes(4 * PART))
    sink.seek(2 * PART)
    with pytest.raises(OSError, match="handed over"):
        sink.write(b"x")
    with pytest.raises(OSError, match="handed over"):
        sink.read(1)


def test_a_write_from_the_beginning_over_its_part_is_refused_at_the_border() -> None:
    sink = MultipartSink(Parts(), part_bytes=PART)
    sink.write(bytes(4 * PART))
    sink.seek(PART - 1)
    with pytest.raises(OSError, match="handed over"):
        sink.write(b"xy")


def test_a_gap_is_filled_with_zeros_as_in_a_file() -> None:
    parts = Parts()
    with MultipartSink(parts, part_bytes=PART) as sink:
        sink.seek(2 * PART + 3)
        sink.write(b"x")
    assert parts.object() == bytes(2 * PART + 3) + b"x"


def test_a_body_that_fails_leaves_nothing() -> None:
    def fail_in_the_middle(sink: MultipartSink) -> None:
        with sink:
            sink.write(bytes(3 * PART))
            raise ZeroDivisionError

    parts = Parts()
    with pytest.raises(ZeroDivisionError):
        fail_in_the_middle(MultipartSink(parts, part_bytes=PART))
    assert parts.is_aborted
    assert not parts.is_complete


def test_an_upload_that_fails_at_the_end_leaves_nothing() -> None:
    class Refusing(Parts):
        def complete(self) -> None:
            raise ConnectionError

    parts = Refusing()
    with pytest.raises(ConnectionError), MultipartSink(parts, part_bytes=PART) as sink:
        sink.write(bytes(3 * PART))
    assert parts.is_aborted


def test_a_small_object_needs_no_parts() -> None:
    parts = Parts()
    with MultipartSink(parts, part_bytes=PART) as sink:
        sink.write(b"small")
    assert parts.whole == b"small"
    assert not parts.numbers


def test_an_encoder_writes_the_same_file_into_it_as_onto_a_disk() -> None:
    import numpy as np
    import soundfile

    samples = np.random.default_rng(3).uniform(-0.5, 0.5, (300_000, 2)).astype(np.float32)
    for container, subtype in (("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("MP3", "MPEG_LAYER_III")):
        objects, file = MemoryObjects(part_bytes=1 << 16), io.BytesIO()
        with objects.sink("mix") as sink:
            soundfile.write(sink, samples, 44100, format=container, subtype=subtype)
        soundfile.write(file, samples, 44100, format=container, subtype=subtype)
        assert objects.get("mix") == file.getvalue(), container


def test_memory_is_two_parts_whatever_the_length() -> None:
    sink = MultipartSink(Parts(), part_bytes=PART)
    chance = random.Random(4)
    for _ in range(300):
        sink.write(bytes(chance.randrange(PART)))
        assert len(sink._head) + len(sink._tail) <= 2 * PART
