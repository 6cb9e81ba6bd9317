"""Reading audio: any file as blocks of float32 at the rate and the channels that one wants.

Conventions: samples are float32 in [-1, 1] (decoders of lossy formats may exceed it), arrays are (frames, channels) in
C order, frame 0 is the first decoded frame: encoder delay that the file declares (LAME tag, Opus pre-skip, edit lists)
is cut by the decoder, so that times agree between formats. Nothing is delayed by resampling.

A range is the same whether it is read alone or as part of the whole: to the last bit in the file's own rate, within
-90 dB where the rate is changed.

Source of the resampler: soxr (SoX resampler library, HQ: 20-bit, pass band to 0.91 of the lower Nyquist frequency).
"""

from collections.abc import Iterator
from math import gcd
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from notorious.audio.containers import OTHER, container_of
from notorious.audio.layouts import Layout, mix_channels, mix_matrix

BLOCK_FRAMES = 65536
# The resampler's memory of the past, in frames of the slower of both rates, generously: the response of soxr HQ is
# below -140 dB after about 150.
_RUN_IN_FRAMES = 2048


class Source(Protocol):
    """A decoder at work on one file, in the file's own rate and channels."""

    rate_hz: int
    channels: int
    frames: int | None
    format: str
    layout: Layout
    notes: list[str]

    def read(self, frames: int) -> NDArray[np.float32]: ...

    def seek(self, frame: int) -> None: ...

    def close(self) -> None: ...


class AudioReader:
    """An open audio file, in its own rate and channels; use it as a context manager.

    Attributes:
        rate_hz, channels: as in the file.
        frames: length that the file claims; None where it says nothing. A damaged file may hold less.
        format: "WAV", "FLAC", "OGG Vorbis", "Opus", "MP3", "AIFF", "AAC", "ALAC", ...
        layout: which channel is which loudspeaker.
        notes: what is degraded, in words; complete when the file has been read to its end.
    """

    def __init__(self, path: Path, source: Source) -> None:
        self.path = path
        self._source = source
        self.rate_hz = source.rate_hz
        self.channels = source.channels
        self.frames = source.frames
        self.format = source.format
        self.layout = source.layout

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(self._source.notes)

    def read(self, frames: int) -> NDArray[np.float32]:
        """The next frames [shape=(n, channels)], float32; n is smaller than asked only at the end."""
        return self._source.read(frames)

    def seek(self, frame: int) -> None:
        """Make `frame` the next one to be read, exactly. Behind the end there is nothing left to read.

        Raises:
            ValueError: for a negative frame.
        """
        if frame < 0:
            raise ValueError(f"a file has no frame {frame}")
        self._source.seek(frame)

    def close(self) -> None:
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_audio(path: Path | str) -> AudioReader:
    """Open a file for reading; what it is, its first bytes say, not its name.

    Raises:
        UnreadableAudio: missing, empty, a folder, not audio, encrypted, a header that cannot be true, nothing that can
            be decoded; M4A without PyAV.
    """
    path = Path(path)
    container = container_of(path)
    source: Source
    if container == OTHER:
        from notorious.audio.soundfile_reader import SoundfileSource

        source = SoundfileSource(path)
    else:
        from notorious.audio.pyav_reader import PyavSource

        source = PyavSource(path, container)
    return AudioReader(path, source)


def decode_blocks(
    path: Path | str,
    *,
    rate_hz: int = 44100,
    channels: int = 2,
    block_frames: int = BLOCK_FRAMES,
    start_frame: int = 0,
    frames: int | None = None,
    notes: list[str] | None = None,
) -> Iterator[NDArray[np.float32]]:
    """Decode a file, or a range of it, at a wanted rate and number of channels.

    Args:
        rate_hz: rate of what comes out; the file's own rate passes through untouched.
        channels: 1, 2, or as many as the file has (`layouts.mix_matrix` says how they are mixed).
        block_frames: length of every block but the last.
        start_frame, frames: the range, in frames of the output rate; None reads to the end.
        notes: what is degraded is appended here, in words, when the reading ends.

    Yields:
        Blocks [shape=(n, channels)], float32, C order; nothing when the range lies behind the end.

    Raises:
        UnreadableAudio: as `open_audio`, on the first `next`.
        ValueError: a negative range, an empty block, a number of channels that cannot be made.
    """
    if start_frame < 0 or block_frames < 1 or rate_hz < 1 or (frames is not None and frames < 0):
        raise ValueError(
            f"cannot read {frames} frames from {start_frame} in blocks of {block_frames} at {rate_hz} Hz: "
            "a range starts at 0 or later, blocks hold at least one frame"
        )
    with open_audio(path) as reader:
        matrix = mix_matrix(reader.layout, channels)
        if reader.rate_hz == rate_hz:
            blocks = _as_it_is(reader, matrix, block_frames, start_frame, frames)
        else:
            blocks = _resampled(reader, matrix, rate_hz, channels, block_frames, start_frame, frames)
        try:
            yield from blocks
        finally:
            if notes is not None:
                notes.extend(note for note in reader.notes if note not in notes)


def _as_it_is(
    reader: AudioReader,
    matrix: NDArray[np.float32] | None,
    block_frames: int,
    start_frame: int,
    frames: int | None,
) -> Iterator[NDArray[np.float32]]:
    reader.seek(start_frame)
    done = 0
    while frames is None or done < frames:
        wanted = block_frames if frames is None else min(block_frames, frames - done)
        block = reader.read(wanted)
        if len(block):
            yield mix_channels(block, matrix)
        done += len(block)
        if len(block) < wanted:
            return


def _resampled(
    reader: AudioReader,
    matrix: NDArray[np.float32] | None,
    rate_hz: int,
    channels: int,
    block_frames: int,
    start_frame: int,
    frames: int | None,
) -> Iterator[NDArray[np.float32]]:
    import soxr

    divisor = gcd(reader.rate_hz, rate_hz)
    in_step, out_step = reader.rate_hz // divisor, rate_hz // divisor
    # A range starts where a frame of the file and a frame of the output coincide, so that the resampler is in the same
    # phase as in a whole read, and early enough to have forgotten where it started.
    run_in = _RUN_IN_FRAMES * max(1, -(-rate_hz // reader.rate_hz))
    steps = max(0, start_frame - run_in) // out_step
    skip = start_frame - steps * out_step
    reader.seek(steps * in_step)
    resampler = soxr.ResampleStream(reader.rate_hz, rate_hz, channels, dtype="float32", quality="HQ")
    in_frames = max(1024, block_frames * in_step // out_step)

    taken = steps * in_step
    given = steps * out_step
    left = frames
    kept: list[NDArray[np.float32]] = []
    kept_frames = 0
    at_the_end = False
    while not at_the_end and (left is None or left > 0):
        block = reader.read(in_frames)
        taken += len(block)
        at_the_end = len(block) < in_frames
        if not len(block) and given == steps * out_step:
            return
        mixed = np.ascontiguousarray(mix_channels(block, matrix))
        made: NDArray[np.float32] = resampler.resample_chunk(mixed, last=at_the_end)
        if at_the_end:  # as many frames as the file's length gives, wherever the range started
            made = _of_length(made, max(0, -(-taken * rate_hz // reader.rate_hz) - given))
        given += len(made)
        dropped = min(skip, len(made))
        skip -= dropped
        made = made[dropped:]
        if left is not None:
            made = made[:left]
            left -= len(made)
        if len(made):
            kept.append(made)
            kept_frames += len(made)
        finished = at_the_end or left == 0
        while kept_frames >= block_frames or (finished and kept_frames):
            joined = np.concatenate(kept)
            yield np.ascontiguousarray(joined[:block_frames])
            kept = [joined[block_frames:]]
            kept_frames = max(0, kept_frames - block_frames)


def _of_length(block: NDArray[np.float32], frames: int) -> NDArray[np.float32]:
    if len(block) >= frames:
        return block[:frames]
    return np.concatenate([block, np.zeros((frames - len(block), block.shape[1]), np.float32)])
