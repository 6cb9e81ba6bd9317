"""Every function of the service: what it needs to run, and what it may touch. One table, read by all stacks.

Memory and time follow from measurements, named beside each; a function's role, environment and alarms follow from
`Access`. What is not in the table is not granted: the end-to-end tests run with IAM enforced.
"""

from dataclasses import dataclass, field
from enum import Enum


class Carrier(Enum):
    """What a function's code arrives in on AWS. It follows from what the handler imports, which a test checks."""

    EVENTS = "zip with the layers notorious and events"
    """pydantic and Powertools: functions that move events and documents."""
    NUMBERS = "zip with the layers notorious, events and numbers"
    """NumPy beside them: functions that plan and search."""
    ENGINE = "image containers/audio"
    """SciPy, libsndfile, soxr, onnxruntime: functions that touch audio."""


class Table(Enum):
    """How far a function reaches into a table."""

    NONE = "none"
    READ = "read"
    WRITE = "read and write"


class Workflow(Enum):
    """The state machines, by the name that ends theirs."""

    MIX = "mix"
    LIBRARY = "analyze-library"
    STEMS = "stems"


@dataclass(frozen=True, kw_only=True)
class Access:
    """What a function's role allows and its environment names.

    Object prefixes are the first folder of a key (`service/keys.py`), without slash.
    """

    events: Table = Table.NONE
    feed: bool = False
    """Reads the feed of all events of a tenant, the table's index."""
    views: Table = Table.NONE
    live: Table = Table.NONE
    idempotent: bool = False
    """Remembers what it has done in Powertools' table."""
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    deletes: tuple[str, ...] = ()
    lists: bool = False
    """Lists the bucket, or has to tell an object that is absent from one that is forbidden."""
    publishes: bool = False
    """Puts events on the bus."""
    notifies: bool = False
    """Reports progress: invokes `notify`."""
    starts: tuple[Workflow, ...] = ()
    stops: tuple[Workflow, ...] = ()
    resumes: tuple[Workflow, ...] = ()
    invokes: tuple[str, ...] = ()
    """Functions that it calls asynchronously, `notify` apart."""
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
    access: Access = field(default_factory=Access)
    disk_mb: int = 512
    """Size of /tmp."""
    one_at_a_time: bool = False
    """A second one beside it would do the same work twice."""


_LIGHT = "moves single items; 256 MB for the CPU share that goes with it: cold start, not work, is what is waited for"
_STEP = Access(events=Table.WRITE, live=Table.WRITE, notifies=True)

FUNCTIONS: tuple[Function, ...] = (
    # Events: table stream -> bus -> views.
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
        carrier=Carrier.NUMBERS,
        memory_mb=512,
        timeout_seconds=120,
        measured=_LIGHT,
        access=Access(
            events=Table.READ,
            feed=True,
            views=Table.WRITE,
            live=Table.WRITE,
            reads=("analyses", "indexes"),
            writes=("indexes",),
            lists=True,
            notifies=True,
        ),
    ),
    Function(
        name="archive",
        work="all events to the bucket",
        carrier=Carrier.EVENTS,
        memory_mb=512,
        timeout_seconds=900,
        measured=_LIGHT,
        access=Access(events=Table.READ, feed=True, reads=("archive",), writes=("archive",), lists=True),
        one_at_a_time=True,
    ),
    # Live: WebSockets.
    Function(
        name="authorize",
        work="takes a ticket for a WebSocket",
        carrier=Carrier.EVENTS,
        memory_mb=256,
        timeout_seconds=10,
        measured=_LIGHT,
        access=Access(live=Table.WRITE),
    ),
    Function(
        name="sockets",
        work="connections and subscriptions",
        carrier=Carrier.EVENTS,
        memory_mb=256,
        timeout_seconds=25,
        measured=_LIGHT,
        access=Access(live=Table.WRITE, views=Table.READ, pushes=True),
    ),
    Function(
        name="notify",
        work="pushes the latest document to those who listen",
        carrier=Carrier.EVENTS,
        memory_mb=512,
        timeout_seconds=30,
        measured=_LIGHT,
        access=Access(live=Table.WRITE, views=Table.READ, pushes=True),
    ),
    # Tracks: from the drop folder to an analysis.
    Function(
        name="ingest",
        work="a dropped file becomes a track, or is rejected",
        carrier=Carrier.ENGINE,
        memory_mb=1024,
        timeout_seconds=300,
        measured="hashes and copies as a stream; time for 1 GB at 10 MB/s and as much again",
        access=Access(
            events=Table.WRITE,
            live=Table.WRITE,
            reads=("drop", "tracks"),
            writes=("tracks",),
            deletes=("drop",),
            lists=True,
            notifies=True,
        ),
        disk_mb=2048,
    ),
    Function(
        name="analyze",
        work="hears a track",
        carrier=Carrier.ENGINE,
        memory_mb=3008,
        timeout_seconds=900,
        measured="a track of 15 minutes has to stay under 1.5 GB (make bench); twice that for two CPUs",
        access=Access(
            events=Table.WRITE,
            views=Table.READ,
            live=Table.WRITE,
            reads=("tracks", "parts", "analyses"),
            writes=("parts", "analyses"),
            lists=True,
            notifies=True,
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
        access=Access(events=Table.WRITE, live=Table.WRITE, notifies=True, starts=(Workflow.STEMS,)),
    ),
    Function(
        name="finish_stems",
        work="records what a separation left",
        carrier=Carrier.EVENTS,
        memory_mb=256,
        timeout_seconds=60,
        measured=_LIGHT,
        access=Access(events=Table.WRITE, live=Table.WRITE, notifies=True, reads=("stems",), lists=True),
    ),
    Function(
        name="fail_stems",
        work="records why a separation failed",
        carrier=Carrier.EVENTS,
        memory_mb=256,
        timeout_seconds=60,
        measured=_LIGHT,
        access=_STEP,
    ),
    # Mixes: what starts, resumes and stops the workflow.
    Function(
        name="start_mix",
        work="starts the workflow of a mix",
        carrier=Carrier.EVENTS,
        memory_mb=256,
        timeout_seconds=30,
        measured=_LIGHT,
        access=Access(events=Table.READ, live=Table.WRITE, notifies=True, starts=(Workflow.MIX,)),
    ),
    Function(
        name="resume_mix",
        work="hands an approval's token back",
        carrier=Carrier.EVENTS,
        memory_mb=256,
        timeout_seconds=30,
        measured=_LIGHT,
        access=Access(live=Table.WRITE, resumes=(Workflow.MIX,)),
    ),
    Function(
        name="stop_mix",
        work="stops the workflow of a cancelled mix",
        carrier=Carrier.EVENTS,
        memory_mb=256,
        timeout_seconds=30,
        measured=_LIGHT,
        access=Access(live=Table.WRITE, notifies=True, stops=(Workflow.MIX,)),
    ),
    # Mixes: the steps.
    Function(
        name="validate",
        work="is the brief possible with this library",
        carrier=Carrier.NUMBERS,
        memory_mb=512,
        timeout_seconds=60,
        measured=_LIGHT,
        access=Access(events=Table.WRITE, views=Table.READ, live=Table.WRITE, notifies=True),
    ),
    Function(
        name="find_candidates",
        work="which tracks may take part",
        carrier=Carrier.NUMBERS,
        memory_mb=2048,
        timeout_seconds=600,
        measured="a library of 30,000 digests in memory",
        access=Access(
            events=Table.READ,
            views=Table.READ,
            live=Table.WRITE,
            notifies=True,
            reads=("indexes", "analyses", "plans"),
            writes=("plans",),
            lists=True,
        ),
    ),
    Function(
        name="plan",
        work="writes the plan",
        carrier=Carrier.NUMBERS,
        memory_mb=3008,
        timeout_seconds=600,
        measured="a pool of analyses in memory; two CPUs",
        access=Access(
            events=Table.WRITE,
            views=Table.READ,
            live=Table.WRITE,
            notifies=True,
            reads=("indexes", "analyses", "plans"),
            writes=("plans",),
            lists=True,
        ),
    ),
    Function(
        name="preview",
        work="renders transitions to listen to",
        carrier=Carrier.ENGINE,
        memory_mb=3008,
        timeout_seconds=900,
        measured="two voices over a short range: as render_voice",
        access=Access(
            events=Table.WRITE,
            live=Table.WRITE,
            notifies=True,
            reads=("plans", "tracks", "analyses", "previews"),
            writes=("previews",),
            lists=True,
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
        access=Access(events=Table.READ, live=Table.WRITE, notifies=True),
    ),
    Function(
        name="render_voice",
        work="renders one voice",
        carrier=Carrier.ENGINE,
        memory_mb=3008,
        timeout_seconds=900,
        measured="a voice has to stay under 2 GB (make bench); two CPUs",
        access=Access(
            events=Table.WRITE,
            live=Table.WRITE,
            notifies=True,
            reads=("plans", "tracks", "analyses", "voices", "stems"),
            writes=("voices",),
            lists=True,
        ),
        disk_mb=4096,
    ),
    Function(
        name="master",
        work="sums the voices through the limiter into a file",
        carrier=Carrier.ENGINE,
        memory_mb=3008,
        timeout_seconds=900,
        measured="has to stay under 1 GB (make bench); the rest is bought for its second CPU",
        access=Access(
            events=Table.WRITE,
            live=Table.WRITE,
            notifies=True,
            reads=("plans", "voices", "mixes", "analyses"),
            writes=("mixes",),
            lists=True,
        ),
        disk_mb=2048,
    ),
    Function(
        name="export",
        work="other formats and the sheet",
        carrier=Carrier.ENGINE,
        memory_mb=3008,
        timeout_seconds=900,
        measured="streams as master does",
        access=Access(
            events=Table.WRITE,
            live=Table.WRITE,
            notifies=True,
            reads=("plans", "mixes", "analyses"),
            writes=("mixes",),
            lists=True,
        ),
        disk_mb=4096,
    ),
    Function(
        name="finish",
        work="publishes the mix",
        carrier=Carrier.EVENTS,
        memory_mb=256,
        timeout_seconds=60,
        measured=_LIGHT,
        access=_STEP,
    ),
    Function(
        name="fail",
        work="records why a mix failed",
        carrier=Carrier.EVENTS,
        memory_mb=256,
        timeout_seconds=60,
        measured=_LIGHT,
        access=_STEP,
    ),
    # Imports.
    Function(
        name="list_library",
        work="the manifest of tracks that are not known",
        carrier=Carrier.EVENTS,
        memory_mb=1024,
        timeout_seconds=300,
        measured="30,000 rows of the views table",
        access=Access(
            events=Table.WRITE, views=Table.READ, live=Table.WRITE, notifies=True, writes=("manifests",), lists=True
        ),
    ),
    Function(
        name="finish_import",
        work="counts what an import has heard",
        carrier=Carrier.EVENTS,
        memory_mb=1024,
        timeout_seconds=300,
        measured="30,000 rows of the views table",
        access=Access(
            events=Table.WRITE, views=Table.READ, live=Table.WRITE, notifies=True, reads=("manifests",), lists=True
        ),
    ),
    # Housekeeping and the API.
    Function(
        name="sweep",
        work="unfinished jobs go on or fail; what has expired goes",
        carrier=Carrier.EVENTS,
        memory_mb=512,
        timeout_seconds=300,
        measured=_LIGHT,
        access=Access(
            events=Table.WRITE,
            views=Table.READ,
            live=Table.WRITE,
            notifies=True,
            starts=(Workflow.MIX, Workflow.LIBRARY, Workflow.STEMS),
            stops=(Workflow.MIX,),
            deletes=("mixes",),
            lists=True,
            pushes=True,
        ),
        one_at_a_time=True,
    ),
    Function(
        name="api",
        work="the HTTPS API",
        carrier=Carrier.NUMBERS,
        memory_mb=1769,
        timeout_seconds=29,
        measured="1769 MB is one whole CPU, which is what a search over 30,000 tracks waits for",
        access=Access(
            events=Table.WRITE,
            feed=True,
            views=Table.READ,
            live=Table.WRITE,
            idempotent=True,
            reads=("indexes", "analyses", "plans", "mixes", "previews", "stems", "tracks"),
            writes=("plans", "drop", "indexes"),
            lists=True,
            notifies=True,
            starts=(Workflow.LIBRARY,),
            invokes=("preview",),
        ),
    ),
)

BY_NAME = {function.name: function for function in FUNCTIONS}
