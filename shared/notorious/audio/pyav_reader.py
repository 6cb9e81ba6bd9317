"""Reading M4A, AAC and ALAC through PyAV (FFmpeg), an optional dependency.

It is optional because its wheel carries libx264 and libx265, which are under the GPL: whoever needs no M4A gets an
environment without them. It is imported late and by this module alone.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from notorious.audio.containers import ADTS
from notorious.audio.layouts import MAX_CHANNELS, WAVE_ORDER, Layout
from notorious.errors import UnreadableAudio

_POSITIONS = {
    "FL": "L", "FR": "R", "FC": "C", "LFE": "LFE", "BC": "Cb",
    "SL": "Ls", "SR": "Rs", "BL": "Lb", "BR": "Rb",
}  # fmt: skip


class PyavSource:
    """An MP4 or ADTS file open in FFmpeg, in its own rate and channels.

    Seeking backwards starts again from the file's beginning and decodes up to the place: AAC fills its noise bands from
    a generator that runs on from packet to packet, so that only a decoder that has been through the whole file gives
    the same samples as a whole read (at about 900 times real time, half a second for a long track).
    """

    def __init__(self, path: Path, container: str) -> None:
        try:
            import av
        except ImportError as error:
            raise UnreadableAudio(
                path, "M4A and AAC need PyAV, which is not installed", "pip install 'notorious[m4a]'"
            ) from error
        self.path = path
        self.notes: list[str] = []
        self._av = av
        self._demuxer = "aac" if container == ADTS else "mov"
        av.logging.set_level(None)
        self._container: Any = None
        self._pending: NDArray[np.float32] | None = None
        self._start_again()
        context = self._stream.codec_context
        self.rate_hz = int(context.sample_rate or 0)
        self.format = {"aac": "AAC", "alac": "ALAC"}.get(context.name, str(context.name))
        self.frames: int | None = None
        if self._stream.duration and self.rate_hz and container != ADTS:
            self.frames = round(float(self._stream.duration * self._stream.time_base) * self.rate_hz)
        first = self._next_block()
        if first is None or self.rate_hz <= 0:
            self.close()
            raise UnreadableAudio(path, "it holds no audio that can be decoded", "copy or download it again")
        self._pending = first
        self.channels = first.shape[1]
        if self.channels > MAX_CHANNELS:
            self.close()
            raise UnreadableAudio(path, f"it has {self.channels} channels; at most {MAX_CHANNELS} can be placed")
        self.layout = self._named_layout()

    def _start_again(self) -> None:
        self.close()
        try:
            # The format is named and the name is marked as a file, so that no play list and no address is followed.
            self._container = self._av.open("file:" + str(self.path), format=self._demuxer, metadata_errors="ignore")
            self._stream = self._container.streams.audio[0]
        except (self._av.FFmpegError, IndexError, ValueError, UnicodeError) as error:
            self.close()
            raise UnreadableAudio(
                self.path, "no audio is found in it, or its header is broken", "check that it plays elsewhere"
            ) from error
        self._blocks = self._decoded()
        self._pending = None
        self._offset = 0
        self._position = 0

    def _decoded(self) -> Iterator[NDArray[np.float32]]:
        resampler: Any = None
        try:
            for frame in self._container.decode(self._stream):
                if resampler is None:
                    self._layout_channels = [channel.name for channel in frame.layout.channels]
                    # Only the sample format changes here: planar float, whatever the decoder gives.
                    resampler = self._av.AudioResampler(format="fltp", layout=frame.layout, rate=frame.sample_rate)
                for converted in resampler.resample(frame):
                    yield np.ascontiguousarray(converted.to_ndarray().T, dtype=np.float32)
        except self._av.FFmpegError as error:
            text = f"the file is cut off or damaged: {error.strerror or error}"
            if text not in self.notes:
                self.notes.append(text)

    def _next_block(self) -> NDArray[np.float32] | None:
        for block in self._blocks:
            if len(block):
                return block
        return None

    def _named_layout(self) -> Layout:
        names = tuple(_POSITIONS.get(name, "") for name in self._layout_channels)
        if self.channels == 1:
            return ("C",)
        if not all(names) or len(set(names)) != len(names):
            return WAVE_ORDER[self.channels]
        if "Ls" not in names:  # without side loudspeakers the backs are the surrounds
            names = tuple({"Lb": "Ls", "Rb": "Rs"}.get(name, name) for name in names)
        return names

    def read(self, frames: int) -> NDArray[np.float32]:
        """The next frames [shape=(n, channels)], float32; n is smaller than asked only at the end."""
        parts: list[NDArray[np.float32]] = []
        missing = frames
        while missing > 0:
            if self._pending is None:
                self._pending = self._next_block()
                self._offset = 0
                if self._pending is None:
                    break
            part = self._pending[self._offset : self._offset + missing]
            self._offset += len(part)
            if self._offset >= len(self._pending):
                self._pending = None
            missing -= len(part)
            parts.append(part)
        self._position += frames - missing
        if missing > 0:
            self._note_a_short_file()
        if not parts:
            return np.zeros((0, self.channels), np.float32)
        return np.concatenate(parts)

    def _note_a_short_file(self) -> None:
        if self.frames and 0 < self._position < self.frames - self.rate_hz // 10 and not self.notes:
            self.notes.append(
                f"the file is cut off or damaged after {100.0 * self._position / self.frames:.0f} % of its length"
            )

    def seek(self, frame: int) -> None:
        """Make `frame` the next one to be read, exactly."""
        if frame < self._position:
            self._start_again()
        while self._position < frame and len(self.read(min(65536, frame - self._position))):
            pass

    def close(self) -> None:
        if self._container is not None:
            self._container.close()
            self._container = None
