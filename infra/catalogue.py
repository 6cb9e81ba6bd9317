"""Every function of the service: what it needs to run, and what it may touch. One table, read by all stacks.

Memory and time follow from measurements, named beside each; a function's role, environment and alarms follow from
`Access`. What is not in the table is not granted: the end-to-end tests run with IAM enforced.
"""

from dataclasses import dataclass
from enum import Enum


class Carrier(Enum):
    """What a function's code arrives in on AWS. It follows from what the handler imports, which a test checks."""

    EVENTS = "zip with the layers notorious and events"
    """pydantic and Powertools, 15 MB: functions that move events and documents."""
    NUMBERS = "zip with the layers notorious, events and numbers"
    """NumPy beside them, 57 MB: functions that plan and search."""
    ENGINE = "image containers/audio"
    """SciPy, libsndfile, soxr, onnxruntime, matplotlib, 330 MB where a zip may have 250: functions that touch audio."""


class Table(Enum):
    """How far a function reaches into the table of events (appends) or of views."""

    NONE = "none"
    READ = "read"
    WRITE = "read and write"


class Live(Enum):
    """What a function does with items of the live table."""

    GET = "dynamodb:GetItem"
    PUT = "dynamodb:PutItem"
    UPDATE = "dynamodb:UpdateItem"
    DELETE = "dynamodb:DeleteItem"
    QUERY = "dynamodb:Query"
    SCAN = "dynamodb:Scan"


class Workflow(Enum):
    """The state machines, by the name that ends theirs."""

    MIX = "mix"
    LIBRARY = "analyze-library"
    STEMS = "stems"


@dataclass(frozen=True, kw_only=True)
class Access:
    """What a function's role allows and its environment names.

    Folders of objects are the first part of a key (`service/keys.py`).
    """

    events: Table = Table.NONE
    feed: bool = False
    """Reads the feed of all events of a tenant, the table's index."""
    views: Table = Table.NONE
    live: tuple[Live, ...] = ()
    remembers: bool = False
    """Remembers what it has done in Powertools' table."""
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    deletes: tuple[str, ...] = ()
    lists: bool = False
    """Lists folders of the bucket."""
    misses: bool = False
    """Looks for objects that may be absent. S3 tells those from forbidden ones only to who may list the bucket; the
    embedded stage tells them apart anyhow."""
    publishes: bool = False
    """Puts events on the bus."""
    notifies: bool = False
    """Reports progress: invokes `notify`."""
    starts: tuple[Workflow, ...] = ()
    looks_at: tuple[Workflow, ...] = ()
    stops: tuple[Workflow, ...] = ()
    resumes: tuple[Workflow, ...] = ()
    invokes: tuple[str, ...] = ()
    """Functions that it calls asynchronously, `notify` apart."""
    asks_to_analyze: bool = False
    """Puts tracks into the queue of `analyze`."""
    pushes: bool = False
    """Sends to, looks at and closes WebSocket connections."""


@dataclass(frozen=True, kw_only=True)
class Function:
    """One function: `functions/NAME/handler.py`, `handler.handler`."""

    name: str
    work: str
    carrier: Carrier
    memory_mb: int
    timeout_seconds: int
    measured: str
    """Where memory and time come from."""
    access: Access
    disk_mb: int = 512
    """Size of /tmp."""
    one_at_a_time: bool = False
    """A second one beside it would do the same work twice."""


_LIGHT = (
    "moves single items: 86 MB with imports and clients (make bench); 256 MB or more for the share of a CPU that goes "
    "with them, since the cold start is what is waited for"
)
_ONE_CPU = 1769
"""Memory [MB] that brings one whole CPU on Lambda. These functions work on one, and what they need at most is less."""
_PROGRESS = (Live.GET, Live.UPDATE)


FUNCTIONS: tuple[Function, ...] = (
    # Events: table stream, bus, views, archive.
    Function(
        name="publish",
        work="table stream to bus",
        carrier=Carrier.EVENTS,
        memory_mb=256,
        timeout_seconds=60,
        measured=_LIGHT,
        access=Access(publishes=True),
    ),
    Function(
        name="project",
        work="events to views",
        carrier=Carrier.EVENTS,
        memory_mb=256,
        timeout_seconds=60,
        measured=_LIGHT,
        access=Access(events=Table.READ, views=Table.WRITE),
    ),
    Function(
        name="archive",
        work="all events to the bucket",
        carrier=Carrier.EVENTS,
        memory_mb=512,
        timeout_seconds=900,
        measured=_LIGHT,
        access=Access(events=Table.READ, feed=True, writes=("archive",), lists=True),
        one_at_a_time=True,
    ),
    # Listeners.
    Function(
        name="authorize",
        work="takes a ticket for a WebSocket",
        carrier=Carrier.EVENTS,
        memory_mb=256,
        timeout_seconds=10,
        measured=_LIGHT,
        access=Access(live=(Live.DELETE,)),
    ),
    Function(
        name="sockets",
        work="connections and subscriptions",
        carrier=Carrier.EVENTS,
        memory_mb=256,
        timeout_seconds=25,
        measured=_LIGHT,
        access=Access(live=(Live.GET, Live.PUT, Live.DELETE, Live.QUERY), views=Table.READ, pushes=True, notifies=True),
    ),
    Function(
        name="notify",
        work="pushes the latest document to those who listen",
        carrier=Carrier.EVENTS,
        memory_mb=512,
        timeout_seconds=30,
        measured=_LIGHT,
        access=Access(live=(Live.GET, Live.UPDATE, Live.DELETE, Live.QUERY), views=Table.READ, pushes=True),
    ),
    # Tracks: from the drop folder to an analysis.
    Function(
        name="ingest",
        work="a dropped file becomes a track, or is rejected",
        carrier=Carrier.EVENTS,
        memory_mb=512,
        timeout_seconds=300,
        measured="reads as a stream: time for 1 GB at 10 MB/s, and as much again",
        access=Access(
            events=Table.WRITE,
            remembers=True,
            reads=("drop", "tracks"),
            writes=("tracks",),
            deletes=("drop",),
            misses=True,
        ),
    ),
    Function(
        name="analyze",
        work="hears a track",
        carrier=Carrier.ENGINE,
        memory_mb=2048,
        timeout_seconds=900,
        measured="15 minutes of audio, with networks: 480 MB and 17 s of CPU time, one thread (make bench)",
        access=Access(
            events=Table.WRITE, reads=("tracks", "parts"), writes=("parts", "analyses"), deletes=("parts",), lists=True
        ),
        disk_mb=2048,
    ),
    # Stems.
    Function(
        name="submit_stems",
        work="starts a separation",
        carrier=Carrier.EVENTS,
        memory_mb=256,
        timeout_seconds=30,
        measured=_LIGHT,
        access=Access(events=Table.READ, starts=(Workflow.STEMS,)),
    ),
    Function(
        name="finish_stems",
        work="records what a separation left",
        carrier=Carrier.EVENTS,
        memory_mb=256,
        timeout_seconds=60,
        measured=_LIGHT,
        access=Access(events=Table.WRITE, reads=("stems",), misses=True),
    ),
    Function(
        name="fail_stems",
        work="records why a separation failed",
        carrier=Carrier.EVENTS,
        memory_mb=256,
        timeout_seconds=60,
        measured=_LIGHT,
        access=Access(events=Table.WRITE, reads=("stems",), misses=True),
    ),
    # Mixes: what starts, resumes and stops the workflow.
    Function(
        name="start_mix",
        work="starts the workflow of a mix",
        carrier=Carrier.EVENTS,
        memory_mb=256,
        timeout_seconds=30,
        measured=_LIGHT,
        access=Access(live=(Live.PUT,), reads=("plans",), writes=("plans",), misses=True, starts=(Workflow.MIX,)),
    ),
    Function(
        name="resume_mix",
        work="hands the token of an approval back",
        carrier=Carrier.EVENTS,
        memory_mb=256,
        timeout_seconds=30,
        measured=_LIGHT,
        access=Access(live=(Live.GET, Live.DELETE), resumes=(Workflow.MIX,)),
    ),
    Function(
        name="stop_mix",
        work="stops the workflow of a cancelled mix",
        carrier=Carrier.EVENTS,
        memory_mb=256,
        timeout_seconds=30,
        measured=_LIGHT,
        access=Access(live=(Live.DELETE,), reads=("plans",), misses=True, stops=(Workflow.MIX,)),
    ),
    # Mixes: the steps.
    Function(
        name="validate",
        work="can what is asked for be done with this library",
        carrier=Carrier.NUMBERS,
        memory_mb=512,
        timeout_seconds=60,
        measured="30,000 rows of the views table: less than find_candidates holds of them (240 MB)",
        access=Access(events=Table.READ, views=Table.READ, live=(*_PROGRESS, Live.PUT), notifies=True),
    ),
    Function(
        name="find_candidates",
        work="which tracks may take part",
        carrier=Carrier.NUMBERS,
        memory_mb=_ONE_CPU,
        timeout_seconds=600,
        measured="30,000 tracks: 240 MB; 4 s of CPU time, 26 s where no profile is known yet (make bench)",
        access=Access(
            events=Table.READ,
            views=Table.READ,
            live=_PROGRESS,
            notifies=True,
            reads=("indexes", "analyses"),
            writes=("indexes", "plans"),
            misses=True,
        ),
    ),
    Function(
        name="plan",
        work="writes the plan",
        carrier=Carrier.NUMBERS,
        memory_mb=_ONE_CPU,
        timeout_seconds=600,
        measured="an hour out of 30,000 tracks: 200 MB and 4 s of CPU time (make bench)",
        access=Access(
            events=Table.WRITE,
            live=_PROGRESS,
            notifies=True,
            reads=("plans", "analyses"),
            writes=("plans",),
            misses=True,
        ),
    ),
    Function(
        name="preview",
        work="renders transitions to listen to",
        carrier=Carrier.ENGINE,
        memory_mb=_ONE_CPU,
        timeout_seconds=900,
        measured="where two tracks of 15 minutes meet: 260 MB and 3 s of CPU time (make bench)",
        access=Access(
            events=Table.WRITE,
            live=_PROGRESS,
            notifies=True,
            reads=("plans", "tracks", "previews"),
            writes=("previews",),
            misses=True,
        ),
        disk_mb=4096,
    ),
    Function(
        name="ask_approval",
        work="keeps the token that an approval hands back",
        carrier=Carrier.EVENTS,
        memory_mb=256,
        timeout_seconds=30,
        measured=_LIGHT,
        access=Access(
            events=Table.READ, live=(*_PROGRESS, Live.PUT, Live.DELETE), notifies=True, resumes=(Workflow.MIX,)
        ),
    ),
    Function(
        name="render_voice",
        work="renders one voice",
        carrier=Carrier.ENGINE,
        memory_mb=_ONE_CPU,
        timeout_seconds=900,
        measured="15 minutes, a tenth of it stretched: 130 MB and 5 s of CPU time (make bench)",
        access=Access(
            events=Table.WRITE,
            live=_PROGRESS,
            notifies=True,
            reads=("plans", "tracks", "voices"),
            writes=("voices",),
            misses=True,
        ),
        disk_mb=4096,
    ),
    Function(
        name="master",
        work="sums the voices through the limiter into a file",
        carrier=Carrier.ENGINE,
        memory_mb=_ONE_CPU,
        timeout_seconds=900,
        measured="two hours: 230 MB, 20 more than one hour, and 52 s of CPU time (make bench)",
        access=Access(
            events=Table.WRITE,
            live=_PROGRESS,
            notifies=True,
            reads=("plans", "voices", "mixes"),
            writes=("mixes",),
            misses=True,
        ),
        disk_mb=2048,
    ),
    Function(
        name="export",
        work="other formats and the sheet",
        carrier=Carrier.ENGINE,
        memory_mb=_ONE_CPU,
        timeout_seconds=900,
        measured="15 minutes as MP3 and WAV, with the picture: 190 MB and 42 s of CPU time (make bench)",
        access=Access(
            events=Table.READ, live=_PROGRESS, notifies=True, reads=("plans", "mixes"), writes=("mixes",), misses=True
        ),
        disk_mb=2048,
    ),
    Function(
        name="finish",
        work="publishes the mix",
        carrier=Carrier.EVENTS,
        memory_mb=256,
        timeout_seconds=60,
        measured=_LIGHT,
        access=Access(events=Table.WRITE, live=(*_PROGRESS, Live.DELETE), notifies=True),
    ),
    Function(
        name="fail",
        work="records why a mix failed",
        carrier=Carrier.EVENTS,
        memory_mb=256,
        timeout_seconds=60,
        measured=_LIGHT,
        access=Access(events=Table.WRITE, live=(Live.DELETE,)),
    ),
    # Imports.
    Function(
        name="list_library",
        work="the manifest of tracks that are not known",
        carrier=Carrier.ENGINE,
        memory_mb=1024,
        timeout_seconds=300,
        measured="30,000 rows of the views table, as validate",
        access=Access(events=Table.WRITE, views=Table.READ, writes=("manifests",)),
    ),
    Function(
        name="finish_import",
        work="counts what an import has heard, and sums the library up",
        carrier=Carrier.ENGINE,
        memory_mb=_ONE_CPU,
        timeout_seconds=300,
        measured="as find_candidates where no profile is known yet",
        access=Access(
            events=Table.WRITE,
            views=Table.READ,
            reads=("manifests", "indexes", "analyses"),
            writes=("indexes",),
            misses=True,
        ),
    ),
    # Housekeeping and the API.
    Function(
        name="sweep",
        work="what was left in the middle goes on or fails; what has expired goes",
        carrier=Carrier.EVENTS,
        memory_mb=1024,
        timeout_seconds=300,
        measured="30,000 rows of the views table",
        access=Access(
            events=Table.WRITE,
            views=Table.READ,
            live=(Live.GET, Live.PUT, Live.DELETE, Live.QUERY, Live.SCAN),
            reads=("plans",),
            writes=("plans",),
            deletes=("mixes",),
            lists=True,
            starts=(Workflow.MIX, Workflow.LIBRARY),
            looks_at=(Workflow.MIX, Workflow.LIBRARY),
            asks_to_analyze=True,
            pushes=True,
        ),
        one_at_a_time=True,
    ),
    Function(
        name="api",
        work="the HTTPS API",
        carrier=Carrier.NUMBERS,
        memory_mb=_ONE_CPU,
        timeout_seconds=29,
        measured="a search over 30,000 tracks waits for the CPU alone",
        access=Access(
            events=Table.WRITE,
            feed=True,
            views=Table.READ,
            live=(Live.GET, Live.PUT),
            reads=("indexes", "analyses", "plans", "mixes", "previews", "stems", "tracks"),
            writes=("plans", "drop", "indexes"),
            deletes=("tracks", "analyses", "parts", "stems"),
            lists=True,
            starts=(Workflow.LIBRARY,),
            invokes=("preview",),
        ),
    ),
)

BY_NAME = {function.name: function for function in FUNCTIONS}
