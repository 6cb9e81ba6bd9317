"""The picture of one track: all that was heard in it, over one time axis, to be checked by eye.

From top to bottom: the sections with their confidence, and the cues; the waveform in three bands with bar numbers; keys
over time (the key of the whole, of intro and outro, changes of key) above the pitch classes that sound, in the order of
fifths, so that a key is seven neighbours; voices, where they were listened for; energy, with the loudness; how each
section's five bands stand against what is usual. At the bottom three close-ups of two bars each, where the track
begins, at its first drop and at its mix-out, with the beats as lines: a grid that is off by ten milliseconds is seen
there.

Drawn with matplotlib's Agg canvas directly, in the style of the picture of a set (`picture`).
"""

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from notorious.analysis.model import Analysis, Bands, Cue, Grid, HeardKey, Section, Track, Vocals
from notorious.analysis.mono import Mono
from notorious.rendering.lettering import Fitter, drawable, installed_families
from notorious.rendering.picture import key_colour, tick_step
from notorious.rendering.sheet import clock_time, one_line
from notorious.theory.keys import Key

WIDTH_INCHES, HEIGHT_INCHES, DPI = 16.0, 11.0, 150
LEFT, RIGHT = 0.062, 0.985
SECTION_COLOURS: Final = {
    "intro": "#5b8def",
    "verse": "#4bb3a4",
    "buildup": "#f0a63c",
    "drop": "#e8485a",
    "breakdown": "#9a6fe0",
    "outro": "#6d7891",
}
CUE_SIGNS: Final = {
    "first_beat": "first beat",
    "mix_in": "mix in",
    "drop": "drop",
    "breakdown": "break",
    "mix_out": "mix out",
}

_BACKGROUND: Final = "#101218"
_PANEL: Final = "#171a22"
_LINES: Final = "#262a36"
_INK: Final = "#e8eaf0"
_FAINT: Final = "#8b91a3"
_LOW, _MID, _HIGH = "#ff4f5e", "#ffb454", "#6fd3ff"
_ENERGY, _LOUDNESS, _VOICE = "#7ee0a1", "#c9cfdd", "#f57fd0"
_CLOSE_UP_BARS = 2
_BALANCE_RANGE_DB = 12.0


@dataclass(frozen=True)
class Sound:
    """What is drawn of the sound itself, beside what was heard in it.

    `mono` [shape=(n,)], float32, at `rate_hz`; `pitch_starts` [shape=(bars,)], seconds, and `pitch_classes`
    [shape=(bars, 12)], from C: how much each sounds from there to the next.
    """

    mono: Mono
    rate_hz: int
    pitch_starts: NDArray[np.float64]
    pitch_classes: NDArray[np.float64]


def draw_track_picture(track: Track, sound: Sound, destination: Path) -> None:
    """Draw what was heard in a track and save it as PNG, 2400 x 1650 pixels."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    style: Any = {"font.family": list(installed_families()), "text.parse_math": False, "axes.unicode_minus": True}
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(WIDTH_INCHES, HEIGHT_INCHES), dpi=DPI, facecolor=_BACKGROUND)
        FigureCanvasAgg(figure)
        fitter = Fitter(figure)
        heard = track.analysis
        _heading(figure, fitter, track)
        _draw_sections(_panel(figure, heard, 0.862, 0.050), fitter, heard)
        _draw_waveform(_panel(figure, heard, 0.675, 0.180), heard)
        _draw_keys(_panel(figure, heard, 0.500, 0.160, title="key"), fitter, heard, sound)
        if heard.vocals is not None:
            _draw_voices(_panel(figure, heard, 0.468, 0.024, title="voices"), heard, heard.vocals)
        _draw_energy(_panel(figure, heard, 0.365, 0.095, title="energy"), heard)
        _draw_balance(_panel(figure, heard, 0.262, 0.075, title="against\nusual"), heard)
        _draw_close_ups(figure, fitter, heard, sound)
        figure.savefig(destination, format="png", dpi=DPI, facecolor=_BACKGROUND, metadata={"Software": None})


def _panel(figure: Any, heard: Analysis, bottom: float, height: float, *, title: str = "") -> Any:
    """Axes over the whole time of the track, in seconds."""
    axes = figure.add_axes((LEFT, bottom, RIGHT - LEFT, height), facecolor=_PANEL)
    axes.set_xlim(0, heard.duration_seconds)
    _plain(axes)
    if title:
        figure.text(0.012, bottom + height / 2, title, color=_FAINT, fontsize=9, ha="left", va="center")
    return axes


def _plain(axes: Any) -> None:
    axes.tick_params(colors=_FAINT, labelsize=7.5, length=0, labelbottom=False)
    axes.set_yticks([])
    axes.set_xticks([])
    axes.set_axisbelow(True)
    for side in axes.spines.values():
        side.set_visible(False)


def _heading(figure: Any, fitter: Fitter, track: Track) -> None:
    heard = track.analysis
    loudness = heard.loudness
    tempo = f"{heard.tempo.bpm:.2f} BPM" + ("" if heard.tempo.steady else " (varies)")
    facts = [
        clock_time(heard.duration_seconds),
        f"{tempo}  {_percent(heard.tempo.confidence)}",
        _key_words(heard.key),
        f"energy {heard.energy.level:.1f}",
        f"{loudness.integrated_lufs:.1f} LUFS, {loudness.true_peak_dbtp:+.1f} dBTP",
    ]
    if loudness.dynamic_range_db is not None:
        facts.append(f"DR {loudness.dynamic_range_db:.0f}")
    for words, seconds in (("in", heard.audible.fade_in_seconds), ("out", heard.audible.fade_out_seconds)):
        if seconds:
            facts.append(f"fades {words} {seconds:.1f} s")
    name = one_line(f"{track.artist} - {track.title}" if track.artist else track.title)
    room = (RIGHT - LEFT) * WIDTH_INCHES * DPI
    figure.text(
        LEFT, 0.972, fitter.fit(name, room, size=17, weight="bold"), color=_INK, fontsize=17, fontweight="bold",
        va="center",
    )  # fmt: skip
    figure.text(LEFT, 0.945, drawable("   ·   ".join(facts)), color=_FAINT, fontsize=10.5, va="center")
    if heard.notes:
        notes = fitter.fit("; ".join(heard.notes), room / 2, size=9)
        figure.text(RIGHT, 0.972, notes, color=_MID, fontsize=9, ha="right", va="center")


def _key_words(key: HeardKey) -> str:
    words = f"{key.camelot} {key.name} {_percent(key.confidence)}"
    return (
        words if key.runner_up is None else f"{words} (or {key.runner_up.camelot} {_percent(key.runner_up.confidence)})"
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _pixels_a_second(heard: Analysis) -> float:
    return (RIGHT - LEFT) * WIDTH_INCHES * DPI / heard.duration_seconds


def _draw_sections(axes: Any, fitter: Fitter, heard: Analysis) -> None:
    """Sections as boxes, the surer the stronger; pre-drops and post-drops as lines under them; cues as flags above."""
    axes.set_ylim(0, 1)
    axes.set_facecolor(_BACKGROUND)
    scale = _pixels_a_second(heard)
    for section in heard.sections:
        sure = 0.6 if section.confidence is None else section.confidence
        colour = SECTION_COLOURS[section.kind]
        axes.axvspan(section.start, section.end, 0.0, 0.62, color=colour, alpha=0.18 + 0.55 * sure, linewidth=0)
        axes.axvline(section.start, 0.0, 0.62, color=_BACKGROUND, linewidth=2)
        room = (section.end - section.start) * scale - 12
        bars = (
            f"{section.bars:.0f}"
            if section.confidence is None
            else f"{section.bars:.0f} · {_percent(section.confidence)}"
        )
        middle = (section.start + section.end) / 2
        for words, height, size, weight in ((section.kind, 0.42, 9.5, "bold"), (bars, 0.17, 7.5, "normal")):
            shown = fitter.fit(words, room, size=size, weight=weight)
            axes.text(middle, height, shown, color=_INK, fontsize=size, fontweight=weight, ha="center", va="center")
    for zone in heard.zones:
        colour = SECTION_COLOURS["buildup" if zone.kind == "pre_drop" else "drop"]
        axes.axvspan(zone.start, zone.end, 0.0, 0.05, color=colour, linewidth=0)
    _draw_cues(axes, fitter, heard)


def _draw_cues(axes: Any, fitter: Fitter, heard: Analysis) -> None:
    scale = _pixels_a_second(heard)
    free_from = -1e9
    groups: dict[float, list[Cue]] = {}
    for cue in heard.cues:
        groups.setdefault(cue.time, []).append(cue)
    for time, cues in sorted(groups.items()):
        axes.axvline(time, 0.62, 0.98, color=_INK, linewidth=1.1)
        words = drawable(" + ".join(CUE_SIGNS[cue.kind] for cue in cues))
        width = fitter.width(words, size=7.5) + 8
        left = time * scale + 4
        is_at_the_edge = left + width > heard.duration_seconds * scale
        if is_at_the_edge:
            left = time * scale - width
        if left < free_from:
            continue
        free_from = left + width
        # Its own ground keeps the flagpole of a cue close by out of the words.
        ground = {"facecolor": _BACKGROUND, "edgecolor": "none", "pad": 1.5}
        axes.text(left / scale, 0.82, words, color=_INK, fontsize=7.5, ha="left", va="center", bbox=ground, zorder=3)


def waveform_rows(heard: Analysis) -> NDArray[np.float64]:
    """The waveform of an analysis as amplitudes from 0 to 1, shape (rows, 3): low, mid, high."""
    data = np.frombuffer(base64.b64decode(heard.waveform.data), np.uint8)
    rows: NDArray[np.float64] = data.reshape(-1, 3).astype(np.float64) / 255.0
    return rows


def _draw_waveform(axes: Any, heard: Analysis) -> None:
    """Three layers from the middle line outwards, each as thick as its amplitude, mids and highs raised as on the
    picture of a set; bar lines every eight bars, numbered, where there is room."""
    axes.set_ylim(-1.12, 1.06)
    rows = waveform_rows(heard)
    count = min(1800, len(rows))
    if count:
        edges = np.minimum(np.linspace(0, len(rows), count + 1).astype(int)[:-1], len(rows) - 1)
        low, mid, high = np.maximum.reduceat(rows, edges, axis=0).T * np.array([[1.0], [1.6], [2.4]])
        whole = low + mid + high
        usual = max(float(np.quantile(whole, 0.98)), 1e-6)
        times = (np.arange(count) + 0.5) / count * len(rows) * heard.waveform.hop_seconds
        inner, middle, outer = (np.minimum(layer / usual, 1.04) for layer in (low, low + mid, whole))
        for bottom, top, colour in ((np.zeros(count), inner, _LOW), (inner, middle, _MID), (middle, outer, _HIGH)):
            axes.fill_between(times, bottom, top, color=colour, linewidth=0, alpha=0.92)
            axes.fill_between(times, -bottom, -top, color=colour, linewidth=0, alpha=0.92)
    _draw_bars(axes, heard)
    for section in heard.sections[1:]:
        axes.axvline(section.start, color=_INK, linewidth=0.9, alpha=0.75)
    for place, (name, colour) in enumerate((("low", _LOW), ("mid", _MID), ("high", _HIGH))):
        axes.annotate(
            f"● {name}", (-0.052, 0.62 - 0.11 * place), xycoords="axes fraction", color=colour, fontsize=8, va="center",
            annotation_clip=False,
        )  # fmt: skip
    ticks = np.arange(0, heard.duration_seconds, tick_step(heard.duration_seconds))
    axes.tick_params(labelbottom=True)
    axes.set_xticks(ticks, [drawable(clock_time(tick)) for tick in ticks])


def _draw_bars(axes: Any, heard: Analysis) -> None:
    """A ruler along the bottom: a tick a bar, a longer one every four, a number every eight or sixteen."""
    downbeats = np.array(heard.grid.downbeats())
    if not len(downbeats):
        return
    pixels = _pixels_a_second(heard) * heard.grid.beat_length_seconds * heard.grid.beats_per_bar
    step = next((bars for bars in (8, 16, 32, 64) if bars * pixels > 34), 128)
    for bar, time in enumerate(downbeats):
        if bar % step == 0:
            axes.text(time, -1.10, f" {bar + 1}", color=_FAINT, fontsize=6.5, ha="left", va="bottom")
        height = 0.06 if bar % 8 == 0 else 0.035 if bar % 4 == 0 else 0.018
        if pixels > 3 or bar % 4 == 0:
            axes.axvline(time, 0.0, height, color=_FAINT, linewidth=0.8 if bar % 4 == 0 else 0.5)


def _draw_keys(axes: Any, fitter: Fitter, heard: Analysis, sound: Sound) -> None:
    """Pitch classes bar by bar, in fifths around the tonic; above them the keys, coloured as on the wheel."""
    key = heard.key
    home = Key.parse(key.camelot)
    # On the line of fifths a key is seven neighbours: for major one lies below the tonic, for minor four.
    below = 1 if home.mode == "major" else 4
    order = [(home.tonic + 7 * (place - 2 - below)) % 12 for place in range(12)]
    axes.set_ylim(-0.5, 14.2)
    if len(sound.pitch_classes):
        rows = sound.pitch_classes[:, order]
        peak = np.maximum(rows.max(axis=1, keepdims=True), 0.15 * np.quantile(rows.max(axis=1), 0.9) + 1e-12)
        edges = np.append(sound.pitch_starts, max(heard.duration_seconds, float(sound.pitch_starts[-1]) + 1e-3))
        axes.pcolormesh(edges, np.arange(13) - 0.5, (rows / peak).T, cmap=_pitch_colours(), vmin=0, vmax=1)
    axes.axhspan(11.5, 14.2, color=_BACKGROUND, linewidth=0)
    for line in (1.5, 8.5):
        axes.axhline(line, color=_INK, linewidth=0.6, alpha=0.5, linestyle=(0, (4, 3)))
    names = [Key(pitch, "major").tonic_name for pitch in order]
    axes.set_yticks(range(12), [drawable(name) for name in names])
    axes.tick_params(axis="y", labelsize=6.5, pad=2)
    places: list[tuple[float, float, HeardKey]] = []
    places += [(part.start, part.end, part) for part in (key.intro, key.outro) if part is not None]
    left = key.intro.end if key.intro is not None else heard.audible.start
    right = key.outro.start if key.outro is not None else heard.audible.end
    if right > left:
        places.append((left, right, key))
    places += [(part.start, part.end, part) for part in key.modulations]
    scale = _pixels_a_second(heard)
    for start, end, part in places:
        colour = key_colour(part.camelot)
        axes.fill_between([start, end], 11.9, 14.0, color=_BACKGROUND, linewidth=0)
        axes.fill_between([start, end], 11.9, 14.0, color=colour, alpha=0.25 + 0.6 * part.confidence, linewidth=0)
        words = f"{part.camelot} {part.name} {_percent(part.confidence)}"
        room = (end - start) * scale - 10
        shown = words if fitter.width(words, size=8) <= room else fitter.fit(part.camelot, room, size=8, least=1)
        axes.text((start + end) / 2, 12.9, shown, color=_INK, fontsize=8, ha="center", va="center")


def _pitch_colours() -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("pitch", [_PANEL, "#2c4a63", "#5cb6d8", "#f3f6d8"])


def _draw_voices(axes: Any, heard: Analysis, voices: Vocals) -> None:
    axes.set_ylim(0, 1)
    downbeats = [*heard.grid.downbeats(), heard.audible.end]
    for start, end, share in zip(downbeats, downbeats[1:], voices.per_bar, strict=False):
        axes.fill_between([start, end], 0, share, color=_VOICE, alpha=0.35, linewidth=0)
    for start, end in voices.regions:
        axes.fill_between([start, end], 0, 1, color=_VOICE, alpha=0.5, linewidth=0)


def _draw_energy(axes: Any, heard: Analysis) -> None:
    axes.set_ylim(0, 1.08)
    curve = np.array(heard.energy.curve)
    times = (np.arange(len(curve)) + 0.5) * heard.energy.hop_seconds
    axes.fill_between(times, 0, curve, color=_ENERGY, alpha=0.28, linewidth=0)
    axes.plot(times, curve, color=_ENERGY, linewidth=1.3)
    for section in heard.sections:
        axes.plot([section.start, section.end], [section.energy] * 2, color=_INK, linewidth=1.6, alpha=0.8)
    loudness = np.array(heard.loudness.short_term)
    seconds = np.arange(len(loudness)) * heard.loudness.hop_seconds
    axes.plot(seconds, np.clip(1.0 + (loudness - loudness.max(initial=-70.0)) / 30.0, 0, None), color=_LOUDNESS,
              linewidth=0.9, alpha=0.6, linestyle=(0, (3, 2)))  # fmt: skip
    axes.set_yticks([0, 0.5, 1.0], ["0", "½", "1"])
    legend = (("energy", _ENERGY, 0.775), ("of the section", _INK, 0.825), ("loudness over 30 dB", _LOUDNESS, 0.905))
    for name, colour, place in legend:
        axes.annotate(f"● {name}", (place, -0.06), xycoords="axes fraction", color=colour, fontsize=7.5, va="top")


def _draw_balance(axes: Any, heard: Analysis) -> None:
    """Five bands a section, from low (bottom) to air: red above what is usual where music is full, blue below."""
    from matplotlib.colors import LinearSegmentedColormap

    colours = LinearSegmentedColormap.from_list("balance", ["#1c3f78", _PANEL, "#c8404f"])
    axes.set_ylim(0, 5)
    scale = _pixels_a_second(heard)
    for section in heard.sections:
        if section.balance is None:
            continue
        for place, level in enumerate(_levels(section.balance)):
            colour = colours(0.5 + 0.5 * float(np.clip(level / _BALANCE_RANGE_DB, -1, 1)))
            axes.fill_between([section.start, section.end], place, place + 1, color=colour, linewidth=0)
            if (section.end - section.start) * scale > 40:
                middle = (section.start + section.end) / 2
                axes.text(middle, place + 0.48, f"{level:+.0f}", color=_INK, fontsize=6.5, ha="center", va="center")
        axes.axvline(section.start, color=_BACKGROUND, linewidth=2)
    axes.set_yticks([0.5, 1.5, 2.5, 3.5, 4.5], ["low", "low mid", "mid", "high", "air"])
    axes.tick_params(axis="y", labelsize=6.5, pad=2)


def _levels(bands: Bands) -> tuple[float, float, float, float, float]:
    return bands.low, bands.low_mid, bands.mid, bands.high, bands.air


def _draw_close_ups(figure: Any, fitter: Fitter, heard: Analysis, sound: Sound) -> None:
    """Two bars, sample by sample, at up to three places, with every beat a line and every downbeat a strong one."""
    places = close_up_places(heard)
    gap = 0.018
    width = (RIGHT - LEFT - gap * (len(places) - 1)) / len(places)
    for number, (words, start) in enumerate(places):
        left = LEFT + number * (width + gap)
        axes = figure.add_axes((left, 0.045, width, 0.155), facecolor=_PANEL)
        _plain(axes)
        grid = heard.grid
        first = grid.beat(start)
        lead = 0.25
        begin, end = grid.seconds(first - lead), grid.seconds(first + _CLOSE_UP_BARS * grid.beats_per_bar + lead)
        axes.set_xlim(begin, end)
        _draw_samples(axes, sound, begin, end)
        _draw_beats(axes, grid, begin, end)
        head = fitter.fit(f"{words}, {clock_time(start)}: two bars", width * WIDTH_INCHES * DPI, size=9)
        figure.text(left, 0.214, head, color=_INK, fontsize=9, va="center")


def close_up_places(heard: Analysis) -> list[tuple[str, float]]:
    """Where to look closely, in order: the first beat, the first drop (or the fullest section), the mix-out."""
    cues = {cue.kind: cue.time for cue in reversed(heard.cues)}
    fullest = max(heard.sections, key=lambda section: section.energy, default=None)
    places = [("first beat", cues.get("first_beat", heard.grid.seconds(heard.grid.first_downbeat)))]
    if "drop" in cues:
        places.append(("drop", cues["drop"]))
    elif fullest is not None:
        places.append((f"fullest {fullest.kind}", _line_after(heard.grid, fullest)))
    if "mix_out" in cues:
        places.append(("mix out", cues["mix_out"]))
    return places


def _line_after(grid: Grid, section: Section) -> float:
    bar = np.ceil((grid.beat(section.start) - grid.first_downbeat) / grid.beats_per_bar - 1e-6)
    return grid.seconds(grid.first_downbeat + float(bar) * grid.beats_per_bar)


def _draw_samples(axes: Any, sound: Sound, begin: float, end: float) -> None:
    """The outline of the samples, about two columns a pixel."""
    first, last = max(0, int(begin * sound.rate_hz)), min(len(sound.mono), int(end * sound.rate_hz))
    piece = sound.mono[first:last]
    if len(piece) < 2:
        return
    step = max(1, len(piece) // 1400)
    rows = piece[: len(piece) // step * step].reshape(-1, step)
    peak = max(float(np.abs(piece).max()), 1e-4)
    times = (first + (np.arange(len(rows)) + 0.5) * step) / sound.rate_hz
    axes.set_ylim(-1.06, 1.06)
    axes.fill_between(times, rows.min(axis=1) / peak, rows.max(axis=1) / peak, color=_HIGH, alpha=0.85, linewidth=0.3)


def _draw_beats(axes: Any, grid: Grid, begin: float, end: float) -> None:
    number = int(np.ceil(grid.beat(begin)))
    while (time := grid.seconds(number)) <= end:
        is_downbeat = (number - grid.first_downbeat) % grid.beats_per_bar == 0
        axes.axvline(time, color=_INK, linewidth=1.5 if is_downbeat else 0.8, alpha=0.95 if is_downbeat else 0.6)
        if is_downbeat and time < begin + 0.9 * (end - begin):
            bar = (number - grid.first_downbeat) // grid.beats_per_bar + 1
            axes.annotate(
                f"bar {bar}", (time, -0.02), xycoords=("data", "axes fraction"), xytext=(2, 0),
                textcoords="offset points", color=_FAINT, fontsize=7.5, va="top", annotation_clip=False,
            )  # fmt: skip
        number += 1
