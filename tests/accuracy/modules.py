"""Tracker modules as music of known truth: rendered to audio, with the times of their rows read from the player.

    python tests/accuracy/modules.py FOLDER OUT [--tempo KIND] [--seed N]        then: make accuracy DATA=OUT

A module (.mod, .xm, .it, .s3m, .mtm) is its own score: which row sounds at which sample the player knows exactly.
Taken is the longest stretch of up to two minutes in which all rows are equally long (at least 45 s), its truth a
straight line through the starts of the rows. Four rows are a beat by the custom of trackers; six are where the score
itself counts in threes: most rows stand in patterns that are played for 48 or 96 rows, say, and notes come back after
six rows rather than four and after twelve rather than sixteen. Where the beat lies outside of 70 to 180 BPM, twice or
half as many rows are one. Half and double tempo are listed as other levels, since how many rows a composer counts is
not written down, and neither are bars: four beats are one where all patterns are whole ones. A pattern is a phrase, and
where two are played by other instruments than the two before, the arrangement changes (`phrases`).

With `--tempo` the same stretch is played again with a tempo that changes (`tempos.py`); its truth is then each beat.

Needs libopenmpt (BSD) on the machine: `apt-get install libopenmpt0`, `brew install libopenmpt`.
"""

import argparse
import ctypes
import ctypes.util
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent))

from tempos import KINDS, paces

RATE_HZ = 44100
STEP_FRAMES = 32
"""How exactly a row's start is seen (0.7 ms); the line through hundreds of them is far more exact."""
LONGEST_SECONDS, SHORTEST_SECONDS = 120.0, 45.0
MOST_SECONDS = 600.0
LARGEST_RESIDUAL_SECONDS = 0.002
OTHER_NOTES = 0.5
"""Where this share of the notes of two patterns, or of those of the two before, has none of the same instrument in the
others, the arrangement changes."""
HIGHEST_NOTE = 120
"""Of the player's note numbers; what lies above ends or fades a note."""
ENDINGS = (".mod", ".xm", ".it", ".s3m", ".mtm")


@dataclass(frozen=True)
class Row:
    """A row as it began to sound: its second, its place, how many rows its pattern has, which channels begin a note,
    and by which instruments (0: the one that the channel had)."""

    seconds: float
    order: int
    row: int
    pattern_rows: int
    notes: tuple[bool, ...] = ()
    instruments: tuple[int, ...] = ()


def rendered(path: Path, paces: NDArray[np.float64] | None = None) -> tuple[NDArray[np.float32], list[Row]]:
    """A module as audio [shape=(n, 2)], float32 at 44,100 Hz, and its rows in the order in which they sounded.

    paces: how many times as fast as written each row is played [shape=(rows,)], those after them as written."""
    library = _library()
    data = path.read_bytes()
    module = library.openmpt_module_create_from_memory2(data, len(data), None, None, None, None, None, None, None)
    if not module:
        raise ValueError(f"{path} is no module that libopenmpt can read")
    try:
        library.openmpt_module_set_repeat_count(module, 0)
        buffer = (ctypes.c_float * (2 * STEP_FRAMES))()
        channels = library.openmpt_module_get_num_channels(module)
        blocks: list[NDArray[np.float32]] = []
        rows: list[Row] = []
        frames, place = 0, (-1, -1)
        while frames < MOST_SECONDS * RATE_HZ:
            count = library.openmpt_module_read_interleaved_float_stereo(module, RATE_HZ, STEP_FRAMES, buffer)
            if not count:
                break
            now = (
                library.openmpt_module_get_current_order(module),
                library.openmpt_module_get_current_row(module),
            )
            if now != place:
                place = now
                if paces is not None:
                    pace = float(paces[len(rows)]) if len(rows) < len(paces) else 1.0
                    library.openmpt_module_ctl_set_floatingpoint(module, b"play.tempo_factor", pace)
                pattern = library.openmpt_module_get_current_pattern(module)
                length = library.openmpt_module_get_pattern_num_rows(module, pattern)
                command = library.openmpt_module_get_pattern_row_channel_command
                notes = tuple(
                    0 < command(module, pattern, now[1], channel, 0) <= HIGHEST_NOTE for channel in range(channels)
                )
                played_by = tuple(
                    command(module, pattern, now[1], channel, 1) for channel in range(channels) if notes[channel]
                )
                rows.append(Row(frames / RATE_HZ, *now, length, notes, played_by))
            blocks.append(np.array(buffer[: 2 * count], np.float32).reshape(-1, 2))
            frames += count
        return np.concatenate(blocks), rows
    finally:
        library.openmpt_module_destroy(module)


def steady_stretch(rows: list[Row]) -> tuple[int, int]:
    """The longest run of rows (first, last) that are equally long."""
    starts = np.array([row.seconds for row in rows])
    lengths = np.diff(starts)
    best = (0, 0)
    first = 0
    while first < len(lengths):
        usual = float(np.median(lengths[first : first + 16]))
        last = first
        while last < len(lengths) and abs(lengths[last] - usual) <= 2.5 * STEP_FRAMES / RATE_HZ:
            last += 1
        if starts[last] - starts[first] > starts[best[1]] - starts[best[0]]:
            best = (first, last)
        first = max(last, first + 1)
    return best


def counts_in_threes(rows: list[Row]) -> bool:
    """Whether the score, not its sound, groups rows by three: by how many rows of each pattern are played, since many
    are left before their end, and by its notes."""
    played = [len(list(group)) for _, group in groupby(rows, key=lambda row: row.order)]
    whole = played[1:-1] or played  # the stretch may begin and end inside a pattern
    if sum(length for length in whole if length % 3 == 0) < 0.5 * sum(whole):
        return False
    notes = np.array([row.notes for row in rows], dtype=np.float64)
    notes -= notes.mean(axis=0)
    back = {lag: float((notes[:-lag] * notes[lag:]).sum()) for lag in (4, 6, 12, 16)}
    return back[6] > back[4] and back[12] > back[16]


def phrases(rows: list[Row]) -> tuple[list[int], list[int]]:
    """The rows at which a pattern begins, but for the first, and those of them at which the arrangement changes, and
    does so for longer than one pattern: the two before are held against the two after."""
    plays = [list(group) for _, group in groupby(enumerate(rows), key=lambda numbered: numbered[1].order)]
    played = [Counter(by for _, row in play for by in row.instruments) for play in plays]
    starts = [play[0][0] for play in plays]
    changes = []
    for number in range(2, len(plays) - 1):
        before, after = (played[first] + played[first + 1] for first in (number - 2, number))
        if (before & after).total() <= (1 - OTHER_NOTES) * max(before.total(), after.total(), 1):
            changes.append(starts[number])
    return starts[1:], changes


def truth_of(rows: list[Row]) -> dict[str, object] | None:
    """What is known of a steady stretch, in seconds from its first row; None where its rows do not lie on a line."""
    starts = np.array([row.seconds for row in rows]) - rows[0].seconds
    number = np.arange(len(rows))
    period, offset = np.polyfit(number, starts, 1)
    # A row is seen at the end of the step in which it begins: on average half a step late.
    offset -= 0.5 * STEP_FRAMES / RATE_HZ
    if np.abs(starts - np.polyval((period, offset), number)).max() > LARGEST_RESIDUAL_SECONDS:
        return None
    counts = (6, 3, 12) if counts_in_threes(rows) else (4, 2, 8, 1, 16)
    rows_a_beat = next((count for count in counts if 70 <= 60 / (period * count) <= 180), None)
    if rows_a_beat is None:
        return None
    bpm = 60 / (period * rows_a_beat)
    beats = [index for index, row in enumerate(rows) if row.row % rows_a_beat == 0]
    straight = bool(beats) and bool((np.diff(beats) == rows_a_beat).all())
    bar = 4 * rows_a_beat
    whole_bars = straight and all(row.pattern_rows % bar == 0 for row in rows)
    bars = [index for index, row in enumerate(rows) if row.row % bar == 0]
    whole_bars = whole_bars and bool((np.diff(bars) == bar).all())
    begun, changed = phrases(rows)
    return {
        "tempo_bpm": bpm,
        "tempo_alternatives": [2 * bpm, bpm / 2],
        "rows_a_beat": rows_a_beat,
        "beats_known": straight,
        "first_beat_s": offset + period * beats[0] if straight else None,
        "beats_per_bar": 4 if whole_bars else None,
        "first_downbeat_s": offset + period * bars[0] if whole_bars else None,
        "phrase_starts": [offset + period * index for index in begun] if whole_bars else None,
        "arrangement_changes": [offset + period * index for index in changed] if whole_bars else None,
        "key": None,
        "vocals": None,
    }


def made(folder: Path, out: Path, kind: str | None = None, seed: int = 0) -> Iterator[dict[str, object]]:
    """Audio and truth of every module in a folder that has a steady stretch; the same file is taken once.

    kind: of `tempos.KINDS`: the stretch is played with that tempo, drawn anew for each file from the seed."""
    out.mkdir(parents=True, exist_ok=True)
    seen: set[str] = set()
    for path in sorted(folder.rglob("*")):
        digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        if path.suffix.lower() not in ENDINGS or digest in seen:
            continue
        seen.add(digest)
        try:
            audio, rows = rendered(path)
        except ValueError as error:
            print(error, file=sys.stderr)
            continue
        first, last = steady_stretch(rows) if len(rows) > 32 else (0, 0)
        stop = min(rows[last].seconds if rows else 0.0, rows[first].seconds + LONGEST_SECONDS if rows else 0.0)
        if not rows or stop - rows[first].seconds < SHORTEST_SECONDS:
            print(f"{path.name}: no steady stretch of {SHORTEST_SECONDS:.0f} s", file=sys.stderr)
            continue
        stretch = [row for row in rows[first:last] if row.seconds < stop]
        known = truth_of(stretch)
        if known is not None and kind is not None:
            if not known["beats_known"]:
                print(f"{path.name}: its beats are not known", file=sys.stderr)
                continue
            rng = np.random.default_rng([seed, int(digest[:8], 16)])
            written = float(np.median(np.diff([row.seconds for row in stretch])))
            played = paces(kind, len(stretch), int(str(known["rows_a_beat"])), written, rng)
            audio, rows = rendered(path, np.concatenate([np.ones(first), played]))
            stop = rows[first + len(stretch)].seconds if first + len(stretch) < len(rows) else len(audio) / RATE_HZ
            known = truth_as_played(rows[first : first + len(stretch)], known)
        piece = audio[round(rows[first].seconds * RATE_HZ) : round(stop * RATE_HZ)]
        peak = float(np.abs(piece).max())
        if known is None or peak < 0.01:
            print(f"{path.name}: its rows lie on no line, or it is silent", file=sys.stderr)
            continue
        name = f"{path.parent.name}-{path.stem}{path.suffix}.flac".replace(" ", "_")
        soundfile.write(out / name, piece * (0.9 / peak), RATE_HZ, subtype="PCM_16")
        yield {"file": name, "duration": len(piece) / RATE_HZ, **known}


def truth_as_played(rows: list[Row], written: dict[str, object]) -> dict[str, object]:
    """The truth of a stretch played with a changing tempo, from that of the same stretch as written: each beat."""
    starts = np.array([row.seconds for row in rows]) - rows[0].seconds - 0.5 * STEP_FRAMES / RATE_HZ
    beat = int(str(written["rows_a_beat"]))
    bar = beat * int(str(written["beats_per_bar"])) if written["beats_per_bar"] else None
    return {
        "tempo_steady": False,
        "beats": [float(start) for start, row in zip(starts, rows, strict=True) if row.row % beat == 0],
        "downbeats": [float(start) for start, row in zip(starts, rows, strict=True) if bar and row.row % bar == 0],
        "key": None,
        "vocals": None,
    }


def _library() -> ctypes.CDLL:
    found = ctypes.util.find_library("openmpt")
    if found is None:
        raise SystemExit("libopenmpt is not installed: apt-get install libopenmpt0, or brew install libopenmpt")
    library = ctypes.CDLL(found)
    module = ctypes.c_void_p
    library.openmpt_module_create_from_memory2.restype = module
    library.openmpt_module_create_from_memory2.argtypes = [ctypes.c_char_p, ctypes.c_size_t, *[ctypes.c_void_p] * 7]
    library.openmpt_module_read_interleaved_float_stereo.restype = ctypes.c_size_t
    library.openmpt_module_read_interleaved_float_stereo.argtypes = [
        module, ctypes.c_int32, ctypes.c_size_t, ctypes.POINTER(ctypes.c_float),
    ]  # fmt: skip
    for name in ("current_order", "current_row", "current_pattern"):
        getattr(library, f"openmpt_module_get_{name}").argtypes = [module]
    library.openmpt_module_ctl_set_floatingpoint.argtypes = [module, ctypes.c_char_p, ctypes.c_double]
    library.openmpt_module_get_num_channels.argtypes = [module]
    library.openmpt_module_get_pattern_row_channel_command.restype = ctypes.c_uint8
    library.openmpt_module_get_pattern_row_channel_command.argtypes = [module, *[ctypes.c_int32] * 4]
    library.openmpt_module_get_pattern_num_rows.argtypes = [module, ctypes.c_int32]
    library.openmpt_module_set_repeat_count.argtypes = [module, ctypes.c_int32]
    library.openmpt_module_destroy.argtypes = [module]
    library.openmpt_module_destroy.restype = None
    return library


def main() -> None:
    arguments = argparse.ArgumentParser(description="Tracker modules as music of known truth.")
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("out", type=Path)
    arguments.add_argument("--tempo", choices=KINDS, help="play with a tempo that changes; without it as written")
    arguments.add_argument("--seed", type=int, default=0, help="draws the changes of tempo")
    given = arguments.parse_args()
    lines = list(made(given.folder, given.out, given.tempo, given.seed))
    (given.out / "truth.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    print(f"{len(lines)} pieces in {given.out}")


if __name__ == "__main__":
    main()
