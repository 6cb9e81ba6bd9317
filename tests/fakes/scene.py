"""A tenant's world for tests of use cases: a store, a bucket, views, a live table, and tracks in the library."""

import hashlib
from pathlib import Path
from typing import Any

from fakes.clock import FakeClock
from fakes.live import MemoryLive
from fakes.objects import MemoryObjects
from fakes.senders import MemoryNotifier, MemoryQueue, MemorySockets, MemoryWorkflows
from notorious.analysis.model import Track
from notorious.domain import LIBRARY, MIX, TRACK, LibraryState, MixState, StreamName, TrackState
from notorious.domain.track import RecordAnalysis, UploadTrack
from notorious.eventstore import MemoryStore, handle, load
from notorious.eventstore.memory_views import MemoryViews
from notorious.eventstore.projector import project
from notorious.service import keys
from notorious.service.analyses import keep_track
from notorious.service.hear import summary_of
from notorious.service.library_view import library_tracks
from notorious.service.progress import Progress
from notorious.service.selection import LibraryTrack
from notorious.service.wishes import MixWish, Wisher, request_mix

VERSIONS = {"grid": 1, "tags": 1}


class Scene:
    """One tenant, anna."""

    tenant = "anna"

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.store = MemoryStore()
        self.objects = MemoryObjects(self.clock)
        self.views = MemoryViews()
        self.live = MemoryLive()
        self.notifier = MemoryNotifier()
        self.workflows = MemoryWorkflows()
        self.queue = MemoryQueue()
        self.sockets = MemorySockets()
        self._commands = 0

    # -- what is there -----------------------------------------------------------------------------------------------

    def wisher(self) -> Wisher:
        self._commands += 1
        return Wisher("anna", f"command-{self._commands}")

    def upload(self, audio: bytes, file_name: str = "track.wav") -> str:
        """A track that waits to be heard; its hash."""
        sha256 = hashlib.sha256(audio).hexdigest()
        key = keys.track_audio(self.tenant, sha256, "wav")
        self.objects.put(key, audio)
        command = UploadTrack(
            command_id=self.wisher().command_id,
            actor="ingest",
            sha256=sha256,
            key=key,
            file_name=file_name,
            size_bytes=len(audio),
            format="wav",
        )
        handle(self.store, self.tenant, StreamName("track", sha256), command, TRACK)
        return sha256

    def add(self, track: Track, audio: bytes | None = None, versions: dict[str, int] | None = None) -> str:
        """A track that was heard; its hash is the analysis' own where no audio is given."""
        sha256 = track.sha256
        key = keys.track_audio(self.tenant, sha256, "wav")
        self.objects.put(key, audio or b"sound")
        upload = UploadTrack(
            command_id=self.wisher().command_id,
            actor="ingest",
            sha256=sha256,
            key=key,
            file_name=Path(track.path).name,
            size_bytes=len(audio or b"sound"),
            format="wav",
        )
        stream = StreamName("track", sha256)
        handle(self.store, self.tenant, stream, upload, TRACK)
        heard = RecordAnalysis(
            command_id=self.wisher().command_id,
            actor="analyze",
            analysis=keep_track(self.objects, self.tenant, track.model_copy(update={"path": Path(track.path).name})),
            summary=summary_of(track),
            analysers=versions or VERSIONS,
        )
        handle(self.store, self.tenant, stream, heard, TRACK)
        return sha256

    def request(self, mix: str = "m1", brief: dict[str, Any] | None = None, **wish: Any) -> str:
        """A mix that somebody wants."""
        request_mix(self.store, self.tenant, mix, MixWish(brief=brief or {}, **wish), self.wisher())
        return mix

    # -- what became of it --------------------------------------------------------------------------------------------

    def progress(self, mix: str = "m1", part: str = "") -> Progress:
        return Progress(self.live, self.notifier, self.clock, tenant=self.tenant, mix=mix, part=part)

    def tracks(self) -> list[LibraryTrack]:
        self.project()
        return library_tracks(self.views, self.tenant)

    def project(self) -> None:
        for tenant in self.store.tenants():
            for stream in dict.fromkeys(record.stream for record in self.store.feed(tenant, limit=10**9)):
                project(self.store, self.views, tenant, stream)

    def mix(self, mix: str = "m1") -> MixState:
        return load(self.store, self.tenant, StreamName("mix", mix), MIX)[0]

    def track(self, sha256: str) -> TrackState:
        return load(self.store, self.tenant, StreamName("track", sha256), TRACK)[0]

    def library(self) -> LibraryState:
        return load(self.store, self.tenant, StreamName.library(), LIBRARY)[0]

    def events(self) -> list[str]:
        return [record.type for record in self.store.feed(self.tenant, limit=10**9)]
