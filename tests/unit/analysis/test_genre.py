"""The score sheet says what one would say of tracks that are as the book has it."""

import numpy as np
import pytest

from notorious.analysis import genre
from notorious.analysis.bar_pattern import BarPattern
from notorious.analysis.genre import GENRES, Evidence, hear_genre
from notorious.analysis.model import Bands, Tempo
from notorious.networks import musicnn
from notorious.theory.genres import genre_named

HEAVY = Bands(low=-1.5, low_mid=-8, mid=-12, high=-16, air=-18)
LIGHT = Bands(low=-9, low_mid=-3, mid=-6, high=-14, air=-22)


def steps(pattern: str) -> np.ndarray:
    hits = np.array([0.1 if sign == "-" else 1.0 for sign in pattern])
    return hits / hits.mean()


def bar(kick: str, snare: str, *, swing: float = 0.0) -> BarPattern:
    return BarPattern(low=steps(kick), mid=steps(snare), high=np.ones(16), swing=swing, pulse=0.9)


def tags(**unusual: float) -> genre.Tags:
    """Tags as usual, but for those that are named."""
    found = {"msd": dict.fromkeys(musicnn.MSD_TAGS, 0.0), "mtt": dict.fromkeys(musicnn.MTT_TAGS, 0.0)}
    for name, value in unusual.items():
        network, tag = name.split("_", 1)
        assert tag in found[network]
        found[network][tag] = value
    return found


def evidence(
    bpm: float, pattern: BarPattern | None, said: genre.Tags | None, *, bands: Bands = HEAVY, lufs: float = -10
) -> Evidence:
    tempo = Tempo(bpm=bpm, confidence=0.9, steady=True)
    return Evidence(tempo=tempo, pattern=pattern, spectrum=bands, integrated_lufs=lufs, voice=0.5, tags=said)


FOUR = bar("x---x---x---x---", "----x-------x---")
BROKEN = bar("x---------x-----", "----x-------x---")
HALF = bar("x-------------x-", "--------x-------")
DEMBOW = bar("x---x---x---x---", "---x--x----x--x-")

BOOK = {
    "house": evidence(124, FOUR, tags(msd_House=2.5, msd_dance=2)),
    "techno": evidence(132, FOUR, tags(mtt_techno=2.5, msd_electronic=1.5)),
    "drum and bass": evidence(174, BROKEN, tags(msd_electronic=1.5, mtt_techno=1)),
    "hip-hop": evidence(92, BROKEN, tags(**{"msd_Hip-Hop": 2.5})),
    "dubstep": evidence(140, HALF, tags(msd_electronic=1.5, mtt_techno=0.5)),
    "dancehall": evidence(95, DEMBOW, tags(msd_party=1.5, msd_dance=0.5)),
    "classical": evidence(90, None, tags(mtt_classical=3, mtt_strings=3, mtt_beat=-2), bands=LIGHT, lufs=-22),
    "rock": evidence(120, BROKEN, tags(msd_rock=2.5, mtt_guitar=1.5, mtt_rock=2, msd_electronic=-2), bands=LIGHT),
    "ambient": evidence(90, None, tags(msd_ambient=2.5, mtt_ambient=2, mtt_drums=-2), lufs=-20),
}


@pytest.mark.parametrize("label", sorted(BOOK))
def test_a_track_as_the_book_has_it_gets_its_label(label: str) -> None:
    assert hear_genre(BOOK[label]).label == label


def test_there_are_twenty_genres_and_all_are_known_elsewhere() -> None:
    assert len(GENRES) == 20
    assert {genre_named(name).name for name in GENRES} == set(GENRES)


def test_probabilities_sum_to_one_with_the_likeliest_first() -> None:
    heard = hear_genre(BOOK["house"])
    values = list(heard.probabilities.values())
    assert sum(values) == pytest.approx(1, abs=1e-3)
    assert values == sorted(values, reverse=True)
    assert heard.top == tuple(heard.probabilities)[:3]
    assert heard.label == heard.top[0]


def test_what_is_neither_here_nor_there_is_unsure() -> None:
    assert hear_genre(evidence(115, None, tags(), lufs=-14)).unsure
    assert not hear_genre(BOOK["classical"]).unsure


def test_half_the_tempo_is_forgiven() -> None:
    low = hear_genre(evidence(87, BROKEN, tags(msd_electronic=1.5, mtt_techno=1, mtt_fast=1))).probabilities
    odd = hear_genre(evidence(125, BROKEN, tags(msd_electronic=1.5, mtt_techno=1, mtt_fast=1))).probabilities
    assert low["drum and bass"] > 2 * odd["drum and bass"]


def test_without_networks_tempo_and_pattern_decide() -> None:
    assert "house" in hear_genre(evidence(124, FOUR, None)).top
    assert "drum and bass" in hear_genre(evidence(174, BROKEN, None)).top
