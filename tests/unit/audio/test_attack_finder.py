"""Hearing attacks in a stream."""

import numpy as np
import pytest

from notorious.audio.attacks import AttackFinder

RATE = 44100
STRUCK = [11000, 22050, 30000, 52000, 70000]


def struck_source() -> np.ndarray:
    random = np.random.default_rng(3)
    source = 0.001 * random.standard_normal((100000, 2))
    for frame in STRUCK:
        source[frame : frame + 2000] += (
            0.2 * random.standard_normal((2000, 2)) * np.exp(-np.arange(2000) / 400)[:, None]
        )
    return source.astype(np.float32)


def test_attacks_are_heard_where_they_are() -> None:
    finder = AttackFinder(0, RATE)
    finder.hear(struck_source())
    assert finder.attacks() == pytest.approx(STRUCK, abs=130)


@pytest.mark.parametrize("piece", [1, 100, 129, 5000])
def test_a_stream_gives_the_same_attacks_however_it_is_cut(piece: int) -> None:
    source = struck_source()[:15000] if piece == 1 else struck_source()
    whole, cut = AttackFinder(-77, RATE), AttackFinder(-77, RATE)
    whole.hear(source)
    for start in range(0, len(source), piece):
        cut.hear(source[start : start + piece])
    assert whole.attacks().tolist() == cut.attacks().tolist()


def test_what_is_forgotten_changes_nothing_later() -> None:
    source = struck_source()
    kept, forgetful = AttackFinder(0, RATE), AttackFinder(0, RATE)
    for start in range(0, len(source), 4000):
        kept.hear(source[start : start + 4000])
        forgetful.hear(source[start : start + 4000])
        forgetful.forget_before(start - 8000)
    late = kept.attacks()[kept.attacks() > 60000]
    assert forgetful.attacks()[forgetful.attacks() > 60000].tolist() == late.tolist()
    assert len(late) == 1


def test_silence_and_steady_tones_hold_no_attacks() -> None:
    for source in (np.zeros((50000, 1)), 0.5 * np.sin(np.arange(50000) * 0.05)[:, None]):
        finder = AttackFinder(0, RATE)
        finder.hear(source.astype(np.float32))
        assert len(finder.attacks()) == 0
