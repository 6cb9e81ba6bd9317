"""One file taken apart into files: FLAC, 24 bits, at the separator's rate, the stems' names as theirs.

They appear together or not at all: they are written beside where they belong and renamed at the end.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from notorious.audio.decode import decode_blocks
from notorious.errors import Cancelled, OutputFailed, UnusableAudio
from notorious.stems.apart import Statistics, statistics, taken_apart
from notorious.stems.separator import STEMS, Separator, Stereo

FORMAT: Final = "flac"
LONGEST_SECONDS: Final = 3600.0
_STEPS: Final = 1 << 23
"""Full scale in 24 bits."""


@dataclass(frozen=True)
class StemFile:
    """One stem: its file, and what identifies it."""

    path: Path
    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class Separated:
    """What became of a track.

    `clipped_samples` counts the samples of stems that exceed full scale (a stem may be louder than the track) and were
    cut off there: where it is not 0 the stems do not sum to the track in those samples.
    """

    model: str
    rate_hz: int
    frames: int
    stems: dict[str, StemFile]
    clipped_samples: int


def separate_file(
    path: Path,
    folder: Path,
    separator: Separator,
    *,
    report: Callable[[float, float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Separated:
    """Take a file apart; the stems appear in `folder` as NAME.flac, replacing what is there.

    report : told how many seconds of how many are done

    Raises UnreadableAudio, UnusableAudio (longer than an hour, or empty), OutputFailed, Cancelled.
    """
    rate_hz = separator.rate_hz
    whole = statistics(_stopping(decode_blocks(path, rate_hz=rate_hz, channels=2), cancelled))
    _check_length(path, whole, rate_hz)

    def proceed(frames: int) -> None:
        if report is not None:
            report(frames / rate_hz, whole.frames / rate_hz)

    try:
        folder.mkdir(parents=True, exist_ok=True)
        making = Path(tempfile.mkdtemp(prefix=".stems-", dir=folder))
    except OSError as error:
        raise OutputFailed(f"{folder}: stems cannot be written there: {error.strerror or error}") from error
    try:
        frames, clipped = _write(
            taken_apart(
                _stopping(decode_blocks(path, rate_hz=rate_hz, channels=2), cancelled),
                separator,
                whole,
                proceed=proceed,
            ),
            making,
            rate_hz,
        )
        stems = {}
        for name in STEMS:
            made = making / f"{name}.{FORMAT}"
            size, digest = made.stat().st_size, _sha256(made)
            stems[name] = StemFile(made.replace(folder / made.name), digest, size)
    except OSError as error:
        raise OutputFailed(f"{folder}: stems cannot be written there: {error.strerror or error}") from error
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return Separated(separator.name, rate_hz, frames, stems, clipped)


def _check_length(path: Path, whole: Statistics, rate_hz: int) -> None:
    if not whole.frames:
        raise UnusableAudio(path, "it holds no sound", "there is nothing to take apart")
    if whole.frames > LONGEST_SECONDS * rate_hz:
        raise UnusableAudio(path, "it is longer than an hour", "a recorded set is no track; cut it into tracks")


def _stopping(blocks: Iterator[Stereo], cancelled: Callable[[], bool] | None) -> Iterator[Stereo]:
    for block in blocks:
        if cancelled is not None and cancelled():
            raise Cancelled("the separation was stopped; nothing of it is left behind")
        yield block


def _write(pieces: Iterator[Any], folder: Path, rate_hz: int) -> tuple[int, int]:
    """Write the stems; returns their frames, and how many samples exceeded full scale."""
    import soundfile

    frames = clipped = 0
    with ExitStack() as stack:
        files = [
            stack.enter_context(
                soundfile.SoundFile(folder / f"{name}.{FORMAT}", "w", rate_hz, 2, subtype="PCM_24", format="FLAC")
            )
            for name in STEMS
        ]
        try:
            for piece in pieces:
                frames += piece.shape[1]
                clipped += int(np.count_nonzero(np.abs(piece) > 1.0))
                for file, stem in zip(files, piece, strict=True):
                    steps = np.clip(np.rint(stem * np.float64(_STEPS)), -_STEPS, _STEPS - 1).astype(np.int32)
                    file.write(steps << 8)  # libsndfile takes 24 bits as the upper ones of 32
        except soundfile.LibsndfileError as error:
            raise OutputFailed(f"{folder.parent}: a stem could not be written ({error}); is the disk full?") from error
    return frames, clipped


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
