"""The demo's music on paper and its sounds: notes in the key, kicks on the beat, filters and limiter as promised."""

import numpy as np
import pytest

from notorious.demo.composition import Key
from notorious.demo.drums import KickShape, kick, thin_kick
from notorious.demo.effects import ducking, sweep
from notorious.demo.grooves import DEEP_HOUSE, bar_of_hits
from notorious.demo.master import gain_between, limiter_points, measured
from notorious.demo.oscillators import control_points, partials, wave
from notorious.demo.recipe import BPM_RANGES, GENRES, recipes
from notorious.demo.track import Studio


def test_twelve_recipes_are_three_of_each_genre_within_its_tempo() -> None:
    made = recipes(0, 12)
    assert [sum(recipe.genre == genre for recipe in made) for genre in GENRES] == [3, 3, 3, 3]
    for recipe in made:
        low, high = BPM_RANGES[recipe.genre]
        assert low - 1 <= recipe.bpm <= high + 1
    assert len({recipe.name for recipe in made}) == 12


def test_a_crate_has_major_and_minor_keys_fractional_tempos_and_tunings() -> None:
    made = recipes(0, 12)
    assert {recipe.key.mode for recipe in made} == {"major", "minor"}
    assert any(recipe.bpm != round(recipe.bpm) for recipe in made)
    assert any(recipe.key.tuning_cents != 0 for recipe in made)
    assert any(recipe.sings for recipe in made)
    assert not all(recipe.sings for recipe in made)


def test_another_seed_is_another_crate() -> None:
    def facts(seed: int) -> list[tuple[float, str]]:
        return [(recipe.bpm, recipe.key.name) for recipe in recipes(seed, 12)]

    assert facts(0) != facts(1)
    assert facts(1) == facts(1)


@pytest.mark.parametrize("seed", range(8))
def test_every_note_lies_in_the_scale_of_the_key(seed: int) -> None:
    for recipe in recipes(seed, 12):
        for layer, loop in recipe.score().items():
            assert loop.notes, layer
            for note in loop.notes:
                assert recipe.key.holds(note.midi), (recipe.key.name, layer, note)
                assert 0 <= note.beat < loop.bars * 4


@pytest.mark.parametrize("seed", range(8))
def test_every_progression_begins_on_the_tonic_and_the_melody_ends_there(seed: int) -> None:
    for recipe in recipes(seed, 12):
        assert recipe.plan().degrees[0] == 0
        assert recipe.score()["answer"].notes[-1].midi % 12 == recipe.key.tonic


@pytest.mark.parametrize(
    ("tonic", "mode", "camelot", "name"),
    [(0, "major", "8B", "C major"), (9, "minor", "8A", "A minor"), (7, "major", "9B", "G major"),
     (4, "minor", "9A", "E minor"), (11, "major", "1B", "B major"), (8, "minor", "1A", "G# minor"),
     (5, "minor", "4A", "F minor"), (4, "major", "12B", "E major")],
)  # fmt: skip
def test_keys_have_their_camelot_code(tonic: int, mode: str, camelot: str, name: str) -> None:
    key = Key(tonic, mode)  # type: ignore[arg-type]
    assert (key.camelot, key.name) == (camelot, name)
    assert Key.from_camelot(int(camelot[:-1]), mode) == key  # type: ignore[arg-type]


def test_tuning_moves_every_pitch() -> None:
    assert Key(9, "minor").hertz(69) == pytest.approx(440.0)
    assert Key(9, "minor", 100.0).hertz(69) == pytest.approx(466.1638, abs=1e-3)


@pytest.mark.parametrize("number", range(4))
def test_every_kick_begins_on_its_sample(number: int) -> None:
    studio = Studio(recipes(5, 4, shorten=0.1)[number])
    layer = np.zeros((2, studio.length), dtype=np.float32)
    studio.add_layer(layer, "kick")
    ends = 0
    for beat, _, _ in studio.kick_beats:
        start = round((studio.recipe.lead_in_seconds + beat * 60 / studio.recipe.bpm) * 44100)
        if start >= ends:
            # Nothing of the kick before: it must be silent until its own sample, and loud from there.
            assert not layer[:, ends:start].any()
            assert abs(layer[0, start]) > 0.05
        ends = start + studio.kit["kick"].size


def test_a_kick_speaks_on_its_first_sample() -> None:
    hit = kick(KickShape(), np.random.default_rng(0))
    assert abs(hit[0]) > 0.2
    assert abs(thin_kick(hit)[0]) > 0.1
    assert abs(hit[-1]) < 1e-3


def test_swing_moves_off_sixteenths_only_and_never_the_kick() -> None:
    groove = DEEP_HOUSE[0]
    kicks = bar_of_hits(groove, "kick", 3, np.random.default_rng(0))
    assert [hit.beat for hit in kicks] == [12.0, 13.0, 14.0, 15.0]
    for hit in bar_of_hits(groove, "closed_hat", 0, np.random.default_rng(0)):
        sixteenth = hit.beat * 4
        late = sixteenth - np.floor(sixteenth)
        assert late == pytest.approx(0.0 if int(sixteenth) % 2 == 0 else (groove.swing - 0.5) * 2)


def test_waves_hold_nothing_between_their_harmonics() -> None:
    tone = wave("saw", 1000.0, 44100).astype(np.float64)
    spectrum = np.abs(np.fft.rfft(tone * np.hanning(tone.size)))
    harmonic = np.zeros(spectrum.size, dtype=bool)
    for hertz in range(1000, 22050, 1000):
        harmonic[hertz - 3 : hertz + 4] = True
    assert spectrum[~harmonic].max() < spectrum.max() * 1e-4


def test_partials_are_the_sum_of_their_sines() -> None:
    length = 4096
    strengths = np.array([0.5, 0.0, 0.25])[:, None] * np.ones(control_points(length).size)
    angle = 2 * np.pi * 330.0 * np.arange(length) / 44100
    expected = 0.5 * np.sin(angle) + 0.25 * np.sin(3 * angle)
    assert np.abs(partials(330.0, length, strengths) - expected).max() < 1e-6


def test_a_moving_filter_that_stands_still_passes_lows_and_stops_highs() -> None:
    time = np.arange(44100) / 44100
    for hertz, low, high in ((100.0, 0.95, 1.05), (8000.0, 0.0, 0.03)):
        tone = np.sin(2 * np.pi * hertz * time).astype(np.float32)
        passed = sweep(tone, "lowpass", np.full(50, 1000.0), resonance=0.707)[8192:-8192]
        assert low <= np.sqrt(2 * np.mean(passed**2)) <= high


def test_ducking_is_deepest_at_the_kick_and_gone_before_the_next() -> None:
    gain = ducking(44100, np.array([0, 22050]), depth=0.8, recovery_seconds=0.3)
    assert gain[22050] == pytest.approx(0.2, abs=0.01)
    assert gain[21900] == pytest.approx(1.0)
    assert gain.min() >= 0.2 - 1e-6


def test_the_limiter_holds_the_ceiling_and_leaves_quiet_parts_alone() -> None:
    rng = np.random.default_rng(1)
    mix = (0.05 * rng.standard_normal((2, 200_000))).astype(np.float32)
    mix[:, 90_000:110_000] *= 60
    peaks, _ = measured([mix])
    gain = gain_between(limiter_points(peaks, ceiling=0.9), 0, mix.shape[1])
    assert np.abs(mix * gain).max() <= 0.9 + 1e-6
    assert gain[:80_000].min() == 1.0


def test_loudness_is_that_of_the_standards_reference_tone() -> None:
    # ITU-R BS.1770-4: a 997 Hz sine at full scale in one channel reads -3.01 LUFS.
    time = np.arange(44100 * 5) / 44100
    tone = np.zeros((2, time.size), dtype=np.float32)
    tone[0] = np.sin(2 * np.pi * 997.0 * time)
    assert measured([tone])[1] == pytest.approx(-3.01, abs=0.5)
