"""What comes in and goes out around the library as a whole, the WebSocket and the service itself."""

from datetime import datetime
from typing import Any

from notorious.aws.http.bodies import Body, config


class SettingsBody(Body):
    """The settings of the library, whole."""

    model_config = config(settings={"formats": ["flac"]})
    settings: dict[str, Any]


class ImportOut(Body):
    """An import under way or past."""

    id: str
    count: int
    started_at: datetime
    finished_at: datetime | None = None
    analysed: int | None = None
    failed: int | None = None
    skipped: int | None = None


class LibraryOut(Body):
    """The library: settings, and the latest imports."""

    name: str
    settings: dict[str, Any]
    imports: list[ImportOut]


class StatisticsOut(Body):
    """What is in the library. `coverage` is the share of tracks that were heard, 0 to 1; `bpm` in steps of five."""

    model_config = config(
        tracks=8400, analyzed=8391, waiting=5, failed=4, rejected=2, coverage=0.9989, hours=702.5, gigabytes=251.3,
        keys={"8A": 700}, genres={"house": 2100}, bpm={"125": 1800}, energy={"6": 2000}, mixes={"published": 12},
        mix_hours=11.8, ratings=40, mean_stars=4.1,
    )  # fmt: skip
    tracks: int
    analyzed: int
    waiting: int
    failed: int
    rejected: int
    coverage: float
    hours: float
    gigabytes: float
    keys: dict[str, int]
    genres: dict[str, int]
    bpm: dict[str, int]
    energy: dict[str, int]
    mixes: dict[str, int]
    mix_hours: float
    ratings: int
    mean_stars: float | None


class StartedOut(Body):
    """Something has begun under this id."""

    model_config = config(id="01JCQ0R5V8K3X2N7Z4Y6W9T1AC", status="started")
    id: str
    status: str


class TicketOut(Body):
    """A ticket with which one WebSocket can be opened: `wss://…?ticket=TICKET`."""

    model_config = config(ticket="vJ1q…", expires_seconds=60)
    ticket: str
    expires_seconds: int


class HealthOut(Body):
    """It answers."""

    model_config = config(status="ok", version="0.1.0")
    status: str
    version: str
