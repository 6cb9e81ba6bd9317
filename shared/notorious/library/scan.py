"""Finding the audio files under the paths that were given.

A file that is named is taken whatever its ending says; in folders, files are known by their endings. Folders are
walked recursively in sorted order, links are followed, and each folder is entered once, so that a link back to a
parent ends nowhere. Hidden files and folders are passed over (a Mac leaves `._track.mp3` beside every file on a
foreign disk), unless they are named themselves.
"""

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

AUDIO_ENDINGS = frozenset(
    {
        ".aac", ".aif", ".aifc", ".aiff", ".alac", ".flac", ".m4a", ".m4b", ".m4p", ".mp3", ".mp4", ".oga", ".ogg",
        ".opus", ".rf64", ".w64", ".wav", ".wave",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Skipped:
    """A file or folder that is not in the crate, and why."""

    path: Path
    reason: str


STEMS_ENDING = ".stems"
"""Folders of this ending are passed over: they lie beside a track and hold its parts."""


@dataclass(frozen=True)
class Scan:
    """What lies under the paths: `files` in the order in which they were found, and what could not be entered."""

    files: tuple[Path, ...]
    skipped: tuple[Skipped, ...] = ()


def find_audio_files(paths: Iterable[Path | str]) -> Scan:
    """Find audio files: those named, in the order named, and those in folders, sorted.

    Paths come back absolute with links kept as they are. The same file reached twice counts once.
    """
    files: dict[Path, None] = {}
    skipped: list[Skipped] = []
    entered: set[tuple[int, int]] = set()
    for given in paths:
        # Not `resolve`: the name under which someone keeps a track is the one that they know.
        path = Path(os.path.abspath(Path(given).expanduser()))
        try:
            mode = path.stat().st_mode
        except FileNotFoundError:
            skipped.append(Skipped(path, "there is no such file or folder"))
        except OSError as error:
            skipped.append(Skipped(path, _because(error)))
        else:
            if stat.S_ISDIR(mode):
                _walk(path, files, skipped, entered)
            elif stat.S_ISREG(mode):
                _take(path, files, skipped)
            else:
                skipped.append(Skipped(path, "it is neither a file nor a folder"))
    return Scan(tuple(files), tuple(skipped))


def _walk(folder: Path, files: dict[Path, None], skipped: list[Skipped], entered: set[tuple[int, int]]) -> None:
    """Collect the audio files of a folder, its own before those of its subfolders."""
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        try:
            status = here.stat()
            if (status.st_dev, status.st_ino) in entered:
                continue
            entered.add((status.st_dev, status.st_ino))
            with os.scandir(here) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            skipped.append(Skipped(here, _because(error)))
            continue
        below = []
        for entry in entries:
            if entry.name.startswith("."):
                continue
            path = here / entry.name
            try:
                if entry.is_dir():
                    # NAME.stems holds the parts of a track, not tracks; whoever means it names it.
                    if path.suffix.lower() != STEMS_ENDING:
                        below.append(path)
                elif path.suffix.lower() in AUDIO_ENDINGS:
                    if entry.is_file():
                        _take(path, files, skipped)
                    else:
                        skipped.append(Skipped(path, "it is a link to nothing, or not a file"))
            except OSError as error:
                skipped.append(Skipped(path, _because(error)))
        waiting.extend(reversed(below))


def _take(path: Path, files: dict[Path, None], skipped: list[Skipped]) -> None:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        # Plans, cue sheets and JSON are text: such a name could be heard, but never written down.
        shown = Path(os.fsencode(path).decode(errors="replace"))
        skipped.append(Skipped(shown, "its name is not valid UTF-8; rename the file"))
        return
    files.setdefault(path)


def _because(error: OSError) -> str:
    """The operating system's reason, in a sentence of ours."""
    if isinstance(error, PermissionError):
        return "it may not be read (permission denied)"
    return f"it cannot be opened ({error.strerror or error})"
