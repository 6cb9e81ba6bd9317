"""Reading WAV, FLAC, OGG Vorbis, Opus, MP3 and AIFF through libsndfile.

Only `read` in a loop is used: `SoundFile.blocks` fills the missing part of a cut MP3 with repeats of its last block.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from notorious.audio.layouts import MAX_CHANNELS, VORBIS_ORDER, WAVE_ORDER, Layout
from notorious.audio.mp3_length import WithHeader, length_header
from notorious.audio.native_messages import native_messages_muted
from notorious.errors import UnreadableAudio

LOWEST_RATE_HZ = 4_000
HIGHEST_RATE_HZ = 768_000
LONGEST_SECONDS = 48 * 3600
LOUDEST_SAMPLE = 1e6
"""+120 dBFS: a float file with larger samples is broken there, not loud."""

# Decoders that carry a state from packet to packet need to run in before a range, or its first samples differ from
# those of a whole read. libsndfile runs in too, but for Opus 80 ms only, which leaves differences of one part in 2^25.
_RUN_IN_SECONDS = {"OPUS": 2.0, "MPEG_LAYER_I": 0.5, "MPEG_LAYER_II": 0.5, "MPEG_LAYER_III": 0.5}
# libsndfile counts a Vorbis stream's last page back from its end, which is wrong where the end is trimmed; so a range
# starts before the last page, which holds at most 255 packets of 1024 frames.
_LONGEST_VORBIS_PAGE_FRAMES = 256 * 1024
_UNKNOWN_FRAMES = 2**62


class SoundfileSource:
    """A file open in libsndfile, in its own rate and channels; `layout` says which channel is which."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notes: list[str] = []
        self._position = 0
        self._broken_at: int | None = None
        self._length_header: tuple[bytes, int] | None = None
        self._file = self._open()
        if self._file.format in ("MP3", "MPEG"):
            self._length_header = length_header(path)
            if self._length_header is not None:
                self._file.close()
                self._file = self._open()
                self.notes.append("its header is lost; its frames were counted, and it may be 13 ms late")
        file = self._file
        self.rate_hz = int(file.samplerate)
        self.channels = int(file.channels)
        self.format = _format_name(str(file.format), str(file.subtype))
        # Only the MP3 decoder talks; for the others, what other threads write meanwhile need not be lost.
        self._muted: Callable[[], AbstractContextManager[None]] = (
            native_messages_muted if self.format == "MP3" else nullcontext
        )
        self._may_hold_nonsense = file.subtype in ("FLOAT", "DOUBLE")
        self._run_in = int(_RUN_IN_SECONDS.get(file.subtype, 0.0) * self.rate_hz)
        if file.subtype == "VORBIS":
            self._run_in = _LONGEST_VORBIS_PAGE_FRAMES
        self.frames: int | None = int(file.frames) if 0 <= file.frames < _UNKNOWN_FRAMES else None
        try:
            _check_header(path, self.rate_hz, self.channels, self.frames)
        except UnreadableAudio:
            self.close()
            raise
        order = VORBIS_ORDER if file.subtype in ("VORBIS", "OPUS") else WAVE_ORDER
        self.layout: Layout = order[self.channels]
        if not len(self.read(1)):
            self.close()
            raise UnreadableAudio(path, "no audio in it can be decoded", "copy or download it again")
        self.seek(0)

    def _open(self) -> soundfile.SoundFile:
        try:
            with native_messages_muted():
                if self._length_header is not None:
                    return soundfile.SoundFile(WithHeader(self.path, *self._length_header))
                return soundfile.SoundFile(str(self.path))
        except (soundfile.LibsndfileError, TypeError, ValueError) as error:
            raise UnreadableAudio(
                self.path,
                "no audio is found in it: it is not an audio file, of an unknown format, or its header is broken",
                "check that it plays elsewhere; known are WAV, FLAC, OGG, Opus, MP3, M4A, AAC and AIFF",
            ) from error

    def read(self, frames: int) -> NDArray[np.float32]:
        """The next frames [shape=(n, channels)], float32; n is smaller than asked only at the end."""
        parts: list[NDArray[np.float32]] = []
        missing = frames
        while missing > 0 and self._broken_at is None:
            try:
                with self._muted():
                    part = self._file.read(missing, dtype="float32", always_2d=True)
            except soundfile.LibsndfileError:
                part = self._read_up_to_the_damage(missing)
            if not len(part):
                break
            self._position += len(part)
            missing -= len(part)
            parts.append(part)
        if not parts:
            self._note_a_short_file()
            return np.zeros((0, self.channels), np.float32)
        block = parts[0] if len(parts) == 1 else np.concatenate(parts)
        if missing > 0:
            self._note_a_short_file()
        if self._may_hold_nonsense:
            self._silence_nonsense(block)
        return block

    def _read_up_to_the_damage(self, frames: int) -> NDArray[np.float32]:
        """Halve the amount until the last frame before the damage is found; nothing behind it is tried."""
        parts: list[NDArray[np.float32]] = []
        position = self._position
        amount = frames
        while amount >= 1:
            part = self._read_at(position, amount)
            if part is None or not len(part):
                amount //= 2
                continue
            parts.append(part)
            position += len(part)
        self._broken_at = position
        return np.concatenate(parts) if parts else np.zeros((0, self.channels), np.float32)

    def _read_at(self, position: int, amount: int) -> NDArray[np.float32] | None:
        # After an error the decoder's state is undefined, so each attempt gets a fresh one.
        self._file.close()
        self._file = self._open()
        try:
            with self._muted():
                self._file.seek(position)
                part: NDArray[np.float32] = self._file.read(amount, dtype="float32", always_2d=True)
        except (soundfile.LibsndfileError, RuntimeError):
            return None
        return part

    def _note_a_short_file(self) -> None:
        if self.frames is None or self._position >= self.frames or self._position == 0:
            return
        # MPEG headers count the encoder's padding; less than a tenth of a second is not a loss.
        if self._broken_at is None and self.frames - self._position < self.rate_hz // 10:
            return
        share = 100.0 * self._position / self.frames
        self._note(f"the file is cut off or damaged after {share:.0f} % of its length")

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def _silence_nonsense(self, block: NDArray[np.float32]) -> None:
        wrong = ~(np.abs(block) <= LOUDEST_SAMPLE)  # a NaN compares false
        if wrong.any():
            block[wrong] = 0.0
            self._note("the file holds samples that are not numbers or are absurdly large; they were silenced")

    def seek(self, frame: int) -> None:
        """Make `frame` the next one to be read, exactly; behind the end, nothing is left to read."""
        if frame == self._position and self._broken_at is None:
            return
        if self._broken_at is not None:
            self._file.close()
            self._file = self._open()
            self._broken_at = None
        start = max(0, frame - self._run_in)
        if self.frames is not None:
            start = min(start, self.frames)
        try:
            with self._muted():
                self._file.seek(start)
        except (soundfile.LibsndfileError, RuntimeError):
            self._file.close()
            self._file = self._open()
            start = 0
        self._position = start
        while self._position < frame and len(self.read(min(65536, frame - self._position))):
            pass

    def close(self) -> None:
        self._file.close()


def _check_header(path: Path, rate_hz: int, channels: int, frames: int | None) -> None:
    remedy = "its header is broken; copy, download or convert it again"
    if not LOWEST_RATE_HZ <= rate_hz <= HIGHEST_RATE_HZ:
        raise UnreadableAudio(path, f"its header claims a sample rate of {rate_hz} Hz", remedy)
    if not 1 <= channels <= MAX_CHANNELS:
        raise UnreadableAudio(path, f"it has {channels} channels; at most {MAX_CHANNELS} can be placed", "mix it down")
    if frames == 0:
        raise UnreadableAudio(path, "it holds no audio (zero frames)", "copy or download it again")
    if frames is not None and frames > LONGEST_SECONDS * rate_hz:
        hours = frames / rate_hz / 3600
        raise UnreadableAudio(path, f"its header claims {frames} frames ({hours:.0f} hours)", remedy)


def _format_name(container: str, coding: str) -> str:
    if container == "OGG":
        return "Opus" if coding == "OPUS" else "OGG Vorbis" if coding == "VORBIS" else f"OGG {coding}"
    if container in ("MP3", "MPEG"):
        return "MP3"
    return container
