"""Sections: borders fall where the arrangement changes, names follow what happens there."""

from functools import lru_cache

import numpy as np
import pytest

from notorious.analysis.energy import curve_at_frames
from notorious.analysis.key import KeyListener
from notorious.analysis.key_chroma import PitchClasses
from notorious.analysis.model import Audible, Grid
from notorious.analysis.section_bars import bar_edges, measure_bars
from notorious.analysis.section_division import divide
from notorious.analysis.sections import hear_sections
from notorious.analysis.spectrum import RATE_HZ, hear_spectra, power_blocks

BPM = 125.0
BEAT = 60 / BPM
RNG_SEED = 11


CHORDS_HZ = ((220, 277, 330), (233, 277, 349), (208, 262, 311), (220, 262, 349))


def arrange(parts: list[tuple[str, int]], *, lead_in_seconds: float = 0.0, chords_every_bars: int = 1000) -> np.ndarray:
    """A small track at 125 BPM: (layers, bars) a part; k kick, h hats, p pad, l lead, r rising noise."""
    noise = np.random.default_rng(RNG_SEED)
    total = sum(bars for _, bars in parts)
    signal = np.zeros(int((lead_in_seconds + total * 4 * BEAT) * RATE_HZ) + 1)
    time = np.arange(int(BEAT * RATE_HZ)) / RATE_HZ
    kick = np.sin(2 * np.pi * (50 * time + 6 * (1 - np.exp(-time * 30)))) * np.exp(-time * 9)
    bar = 0
    for layers, bars in parts:
        for beat in range(bars * 4):
            start = int((lead_in_seconds + (bar * 4 + beat) * BEAT) * RATE_HZ)
            piece = np.zeros(len(time))
            if "k" in layers:
                piece += 0.7 * kick
            if "h" in layers:
                half = len(time) // 2
                piece[half:] += 0.15 * noise.standard_normal(len(time) - half) * np.exp(-time[: len(time) - half] * 50)
            if "p" in layers:
                chord = CHORDS_HZ[(bar + beat // 4) // chords_every_bars % 4]
                piece += 0.08 * sum(np.sin(2 * np.pi * f * time) for f in chord)
            if "l" in layers:
                piece += 0.2 * np.sign(np.sin(2 * np.pi * (440 if beat % 2 else 660) * time))
            if "r" in layers:
                piece += 0.35 * beat / (bars * 4) * noise.standard_normal(len(time))
            signal[start : start + len(piece)] += piece[: len(signal) - start]
        bar += bars
    return signal.astype(np.float32)


def pitch_classes(signal: np.ndarray, grid: Grid) -> PitchClasses:
    listener = KeyListener(grid.downbeats(), grid_confidence=1.0)
    for block in power_blocks(signal, frame=4096, hop=2048):
        listener.hear(block)
    return listener.pitch_classes()


def hear(signal: np.ndarray, *, first_beat_seconds: float = 0.0, first_downbeat: int = 0):
    length = len(signal) / RATE_HZ
    grid = Grid(
        first_beat_seconds=first_beat_seconds,
        bpm=BPM,
        beat_count=int((length - first_beat_seconds) / BEAT),
        first_downbeat=first_downbeat,
    )
    spectra = hear_spectra(signal)
    return hear_sections(
        spectra,
        curve_at_frames(spectra),
        grid,
        Audible(start=0.0, end=length),
        pitch_classes(signal, grid),
        grid_confidence=1.0,
        section_lufs=lambda start, end: -14.0,
    )


CLUB_TRACK = [("kh", 16), ("khp", 16), ("pr", 8), ("khpl", 32), ("p", 16), ("pr", 8), ("khpl", 32), ("kh", 16)]


@lru_cache(maxsize=1)
def club_track():
    return hear(arrange(CLUB_TRACK))


def test_borders_fall_on_the_bars_where_the_arrangement_changes() -> None:
    sections, _ = club_track()
    borders = np.cumsum([0, *(bars for _, bars in CLUB_TRACK)])[:-1]
    # A soft pad that enters half-way through an intro changes nothing of what it is.
    wanted = np.delete(borders, 1) * 4 * BEAT
    found = np.array([section.start for section in sections])
    missed = [time for time in wanted if np.abs(found - time).min() > BEAT]
    assert missed == []
    assert len(found) <= len(wanted) + 2


def test_a_club_track_is_named_part_by_part() -> None:
    sections, zones = club_track()

    def kind_at(bar: float) -> str:
        return next(section.kind for section in sections if section.start <= bar * 4 * BEAT < section.end)

    assert kind_at(4) == "intro"
    assert kind_at(36) == "buildup"
    assert kind_at(56) == "drop"
    assert kind_at(80) == "breakdown"
    assert kind_at(92) == "buildup"
    assert kind_at(112) == "drop"
    assert kind_at(140) == "outro"
    assert {zone.kind for zone in zones} == {"pre_drop", "post_drop"}
    drops = [section for section in sections if section.kind == "drop"]
    for zone in zones:
        edge = zone.end if zone.kind == "pre_drop" else zone.start
        assert any(edge == pytest.approx(drop.start) for drop in drops)


def test_a_drop_whose_lead_pauses_in_every_other_bar_is_one() -> None:
    drop = [("khpl", 1), ("kh", 1)] * 16
    sections, _ = hear(arrange([("kh", 16), ("khp", 16), ("p", 16), ("pr", 8), *drop, ("kh", 16)]))
    assert next(section.kind for section in sections if section.end > 70 * 4 * BEAT) == "drop"


def test_sections_cover_the_audible_part_without_gap() -> None:
    sections, _ = club_track()
    assert sections[0].start == 0.0
    for before, after in zip(sections, sections[1:], strict=False):
        assert before.end == after.start
    assert sections[-1].end == pytest.approx(len(arrange(CLUB_TRACK)) / RATE_HZ)


def test_a_track_that_never_changes_is_one_section() -> None:
    sections, zones = hear(arrange([("khp", 64)]))
    assert len(sections) == 1
    assert zones == ()


def test_the_phrase_may_begin_on_any_bar() -> None:
    features = np.zeros((64, 3))
    for start in range(3, 64, 8):
        features[start:] += 1.0
    division = divide(features, features)
    assert division.phrase_offset == 3
    assert len(division.borders) >= 8
    assert {bar % 8 for bar in division.borders[1:]} == {3}


def test_chords_tell_the_phrase_where_an_instrument_comes_in_before_it() -> None:
    """The hats enter two bars before a phrase; the chords change every eight bars."""
    signal = arrange([("kp", 14), ("khp", 34)], chords_every_bars=8)
    length = len(signal) / RATE_HZ
    grid = Grid(first_beat_seconds=0.0, bpm=BPM, beat_count=int(length / BEAT))
    spectra = hear_spectra(signal)
    edges = bar_edges(grid, Audible(start=0.0, end=length))
    bars = measure_bars(spectra, curve_at_frames(spectra), edges, pitch_classes(signal, grid))
    assert divide(bars.features, bars.features).phrase_offset == 6
    assert divide(bars.features, bars.phrasing).phrase_offset == 0


@pytest.mark.parametrize("bars", [0.2, 1, 3])
def test_a_very_short_track_still_has_a_section(bars: float) -> None:
    signal = arrange([("khp", 3)])[: int(bars * 4 * BEAT * RATE_HZ)]
    sections, _ = hear(signal)
    assert len(sections) == 1


def test_bar_lines_follow_the_first_downbeat_and_reach_both_ends() -> None:
    grid = Grid(first_beat_seconds=0.1, bpm=BPM, beat_count=40, first_downbeat=2)
    edges = bar_edges(grid, Audible(start=0.0, end=19.0))
    assert edges[0] == 0.0
    assert edges[-1] == 19.0
    inner = (edges[1:-1] - grid.seconds(2)) / (4 * BEAT)
    assert np.allclose(inner, np.rint(inner))


def test_every_section_says_how_sure_it_is() -> None:
    sections, _ = club_track()
    assert all(0.0 < (section.confidence or 0.0) < 1.0 for section in sections)


def test_where_the_bars_are_not_known_no_section_is_sure() -> None:
    signal = arrange(CLUB_TRACK)
    grid = Grid(first_beat_seconds=0.0, bpm=BPM, beat_count=int(len(signal) / RATE_HZ / BEAT))
    spectra = hear_spectra(signal)
    sections, _ = hear_sections(
        spectra, curve_at_frames(spectra), grid, Audible(start=0.0, end=len(signal) / RATE_HZ),
        pitch_classes(signal, grid), grid_confidence=0.0, section_lufs=lambda start, end: -14.0,
    )  # fmt: skip
    assert {section.confidence for section in sections} == {0.5}


def test_the_low_band_of_a_breakdown_stands_far_below_what_is_usual() -> None:
    sections, _ = club_track()
    breakdown = next(section for section in sections if section.kind == "breakdown")
    drop = next(section for section in sections if section.kind == "drop")
    assert breakdown.balance is not None
    assert drop.balance is not None
    assert breakdown.balance.low < -20.0
    assert abs(drop.balance.low) < 5.0


def test_balance_does_not_depend_on_how_loud_the_file_is() -> None:
    loud, quiet = club_track()[0], hear(np.float32(0.1) * arrange(CLUB_TRACK))[0]
    for one, other in zip(loud, quiet, strict=True):
        assert one.balance is not None
        assert other.balance is not None
        assert one.balance.low == pytest.approx(other.balance.low, abs=0.1)


def test_only_what_rises_or_has_lost_its_low_end_is_a_pre_drop() -> None:
    rising, level = (hear(arrange([("kh", 16), (before, 16), ("khpl", 32), ("kh", 16)]))[1] for before in ("pr", "kh"))
    assert "pre_drop" in {zone.kind for zone in rising}
    assert "pre_drop" not in {zone.kind for zone in level}


def test_a_kick_alone_has_less_energy_than_a_full_drop() -> None:
    sections, _ = club_track()
    energy = {section.kind: section.energy for section in sections}
    assert energy["drop"] > 0.9
    assert energy["intro"] < energy["drop"] - 0.2
    assert energy["breakdown"] < 0.5
