"""Drums through the stretcher: on their place, undoubled, with their attack."""

import numpy as np
import pytest
from stretch_material import (
    RATE,
    bass,
    beat_frames,
    bright,
    chord,
    constant,
    hat,
    kick,
    lag_ms,
    level_db,
    placed,
    render,
    stereo,
)

SECONDS = 16.0
LENGTH = int(SECONDS * RATE)
KICKS = beat_frames(124, SECONDS)
HATS = KICKS[:-1] + np.diff(KICKS) // 2
DRUMS = stereo(placed(kick(), KICKS, LENGTH), placed(hat(1), HATS, LENGTH))
MIX = stereo(placed(kick(), KICKS, LENGTH), placed(hat(1), HATS, LENGTH), bass(SECONDS), chord(SECONDS))
INNER = slice(2, -2)
RATIOS = (0.97, 1.005, 1.03, 1.06)


def lags(source: np.ndarray, rendered: np.ndarray, frames: np.ndarray, ratio: float) -> np.ndarray:
    return np.array([lag_ms(source, rendered, at, at / ratio) for at in frames[INNER]])


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("known", [True, False], ids=["beats known", "beats heard"])
def test_kicks_land_where_the_map_puts_them(ratio: float, known: bool) -> None:
    frames = int(LENGTH / ratio)
    rendered = render(DRUMS, constant(ratio, frames), frames, KICKS.tolist() if known else ())
    late = np.abs(lags(DRUMS.sum(axis=1), rendered.sum(axis=1), KICKS, ratio))
    assert np.percentile(late, 95) < (0.05 if known else 0.2)
    assert late.max() < 0.3


@pytest.mark.parametrize("ratio", RATIOS)
def test_kicks_in_a_full_mix_land_within_a_millisecond(ratio: float) -> None:
    frames = int(LENGTH / ratio)
    rendered = render(MIX, constant(ratio, frames), frames, KICKS.tolist())
    late = np.abs(lags(MIX.sum(axis=1), rendered.sum(axis=1), KICKS, ratio))
    assert np.percentile(late, 95) < 1
    assert late.max() < 3


@pytest.mark.parametrize("ratio", RATIOS)
def test_hats_that_nobody_named_land_where_the_map_puts_them(ratio: float) -> None:
    frames = int(LENGTH / ratio)
    rendered = render(MIX, constant(ratio, frames), frames, KICKS.tolist())
    late = np.abs(lags(bright(MIX).sum(axis=1), bright(rendered).sum(axis=1), HATS, ratio))
    assert np.percentile(late, 95) < 1
    assert late.max() < 3


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("sound", ["kicks", "hats"])
def test_attacks_are_neither_softened_nor_doubled(ratio: float, sound: str) -> None:
    frames = int(LENGTH / ratio)
    rendered = render(DRUMS, constant(ratio, frames), frames, KICKS.tolist())
    source_highs, rendered_highs = bright(DRUMS), bright(rendered)
    for at in (KICKS if sound == "kicks" else HATS)[INNER]:
        place = at / ratio
        assert abs(level_db(rendered_highs, place, -1, 5) - level_db(source_highs, at, -1, 5)) < 1
        # A doubled or smeared attack shows before itself (pre-echo) and where the source is silent again.
        assert level_db(rendered_highs, place, -15, -3) < level_db(source_highs, at, -15, -3) + 3
        assert level_db(rendered_highs, place, 100, 115) < max(level_db(source_highs, at, 100, 115) + 3, -70)


@pytest.mark.parametrize("bpm", [92, 140, 174])
def test_sixteenths_at_any_tempo_keep_their_attack(bpm: int) -> None:
    """Hats every sixteenth leave little room between holds; at 3 % they still come through."""
    hats = beat_frames(4 * bpm, 8.0)
    source = stereo(placed(hat(2), hats, 8 * RATE))
    frames = int(8 * RATE / 1.03)
    rendered = render(source, constant(1.03, frames), frames, hats[::4].tolist())
    source_highs, rendered_highs = bright(source), bright(rendered)
    changes = np.array(
        [level_db(rendered_highs, at / 1.03, -1, 5) - level_db(source_highs, at, -1, 5) for at in hats[4:-4]]
    )
    late = np.abs(lags(source_highs[:, 0], rendered_highs[:, 0], hats[2:-2], 1.03))
    assert abs(np.median(changes)) < 1
    assert np.percentile(late, 95) < 1


def test_a_bass_note_goes_on_under_the_kick() -> None:
    """Kick and bass share bins, and the kick takes them: the note may dip beside it for a moment, not on the whole."""
    time = np.arange(LENGTH) / RATE
    source = stereo(placed(kick(), KICKS, LENGTH), 0.2 * np.sin(2 * np.pi * 55 * time))
    frames = int(LENGTH / 1.03)
    rendered = render(source, constant(1.03, frames), frames, KICKS.tolist())
    window = 2000 / 55  # two periods
    changes = np.array(
        [
            [level_db(rendered, at / 1.03, start, start + window) - level_db(source, at, start, start + window)]
            for at in KICKS[INNER]
            for start in (-100, -60, -40, -20, 0, 20, 60, 120)
        ]
    )
    assert np.abs(changes).mean() < 0.6
    assert changes.min() > -4
