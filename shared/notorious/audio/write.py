"""Writing audio as a stream: WAV, FLAC, MP3, OGG Vorbis, Opus, M4A, with tags and chapters.

Conventions: blocks are float32 (frames, channels), full scale 1. WAV and FLAC have 16 bits, with triangular dither of
one step (Lipshitz, Wannamaker and Vanderkooy, "Quantization and Dither", J. Audio Eng. Soc. 40 (5), 1992) as the
difference of successive uniform numbers, which pushes it towards high frequencies; its seed is fixed, so that equal
samples make equal files, however they are cut into blocks. A WAV beyond 4 GB becomes RF64 (EBU Tech 3306).
"""

import struct
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from notorious.audio.ogg_pages import OggRewriter
from notorious.audio.output_file import OutputFile
from notorious.audio.stream_target import ByteStream, StreamTarget, Target
from notorious.audio.tags_write import Chapter, OutputTags, id3_tag, vorbis_comments
from notorious.errors import OutputFailed

OutputFormat = Literal["wav", "flac", "mp3", "ogg", "opus", "m4a"]
FORMATS: tuple[OutputFormat, ...] = ("wav", "flac", "mp3", "ogg", "opus", "m4a")
DITHER_SEED = 20240229
OPUS_RATE_HZ = 48000

# Bytes a second of stereo at 44.1 kHz, to say how much space a file needs; FLAC is taken as 70 % of WAV.
_BYTES_PER_SECOND = {"wav": 176400, "flac": 125000, "mp3": 40000, "ogg": 34000, "opus": 26000, "m4a": 32000}
_MP3_RATES_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_WRITE_FRAMES = 8192
_RF64_AUTO_DOWNGRADE = 0x1210  # libsndfile: SFC_RF64_AUTO_DOWNGRADE


# 320 kbit/s; Vorbis quality 8; Opus about 200 kbit/s: levels of libsndfile, 0 is the largest file.
_LIBSNDFILE_SETTINGS: dict[str, dict[str, Any]] = {
    "wav": {"format": "RF64", "subtype": "PCM_16"},
    "flac": {"format": "FLAC", "subtype": "PCM_16"},
    "mp3": {
        "format": "MP3",
        "subtype": "MPEG_LAYER_III",
        "bitrate_mode": "CONSTANT",
        "compression_level": 0.0,
    },
    "ogg": {"format": "OGG", "subtype": "VORBIS", "compression_level": 0.2},
    "opus": {"format": "OGG", "subtype": "OPUS", "compression_level": 0.2},
}


class Encoder(Protocol):
    """Writes blocks in one format; `finish` completes the file, `discard` removes it."""

    def write(self, block: NDArray[np.float32]) -> None: ...

    def finish(self) -> None: ...

    def discard(self) -> None: ...


class AudioWriter:
    """Writes one file; use it as a context manager. The file appears when the body ends well, and not otherwise.

    Args:
        path: where it shall appear.
        rate_hz, channels: of the blocks. Opus is written at 48 kHz, whatever comes in.
        format: one of `FORMATS`.
        tags, chapters: what it says of itself; WAV has no chapters.
        overwrite: whether something that is there may be replaced.
        expected_frames: length, where known: to say how much space is needed when it runs out, and where the last
            chapter of an M4A ends.
        stream: where the bytes go instead of a file (see `stream_target`); `path` then only names the recording.
        is_quantised: the blocks lie on steps of 16 bits already (they come from such a file), so that WAV and FLAC get
            them as they are: noise is added once, by whoever took the steps.

    Raises:
        OutputExists: something is there already.
        OutputFailed: the folder cannot be written; the disk is full (from `write` and the end of the body); the format
            cannot have this rate or these channels; M4A without PyAV.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        rate_hz: int,
        channels: int,
        format: OutputFormat,  # noqa: A002 - the field's word
        tags: OutputTags | None = None,
        chapters: Sequence[Chapter] = (),
        overwrite: bool = False,
        expected_frames: int | None = None,
        stream: ByteStream | None = None,
        is_quantised: bool = False,
    ) -> None:
        self.path = Path(path)
        self.frames = 0
        self._channels = channels
        _check_format(self.path, format, rate_hz, channels)
        tags = tags or OutputTags()
        chapters = sorted(chapters, key=lambda chapter: chapter.start_seconds)
        needed_bytes, expected_seconds = None, None
        if expected_frames is not None:
            expected_seconds = expected_frames / rate_hz
            needed_bytes = int(expected_seconds * _BYTES_PER_SECOND[format] * channels / 2) + 65536
        file: Target
        file = OutputFile(self.path, overwrite=overwrite) if stream is None else StreamTarget(stream, self.path)
        try:
            self._encoder = _encoder(
                file, format, rate_hz, channels, tags, chapters, needed_bytes, expected_seconds, is_quantised
            )
        except BaseException:
            file.discard()
            raise

    def write(self, block: NDArray[np.float32]) -> None:
        """Write the next frames [shape=(n, channels)], float32; what exceeds full scale is clipped."""
        if block.ndim != 2 or block.shape[1] != self._channels:
            raise ValueError(f"blocks of {self._channels} channels are expected, not an array of shape {block.shape}")
        if len(block):
            self._encoder.write(block)
            self.frames += len(block)

    def close(self) -> None:
        """Complete the file and let it appear."""
        try:
            self._encoder.finish()
        except BaseException:
            self._encoder.discard()
            raise

    def discard(self) -> None:
        """Remove what was written: nothing appears."""
        self._encoder.discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()


class Dither:
    """16-bit samples from float ones; the noise does not depend on how the stream is cut."""

    def __init__(self, channels: int, seed: int = DITHER_SEED) -> None:
        self._random = np.random.Generator(np.random.PCG64(seed))
        self._last = self._random.random((1, channels))

    def quantised(self, block: NDArray[np.float32]) -> NDArray[np.int16]:
        """Block [shape=(n, channels)] in steps of 1/32768, int16, clipped at full scale."""
        uniform = np.concatenate([self._last, self._random.random(block.shape)])
        self._last = uniform[-1:]
        steps = block * np.float64(32768) + np.diff(uniform, axis=0)
        return np.clip(np.rint(steps), -32768, 32767).astype(np.int16)


class NoDither:
    """16-bit samples from float ones that lie on their steps already."""

    def quantised(self, block: NDArray[np.float32]) -> NDArray[np.int16]:
        """Block [shape=(n, channels)] in steps of 1/32768, int16, clipped at full scale."""
        return np.clip(np.rint(block * np.float64(32768)), -32768, 32767).astype(np.int16)


def _check_format(path: Path, output_format: str, rate_hz: int, channels: int) -> None:
    if output_format not in FORMATS:
        raise OutputFailed(f"{path}: cannot write the format {output_format!r}; known are {', '.join(FORMATS)}")
    if output_format == "mp3" and rate_hz not in _MP3_RATES_HZ:
        raise OutputFailed(f"{path}: MP3 cannot have {rate_hz} Hz; use 44100 or 48000, or another format")
    if output_format in ("mp3", "m4a") and channels > 2:
        raise OutputFailed(f"{path}: {output_format} is written with 1 or 2 channels, not {channels}; use FLAC or WAV")


def _encoder(
    file: Target,
    output_format: OutputFormat,
    rate_hz: int,
    channels: int,
    tags: OutputTags,
    chapters: Sequence[Chapter],
    needed_bytes: int | None,
    expected_seconds: float | None,
    is_quantised: bool,
) -> Encoder:
    if output_format == "m4a":
        from notorious.audio.pyav_writer import PyavEncoder

        return PyavEncoder(file, rate_hz, channels, tags, chapters, needed_bytes, expected_seconds)
    dither = None
    if output_format in ("wav", "flac"):
        dither = NoDither() if is_quantised else Dither(channels)
    return SoundfileEncoder(file, output_format, rate_hz, channels, tags, chapters, needed_bytes, dither)


class SoundfileEncoder:
    """WAV, FLAC, MP3, OGG Vorbis and Opus through libsndfile, which writes into a `Target`."""

    def __init__(
        self,
        file: Target,
        output_format: OutputFormat,
        rate_hz: int,
        channels: int,
        tags: OutputTags,
        chapters: Sequence[Chapter],
        needed_bytes: int | None,
        dither: "Dither | NoDither | None",
    ) -> None:
        import soundfile

        self._errors = (soundfile.LibsndfileError, AssertionError, RuntimeError)
        self._file = file
        self._format = output_format
        self._rate_hz = rate_hz
        self._tags, self._chapters = tags, chapters
        self._needed_bytes = needed_bytes
        self._frames = 0
        self._dither = dither
        self._waiting = np.zeros((0, channels), np.float32)
        self._resampler: Any = None
        if output_format == "opus" and rate_hz != OPUS_RATE_HZ:
            import soxr

            self._resampler = soxr.ResampleStream(rate_hz, OPUS_RATE_HZ, channels, dtype="float32", quality="HQ")
            rate_hz = OPUS_RATE_HZ
        self._comments = vorbis_comments(tags, chapters)
        target: Any = file
        if output_format == "mp3":
            tag = id3_tag(tags, chapters, 0.0)
            file.write(tag)
            file.base = len(tag)
        elif output_format in ("ogg", "opus"):
            target = _OggTarget(file, self._comments)
        try:
            self._sound = soundfile.SoundFile(target, "w", rate_hz, channels, **_LIBSNDFILE_SETTINGS[output_format])
        except self._errors as error:
            file.check(needed_bytes)
            raise OutputFailed(
                f"{file.path}: {output_format} cannot be written with {channels} channels at {rate_hz} Hz: {error}"
            ) from error
        if output_format == "wav":
            soundfile._snd.sf_command(self._sound._file, _RF64_AUTO_DOWNGRADE, soundfile._ffi.NULL, 1)
            for name, value in tags.items():
                setattr(self._sound, name, value.encode("utf-8", "replace").decode())
        elif output_format == "flac":
            # A placeholder keeps the room in which `finish` writes our own comments, and some over for padding.
            self._sound.comment = "." * (len(self._comments) + 256)

    def write(self, block: NDArray[np.float32]) -> None:
        self._frames += len(block)
        if self._resampler is not None:
            block = self._resampler.resample_chunk(np.ascontiguousarray(block, np.float32))
        self._hand_over(block)

    def _hand_over(self, block: NDArray[np.float32], *, at_the_end: bool = False) -> None:
        try:
            if self._dither is not None:
                self._sound.write(self._dither.quantised(block))
            else:
                # Always as long: an Ogg encoder ends its pages where a write ends.
                self._waiting = np.concatenate([self._waiting, np.clip(block, -1, 1)])
                whole = len(self._waiting) if at_the_end else len(self._waiting) // _WRITE_FRAMES * _WRITE_FRAMES
                for start in range(0, whole, _WRITE_FRAMES):
                    self._sound.write(self._waiting[start : min(start + _WRITE_FRAMES, whole)])
                self._waiting = self._waiting[whole:]
        except self._errors as error:
            self._file.check(self._needed_bytes)
            raise OutputFailed(f"{self._file.path}: the encoder gave up: {error}") from error
        self._file.check(self._needed_bytes)

    def finish(self) -> None:
        rest = self._waiting[:0]
        if self._resampler is not None:
            rest = self._resampler.resample_chunk(rest, last=True)
        self._hand_over(rest, at_the_end=True)
        try:
            self._sound.close()
        except self._errors as error:
            self._file.check(self._needed_bytes)
            raise OutputFailed(f"{self._file.path}: the encoder could not finish: {error}") from error
        if self._format == "mp3" and self._file.base:
            self._file.base = 0
            self._file.seek(0)
            self._file.write(id3_tag(self._tags, self._chapters, self._frames / self._rate_hz))
        elif self._format == "flac":
            _put_flac_comments(self._file, self._comments)
        self._file.commit(self._needed_bytes)

    def discard(self) -> None:
        try:
            self._sound.close()
        except self._errors as error:  # what cannot be completed is removed all the same
            self._file.error = self._file.error or OSError(str(error))
        self._file.discard()


class _OggTarget:
    """What libsndfile sees as a file: everything written goes through the rewriter."""

    def __init__(self, file: Target, comments: bytes) -> None:
        self._file = file
        self._position = 0
        self._rewriter = OggRewriter(self._hand_on, comments)

    def _hand_on(self, page: bytes) -> None:
        self._file.write(page)

    def write(self, data: bytes) -> int:
        if self._file.error is not None:
            return 0
        self._rewriter.feed(bytes(data))
        self._position += len(data)
        return len(data)

    def read(self, size: int = -1) -> bytes:
        return b""

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._position

    def tell(self) -> int:
        return self._position


def _put_flac_comments(file: Target, comments: bytes) -> None:
    """Replace the placeholder by our comments and what is left of it by padding (RFC 9639, section 8)."""
    position = 4
    while True:
        file.seek(position)
        header = file.read(4)
        if len(header) < 4:
            raise OutputFailed(f"{file.path}: the encoder wrote no room for tags")
        kind, length = header[0] & 0x7F, int.from_bytes(header[1:], "big")
        if kind == 4:
            break
        position += 4 + length
    padding = length - len(comments) - 4
    last = header[0] & 0x80
    file.seek(position)
    file.write(struct.pack(">I", 4 << 24 | len(comments)) + comments)
    file.write(struct.pack(">I", (last | 1) << 24 | padding) + bytes(padding))
