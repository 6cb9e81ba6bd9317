"""Who hears a file: a child process, so that whatever the file does to a decoder, the function goes on.

The child is that of the local library (`library.worker`). It stays for the next file, as long as the process that
started it: a warm function pays for its imports once.
"""

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from notorious.library.worker import TAGS, Answer, Task
from notorious.library.workers import WorkerPool

ENGINE = "notorious.analysis.pipeline"
TAGS_VERSION = 1
"""To be raised when `audio.tags` reads files differently."""


def engine_versions(engine: str = ENGINE) -> dict[str, int]:
    """The version of everything that an ear yields: the analysers', and that of the tags."""
    analysers: Mapping[str, int] = importlib.import_module(engine).ANALYSERS
    return {**analysers, TAGS: TAGS_VERSION}


class Ear(Protocol):
    """Hears files. `versions` holds the version of everything that it yields: the analysers, and the tags."""

    @property
    def versions(self) -> Mapping[str, int]: ...

    def hear(self, path: Path, sha256: str, known: Mapping[str, Any], *, seconds: float) -> Answer:
        """The parts that are not known yet, or why they cannot be had; it is given up after so many seconds."""
        ...

    def assemble(self, sha256: str, parts: Mapping[str, Any]) -> Any:
        """An Analysis from all its parts."""
        ...


class ChildEar:
    """An Ear in one child process."""

    def __init__(self, engine: str = ENGINE) -> None:
        self._engine = engine
        self._seconds = 0.0
        self._pool = WorkerPool(engine, jobs=1, patience=lambda _: self._seconds)

    @property
    def versions(self) -> Mapping[str, int]:
        return engine_versions(self._engine)

    def hear(self, path: Path, sha256: str, known: Mapping[str, Any], *, seconds: float) -> Answer:
        """See `Ear.hear`. Raises NotoriousError where no child can be started."""
        self._seconds = seconds
        analysers = {name: part for name, part in known.items() if name != TAGS}
        tasks = [Task(path, sha256, analysers, wants_tags=TAGS not in known)]
        answers: list[Answer] = []
        self._pool.run(lambda: tasks.pop() if tasks else None, lambda _, answer: answers.append(answer))
        (answer,) = answers
        return answer

    def assemble(self, sha256: str, parts: Mapping[str, Any]) -> Any:
        return importlib.import_module(self._engine).assemble(sha256, parts)

    def close(self) -> None:
        """End the child."""
        self._pool.__exit__()
