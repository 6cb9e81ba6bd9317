"""What a file is, by its first bytes: held against what the engine's own writers and readers make of it."""

import io

import numpy as np
import pytest
import soundfile

from notorious.service.sound_files import AAC, AIFF, FLAC, M4A, MP3, OGG, OPUS, WAV, Kind, kind_of

NOISE = np.random.default_rng(1).uniform(-0.3, 0.3, (48000, 2)).astype(np.float32)


def written(container: str, subtype: str, rate_hz: int = 48000) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, NOISE, rate_hz, format=container, subtype=subtype)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("container", "subtype", "kind"),
    [
        ("WAV", "PCM_16", WAV),
        ("RF64", "PCM_24", WAV),
        ("AIFF", "PCM_16", AIFF),
        ("FLAC", "PCM_16", FLAC),
        ("OGG", "VORBIS", OGG),
        ("OGG", "OPUS", OPUS),
        ("MP3", "MPEG_LAYER_III", MP3),
    ],
)
def test_every_format_that_is_written_is_known_by_its_content(container: str, subtype: str, kind: Kind) -> None:
    assert kind_of(written(container, subtype)[:65536]) == kind


@pytest.mark.parametrize("rate_hz", [44100, 24000, 8000])
def test_mp3_is_known_in_all_versions_of_mpeg(rate_hz: int) -> None:
    assert kind_of(written("MP3", "MPEG_LAYER_III", rate_hz)) == MP3


def id3(length: int) -> bytes:
    return b"ID3\x04\x00\x00" + bytes(length >> shift & 0x7F for shift in (21, 14, 7, 0)) + bytes(length)


def test_what_stands_behind_an_id3_tag_is_found() -> None:
    assert kind_of(id3(2000) + written("MP3", "MPEG_LAYER_III")) == MP3
    assert kind_of(id3(2000) + written("FLAC", "PCM_16")) == FLAC
    assert kind_of(id3(300) + b"\xff\xf1\x50\x80" + bytes(2000)) == AAC


def test_a_tag_longer_than_what_was_read_is_taken_for_mp3() -> None:
    assert kind_of(id3(1_000_000)[:65536]) == MP3


def test_m4a_is_known_by_its_brand_and_other_boxes_are_not_taken() -> None:
    assert kind_of(b"\x00\x00\x00\x20ftypM4A \x00\x00\x00\x00") == M4A
    assert kind_of(b"\x00\x00\x00\x20ftypheic\x00\x00\x00\x00") is None


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"RI",
        b"#!/bin/sh\necho mp3\n",
        b"%PDF-1.7",
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"\xff\xd8\xff\xe0" + bytes(200),
        b"\xff\xfe" + "text in UTF-16".encode("utf-16-le") * 20,
        b"RIFF\x00\x00\x00\x00AVI LIST",
        b"OggS" + bytes(22) + b"\x01\x0e\x80theora" + bytes(50),
        bytes(65536),
    ],
)
def test_what_is_no_sound_file_is_not_taken_for_one(head: bytes) -> None:
    assert kind_of(head) is None
