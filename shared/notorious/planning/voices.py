"""Two voices at a transition: how long both would sing at once, and whether a phrase is cut.

Analyses say with which probability somebody sings in each bar; the bars in which two tracks both sing are expected
values, the sum of the products of these. So an unsure voice is avoided a little, and a sure one surely.
"""

from dataclasses import dataclass

from notorious.planning.candidates import Candidate
from notorious.planning.structure import Structure


@dataclass(frozen=True)
class VoiceMeeting:
    """What two tracks sing while both are heard, in bars of the outgoing one (all expected values).

    `cuts_outgoing` and `cuts_incoming`: the one ends, or the other begins, within a sung phrase.
    """

    are_known: bool
    is_quick: bool
    bars: float
    shared_bars: float
    outgoing_bars: float
    incoming_bars: float
    cuts_outgoing: bool
    cuts_incoming: bool

    @property
    def sung_bars(self) -> tuple[tuple[str, float], ...]:
        return ("outgoing", self.outgoing_bars), ("incoming", self.incoming_bars)


def voice_meeting(outgoing: Structure, incoming: Structure, candidate: Candidate) -> VoiceMeeting:
    """How the voices of two tracks meet in a candidate."""
    known = outgoing.track.analysis.vocals is not None and incoming.track.analysis.vocals is not None
    end = candidate.out_beat if candidate.is_quick else candidate.out_end_beat
    cuts_outgoing = bool(outgoing.voice_bars) and outgoing.voice_runs_through(end)
    # Where both are heard the incoming track is faded in: only a cut can land within a phrase.
    cuts_incoming = candidate.is_quick and bool(incoming.voice_bars) and incoming.voice_runs_through(candidate.in_beat)
    bar = outgoing.beats_per_bar
    bars = candidate.length_beats / bar
    shared = first = second = 0.0
    if not candidate.is_quick and (outgoing.voice_bars or incoming.voice_bars):
        step_in = bar / candidate.meeting.level
        for number in range(int(bars + 0.5)):
            one = outgoing.voice_at(candidate.out_beat + number * bar)
            other = incoming.voice_at(candidate.in_beat + number * step_in)
            first += one
            second += other
            shared += one * other
    return VoiceMeeting(known, candidate.is_quick, bars, shared, first, second, cuts_outgoing, cuts_incoming)
