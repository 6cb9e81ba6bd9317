"""The sheet of a mix: the files beside it that say what is in it.

| file | is |
|---|---|
| `mix.plan.json` | the plan, from which the mix can be made again to the last bit |
| `mix.cue` | a CUE sheet: one track per chapter, times in minutes, seconds and frames of 1/75 s |
| `mix.m3u8` | a playlist of the tracks themselves, in the order of the set |
| `mix.tracklist.txt` | to read: times, titles, keys, tempos, and why each transition is as it is |
| `mix.png` | to look at (`picture`) |

A track is said to begin where it takes over (`techniques.handover_beat`), which is where a listener would say so.
CUE follows the CDRWIN manual (Goldenhawk, appendix A), M3U8 the EXTM3U convention, in UTF-8. Both are line by line and
CUE quotes without any way to escape, so that line breaks in names become spaces and double quotes typographic ones.
"""

import os
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from notorious.audio.tags_write import Chapter, OutputTags
from notorious.planning.plan import Plan, Slot, Transition
from notorious.rendering.clock import Clock
from notorious.rendering.techniques import handover_beat

CUE_FRAMES_PER_SECOND: Final = 75
MOST_CUE_TRACKS: Final = 99
"""A CUE sheet numbers tracks with two digits; what comes later is named in remarks."""


@dataclass(frozen=True)
class Entry:
    """A track as the sheet lists it: where it takes over, until where it is heard."""

    slot: Slot
    start_seconds: float
    """Where it takes over; 0 for the first."""
    heard_from_seconds: float
    heard_until_seconds: float


def entries(plan: Plan) -> tuple[Entry, ...]:
    """The tracks of a set with their times, in order."""
    clock = Clock(plan.clock)
    listed: list[Entry] = []
    for slot in plan.slots:
        start = 0.0
        if slot.index > 0:
            start = clock.seconds(handover_beat(plan.transitions[slot.index - 1]))
            start = max(start, listed[-1].start_seconds)
        start = min(start, plan.clock[-1].seconds)
        heard_from = max(0.0, clock.seconds(slot.mix_start_beat))
        heard_until = min(plan.clock[-1].seconds, clock.seconds(slot.mix_end_beat))
        listed.append(Entry(slot, start, heard_from, heard_until))
    return tuple(listed)


def one_line(text: str) -> str:
    """Text without line breaks, control characters and runs of blanks; lone surrogates of odd file names replaced."""
    text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    kept = "".join(" " if unicodedata.category(sign) in ("Cc", "Zl", "Zp", "Cs") else sign for sign in text)
    return " ".join(kept.split())


def display_name(slot: Slot) -> str:
    """Artist and title as one line; the title alone where no artist is known."""
    title = one_line(slot.track.title) or "untitled"
    return f"{one_line(slot.track.artist)} - {title}" if slot.track.artist else title


def clock_time(seconds: float) -> str:
    """`3:07`, `63:07`: minutes and seconds, rounded down, as players show them."""
    whole = int(seconds + 1e-6)
    return f"{whole // 60}:{whole % 60:02d}"


def cue_sheet(plan: Plan, audio_name: str) -> str:
    """The CUE sheet of a mix in a file of this name."""
    kind = {"mp3": "MP3", "aiff": "AIFF"}.get(audio_name.rsplit(".", 1)[-1].lower(), "WAVE")
    lines = ["REM GENERATOR Notorious", f"TITLE {_quoted(plan.title)}", f"FILE {_quoted(audio_name)} {kind}"]
    for number, entry in enumerate(entries(plan), 1):
        track = entry.slot.track
        if number > MOST_CUE_TRACKS:
            lines.append(f"REM {_cue_time(entry.start_seconds)} {one_line(display_name(entry.slot))}")
            continue
        lines.append(f"  TRACK {number:02d} AUDIO")
        lines.append(f"    TITLE {_quoted(track.title)}")
        if track.artist:
            lines.append(f"    PERFORMER {_quoted(track.artist)}")
        lines.append(f"    REM BPM {track.bpm:.2f}")
        lines.append(f"    REM KEY {track.camelot}")
        lines.append(f"    INDEX 01 {_cue_time(entry.start_seconds)}")
    return "\n".join(lines) + "\n"


def playlist(plan: Plan, *, place: Callable[[str], str] = os.path.abspath) -> str:
    """The tracks of the set as an extended M3U in UTF-8; a path that no line can hold is written as a file URI.

    `place` makes of a track's path what the playlist says: where it lies, or, with `str`, its name beside the playlist.
    """
    lines = ["#EXTM3U", f"#PLAYLIST:{one_line(plan.title)}"]
    for slot in plan.slots:
        lines.append(f"#EXTINF:{round(slot.track.duration_seconds)},{display_name(slot)}")
        lines.append(_playlist_path(place(slot.track.path)))
    return "\n".join(lines) + "\n"


def track_list(plan: Plan) -> str:
    """The set in words: every track with its time, key, tempo and energy, every transition with its reasons."""
    tempos = [slot.track.bpm for slot in plan.slots]
    lines = [one_line(plan.title)]
    lines.append(
        f"{clock_time(plan.clock[-1].seconds)}, {len(plan.slots)} track{'s' * (len(plan.slots) != 1)}, "
        f"{_tempo_range(tempos)} BPM, score {plan.score.total:.0f} of 100"
    )
    lines.append("")
    clock = Clock(plan.clock)
    for entry in entries(plan):
        slot, track = entry.slot, entry.slot.track
        lines.append(f"{slot.index + 1:3d}  {clock_time(entry.start_seconds):>6}  {display_name(slot)}")
        facts = f"{track.camelot} ({track.key_name}), {track.bpm:.2f} BPM, energy {track.energy_level:.0f}"
        lines.append(f"             {facts}")
        lines.extend(f"             · {one_line(reason)}" for reason in slot.reasons)
        if slot.index < len(plan.transitions):
            lines.append("")
            lines.extend(_transition_lines(plan.transitions[slot.index], clock))
            lines.append("")
    if plan.left_out:
        lines.extend(["", "Left out:"])
        lines.extend(f"  {one_line(left.path)}: {one_line(left.reason)}" for left in plan.left_out)
    return "\n".join(lines) + "\n"


def mix_tags(plan: Plan) -> OutputTags:
    """What the mix says of itself: its title, who is heard in it, and the list of its tracks."""
    artists = list(dict.fromkeys(one_line(slot.track.artist) for slot in plan.slots if slot.track.artist))
    heard = [f"{clock_time(entry.start_seconds)} {display_name(entry.slot)}" for entry in entries(plan)]
    return OutputTags(
        title=one_line(plan.title),
        artist=artists[0] if len(artists) == 1 else "Various Artists" if artists else None,
        comment=" / ".join(heard),
    )


def mix_chapters(plan: Plan) -> tuple[Chapter, ...]:
    """A chapter for each track, from where it takes over."""
    return tuple(Chapter(entry.start_seconds, display_name(entry.slot)) for entry in entries(plan))


def technique_name(transition: Transition) -> str:
    """`bass swap`, as one says it."""
    return transition.technique.replace("_", " ")


def _transition_lines(transition: Transition, clock: Clock) -> list[str]:
    start = clock.seconds(transition.start_beat)
    end = clock.seconds(transition.start_beat + transition.length_beats)
    stretches = [
        f"{who} {percent:+.1f} %"
        for who, percent in (
            ("outgoing", transition.outgoing_stretch_percent),
            ("incoming", transition.incoming_stretch_percent),
        )
        if abs(percent) >= 0.05
    ]
    what = f"{technique_name(transition)}, {transition.length_beats:g} beats at {transition.bpm:.2f} BPM"
    if stretches:
        what += f" ({', '.join(stretches)})"
    lines = [f"     ↓  {clock_time(start)}-{clock_time(end)}  {what}, score {transition.score.total:.0f}"]
    lines.extend(f"             · {one_line(reason)}" for reason in transition.reasons)
    return lines


def _tempo_range(tempos: list[float]) -> str:
    low, high = min(tempos), max(tempos)
    return f"{low:.0f}" if round(low) == round(high) else f"{low:.0f}-{high:.0f}"


def _quoted(text: str) -> str:
    """A CUE string; its double quotes become opening and closing ones in turn."""
    signs, opens = [], True
    for sign in one_line(text):
        if sign == '"':
            signs.append("“" if opens else "”")
            opens = not opens
        else:
            signs.append(sign)
    return '"' + "".join(signs) + '"'


def _cue_time(seconds: float) -> str:
    frames = int(seconds * CUE_FRAMES_PER_SECOND + 0.5)
    minutes, rest = divmod(frames, 60 * CUE_FRAMES_PER_SECOND)
    return f"{minutes:02d}:{rest // CUE_FRAMES_PER_SECOND:02d}:{rest % CUE_FRAMES_PER_SECOND:02d}"


def _playlist_path(whole: str) -> str:
    try:
        whole.encode("utf-8")
    except UnicodeEncodeError:
        return "file://" + quote(os.fsencode(whole))
    if one_line(whole) != whole:
        return "file://" + quote(whole)
    return whole


@dataclass(frozen=True)
class SheetPaths:
    """Where the files of a sheet lie."""

    plan: Path
    cue: Path
    playlist: Path
    track_list: Path
    picture: Path

    def all(self) -> tuple[Path, ...]:
        return (self.plan, self.cue, self.playlist, self.track_list, self.picture)


def sheet_paths(output: Path) -> SheetPaths:
    """`mix.flac` → `mix.plan.json`, `mix.cue`, `mix.m3u8`, `mix.tracklist.txt`, `mix.png`."""
    stem = output.with_suffix("") if output.suffix else output
    name = stem.name
    return SheetPaths(
        plan=stem.with_name(f"{name}.plan.json"),
        cue=stem.with_name(f"{name}.cue"),
        playlist=stem.with_name(f"{name}.m3u8"),
        track_list=stem.with_name(f"{name}.tracklist.txt"),
        picture=stem.with_name(f"{name}.png"),
    )
