"""A library that does not reach the curve follows it in shape; one that reaches it is taken at its word."""

import numpy as np
import pytest
from planning_track_factory import make_track

from notorious.planning import Brief, TrackProfile, plan_set
from notorious.planning.energy_scale import energy_scale

CURVE = np.linspace(0.3, 0.9, 50).astype(np.float32)


def test_a_library_that_reaches_the_whole_curve_is_taken_at_its_word():
    scale = energy_scale([0.1, 0.5, 1.0], CURVE)
    for energy in (0.3, 0.42, 0.9):
        assert scale.on_curve(energy) == pytest.approx(energy, abs=1e-6)


def test_a_narrow_library_is_laid_on_the_curve_but_spread_at_most_threefold():
    scale = energy_scale([0.6, 0.7, 0.85], CURVE)
    assert scale.on_curve(0.6) == pytest.approx(0.3)
    assert scale.on_curve(0.85) == pytest.approx(0.9)
    flat = energy_scale([0.7, 0.7, 0.71], CURVE)
    assert flat.on_curve(0.71) - flat.on_curve(0.70) == pytest.approx(0.03, abs=1e-6)


def test_a_library_beside_the_curve_keeps_its_order():
    scale = energy_scale([0.95, 0.97, 1.0], CURVE)
    assert 0.0 < scale.on_curve(0.95) < scale.on_curve(1.0) < 1.0


def test_a_narrow_library_still_builds_from_its_softest_to_its_hardest_track():
    tracks = [make_track(f"t{number}", level=7.0 + 0.25 * number) for number in range(8)]
    by_content = {track.sha256: track for track in tracks}
    plan = plan_set([TrackProfile.of(track) for track in tracks], Brief(curve="build"), load=by_content.__getitem__)
    levels = [slot.track.energy_level for slot in plan.slots]
    assert np.corrcoef(levels, np.arange(8))[0, 1] > 0.95
