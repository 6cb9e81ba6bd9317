"""The picture of a mix: the set at a glance.

From top to bottom, over one time axis: the tracks, each a bar from where it is first heard to where it is last heard,
with title, key and tempo, coloured by its place on the Camelot wheel (neighbours there are neighbours in colour); the
waveform of the mix as it was rendered, its colours the levels of lows, mids and highs on top of each other; transitions
as light columns, with technique and score; the energy that every track brings against the target.

Drawn with matplotlib's Agg canvas directly: no display, no global state, no pyplot. The levels were collected by the
master while it streamed (`band_levels`).
"""

import colorsys
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from notorious.planning.plan import Plan, Slot
from notorious.rendering.band_levels import BandLevels
from notorious.rendering.clock import Clock
from notorious.rendering.lettering import Fitter, drawable, installed_families
from notorious.rendering.sheet import clock_time, display_name, one_line, technique_name

WIDTH_INCHES, HEIGHT_INCHES, DPI = 16.0, 8.0, 150
LEFT, RIGHT = 0.035, 0.985
_BACKGROUND: Final = "#101218"
_PANEL: Final = "#171a22"
_INK: Final = "#e8eaf0"
_FAINT: Final = "#8b91a3"
_LOW, _MID, _HIGH = "#ff4f5e", "#ffb454", "#6fd3ff"
_TARGET, _REACHED = "#c9cfdd", "#7ee0a1"


def draw_picture(plan: Plan, levels: BandLevels, destination: Path) -> None:
    """Draw the mix that `levels` was collected from and save it as PNG, 2400 x 1200 pixels."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    style: Any = {"font.family": list(installed_families()), "text.parse_math": False, "axes.unicode_minus": True}
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(WIDTH_INCHES, HEIGHT_INCHES), dpi=DPI, facecolor=_BACKGROUND)
        FigureCanvasAgg(figure)
        fitter = Fitter(figure)
        duration = plan.clock[-1].seconds
        _heading(figure, fitter, plan)
        tracks = _panel(figure, 0.635, 0.225, duration)
        waveform = _panel(figure, 0.235, 0.375, duration)
        energy = _panel(figure, 0.06, 0.15, duration)
        _draw_tracks(tracks, fitter, plan)
        _draw_waveform(waveform, levels, duration)
        _draw_transitions(waveform, fitter, plan)
        _draw_energy(energy, plan)
        # Without the software's name and version: the same mix gives the same file.
        figure.savefig(destination, format="png", dpi=DPI, facecolor=_BACKGROUND, metadata={"Software": None})


def key_colour(camelot: str, *, lightness: float = 0.55) -> tuple[float, float, float]:
    """A hue for each of the twelve places of the wheel; minor keys (A) are a little darker than major ones (B)."""
    try:
        place = int(camelot[:-1]) % 12
    except ValueError:
        return (0.5, 0.5, 0.5)
    return colorsys.hls_to_rgb((place / 12 + 0.45) % 1.0, lightness - (0.06 if camelot.endswith("A") else 0.0), 0.55)


def _panel(figure: Any, bottom: float, height: float, duration: float) -> Any:
    axes = figure.add_axes((LEFT, bottom, RIGHT - LEFT, height), facecolor=_PANEL)
    axes.set_xlim(0, duration)
    axes.tick_params(colors=_FAINT, labelsize=8, length=0)
    axes.set_yticks([])
    for side in axes.spines.values():
        side.set_visible(False)
    step = tick_step(duration)
    ticks = np.arange(0, duration, step)
    axes.set_xticks(ticks, [""] * len(ticks))
    axes.grid(axis="x", color="#262a36", linewidth=0.8)
    axes.set_axisbelow(True)
    return axes


def tick_step(duration: float) -> float:
    """A round number of seconds that gives at most 16 ticks."""
    for step in (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600):
        if duration / step <= 16:
            return float(step)
    return float(7200 * np.ceil(duration / 7200 / 16))


def _heading(figure: Any, fitter: Fitter, plan: Plan) -> None:
    tempos = [slot.track.bpm for slot in plan.slots]
    low, high = round(min(tempos)), round(max(tempos))
    tempo = f"{low}" if low == high else f"{low}-{high}"
    facts = f"{clock_time(plan.clock[-1].seconds)}   ·   {len(plan.slots)} tracks   ·   {tempo} BPM"
    facts = facts.replace("1 tracks", "1 track") if len(plan.slots) == 1 else facts
    figure.text(RIGHT, 0.938, facts, color=_FAINT, fontsize=12, ha="right", va="center")
    room = (RIGHT - LEFT) * WIDTH_INCHES * DPI - fitter.width(facts, size=12) - 60
    title = fitter.fit(one_line(plan.title), room, size=19, weight="bold")
    figure.text(LEFT, 0.938, title, color=_INK, fontsize=19, fontweight="bold", ha="left", va="center")


def _draw_tracks(axes: Any, fitter: Fitter, plan: Plan) -> None:
    """Bars on two levels in turn, since neighbours overlap; a track's words stay inside its bar."""
    from matplotlib.patches import FancyBboxPatch

    clock = Clock(plan.clock)
    duration = plan.clock[-1].seconds
    pixels = (RIGHT - LEFT) * WIDTH_INCHES * DPI / duration
    axes.set_ylim(0, 2)
    axes.tick_params(labelbottom=False)
    for slot in plan.slots:
        start = max(0.0, clock.seconds(slot.mix_start_beat))
        end = min(duration, clock.seconds(slot.mix_end_beat))
        bottom = 1.06 if slot.index % 2 == 0 else 0.08
        colour = key_colour(slot.track.camelot)
        rounding = min(5 / pixels, (end - start) / 4)
        bar = FancyBboxPatch(
            (start + rounding, bottom + 0.03),
            max(end - start - 2 * rounding, 1e-3),
            0.80,
            boxstyle=f"round,pad=0,rounding_size={rounding}",
            mutation_aspect=0.05 * pixels / 10,
            facecolor=(*colour, 0.32),
            edgecolor=(*colour, 1.0),
            linewidth=1.2,
        )
        axes.add_patch(bar)
        _track_words(axes, fitter, slot, start, bottom, pixels * (end - start))


def _track_words(axes: Any, fitter: Fitter, slot: Slot, start: float, bottom: float, width_pixels: float) -> None:
    """Title (on two lines where one is too short), artist, key and tempo, as much as fits into the bar."""
    room = width_pixels - 22
    size = 10.0 if room > 190 else 8.5 if room > 110 else 7.0
    artist = one_line(slot.track.artist) if slot.track.artist else ""
    titles = _wrapped(fitter, one_line(slot.track.title) or display_name(slot), room, size)
    tempo = f"{slot.track.camelot}  {slot.track.bpm:.1f}"
    if fitter.width(f"{tempo} BPM", size=size - 0.5, weight="bold") <= room:
        tempo += " BPM"
    colour = key_colour(slot.track.camelot, lightness=0.75)
    lines = [(title, size, "bold", _INK) for title in titles] + [(artist, size - 1, "normal", _FAINT)]
    heights = (0.70, 0.52, 0.34) if len(titles) == 2 else (0.66, 0.43)
    for (text, points, weight, ink), height in zip(lines, heights, strict=True):
        _words(axes, fitter.fit(text, room, size=points, weight=weight), start, bottom + height, points, weight, ink)
    key = fitter.fit(tempo, room, size=size - 0.5, weight="bold")
    _words(axes, key, start, bottom + 0.16, size - 0.5, "bold", colour)


def _wrapped(fitter: Fitter, title: str, room: float, size: float) -> tuple[str, ...]:
    """The title as one line, or as two broken between words where that shows more of it."""
    title = drawable(title)
    if fitter.width(title, size=size, weight="bold") <= room:
        return (title,)
    words = title.split(" ")
    for count in range(len(words) - 1, 0, -1):
        line = " ".join(words[:count])
        if fitter.width(line, size=size, weight="bold") <= room:
            return (line, " ".join(words[count:]))
    return (title,)


def _words(axes: Any, text: str, start: float, height: float, points: float, weight: str, ink: Any) -> None:
    if text:
        axes.annotate(
            text,
            (start, height),
            xytext=(10 * 72 / DPI, 0),
            textcoords="offset points",
            color=ink,
            fontsize=points,
            fontweight=weight,
            va="center",
            ha="left",
        )


def _columns(values: NDArray[np.float32], count: int, *, loudest: bool) -> NDArray[np.float64]:
    """One value per column of the picture: the loudest of its rows, or their power mean."""
    edges = np.linspace(0, len(values), count + 1).astype(int)
    starts = np.minimum(edges[:-1], len(values) - 1)
    if loudest:
        return np.maximum.reduceat(values.astype(np.float64), starts)
    sums = np.add.reduceat(values.astype(np.float64) ** 2, starts)
    return np.sqrt(sums / np.maximum(1, np.diff(np.append(starts, len(values)))))


def _draw_waveform(axes: Any, levels: BandLevels, duration: float) -> None:
    """Three layers inside the outline of the peaks: lows from the middle line outwards, then mids, then highs.

    Each layer is as thick as its share of the amplitude, mids raised by 6 dB and highs by 12: music falls towards the
    highs by about as much, and the eye should find all three.
    """
    axes.set_ylim(-1.18, 1.08)
    axes.tick_params(labelbottom=False)
    if not len(levels.peak):
        return
    count = min(1800, len(levels.peak))
    times = (np.arange(count) + 0.5) / count * duration
    peak = _columns(levels.peak, count, loudest=True)
    low, mid, high = (
        weight * _columns(band, count, loudest=False)
        for weight, band in ((1.0, levels.low), (2.0, levels.mid), (4.0, levels.high))
    )
    body = _columns(np.sqrt(levels.low**2 + levels.mid**2 + levels.high**2), count, loudest=False)
    # The outline of peaks is a wall in mastered music; blended with the level, builds and breakdowns can be seen.
    outline = np.minimum(1.0, 0.45 * peak + 1.35 * body)
    whole = np.maximum(low + mid + high, 1e-9)
    inner, middle = outline * low / whole, outline * (low + mid) / whole
    for bottom, top, colour in ((np.zeros(count), inner, _LOW), (inner, middle, _MID), (middle, outline, _HIGH)):
        axes.fill_between(times, bottom, top, color=colour, linewidth=0, alpha=0.92)
        axes.fill_between(times, -bottom, -top, color=colour, linewidth=0, alpha=0.92)
    for place, (name, colour) in enumerate((("low", _LOW), ("mid", _MID), ("high", _HIGH))):
        axes.annotate(
            f"● {name}",
            (1.0, 1.0),
            xycoords="axes fraction",
            xytext=(-118 + 42 * place, 4),
            textcoords="offset points",
            color=colour,
            fontsize=8,
        )


def _draw_transitions(axes: Any, fitter: Fitter, plan: Plan) -> None:
    clock = Clock(plan.clock)
    duration = plan.clock[-1].seconds
    pixels = (RIGHT - LEFT) * WIDTH_INCHES * DPI / duration
    middles = [_middle_seconds(plan, clock, number) for number in range(len(plan.transitions))]
    room = min((later - before for before, later in pairwise(middles)), default=duration) * pixels - 8
    named = [f"{technique_name(transition)} {transition.score.total:.0f}" for transition in plan.transitions]
    widest = max((fitter.width(words, size=8.5) for words in named), default=0.0)
    size = 8.5 if widest <= room else 7.0
    for number, transition in enumerate(plan.transitions):
        start = clock.seconds(transition.start_beat)
        end = clock.seconds(transition.start_beat + transition.length_beats)
        shown_end = max(end, start + 3 / pixels)
        axes.axvspan(start, shown_end, color="white", alpha=0.13, linewidth=0)
        for edge in (start, shown_end):
            axes.axvline(edge, color="white", alpha=0.35, linewidth=0.7)
        text = named[number]
        if fitter.width(text, size=size) > room:
            text = fitter.fit(technique_name(transition), room, size=size)
        half = fitter.width(text, size=size) / 2 / pixels
        axes.text(
            min(max(middles[number], half), duration - half),
            -1.1,
            text,
            color=_INK,
            fontsize=size,
            ha="center",
            va="center",
        )


def _middle_seconds(plan: Plan, clock: Clock, number: int) -> float:
    transition = plan.transitions[number]
    start = clock.seconds(transition.start_beat)
    return (start + clock.seconds(transition.start_beat + transition.length_beats)) / 2


def _draw_energy(axes: Any, plan: Plan) -> None:
    from notorious.rendering.sheet import entries

    duration = plan.clock[-1].seconds
    axes.set_ylim(0, 1.12)
    listed = entries(plan)
    borders = [entry.start_seconds for entry in listed] + [duration]
    for number, entry in enumerate(listed):
        left, right = borders[number], borders[number + 1]
        reached = entry.slot.reached_energy
        axes.fill_between([left, right], 0, reached, color=_REACHED, alpha=0.22, linewidth=0)
        axes.plot([left, right], [reached, reached], color=_REACHED, linewidth=2.0, solid_capstyle="butt")
    if plan.energy_target:
        places = np.linspace(0, duration, len(plan.energy_target))
        axes.plot(places, plan.energy_target, color=_TARGET, linewidth=1.3, linestyle=(0, (4, 2)))
    step = tick_step(duration)
    ticks = np.arange(0, duration, step)
    axes.set_xticks(ticks, [drawable(clock_time(tick)) for tick in ticks])
    axes.set_yticks([0, 0.5, 1.0], ["0", "½", "1"])
    legend = (("energy reached", _REACHED, -218), ("target", _TARGET, -130))
    for words, colour, offset in legend:
        axes.annotate(
            f"● {words}",
            (1.0, 1.0),
            xycoords="axes fraction",
            xytext=(offset + 90, -9),
            textcoords="offset points",
            color=colour,
            fontsize=8,
            va="center",
        )
