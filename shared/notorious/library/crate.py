"""The crate: the tracks under some paths, heard and ready to be planned with.

`hear` finds the files, asks the store what it knows, lets child processes hear the rest, and keeps every result as it
comes, so that a run that was stopped goes on where it was. A crate does not hold thousands of analyses in memory: it
knows which recordings there are and reads a track when it is asked for.
"""

import importlib
import json
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from notorious.analysis.model import Analysis, Track
from notorious.audio.tags import Tags
from notorious.errors import Cancelled
from notorious.library.scan import Skipped, find_audio_files
from notorious.library.store import FileStamp, Store
from notorious.library.worker import TAGS, Answer, Task
from notorious.library.workers import WorkerPool, patience_seconds

ENGINE = "notorious.analysis.pipeline"
TAGS_VERSION = 1
"""To be raised when `audio.tags` reads files differently."""


@dataclass(frozen=True)
class Progress:
    """How far the hearing is. Files that were known already are done from the start."""

    done: int
    total: int
    current: Path | None
    tracks_per_minute: float | None = None
    """Newly heard ones; None until one is."""
    seconds_left: float | None = None


@dataclass(frozen=True)
class Entry:
    """One recording of a crate: its file and its hash."""

    path: Path
    sha256: str


class Crate:
    """Tracks that were heard, in the order in which they were found.

    Iterate over it, or take one by its hash: `crate.track(sha256)`; a track is read from the store each time.
    `skipped` lists what is not in the crate and why, `heard` counts the tracks that were analysed in this run (the
    others were known).
    """

    def __init__(
        self,
        entries: Iterable[Entry],
        *,
        store: Store,
        engine: str = ENGINE,
        skipped: Iterable[Skipped] = (),
        heard: int = 0,
    ) -> None:
        self.entries = tuple(entries)
        self.skipped = tuple(skipped)
        self.heard = heard
        self._store = store
        self._engine = importlib.import_module(engine)
        self._by_hash = {entry.sha256: entry for entry in self.entries}

    @property
    def notes(self) -> tuple[str, ...]:
        """What the cache has to say: that it was broken, or cannot be written."""
        return tuple(self._store.notes)

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[Track]:
        return (self.track(entry.sha256) for entry in self.entries)

    def track(self, sha256: str) -> Track:
        """The track with this hash; KeyError where the crate has none."""
        entry = self._by_hash[sha256]
        versions = {**self._engine.ANALYSERS, TAGS: TAGS_VERSION}
        parts = self._store.parts(sha256, versions)
        tags = Tags.model_validate(parts.pop(TAGS, {}))
        analysis: Analysis = self._engine.assemble(sha256, parts)
        return Track(path=str(entry.path), tags=tags, analysis=analysis)

    def digests(
        self,
        kind: str,
        version: str,
        make: Callable[[Track], Any],
        *,
        report: Callable[[int, int], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> list[Any]:
        """A small JSON value for each track, made once per kind, version and analysers, and kept in the store."""
        signature = json.dumps([version, TAGS_VERSION, sorted(self._engine.ANALYSERS.items())])
        known = self._store.digests(kind, signature)
        missing = [entry for entry in self.entries if (entry.sha256, str(entry.path)) not in known]
        fresh: dict[tuple[str, str], Any] = {}
        for number, entry in enumerate(missing, start=1):
            if cancelled is not None and cancelled():
                raise Cancelled("stopped while the tracks were being summed up")
            fresh[entry.sha256, str(entry.path)] = make(self.track(entry.sha256))
            if number % 500 == 0 or number == len(missing):
                self._store.keep_digests(kind, signature, fresh)
                known.update(fresh)
                fresh.clear()
            if report is not None:
                report(number, len(missing))
        return [known[entry.sha256, str(entry.path)] for entry in self.entries]


def hear(
    paths: Iterable[Path | str],
    *,
    jobs: int | None = None,
    store: Store | None = None,
    report: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    engine: str = ENGINE,
    patience: Callable[[Task], float] = patience_seconds,
) -> Crate:
    """Find and hear the tracks under some paths.

    `jobs` is the number of child processes (default: one a core); `store` remembers (default: the user's cache).
    Files that cannot be used are listed in `Crate.skipped`; so is a file whose content is there already under another
    name. The result does not depend on `jobs`. Raises Cancelled when `cancelled` says so (polled a few times a
    second) and leaves what was heard so far in the store; the same is true of a KeyboardInterrupt.
    """
    found = find_audio_files(paths)
    hearing = _Hearing(found.files, store or Store.open(), engine, report)
    with WorkerPool(engine, jobs or os.cpu_count() or 1, patience=patience) as pool:
        hearing.report(None)
        if not hearing.is_done:
            pool.run(hearing.next_task, hearing.settle, cancelled=cancelled)
    entries, skipped = hearing.outcome()
    return Crate(entries, store=hearing.store, engine=engine, skipped=(*found.skipped, *skipped), heard=hearing.heard)


class _Hearing:
    """The state of one run: which files wait to be read, which recordings wait to be heard, what became of each."""

    def __init__(
        self, files: tuple[Path, ...], store: Store, engine: str, report: Callable[[Progress], None] | None
    ) -> None:
        self.files = files
        self.store = store
        self.heard = 0
        analysers: Mapping[str, int] = importlib.import_module(engine).ANALYSERS
        self._versions = {**analysers, TAGS: TAGS_VERSION}
        self._report = report
        self._hashes: dict[Path, str] = {}
        self._failures: dict[Path, str] = {}
        self._outcomes: dict[str, str | None] = {}  # by hash: None is heard, else the reason why it is not
        self._waiting: dict[str, list[Path]] = {}  # by hash: the files that are settled when it is
        self._to_read: deque[Path] = deque()
        self._to_hear: deque[Task] = deque()
        self._sizes: dict[Path, int] = {}
        self._files_done = 0
        self._ask_the_store()
        self._bytes_to_do = self._bytes_left = sum(
            self._sizes[path] for path in (*self._to_read, *(path for some in self._waiting.values() for path in some))
        )
        self._started = time.monotonic()

    @property
    def is_done(self) -> bool:
        return not self._to_read and not self._to_hear

    def _ask_the_store(self) -> None:
        for path in self.files:
            try:
                stamp = FileStamp.of(path)
            except OSError as error:
                self._failures[path] = f"it cannot be opened ({error.strerror or error})"
                self._files_done += 1
                continue
            self._sizes[path] = stamp.size
            sha256 = self.store.sha256_of(path, stamp)
            if sha256 is None:
                self._to_read.append(path)
            else:
                self._hashes[path] = sha256
        kept = self.store.versions(self._hashes.values())
        for path, sha256 in self._hashes.items():
            if set(self._versions.items()) <= kept[sha256]:
                self._outcomes[sha256] = None
                self._files_done += 1
            else:
                self._plan_to_hear(path, sha256)

    def _plan_to_hear(self, path: Path, sha256: str) -> None:
        if sha256 in self._waiting:
            self._waiting[sha256].append(path)
            return
        self._waiting[sha256] = [path]
        known = self.store.parts(sha256, self._versions)
        wants_tags = known.pop(TAGS, None) is None
        self._to_hear.append(Task(path, sha256, known, wants_tags))

    def next_task(self) -> Task | None:
        """Hear what has been read before reading more: a folder that is stopped half-way is then half done."""
        if self._to_hear:
            return self._to_hear.popleft()
        if self._to_read:
            return Task(self._to_read.popleft())
        return None

    def settle(self, task: Task, answer: Answer) -> None:
        """Note what became of a task, and keep it."""
        if task.sha256 is not None:
            if answer.failure is None:
                assert answer.parts is not None
                self.store.keep_parts(task.sha256, answer.parts, self._versions)
                self.heard += 1
            self._outcomes[task.sha256] = answer.failure
            self._finish(self._waiting.pop(task.sha256))
        elif answer.failure is not None:
            self._failures[task.path] = answer.failure
            self._finish([task.path])
        else:
            assert answer.sha256 is not None
            assert answer.stamp is not None
            self._has_been_read(task.path, answer.sha256, answer.stamp)
        self.report(task.path)

    def _has_been_read(self, path: Path, sha256: str, stamp: FileStamp) -> None:
        self.store.remember_file(path, stamp, sha256)
        self._hashes[path] = sha256
        kept_elsewhere = set(self._versions.items()) <= self.store.versions([sha256])[sha256]
        if sha256 in self._outcomes or kept_elsewhere:
            self._outcomes.setdefault(sha256, None)
            self._finish([path])
        else:
            self._plan_to_hear(path, sha256)

    def _finish(self, paths: list[Path]) -> None:
        self._files_done += len(paths)
        self._bytes_left -= sum(self._sizes[path] for path in paths)

    def report(self, current: Path | None) -> None:
        """Tell how far it is; the time left follows from the bytes, since tracks differ in length."""
        if self._report is None:
            return
        elapsed = time.monotonic() - self._started
        left = per_minute = None
        done = self._bytes_to_do - self._bytes_left
        if self.heard and elapsed > 0 and done > 0:
            per_minute = self.heard * 60 / elapsed
            left = elapsed * self._bytes_left / done
        self._report(Progress(self._files_done, len(self.files), current, per_minute, left))

    def outcome(self) -> tuple[list[Entry], list[Skipped]]:
        """What is in the crate, in the order of the files, and what is not; a recording's first name is its name."""
        entries: list[Entry] = []
        skipped: list[Skipped] = []
        names: dict[str, Path] = {}
        for path in self.files:
            failure = self._failures.get(path)
            if failure is None:
                sha256 = self._hashes[path]
                failure = self._outcomes[sha256]
                if sha256 in names:
                    failure = f"it is the same file as {names[sha256]}"
                elif failure is None:
                    entries.append(Entry(path, sha256))
                names.setdefault(sha256, path)
            if failure is not None:
                skipped.append(Skipped(path, failure))
        return entries, skipped
