"""The demo crate, mixed by the whole engine, measured on what came out.

Slow (a minute or two): it synthesises whole tracks, hears, plans and renders them, since nothing less shows whether the
rooms fit together. What is measured here knows the crate's exact truth, or nothing of how the mix was made.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

import notorious
from notorious.planning.plan import Plan
from notorious.rendering.clock import Clock
from notorious.rendering.master import RenderReport
from notorious.rendering.time_map import voice_time_map
from notorious.rendering.verify import kick_coincidence, measure_mix

pytestmark = pytest.mark.slow

SEED = 5  # neither the crate that users get nor one that anything was fitted on


@dataclass(frozen=True)
class Mixed:
    plan: Plan
    report: RenderReport
    path: Path


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Mixed:
    folder = tmp_path_factory.mktemp("demo")
    notorious.make_demo_crate(folder / "crate", seed=SEED, stems=True, jobs=2)
    crate = notorious.analyze([folder / "crate"], jobs=2, cache=folder / "cache")
    assert crate.skipped == ()
    plan = notorious.plan(crate, notorious.Brief(minutes=20, seed=1))
    report = notorious.mix(plan, folder / "mix.flac", jobs=2)
    return Mixed(plan, report, folder / "mix.flac")


def true_beats(path: str) -> np.ndarray:
    """Where the kicks of a demo track were written, in seconds."""
    return np.array(json.loads(Path(path).with_suffix(".json").read_text(encoding="utf-8"))["beats"])


def test_the_set_is_as_long_as_asked_and_every_track_is_heard(mixed: Mixed) -> None:
    assert mixed.report.duration_seconds == pytest.approx(20 * 60, abs=150)
    assert soundfile.info(mixed.path).duration == pytest.approx(mixed.plan.duration_seconds, abs=0.01)
    assert len(mixed.plan.slots) >= 5


def test_the_kicks_that_were_written_coincide_within_five_milliseconds(mixed: Mixed) -> None:
    rate_hz = mixed.plan.master.sample_rate_hz
    clock = Clock(mixed.plan.clock)
    apart = []
    for transition in mixed.plan.transitions:
        if transition.technique in ("quick_cut", "echo_out"):
            continue  # never heard together
        start = clock.seconds(transition.start_beat)
        end = clock.seconds(transition.start_beat + transition.length_beats)
        heard = []
        for slot in mixed.plan.slots[transition.index : transition.index + 2]:
            timing = voice_time_map(slot, clock, rate_hz=rate_hz)
            frames = true_beats(slot.track.path) * rate_hz
            times = np.array([timing.time_map.output(frame) for frame in frames]) / rate_hz
            heard.append(times[(times > start) & (times < end)])
        sparse, dense = sorted(heard, key=len)
        apart.append(1000 * np.abs(dense[None, :] - sparse[:, None]).min(axis=1))
    assert len(apart) >= 3, "this crate should offer blends"
    assert np.percentile(np.concatenate(apart), 95) < 5.0


def drums_alone(plan: Plan) -> Plan:
    """The same plan over the drum stems: a bass that swells behind every kick would hide the kick's attack."""
    slots = []
    for slot in plan.slots:
        stem = Path(slot.track.path).with_suffix(".stems") / "drums.flac"
        slots.append(slot.model_copy(update={"track": slot.track.model_copy(update={"path": str(stem)})}))
    return plan.model_copy(update={"slots": tuple(slots)})


def test_the_kicks_that_are_rendered_coincide_within_five_milliseconds(mixed: Mixed) -> None:
    drums = drums_alone(mixed.plan)
    apart = [
        kick_coincidence(drums, transition.index).apart_ms
        for transition in drums.transitions
        if transition.technique not in ("quick_cut", "echo_out")
    ]
    distances = np.abs(np.concatenate(apart))
    assert len(distances) > 30
    assert np.percentile(distances, 95) < 5.0


def test_loudness_through_every_transition_stays_within_two_units_of_its_neighbours(mixed: Mixed) -> None:
    measured = measure_mix(mixed.plan, mixed.path).transitions
    uneven = {one.index: (one.technique, one.excess_lu, one.step_error_lu) for one in measured if not one.is_even}
    assert uneven == {}


def test_the_true_peak_is_at_most_minus_one(mixed: Mixed) -> None:
    highest = 0.0
    with soundfile.SoundFile(mixed.path) as file:
        left, right = (
            soxr.ResampleStream(file.samplerate, 4 * file.samplerate, 1, dtype="float32", quality="VHQ")
            for _ in range(2)
        )
        while len(block := file.read(1 << 18, dtype="float32")):
            for channel, resampler in enumerate((left, right)):
                highest = max(highest, float(np.abs(resampler.resample_chunk(block[:, channel].copy())).max(initial=0)))
    assert 20 * np.log10(highest) <= -1.0 + 0.01  # the dither of a 16-bit file is not under the limiter's rule


def test_the_sheet_lies_beside_the_mix(mixed: Mixed) -> None:
    beside = {path.name for path in mixed.path.parent.iterdir() if path.is_file()}
    assert beside >= {"mix.flac", "mix.plan.json", "mix.cue", "mix.m3u8", "mix.tracklist.txt", "mix.png"}


def test_every_decision_is_explained(mixed: Mixed) -> None:
    for transition in mixed.plan.transitions:
        assert transition.score.components
        assert all(component.reason for component in transition.score.components)
        assert transition.reasons
    assert all(slot.score.components for slot in mixed.plan.slots)
