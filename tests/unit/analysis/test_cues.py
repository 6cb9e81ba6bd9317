"""Cue points: where they lie, which stay when there are too many, how sure they are."""

from notorious.analysis.cues import MOST_CUES, mark_cues
from notorious.analysis.model import Audible, Bands, Cue, Grid, Section, Tempo

BAR = 2.0  # 120 BPM
FLAT = Bands(low=-3, low_mid=-6, mid=-9, high=-15, air=-20)


def cues_of(*parts: tuple[str, int], lufs: dict[str, float] | None = None, sure: float = 0.9, offset: float = 0.0):
    sections, start = [], offset
    for kind, bars in parts:
        end = start + bars * BAR
        sections.append(
            Section(
                kind=kind, start=start, end=end, bars=bars, energy=0.5, loudness_lufs=(lufs or {}).get(kind, -10.0),
                spectrum=FLAT, confidence=sure,
            )
        )  # fmt: skip
        start = end
    grid = Grid(first_beat_seconds=offset, bpm=120.0, beat_count=int((start - offset) * 2))
    tempo = Tempo(bpm=120.0, confidence=0.8, steady=True)
    return mark_cues(sections, grid, tempo, Audible(start=offset, end=start))


def times(cues: tuple[Cue, ...], kind: str) -> list[float]:
    return [cue.time for cue in cues if cue.kind == kind]


CLUB = (
    ("intro", 16), ("verse", 16), ("breakdown", 16), ("buildup", 8), ("drop", 32), ("breakdown", 8), ("drop", 16),
    ("outro", 16),
)  # fmt: skip


def test_a_club_track_is_marked_as_one_would() -> None:
    cues = cues_of(*CLUB)
    assert times(cues, "first_beat") == [0.0]
    assert times(cues, "mix_in") == [0.0]
    assert times(cues, "drop") == [56 * BAR, 96 * BAR]
    assert times(cues, "breakdown") == [32 * BAR, 88 * BAR]
    assert times(cues, "mix_out") == [112 * BAR]
    assert [cue.time for cue in cues] == sorted(cue.time for cue in cues)


def test_there_are_never_more_than_eight_and_drops_go_before_breakdowns() -> None:
    cues = cues_of(("intro", 8), *((("drop", 8), ("breakdown", 8)) * 8), ("outro", 8))
    assert len(cues) == MOST_CUES
    assert len(times(cues, "drop")) == 5
    assert times(cues, "breakdown") == []


def test_a_soft_opening_is_played_out_and_not_mixed_into() -> None:
    cues = cues_of(*CLUB, lufs={"intro": -30.0})
    assert times(cues, "first_beat") == [0.0]
    assert times(cues, "mix_in") == [16 * BAR]


def test_without_an_outro_the_mix_out_is_a_phrase_border_that_leaves_room() -> None:
    cues = cues_of(("intro", 16), ("drop", 64))
    assert times(cues, "mix_out") == [64 * BAR]
    assert next(cue for cue in cues if cue.kind == "mix_out").confidence < 0.5


def test_cues_are_as_sure_as_what_begins_there() -> None:
    cues = cues_of(*CLUB, sure=0.7)
    sure = {cue.kind: cue.confidence for cue in cues}
    assert sure["first_beat"] == 0.8
    assert sure["drop"] == sure["mix_out"] == 0.7


def test_all_cues_lie_on_bar_lines_inside_the_sound() -> None:
    grid = Grid(first_beat_seconds=0.2, bpm=120.0, beat_count=200, first_downbeat=1)
    sections = [
        Section(kind=kind, start=start, end=end, bars=8, energy=0.5, loudness_lufs=-10.0, spectrum=FLAT)
        for kind, start, end in (("intro", 0.9, 31.0), ("drop", 31.0, 62.9), ("outro", 62.9, 99.0))
    ]
    cues = mark_cues(sections, grid, Tempo(bpm=120.0, confidence=0.8, steady=True), Audible(start=0.9, end=99.0))
    for cue in cues:
        bars = (grid.beat(cue.time) - 1) / 4
        assert abs(bars - round(bars)) < 1e-6
        assert cue.time >= 0.9 - 0.2


def test_no_sections_no_cues() -> None:
    assert cues_of() == ()
