"""Energy curves at the points that define them, and what context and plateaus make of them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notorious.theory.curves import CURVE_NAMES, Plateau, curve_energy, energy_target

positions = st.floats(0, 1)
curves = st.sampled_from(CURVE_NAMES)


@pytest.mark.parametrize(
    ("curve", "position", "energy"),
    [
        ("build", 0, 0.3), ("build", 0.5, 0.6), ("build", 1, 0.9),
        ("decline", 0, 0.9), ("decline", 1, 0.3),
        ("wave", 0, 0.4), ("wave", 0.1, 0.9), ("wave", 0.3, 0.1), ("wave", 0.5, 0.9), ("wave", 0.2, 0.4),
        ("steady", 0.37, 0.6),
        ("late-peak", 0, 0.4), ("late-peak", 0.85, 0.9), ("late-peak", 1, 0.5), ("late-peak", 0.425, 0.4 + 0.5 *
        0.5**2.5), ("rollercoaster", 1 / 6, 0.6), ("rollercoaster", 0.5, 0.75), ("rollercoaster", 5 / 6, 0.9),
        ("rollercoaster", 0, 0.35), ("rollercoaster", 1 / 3, 0.35), ("rollercoaster", 1, 0.35),
        ("plateau-peak", 0.2, 0.5), ("plateau-peak", 0.35, 0.7), ("plateau-peak", 0.4, 0.9), ("plateau-peak", 0.8, 0.9),
        ("plateau-peak", 1, 0.5),
    ],
)  # fmt: skip
def test_a_curve_goes_through_its_defining_points(curve: str, position: float, energy: float) -> None:
    assert energy_target(position, curve=curve) == pytest.approx(energy)  # type: ignore[arg-type]


def test_the_double_peak_has_a_higher_second_peak_and_a_valley_between() -> None:
    sampled = [curve_energy(step / 200, "double-peak") for step in range(201)]
    first, second = max(sampled[:100]), max(sampled[100:])
    assert sampled.index(first) == pytest.approx(50, abs=2)
    assert sampled.index(second) == pytest.approx(150, abs=2)
    assert second > first + 0.1
    assert min(sampled[60:140]) < first - 0.2


def test_the_late_peak_has_its_climax_at_85_percent() -> None:
    assert max(range(101), key=lambda percent: curve_energy(percent / 100, "late-peak")) == 85


@given(
    positions,
    curves,
    st.sampled_from([None, "opening", "prime", "closing"]),
    st.sampled_from([None, "intimate", "energetic"]),
    st.sampled_from([None, "ambient", "techno", "house"]),
)
def test_a_target_stays_within_its_range(position, curve, time_of_day, venue, genre) -> None:  # type: ignore[no-untyped-def]
    target = energy_target(position, curve=curve, time_of_day=time_of_day, venue=venue, genre=genre)
    assert 0.1 <= target <= 1


@given(st.floats(0, 0.999), curves)
def test_a_curve_has_no_jumps(position: float, curve) -> None:  # type: ignore[no-untyped-def]
    assert abs(curve_energy(position + 0.001, curve) - curve_energy(position, curve)) < 0.01


@pytest.mark.parametrize(
    ("context", "position", "factor"),
    [
        ({"time_of_day": "opening"}, 0.1, 0.8), ({"time_of_day": "opening"}, 0.9, 0.8),
        ({"time_of_day": "prime"}, 0.39, 1), ({"time_of_day": "prime"}, 0.41, 1.2),
        ({"time_of_day": "closing"}, 0.69, 1), ({"time_of_day": "closing"}, 0.71, 0.9),
        ({"venue": "intimate"}, 0.5, 0.85), ({"venue": "energetic"}, 0.5, 1.15),
        ({"genre": "ambient"}, 0.5, 0.7), ({"genre": "Trip-Hop"}, 0.5, 0.7), ({"genre": "Techno"}, 0.5, 1.1),
        ({"genre": "house"}, 0.5, 1), ({"genre": "techno", "venue": "intimate", "time_of_day": "opening"}, 0.5, 0.748),
    ],
)  # fmt: skip
def test_context_scales_the_curve(context, position: float, factor: float) -> None:  # type: ignore[no-untyped-def]
    assert energy_target(position, curve="steady", **context) == pytest.approx(0.6 * factor)


@given(positions, curves)
def test_a_plateau_overrides_curve_and_context(position: float, curve) -> None:  # type: ignore[no-untyped-def]
    plateau = Plateau(0.2, 0.5, 0.42, purpose="dinner")
    target = energy_target(position, curve=curve, plateaus=[plateau], venue="energetic")
    if 0.2 <= position < 0.5:
        assert target == 0.42
    else:
        assert target == energy_target(position, curve=curve, venue="energetic")


def test_of_overlapping_plateaus_the_last_holds_and_one_at_the_end_holds_at_the_end() -> None:
    plateaus = [Plateau(0, 1, 0.3), Plateau(0.4, 0.6, 0.8)]
    assert energy_target(0.5, curve="build", plateaus=plateaus) == 0.8
    assert energy_target(1, curve="build", plateaus=plateaus) == 0.3


@pytest.mark.parametrize("numbers", [(0.5, 0.5, 0.5), (0.6, 0.5, 0.5), (-0.1, 0.5, 0.5), (0, 1.1, 0.5), (0, 1, 1.5)])
def test_a_plateau_that_is_none_is_refused(numbers: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="a plateau"):
        Plateau(*numbers)


@pytest.mark.parametrize("position", [-0.01, 1.01, math.nan])
def test_a_position_outside_the_set_is_refused(position: float) -> None:
    with pytest.raises(ValueError, match="share of the set"):
        energy_target(position, curve="build")


def test_unknown_words_are_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="late-peak"):
        energy_target(0, curve="zigzag")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="closing"):
        energy_target(0, curve="build", time_of_day="noon")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="intimate"):
        energy_target(0, curve="build", venue="barn")  # type: ignore[arg-type]
