"""Writing M4A (AAC in MP4) through PyAV, an optional dependency (see `pyav_reader`)."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from notorious.audio.stream_target import Target
from notorious.audio.tags_write import Chapter, OutputTags
from notorious.errors import OutputFailed

_BITS_PER_SECOND = 256_000
_FRAME = 1024


class PyavEncoder:
    """AAC in an MP4 with tags and chapters."""

    def __init__(
        self,
        file: Target,
        rate_hz: int,
        channels: int,
        tags: OutputTags,
        chapters: Sequence[Chapter],
        needed_bytes: int | None,
        expected_seconds: float | None,
    ) -> None:
        try:
            import av
        except ImportError as error:
            raise OutputFailed(
                f"{file.path}: M4A needs PyAV, which is not installed; pip install 'notorious[m4a]', "
                "or choose another format"
            ) from error
        self._av = av
        self._file = file
        self._rate_hz = rate_hz
        self._layout = "mono" if channels == 1 else "stereo"
        self._chapters = list(chapters)
        self._needed_bytes = needed_bytes
        self._frames = 0
        self._waiting = np.zeros((0, channels), np.float32)
        try:
            self._container: Any = av.open(file, "w", format="ipod")
            for name, value in tags.items():
                self._container.metadata[name] = value.replace("\x00", " ")
            self._stream: Any = self._container.add_stream("aac", rate=rate_hz, layout=self._layout)
            self._stream.bit_rate = _BITS_PER_SECOND if channels == 2 else _BITS_PER_SECOND // 2
        except (av.FFmpegError, ValueError) as error:
            raise OutputFailed(f"{file.path}: M4A cannot be written at {rate_hz} Hz: {error}") from error
        # Chapters stand in the file's index, which is written last, but they must be known before the first packet.
        self._set_chapters(expected_seconds or 0.0)

    def _set_chapters(self, end_seconds: float) -> None:
        if not self._chapters:
            return
        starts = [round(chapter.start_seconds * 1000) for chapter in self._chapters]
        ends = [*starts[1:], max(starts[-1] + 1, round(end_seconds * 1000))]
        self._container.set_chapters(
            [
                {"id": number, "start": start, "end": max(start, end), "time_base": Fraction(1, 1000),
                 "metadata": {"title": chapter.title}}
                for number, (chapter, start, end) in enumerate(zip(self._chapters, starts, ends, strict=True))
            ]
        )  # fmt: skip

    def write(self, block: NDArray[np.float32]) -> None:
        self._waiting = np.concatenate([self._waiting, np.clip(block, -1, 1)])
        whole = len(self._waiting) // _FRAME * _FRAME
        for start in range(0, whole, _FRAME):
            self._encode(self._waiting[start : start + _FRAME])
        self._waiting = self._waiting[whole:]
        self._file.check(self._needed_bytes)

    def _encode(self, samples: NDArray[np.float32] | None) -> None:
        frame = None
        if samples is not None:
            frame = self._av.AudioFrame.from_ndarray(
                np.ascontiguousarray(samples.T, np.float32), format="fltp", layout=self._layout
            )
            frame.sample_rate = self._rate_hz
            frame.pts = self._frames
            frame.time_base = Fraction(1, self._rate_hz)
            self._frames += len(samples)
        try:
            for packet in self._stream.encode(frame):
                self._container.mux(packet)
        except (self._av.FFmpegError, OSError) as error:
            self._file.check(self._needed_bytes)
            raise OutputFailed(f"{self._file.path}: the encoder gave up: {error}") from error

    def finish(self) -> None:
        if len(self._waiting):
            self._encode(self._waiting)
        self._encode(None)
        try:
            self._container.close()
        except (self._av.FFmpegError, OSError) as error:
            self._file.check(self._needed_bytes)
            raise OutputFailed(f"{self._file.path}: the encoder could not finish: {error}") from error
        self._file.commit(self._needed_bytes)

    def discard(self) -> None:
        try:
            self._container.close()
        except (self._av.FFmpegError, OSError, ValueError) as error:  # it is removed all the same
            self._file.error = self._file.error or OSError(str(error))
        self._file.discard()
