"""Small tracks whose every attack is known to the fraction of a sample, and plans that mix them, for the tests."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from notorious.analysis.model import Grid
from notorious.planning.brief import Brief
from notorious.planning.plan import (
    Anchor,
    ClockKnot,
    MasterSettings,
    Plan,
    Score,
    Slot,
    Technique,
    TrackReference,
    Transition,
)

RATE = 44100
SCORE = Score(total=80, components=())


@dataclass(frozen=True)
class MadeTrack:
    """A synthesised track: kick n begins at exactly `first_beat_seconds + n * 60 / bpm`."""

    path: Path
    bpm: float
    first_beat_seconds: float
    beats: int
    title: str

    @property
    def seconds(self) -> float:
        return self.first_beat_seconds + self.beats * 60.0 / self.bpm


def kick(times: NDArray[np.float64]) -> NDArray[np.float64]:
    """A drum's sound at times in seconds after its attack (negative: not yet): a falling sine with a hard start."""
    after = np.maximum(times, 0.0)
    phase = 2 * np.pi * (52 * after + 60 * 0.03 * (1 - np.exp(-after / 0.03)))
    return np.where(times >= 0, np.exp(-after / 0.12) * np.cos(phase), 0.0)


def make_track(
    folder: Path,
    name: str,
    *,
    bpm: float,
    beats: int = 96,
    first_beat_seconds: float = 0.1,
    root_hz: float = 220.0,
    kicks: bool = True,
    seed: int = 1,
    title: str | None = None,
) -> MadeTrack:
    """Kicks, hats, an offbeat bass and a chord: even loudness from beginning to end, stereo, 16-bit WAV."""
    path = folder / f"{name}.wav"
    made = MadeTrack(path, bpm, first_beat_seconds, beats, title or name)
    random = np.random.default_rng(seed)
    length = int(np.ceil(made.seconds * RATE))
    time = np.arange(length) / RATE
    sound = np.zeros((length, 2))
    for number in range(beats):
        begin = first_beat_seconds + number * 60.0 / bpm
        first = int(np.ceil(begin * RATE))
        here = slice(first, min(length, first + RATE // 3))
        if kicks:
            sound[here] += 0.45 * kick(time[here] - begin)[:, np.newaxis]
        half = int((begin + 30.0 / bpm) * RATE)
        hat = slice(half, min(length, half + RATE // 20))
        burst = (
            random.standard_normal((hat.stop - hat.start, 2)) * np.exp(-np.arange(hat.stop - hat.start) / 600)[:, None]
        )
        sound[hat] += 0.06 * np.diff(burst, axis=0, prepend=burst[:1] * 0)
        bass = slice(half, min(length, half + RATE // 6))
        local = np.arange(bass.stop - bass.start) / RATE
        envelope = np.minimum(1, local / 0.01) * np.exp(-local / 0.08)
        sound[bass] += (0.15 * envelope * np.sin(2 * np.pi * root_hz / 4 * local))[:, None]
    for number, ratio in enumerate((1, 1.2, 1.5, 2.4)):
        sound[:, number % 2] += 0.05 * np.sin(2 * np.pi * root_hz * ratio * time + number)
        sound[:, 1 - number % 2] += 0.03 * np.sin(2 * np.pi * root_hz * ratio * time + number + 0.5)
    soundfile.write(path, sound, RATE, subtype="PCM_16")
    return made


def reference(track: MadeTrack, *, title: str | None = None) -> TrackReference:
    return TrackReference(
        sha256=sha256(track.path.read_bytes()).hexdigest(),
        path=str(track.path),
        title=title or track.title,
        artist="The Synthesisers",
        duration_seconds=track.seconds,
        bpm=track.bpm,
        camelot="8A",
        key_name="A minor",
        energy_level=6,
        integrated_lufs=-14,
    )


def make_plan(
    tracks: Sequence[MadeTrack],
    *,
    technique: Technique | Sequence[Technique] = "bass_swap",
    overlap_beats: float = 32,
    gain_db: float = -3.0,
    step: float = 0.002,
    title: str = "A small set",
) -> Plan:
    """Each track whole, one after the other, overlapping; overlaps at the tempo of the track that leaves.

    After an overlap the clock goes to the new track's tempo in steps of `step` a bar.
    """
    slots, transitions, knots = [], [], []
    beat, second, start = 0.0, 0.0, 0.0
    knots.append((beat, second))

    def run(until: float, bpm: float) -> None:
        nonlocal beat, second
        if until > beat:
            second += (until - beat) * 60.0 / bpm
            beat = until
            knots.append((beat, second))

    for number, track in enumerate(tracks):
        end = start + track.beats
        grid = Grid(first_beat_seconds=track.first_beat_seconds, bpm=track.bpm, beat_count=track.beats)
        slots.append(
            Slot(
                index=number,
                track=reference(track),
                grid=grid,
                mix_start_beat=start,
                mix_end_beat=end,
                source_start_beat=0,
                gain_db=gain_db,
                target_energy=0.5,
                reached_energy=0.55,
                score=SCORE,
            )
        )
        last = number == len(tracks) - 1
        following = end if last else end - overlap_beats
        if number > 0:
            tempo = tracks[number - 1].bpm
            while abs(track.bpm / tempo - 1) > step and beat + 4 < following:
                tempo *= 1 + step if track.bpm > tempo else 1 - step
                run(beat + 4, tempo)
        run(end, track.bpm)
        if not last:
            chosen = technique if isinstance(technique, str) else technique[number]
            stretch = 100 * (track.bpm / tracks[number + 1].bpm - 1)
            transitions.append(
                Transition(
                    index=number,
                    technique=chosen,
                    start_beat=following,
                    length_beats=overlap_beats,
                    bpm=track.bpm,
                    outgoing_stretch_percent=0.0,
                    incoming_stretch_percent=stretch,
                    mix_out=Anchor(source_beat=track.beats - overlap_beats, source_seconds=0, section="outro"),
                    mix_in=Anchor(source_beat=0, source_seconds=track.first_beat_seconds, section="intro"),
                    score=SCORE,
                    reasons=("the outro lies under the intro",),
                )
            )
        start = following
    return Plan(
        title=title,
        brief=Brief(),
        slots=tuple(slots),
        transitions=tuple(transitions),
        clock=tuple(ClockKnot(beat=knot_beat, seconds=seconds) for knot_beat, seconds in knots),
        energy_target=(0.4, 0.6, 0.7, 0.5),
        score=SCORE,
        master=MasterSettings(sample_rate_hz=RATE),
    )
