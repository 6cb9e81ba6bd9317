from pathlib import Path

import numpy as np
import pytest
from small_sets import MadeTrack, make_plan, reference

from notorious.planning.plan import Plan
from notorious.rendering.band_levels import BandLevels
from notorious.rendering.lettering import UNKNOWN_SIGN, drawable
from notorious.rendering.picture import draw_picture, key_colour

NAMES = ('He said "now"', "終わりの歌", "🎛️ $x$ {y} %s", "Привет\nмир", "x" * 300)


def noise_levels(rows: int, seed: int = 1) -> BandLevels:
    random = np.random.default_rng(seed)
    low, mid, high = (random.random(rows).astype(np.float32) * level for level in (0.3, 0.2, 0.1))
    return BandLevels(0.05, np.minimum(1, low + mid + high), low, mid, high)


def set_of(count: int, seconds: float) -> Plan:
    beats = round(seconds * 2)
    made = [MadeTrack(Path(__file__), 120 + n, 0.1, beats, NAMES[n % len(NAMES)]) for n in range(count)]
    assert reference(made[0]).title == NAMES[0]
    return make_plan(made, overlap_beats=min(32, beats // 3))


def pixels(path: Path) -> np.ndarray:
    from matplotlib.image import imread

    return np.asarray(imread(path))


@pytest.mark.parametrize(("count", "seconds"), [(1, 5.0), (3, 100.0), (18, 240.0), (60, 240.0)])
def test_a_set_of_any_length_with_any_names_is_drawn(tmp_path: Path, count: int, seconds: float) -> None:
    plan = set_of(count, seconds)
    draw_picture(plan, noise_levels(round(plan.duration_seconds / 0.05)), tmp_path / "mix.png")
    assert pixels(tmp_path / "mix.png").shape[:2] == (1200, 2400)


def test_the_same_mix_gives_the_same_picture(tmp_path: Path) -> None:
    plan = set_of(3, 60.0)
    for name in ("one.png", "two.png"):
        draw_picture(plan, noise_levels(3000), tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def test_loud_parts_stand_out_from_quiet_ones(tmp_path: Path) -> None:
    level = np.repeat(np.array([0.02, 0.4], np.float32), 1500)
    draw_picture(set_of(2, 60.0), BandLevels(0.05, level, level, level / 4, level / 8), tmp_path / "mix.png")
    picture = pixels(tmp_path / "mix.png")[..., :3]
    red = (picture[..., 0] > 0.8) & (picture[..., 1] < 0.5) & (picture[..., 2] < 0.5)
    waveform = red[470:920]
    assert waveform[:, 1400:2300].sum() > 5 * waveform[:, 200:1100].sum() > 0


def test_a_sign_that_no_font_has_becomes_a_box() -> None:
    assert drawable("a\U0001f39bb") in (f"a{UNKNOWN_SIGN}b", "a\U0001f39bb")
    assert drawable("\U0010fffd") == UNKNOWN_SIGN
    assert drawable("Ωmega – é") == "Ωmega – é"


def test_neighbours_on_the_wheel_are_neighbours_in_colour() -> None:
    colours = {camelot: np.array(key_colour(camelot)) for camelot in ("8A", "9A", "2A", "8B")}
    distance = {camelot: float(np.abs(colour - colours["8A"]).sum()) for camelot, colour in colours.items()}
    assert distance["8B"] < distance["9A"] < distance["2A"]
