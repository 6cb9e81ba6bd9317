"""The engine as a Python API: hear, plan, mix, and the demo crate.

    import notorious

    crate = notorious.analyze(["~/Music"])
    plan = notorious.plan(crate, notorious.Brief(minutes=60, curve="wave"))
    report = notorious.mix(plan, "mix.flac")

Everything here is a thin thread through the rooms; `import notorious` hands it on lazily. Errors are those of
`notorious.errors`.
"""

import importlib.util
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from notorious.analysis.model import Track
from notorious.errors import InputError, NothingToMix, OutputExists, OutputFailed
from notorious.library.crate import Crate, hear
from notorious.library.crate import Progress as HearingProgress
from notorious.library.store import Store
from notorious.planning.brief import Brief
from notorious.planning.plan import Plan

if TYPE_CHECKING:
    from notorious.planning.profile import TrackProfile
    from notorious.rendering.master import RenderReport
    from notorious.rendering.preview import PreviewRange
    from notorious.rendering.progress import Progress as RenderProgress

Format = Literal["wav", "flac", "mp3", "ogg", "opus", "m4a"]
FORMATS: tuple[Format, ...] = ("wav", "flac", "mp3", "ogg", "opus", "m4a")
Cancelled = Callable[[], bool]


@dataclass(frozen=True)
class PlanningProgress:
    """How far the planning is: what is being done, and how much of it."""

    phase: str
    done: int
    total: int


def analyze(
    paths: Iterable[Path | str] | Path | str,
    *,
    jobs: int | None = None,
    cache: Path | str | None = None,
    report: Callable[[HearingProgress], None] | None = None,
    cancelled: Cancelled | None = None,
) -> Crate:
    """Hear the tracks under some files and folders.

    What was heard before is remembered (in `cache`, a folder; default: the user's cache folder). Files that cannot be
    used do not stop the run: they are in `Crate.skipped` with their reason. `jobs`: child processes, default one a
    core.
    """
    if isinstance(paths, str | Path):
        paths = [paths]
    store = Store.open(Path(cache).expanduser() if cache is not None else None)
    return hear(paths, jobs=jobs, store=store, report=report, cancelled=cancelled)


def explain(track: Track, destination: Path | str, *, force: bool = False) -> None:
    """Draw a picture of what was heard in a track (PNG): waveform, beats, sections, key over time, energy, cues.

    Raises OutputExists where `destination` is there already and `force` is not set, UnreadableAudio where the track's
    file cannot be read again.
    """
    from notorious.analysis.pipeline import hear_pitch_classes
    from notorious.analysis.spectrum import RATE_HZ
    from notorious.rendering.track_picture import Sound, draw_track_picture

    target = Path(destination).expanduser()
    if target.exists() and not force:
        raise OutputExists(f"{target} is there already; choose another name, or overwrite it with force")
    mono, pitches = hear_pitch_classes(Path(track.path), track.analysis)
    sound = Sound(mono, RATE_HZ, pitches.starts, pitches.weights)
    try:
        draw_track_picture(track, sound, target)
    except OSError as error:
        raise OutputFailed(f"cannot write the picture {target}: {error.strerror}; choose another place") from error


def profiles(
    crate: Crate,
    *,
    report: Callable[[PlanningProgress], None] | None = None,
    cancelled: Cancelled | None = None,
) -> list["TrackProfile"]:
    """What planning needs to know of each track of a crate; kept in the crate's store."""
    from notorious.planning.profile import TrackProfile, profile_version

    def tell(done: int, total: int) -> None:
        if report is not None:
            report(PlanningProgress("Summing up", done, total))

    rows = crate.digests(
        "profile", profile_version(), lambda track: asdict(TrackProfile.of(track)), report=tell, cancelled=cancelled
    )
    return [TrackProfile.of_row(row) for row in rows]


def plan(
    tracks: Crate | Iterable[Track],
    brief: Brief | None = None,
    *,
    report: Callable[[PlanningProgress], None] | None = None,
    cancelled: Cancelled | None = None,
) -> Plan:
    """Choose and order tracks, and decide how each goes into the next.

    Raises NothingToMix where no track is left, BriefError where the brief names what is not there.
    """
    from notorious.planning.planner import plan_set
    from notorious.planning.profile import TrackProfile

    def tell(phase: str, done: int, total: int) -> None:
        if report is not None:
            report(PlanningProgress(phase.capitalize(), done, total))

    if isinstance(tracks, Crate):
        if not tracks.entries:
            raise NothingToMix("there is nothing to plan with: none of the files could be heard")
        pool = profiles(tracks, report=report, cancelled=cancelled)
        return plan_set(pool, brief or Brief(), load=tracks.track, report=tell)
    by_hash = {track.sha256: track for track in tracks}
    if not by_hash:
        raise NothingToMix("there is nothing to plan with: no tracks were given")
    pool = [TrackProfile.of(track) for track in by_hash.values()]
    return plan_set(pool, brief or Brief(), load=by_hash.__getitem__, report=tell)


def mix(
    plan: Plan,
    output: Path | str,
    *,
    format: Format | None = None,  # noqa: A002  the word that everybody uses
    jobs: int | None = None,
    force: bool = False,
    report: Callable[["RenderProgress"], None] | None = None,
    cancelled: Cancelled | None = None,
) -> "RenderReport":
    """Render a plan into one recording, with its sheet beside it.

    The format follows from the ending of `output` unless it is given. Raises OutputExists where something is there
    already and `force` is not set, PlanError where an audio file of the plan is gone or changed.
    """
    from notorious.rendering.master import render_mix

    target = Path(output).expanduser()
    return render_mix(
        plan,
        target,
        format=format_of(target, format),
        jobs=jobs,
        force=force,
        report=report,
        cancelled=cancelled,
    )


def preview(
    plan: Plan,
    output: Path | str,
    *,
    transition: int | None = None,
    at_seconds: float | None = None,
    seconds: float = 30.0,
    format: Format | None = None,  # noqa: A002  the word that everybody uses
    force: bool = False,
    report: Callable[["RenderProgress"], None] | None = None,
    cancelled: Cancelled | None = None,
) -> "PreviewRange":
    """Render a short piece of a mix, as it will sound, into `output`; returns what is heard.

    Around the moment when a track takes over in `transition` (counted from 0), or from `at_seconds` of the mix on; with
    neither, around the best transition of the set. Raises what `mix` raises.
    """
    from notorious.rendering.master import check_files
    from notorious.rendering.preview import preview_range, render_preview

    target = Path(output).expanduser()
    kind = format_of(target, format)
    heard = preview_range(plan, transition=transition, at_seconds=at_seconds, seconds=seconds)
    check_files(plan, heard.slots(plan), cancelled=cancelled)
    render_preview(plan, target, heard, format=kind, force=force, report=report, cancelled=cancelled)
    return heard


def format_of(output: Path, wish: str | None = None) -> Format:
    """The format of a mix: the one that is wished for, else that of the ending.

    Raises InputError where neither says, or where they contradict each other.
    """
    ending = output.suffix.lower().lstrip(".")
    by_name = {name: name for name in FORMATS}
    if wish is None:
        if ending in by_name:
            return by_name[ending]
        raise InputError(
            f"{output}: the format cannot be told from the ending; use one of {_listed()}, or say --format"
        )
    if wish not in by_name:
        raise InputError(f'"{wish}" is not a format that can be written; use one of {_listed()}')
    if ending in by_name and ending != wish:
        raise InputError(f"{output}: the ending says {ending}, but {wish} was asked for; change one of them")
    return by_name[wish]


def _listed() -> str:
    return ", ".join(FORMATS)


def require_encoder(kind: Format) -> None:
    """Raise InputError where this installation cannot write a format."""
    if kind == "m4a" and importlib.util.find_spec("av") is None:
        raise InputError(
            "writing m4a needs PyAV, which is not installed; install notorious[m4a], or choose another format"
        )


def make_demo_crate(
    folder: Path | str,
    *,
    seed: int = 0,
    stems: bool = False,
    jobs: int = 1,
    force: bool = False,
    report: Callable[[str, int, int], None] | None = None,
) -> list[Path]:
    """Synthesise a crate of twelve tracks, with the exact truth of each beside it; returns the paths of the tracks."""
    from notorious.demo.crate import make_crate

    return make_crate(Path(folder).expanduser(), seed=seed, stems=stems, jobs=jobs, force=force, report=report)
