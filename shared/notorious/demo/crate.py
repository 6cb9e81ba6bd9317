"""The demo crate: twelve tracks as FLAC, the truth of each as JSON beside it, its stems if wanted.

The same seed gives the same files to the last bit, however many processes make them.
"""

import io
import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import TYPE_CHECKING

from notorious.demo.flac_tags import with_tags
from notorious.demo.recipe import Recipe, recipes
from notorious.demo.truth import (
    TrackTruth,
    TrueKey,
    TrueLayer,
    TrueRegion,
    TrueSection,
    TrueVocals,
    TrueZone,
)
from notorious.errors import InputError, OutputExists, OutputFailed

if TYPE_CHECKING:
    from notorious.demo.track import Rendered, Samples

POST_DROP_BARS = 8
Report = Callable[[str, int, int], None]


def make_crate(
    folder: Path,
    *,
    seed: int = 0,
    tracks: int = 12,
    stems: bool = False,
    jobs: int = 1,
    shorten: float = 1.0,
    report: Report | None = None,
    force: bool = False,
) -> list[Path]:
    """Synthesises a crate into `folder`, which is made if it is missing, and returns its FLAC files in playing order.

    `seed` chooses tempos, keys, melodies and sounds; `tracks` (at least 1) how many there are, spread over four genres;
    `stems` adds `NAME.stems/{vocals,drums,bass,other}.flac`, which sum to the track sample by sample; `jobs` is the
    number of processes; `shorten` (above 0, at most 1) scales the length of all sections, which stay multiples of 4
    bars; `report` is told (what was finished, how many are done, how many there are).

    Raises `OutputExists` when a file of the crate is there already and `force` is not set, `OutputFailed` when the
    folder cannot be written, `InputError` for numbers that mean nothing. A track that is not finished leaves no file.
    """
    if tracks < 1 or not 0.0 < shorten <= 1.0 or jobs < 1:
        raise InputError(
            f"cannot make a crate of {tracks} tracks at {shorten} of their length with {jobs} jobs: "
            "ask for at least one track and one job, and a length above 0 and up to 1"
        )
    wanted = recipes(seed, tracks, shorten=shorten)
    paths = [folder / f"{recipe.name}.flac" for recipe in wanted]
    if not force:
        _refuse_existing(paths)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputFailed(
            f"cannot make the folder {folder} for the demo crate: {error.strerror}; choose another one"
        ) from error
    for done, recipe in enumerate(_made(wanted, folder, stems=stems, jobs=min(jobs, tracks)), start=1):
        if report is not None:
            report(recipe.name, done, tracks)
    return paths


def _refuse_existing(paths: list[Path]) -> None:
    for path in paths:
        for there in (path, path.with_suffix(".json"), path.with_suffix(".stems")):
            if there.exists():
                raise OutputExists(f"{there} is there already; choose another folder, or say force to overwrite it")


def _made(wanted: list[Recipe], folder: Path, *, stems: bool, jobs: int) -> Iterator[Recipe]:
    """Makes the tracks and yields each recipe when its files lie in the folder."""
    if jobs == 1:
        for recipe in wanted:
            _make(recipe, folder, stems)
            yield recipe
        return
    # Fresh processes on every system: a fork would take over locks and threads of whoever calls.
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        running = {pool.submit(_make, recipe, folder, stems): recipe for recipe in wanted}
        try:
            for future in as_completed(running):
                future.result()
                yield running[future]
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _make(recipe: Recipe, folder: Path, stems: bool) -> None:
    """Renders one track and writes its files."""
    from notorious.demo.track import render

    rendered = render(recipe)
    truth = truth_of(recipe, rendered)
    target = folder / f"{recipe.name}.flac"
    try:
        if stems:
            stem_folder = target.with_suffix(".stems")
            stem_folder.mkdir(exist_ok=True)
            for name, samples in rendered.stems.items():
                _write_flac(stem_folder / f"{name}.flac", samples, {})
        _write_flac(target, rendered.track, recipe.tags)
        _write_bytes(target.with_suffix(".json"), truth.model_dump_json(indent=1).encode())
    except OSError as error:
        raise OutputFailed(
            f"cannot write {error.filename or target}: {error.strerror}; make room, or choose another folder"
        ) from error


def truth_of(recipe: Recipe, rendered: "Rendered") -> TrackTruth:
    """What there is to know of a rendered track."""
    from notorious.demo.oscillators import SAMPLE_RATE_HZ

    def seconds(beat: float) -> float:
        # A tenth of a microsecond: far below a sample, and short enough to read.
        return round(rendered.timeline.seconds(beat), 7)

    arrangement = rendered.arrangement
    duration = rendered.track.shape[0] / SAMPLE_RATE_HZ
    beats: list[float] = []
    while seconds(len(beats)) < duration:
        beats.append(seconds(len(beats)))
    zones: list[TrueZone] = []
    for before, section in zip((None, *arrangement.sections), arrangement.sections, strict=False):
        if section.kind != "drop":
            continue
        if before is not None and before.kind == "buildup":
            zones.append(
                TrueZone(kind="pre_drop", start=seconds(before.start_bar * 4), end=seconds(before.end_bar * 4))
            )
        last = min(section.start_bar + POST_DROP_BARS, section.end_bar)
        zones.append(TrueZone(kind="post_drop", start=seconds(section.start_bar * 4), end=seconds(last * 4)))
    return TrackTruth(
        file=f"{recipe.name}.flac",
        title=recipe.title,
        artist=recipe.artist,
        genre=recipe.genre,
        duration_seconds=duration,
        sample_rate_hz=SAMPLE_RATE_HZ,
        bpm=recipe.bpm,
        first_beat_seconds=recipe.lead_in_seconds,
        beats_per_bar=4,
        beats=tuple(beats),
        downbeats=tuple(beats[::4]),
        key=TrueKey(
            name=recipe.key.name,
            camelot=recipe.key.camelot,
            tonic=recipe.key.tonic_name,
            mode=recipe.key.mode,
            tuning_cents=recipe.key.tuning_cents,
        ),
        sections=tuple(
            TrueSection(
                kind=section.kind,
                start=seconds(section.start_bar * 4),
                end=seconds(section.end_bar * 4),
                bars=section.bars,
            )
            for section in arrangement.sections
        ),
        zones=tuple(zones),
        vocals=TrueVocals(
            regions=tuple(TrueRegion(start=round(start, 4), end=round(end, 4)) for start, end in rendered.vocal_regions)
        ),
        layers=tuple(
            TrueLayer(
                name=layer,
                stem=stem,
                bars=tuple((passage.start_bar, passage.end_bar) for passage in arrangement.passages_of(layer)),
            )
            for stem, layers in rendered.layers.items()
            for layer in layers
            if arrangement.passages_of(layer)
        ),
        tags=recipe.tags,
        wrong_tags=recipe.wrong_tags,
        seed=recipe.seed,
    )


def _write_flac(path: Path, samples: "Samples", tags: dict[str, str]) -> None:
    """Encodes in memory and writes with Python's own file, so that a full disk is an `OSError` with its reason."""
    import soundfile

    from notorious.demo.oscillators import SAMPLE_RATE_HZ

    encoded = io.BytesIO()
    soundfile.write(encoded, samples, SAMPLE_RATE_HZ, format="FLAC", subtype="PCM_16")
    _write_bytes(path, with_tags(encoded.getvalue(), tags))


def _write_bytes(path: Path, data: bytes) -> None:
    """Writes beside the target and moves into place, so that whoever looks sees the whole file or none."""
    unfinished = path.with_name(path.name + ".part")
    try:
        unfinished.write_bytes(data)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
