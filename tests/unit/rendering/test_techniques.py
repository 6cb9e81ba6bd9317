from typing import get_args

import numpy as np
import pytest
from numpy.typing import NDArray
from small_sets import SCORE

from notorious.planning.plan import Anchor, ClockKnot, Lane, LanePoint, Parameter, Technique, Transition
from notorious.rendering.clock import Clock
from notorious.rendering.lanes import Automation
from notorious.rendering.techniques import CUT_SECONDS, handover_beat, lanes_for

BPM, RATE = 120.0, 1000
CLOCK = Clock([ClockKnot(beat=0, seconds=0), ClockKnot(beat=400, seconds=200)])
START, END = 100.0, 132.0
BANDED: tuple[Technique, ...] = ("blend", "bass_swap", "eq_swap", "exponential_fade")
ALL: tuple[Technique, ...] = get_args(Technique)


def transition(technique: Technique, *, length: float = END - START, **changes: object) -> Transition:
    anchor = Anchor(source_beat=0, source_seconds=0, section="intro")
    made = Transition(
        index=0,
        technique=technique,
        start_beat=START,
        length_beats=length,
        bpm=BPM,
        outgoing_stretch_percent=0,
        incoming_stretch_percent=0,
        mix_out=anchor,
        mix_in=anchor,
        score=SCORE,
    )
    return made.model_copy(update=changes)


def drawn(lanes: tuple[Lane, ...], parameter: Parameter, beats: NDArray[np.float64]) -> NDArray[np.float64]:
    """The parameter at beats, read sample by sample as the voice reads it (2 ms are a beat of 500 frames)."""
    automation = Automation(lanes, CLOCK, rate_hz=RATE)
    first = int(beats[0] * 500)
    values = automation.values(parameter, first, int(beats[-1] * 500) - first + 1)
    return values[np.round(beats * 500).astype(int) - first].astype(np.float64)


def gains(technique: Technique, band: Parameter, beats: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """What comes out of a band of the outgoing and of the incoming track: its lane times the fader."""
    lanes = lanes_for(transition(technique))
    return tuple(drawn(side, band, beats) * drawn(side, "fader", beats) for side in (lanes.outgoing, lanes.incoming))


@pytest.mark.parametrize("technique", BANDED)
@pytest.mark.parametrize("band", ["low", "mid", "high"])
def test_the_power_of_a_band_stays_the_same_all_the_way(technique: Technique, band: Parameter) -> None:
    beats = np.arange(START - 8, END + 8, 0.01)
    outgoing, incoming = gains(technique, band, beats)
    power_db = 10 * np.log10(outgoing**2 + incoming**2)
    # A dip of 0.02 dB where the fader opens on a band that is still almost silent is all there is.
    assert np.abs(power_db).max() < 0.02


@pytest.mark.parametrize("technique", BANDED)
def test_bass_comes_from_one_track_at_a_time(technique: Technique) -> None:
    beats = np.arange(START - 8, END + 8, 0.01)
    outgoing, incoming = gains(technique, "low", beats)
    both = beats[(outgoing > 1e-6) & (incoming > 1e-6)]
    downbeat = handover_beat(transition(technique))
    assert both.min() >= downbeat - 1.0
    assert both.max() <= downbeat
    assert (downbeat - START) % 4 == 0


@pytest.mark.parametrize("technique", ALL)
def test_outside_of_a_transition_one_track_is_as_it_is_and_the_other_silent(technique: Technique) -> None:
    lanes = lanes_for(transition(technique))
    outgoing = Automation(lanes.outgoing, CLOCK, rate_hz=RATE)
    incoming = Automation(lanes.incoming, CLOCK, rate_hz=RATE)
    lead = 1000  # two beats: an echo opens its send a beat before the cut
    before, after = int(START * 500) - lead, int(END * 500)
    for parameter in ("fader", "low", "mid", "high", "filter", "echo"):
        assert not outgoing.moves(parameter, before - 1000, 1000)
        assert not incoming.moves(parameter, after, 1000)
    assert incoming.is_silent(before - 1000, 1000)
    assert outgoing.is_silent(after, 1000)


@pytest.mark.parametrize("technique", ["quick_cut", "echo_out"])
def test_a_cut_is_a_ramp_that_ends_on_the_downbeat(technique: Technique) -> None:
    lanes = lanes_for(transition(technique))
    ramp = CUT_SECONDS * BPM / 60
    beats = np.array([START - ramp - 0.01, START, START + 0.5])
    assert drawn(lanes.outgoing, "fader", beats).tolist() == [1, 0, 0]
    assert drawn(lanes.incoming, "fader", beats).tolist() == [0, 1, 1]


def test_a_filter_sweep_gives_every_frequency_to_one_track() -> None:
    from notorious.audio.filters import sweep_cutoff_hz

    lanes = lanes_for(transition("filter_sweep"))
    beats = np.arange(START + 2.0, END - 1.0, 0.5)  # once the border is below the highest high-pass of 12 kHz
    lowpass = [sweep_cutoff_hz(value)[1] for value in drawn(lanes.outgoing, "filter", beats)]
    highpass = [sweep_cutoff_hz(value)[1] for value in drawn(lanes.incoming, "filter", beats)]
    below = np.array(lowpass) < 10_500
    assert np.array(highpass)[below] == pytest.approx(np.array(lowpass)[below], rel=0.02)
    assert below.sum() > 40


def test_lanes_of_the_plan_replace_those_of_the_technique() -> None:
    own = Lane(parameter="low", points=(LanePoint(beat=START, value=0.25),))
    lanes = lanes_for(transition("bass_swap", incoming=(own,)))
    assert [lane for lane in lanes.incoming if lane.parameter == "low"] == [own]
    assert {lane.parameter for lane in lanes.incoming} == {"fader", "low", "mid", "high"}
    assert lanes.outgoing == lanes_for(transition("bass_swap")).outgoing


@pytest.mark.parametrize("technique", ALL)
@pytest.mark.parametrize("length", [0.5, 1.0, 2.0, 3.0, 4.0, 8.0, 256.0])
def test_a_transition_of_any_length_rises_in_time_and_hands_over_within_itself(
    technique: Technique, length: float
) -> None:
    made = transition(technique, length=length)
    lanes = lanes_for(made)
    for lane in lanes.outgoing + lanes.incoming:
        beats = [point.beat for point in lane.points]
        assert beats == sorted(beats)
        assert all(-1 <= point.value <= 1 for point in lane.points)
    assert START <= handover_beat(made) <= START + length
