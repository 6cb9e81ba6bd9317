from pathlib import Path

import numpy as np
import pytest
import soundfile
from small_sets import RATE, MadeTrack, make_plan, make_track

from notorious.errors import OutputFailed, PlanError
from notorious.planning.plan import Lane, LanePoint, Plan
from notorious.rendering.voice import BLOCK_FRAMES, VoiceSpan, render_voice, voice_blocks, voice_key, voice_span


@pytest.fixture(scope="module")
def tracks(tmp_path_factory: pytest.TempPathFactory) -> tuple[MadeTrack, MadeTrack]:
    folder = tmp_path_factory.mktemp("tracks")
    return (
        make_track(folder, "slow", bpm=120, beats=64, first_beat_seconds=0.25),
        make_track(folder, "fast", bpm=123, beats=96, first_beat_seconds=0.5, root_hz=247, seed=2),
    )


@pytest.fixture(scope="module")
def plan(tracks: tuple[MadeTrack, MadeTrack]) -> Plan:
    return make_plan(tracks, overlap_beats=16, gain_db=-4.5, step=0.005)


def rendered(plan: Plan, index: int, folder: Path) -> tuple[int, np.ndarray]:
    voice = render_voice(plan, index, folder / "voice.f32")
    return voice.first_frame, np.fromfile(voice.path, np.float32).reshape(-1, 2)


def test_where_nothing_moves_a_voice_is_its_source_times_its_gain_to_the_last_bit(plan: Plan, tmp_path: Path) -> None:
    gain = np.float32(10 ** (-4.5 / 20))
    source, _ = soundfile.read(plan.slots[0].track.path, dtype="float32")
    first, voice = rendered(plan, 0, tmp_path)
    shift = round(0.25 * RATE)
    # Mix beat 0 is the track's first kick; the overlap begins on beat 48, 24 s into the mix.
    solo = slice(round(0.01 * RATE), 23 * RATE)
    assert first == 0
    assert np.array_equal(voice[solo], source[solo.start + shift : solo.stop + shift] * gain)


def test_a_stretched_voice_comes_back_to_its_source_to_the_last_bit(plan: Plan, tmp_path: Path) -> None:
    gain = np.float32(10 ** (-4.5 / 20))
    source, _ = soundfile.read(plan.slots[1].track.path, dtype="float32")
    _, voice = rendered(plan, 1, tmp_path)
    tail = voice[-8 * RATE : -RATE]
    # One whole shift for all of it: found on the first frames, true for the rest.
    candidates = [s for s in range(len(source) - 12 * RATE, len(source)) if s + len(tail) <= len(source)]
    first = next(s for s in candidates if np.array_equal(source[s : s + 64] * gain, tail[:64]))
    assert np.array_equal(tail, source[first : first + len(tail)] * gain)


def test_a_voice_begins_just_ahead_of_its_first_beat_and_ends_with_its_last(plan: Plan) -> None:
    span = voice_span(plan, 1)
    assert span.first_frame == round((24.0 - 0.006) * RATE)
    assert span.first_frame + span.frames == round(plan.clock[-1].seconds * RATE)


def test_a_part_of_an_untouched_voice_is_the_same_as_in_the_whole(plan: Plan, tmp_path: Path) -> None:
    _, whole = rendered(plan, 0, tmp_path)
    part = VoiceSpan(5 * RATE, 3 * RATE)
    asked = np.concatenate(list(voice_blocks(plan, 0, span=part)))
    assert np.array_equal(asked, whole[5 * RATE : 8 * RATE])


def test_a_voice_is_silent_where_its_fader_is_shut(plan: Plan, tmp_path: Path) -> None:
    shut = Lane(parameter="fader", points=(LanePoint(beat=0, value=0.0),))
    silenced = plan.model_copy(
        update={"transitions": (plan.transitions[0].model_copy(update={"outgoing": (shut,)}),)},
    )
    _, voice = rendered(silenced, 0, tmp_path)
    assert not voice.any()


def test_a_hand_drawn_plan_that_starts_and_ends_in_full_sound_does_not_click(plan: Plan, tmp_path: Path) -> None:
    slot = plan.slots[0].model_copy(update={"source_start_beat": 8.3})
    alone = plan.model_copy(update={"slots": (slot,), "transitions": ()})
    _, voice = rendered(alone, 0, tmp_path)
    assert abs(voice[0]).max() == 0.0
    assert abs(voice[1]).max() < 0.01
    assert abs(voice[-1]).max() < 0.01


def test_blocks_lie_on_a_grid_of_the_mix(plan: Plan) -> None:
    lengths = [len(block) for block in voice_blocks(plan, 1)]
    first = voice_span(plan, 1).first_frame
    assert lengths[0] == BLOCK_FRAMES - first % BLOCK_FRAMES
    assert set(lengths[1:-1]) == {BLOCK_FRAMES}


def test_a_key_changes_with_what_is_heard_and_not_with_what_is_said(plan: Plan) -> None:
    def with_slot(**changes: object) -> Plan:
        return plan.model_copy(update={"slots": (plan.slots[0].model_copy(update=changes), plan.slots[1])})

    key = voice_key(plan, 0)
    assert voice_key(with_slot(reasons=("another reason",), target_energy=0.9), 0) == key
    assert voice_key(with_slot(gain_db=-4.4), 0) != key
    assert voice_key(with_slot(gain_db=-4.4), 1) == voice_key(plan, 1)
    other = plan.transitions[0].model_copy(update={"technique": "blend"})
    assert voice_key(plan.model_copy(update={"transitions": (other,)}), 0) != key


def test_a_slot_outside_of_the_mix_is_refused(plan: Plan) -> None:
    lost = plan.slots[1].model_copy(update={"mix_start_beat": 5000.0, "mix_end_beat": 5100.0})
    with pytest.raises(PlanError, match="outside the mix"):
        voice_span(plan.model_copy(update={"slots": (plan.slots[0], lost)}), 1)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a disk that is always full")
def test_a_full_disk_is_named_with_what_is_needed(plan: Plan) -> None:
    with pytest.raises(OutputFailed, match=r"this voice needs 11 MB.*free some space"):
        render_voice(plan, 0, Path("/dev/full"))
