"""The picture of one track: drawn for any track, and showing what was heard where it was heard."""

import base64
from pathlib import Path

import numpy as np
import pytest

from notorious.analysis.model import (
    Analysis,
    Audible,
    Bands,
    Cue,
    Energy,
    Grid,
    KeyEstimate,
    Loudness,
    PartKey,
    Section,
    Tempo,
    Track,
    Waveform,
    Zone,
)
from notorious.audio.tags import Tags
from notorious.rendering.track_picture import Sound, close_up_places, draw_track_picture, waveform_rows

RATE_HZ = 2205
FLAT = Bands(low=0, low_mid=-3, mid=2, high=-20, air=-90)
A_MINOR = {"camelot": "8A", "name": "A minor", "tonic": "A", "mode": "minor", "tuning_cents": 0.0, "confidence": 0.8}


def track_of(seconds: float, *, title: str = "Title", sections: int = 4, cues: tuple[Cue, ...] = ()) -> Track:
    edges = np.linspace(0, seconds, sections + 1)
    kinds = ("intro", "verse", "buildup", "drop", "breakdown", "outro")
    rows = np.zeros((int(seconds * 11) + 1, 3), np.uint8)
    rows[len(rows) // 2 :] = 200
    analysis = Analysis(
        sha256="0" * 64,
        duration_seconds=seconds,
        sample_rate_hz=44100,
        channels=2,
        tempo=Tempo(bpm=120.0, confidence=0.9, steady=True),
        grid=Grid(first_beat_seconds=0.0, bpm=120.0, beat_count=int(seconds * 2)),
        key=KeyEstimate(**A_MINOR, intro=PartKey(**A_MINOR, start=0.0, end=seconds / 4)),
        energy=Energy(level=6.0, hop_seconds=1.0, curve=tuple(np.linspace(0, 1, max(int(seconds), 1)).tolist())),
        sections=tuple(
            Section(
                kind=kinds[n % 6], start=a, end=b, bars=(b - a) / 2, energy=0.5, loudness_lufs=-10, spectrum=FLAT,
                balance=FLAT, confidence=0.7,
            )
            for n, (a, b) in enumerate(zip(edges, edges[1:], strict=False))
        ),
        zones=(Zone(kind="pre_drop", start=0.0, end=seconds / 8),),
        cues=cues,
        loudness=Loudness(
            integrated_lufs=-9, range_lu=5, true_peak_dbtp=-0.5, hop_seconds=1.0, short_term=(-9.0,) * int(seconds)
        ),
        spectrum=FLAT,
        audible=Audible(start=0.0, end=seconds, fade_out_seconds=2.0),
        waveform=Waveform(hop_seconds=1 / 11, data=base64.b64encode(rows.tobytes()).decode()),
        notes=("the file is cut off",),
        analysers={},
    )  # fmt: skip
    return Track(path="/music/a.flac", tags=Tags(title=title), analysis=analysis)


def sound_of(seconds: float) -> Sound:
    starts = np.arange(0, seconds, 2.0)
    rng = np.random.default_rng(2)
    mono = rng.standard_normal(int(seconds * RATE_HZ)).astype(np.float32)
    return Sound(mono, RATE_HZ, starts, rng.random((len(starts), 12)))


def pixels(path: Path) -> np.ndarray:
    from matplotlib.image import imread

    return np.asarray(imread(path))


CUES = (
    Cue(kind="first_beat", time=0.0, confidence=0.9),
    Cue(kind="mix_in", time=0.0, confidence=0.8),
    Cue(kind="drop", time=0.5, confidence=0.8),
    Cue(kind="mix_out", time=119.9, confidence=0.8),
)


@pytest.mark.parametrize(
    ("seconds", "sections", "title"),
    [(1.5, 1, "x"), (120.0, 6, "終わりの歌 $x$ {y}"), (3500.0, 60, "long " * 100), (60.0, 0, "nothing heard")],
)
def test_a_track_of_any_length_and_name_is_drawn(tmp_path: Path, seconds: float, sections: int, title: str) -> None:
    track = track_of(seconds, title=title, sections=sections, cues=CUES)
    draw_track_picture(track, sound_of(seconds), tmp_path / "a.png")
    assert pixels(tmp_path / "a.png").shape[:2] == (1650, 2400)


def test_the_same_track_gives_the_same_picture(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        draw_track_picture(track_of(60.0), sound_of(60.0), tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_the_waveform_stands_where_the_sound_is(tmp_path: Path) -> None:
    draw_track_picture(track_of(60.0, sections=1), sound_of(60.0), tmp_path / "a.png")
    picture = pixels(tmp_path / "a.png")[240:530, :, :3]
    red = (picture[..., 0] > 0.8) & (picture[..., 1] < 0.5) & (picture[..., 2] < 0.5)
    assert red[:, 1300:2300].sum() > 20 * max(int(red[:, 200:1200].sum()), 1)


def test_a_silent_or_pitchless_track_is_drawn(tmp_path: Path) -> None:
    silence = Sound(np.zeros(RATE_HZ * 60, np.float32), RATE_HZ, np.arange(0.0, 60.0, 2.0), np.zeros((30, 12)))
    draw_track_picture(track_of(60.0), silence, tmp_path / "a.png")
    nothing = Sound(np.zeros(0, np.float32), RATE_HZ, np.zeros(0), np.zeros((0, 12)))
    draw_track_picture(track_of(60.0), nothing, tmp_path / "b.png")
    assert (tmp_path / "b.png").exists()


def test_waveform_bytes_become_amplitudes() -> None:
    rows = waveform_rows(track_of(10.0).analysis)
    assert rows.shape == (111, 3)
    assert rows.max() == pytest.approx(200 / 255)


def test_close_ups_are_of_the_first_beat_the_first_drop_and_the_mix_out() -> None:
    later = Cue(kind="drop", time=90.0, confidence=0.9)
    places = close_up_places(track_of(120.0, cues=(*CUES[:3], later, CUES[3])).analysis)
    assert places == [("first beat", 0.0), ("drop", 0.5), ("mix out", 119.9)]


def test_without_a_drop_the_fullest_section_is_looked_at() -> None:
    places = close_up_places(track_of(120.0).analysis)
    assert places[1][0].startswith("fullest")
