"""Cue points: up to eight places that a DJ would mark before playing a track.

- **first_beat**: the first bar line with sound;
- **mix_in**: where one would bring the track in: the first section that is not much quieter than the loudest one, since
  a soft opening is played out rather than mixed;
- **drop** and **breakdown**: where those sections begin;
- **mix_out**: where one would bring the next track in: the first section of the outro, if that begins in the second
  half; else the last phrase border that leaves sixteen bars (or a quarter of the track).

All lie on bar lines. Where there are more than eight, the first beat, the two mix points and the surest drops stay,
then the surest breakdowns. The confidence is that of the section that begins there; that of the first beat is that
of the bar lines.
"""

from collections.abc import Sequence
from math import ceil

from notorious.analysis.model import Audible, Cue, CueKind, Grid, Section, Tempo

NAME = "cues"
VERSION = 1

MOST_CUES = 8

_TOO_SOFT_LU = 14.0
"""A section this far below the loudest one is not mixed but played out. Judgement."""
_ROOM_BARS = 16
_PHRASE_BARS = 8
_UNMARKED_CONFIDENCE = 0.5
"""Of a mix-out that no section marks: judgement."""
_BORDER_TOLERANCE_BARS = 0.1


def mark_cues(sections: Sequence[Section], grid: Grid, tempo: Tempo, audible: Audible) -> tuple[Cue, ...]:
    """The cues of a track in order of time, at most eight; none where there are no sections."""
    if not sections:
        return ()
    first = _bar_line(grid, audible.start, audible)
    loudest = max(section.loudness_lufs for section in sections)
    entry = next(section for section in sections if section.loudness_lufs >= loudest - _TOO_SOFT_LU)
    cues = [
        _cue("first_beat", first, tempo.bar_confidence or tempo.confidence),
        _cue("mix_in", max(first, _bar_line(grid, entry.start, audible)), _sure(entry)),
        _mix_out(sections, grid, audible),
    ]
    inner = [
        (number, section)
        for number, section in enumerate(sections)
        if section.kind in ("drop", "breakdown") and (number == 0 or sections[number - 1].kind != section.kind)
    ]
    inner.sort(key=lambda one: (one[1].kind != "drop", -_sure(one[1]), one[0]))
    for _, section in inner[: MOST_CUES - len(cues)]:
        kind: CueKind = "drop" if section.kind == "drop" else "breakdown"
        cues.append(_cue(kind, max(first, _bar_line(grid, section.start, audible)), _sure(section)))
    return tuple(sorted(cues, key=lambda cue: cue.time))


def _mix_out(sections: Sequence[Section], grid: Grid, audible: Audible) -> Cue:
    number = len(sections)
    while number > 0 and sections[number - 1].kind == "outro":
        number -= 1
    middle = (audible.start + audible.end) / 2
    if number < len(sections) and sections[number].start >= middle:
        return _cue("mix_out", _bar_line(grid, sections[number].start, audible), _sure(sections[number]))
    bar_seconds = grid.beat_length_seconds * grid.beats_per_bar
    room = min(_ROOM_BARS * bar_seconds, (audible.end - audible.start) / 4)
    borders = [
        (section.start + phrase * _PHRASE_BARS * bar_seconds, section)
        for section in sections
        for phrase in range(max(1, round(section.bars) // _PHRASE_BARS))
    ]
    fitting = [(time, section) for time, section in borders if middle <= time <= audible.end - room + bar_seconds / 2]
    if not fitting:
        return _cue("mix_out", _bar_line(grid, audible.end - room, audible), _UNMARKED_CONFIDENCE)
    time, section = fitting[-1]
    sure = _sure(section) if time == section.start else _UNMARKED_CONFIDENCE * _sure(section)
    return _cue("mix_out", _bar_line(grid, time, audible), sure)


def _bar_line(grid: Grid, seconds: float, audible: Audible) -> float:
    """The bar line nearest to a time that lies inside the sound; the next one after the sound's beginning."""

    def number(time: float) -> float:
        return (grid.beat(time) - grid.first_downbeat) / grid.beats_per_bar

    nearest = max(round(number(seconds)), ceil(number(audible.start) - _BORDER_TOLERANCE_BARS))
    return grid.seconds(grid.first_downbeat + nearest * grid.beats_per_bar)


def _sure(section: Section) -> float:
    return _UNMARKED_CONFIDENCE if section.confidence is None else section.confidence


def _cue(kind: CueKind, seconds: float, confidence: float) -> Cue:
    return Cue(kind=kind, time=round(max(0.0, seconds), 6), confidence=round(confidence, 3))
