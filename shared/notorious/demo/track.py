"""From a recipe to sound: every layer is placed on the timeline, mixed to four stems, and mastered.

The stems are rounded to 16 bits one by one and the track is the sum of the rounded stems, so that they sum to it
exactly. The master is one gain curve for all of them (a level and a peak limiter), which keeps it linear in the stems.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from notorious.demo import drums
from notorious.demo.arrangement import Arrangement, Passage, arrange
from notorious.demo.composition import Note
from notorious.demo.effects import SWEEP_HOP, add_convolved, ducking, filtered, room, saturate, sweep
from notorious.demo.gestures import GestureSounds
from notorious.demo.grooves import bar_of_hits, fill, roll
from notorious.demo.instruments import PATCHES
from notorious.demo.master import limiter_points, measured, quantised
from notorious.demo.mixer import (
    BUSES,
    PATCH_LEVELS,
    REVERB_SECONDS,
    STEMS,
    STRIPS,
    Bus,
    Stem,
    Strip,
    layer_gain,
    stem_of,
)
from notorious.demo.oscillators import SAMPLE_RATE_HZ, Signal
from notorious.demo.recipe import Recipe
from notorious.demo.timeline import Timeline, place
from notorious.demo.voice import sung_note

CEILING = 0.92
"""Highest sample, -0.72 dBFS: leaves half a dB for what lies between the samples and for rounding."""
TAIL_SECONDS = 2.5
DRUM_DRIVE = 1.15
FILL_LAYERS = ("open_hat", "ride", "rim", "shaker")
"""What rests while a fill plays."""

Samples = NDArray[np.int16]


@dataclass(frozen=True)
class Rendered:
    """A mastered track, `int16 [shape=(n, 2)]`, and its stems, which sum to it sample by sample."""

    track: Samples
    stems: dict[Stem, Samples]
    timeline: Timeline
    arrangement: Arrangement
    layers: dict[Stem, tuple[str, ...]]
    vocal_regions: tuple[tuple[float, float], ...]


class Studio:
    """Renders the layers of one recipe. Everything that is used more than once is made once."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.timeline = Timeline(recipe.bpm, recipe.lead_in_seconds)
        self.arrangement: Arrangement = arrange(
            recipe.genre, recipe.form, recipe.random("arrangement"), sings=recipe.sings, shorten=recipe.shorten
        )
        end = self.timeline.sample(self.arrangement.bars * 4)
        self.length = end + int(TAIL_SECONDS * SAMPLE_RATE_HZ)
        self.score = recipe.score()
        self._notes: dict[tuple[int, int], tuple[Signal, Signal]] = {}

    # --- what drums and effects share -------------------------------------------------------------------------------

    @cached_property
    def kit(self) -> dict[str, Signal]:
        """One hit of every drum."""
        recipe = self.recipe
        rng = recipe.random("kit")
        breaks = recipe.genre == "drum and bass"
        full = drums.kick(recipe.kick_shape(), recipe.random("kick noise"))
        return {
            "kick": full,
            "thin_kick": drums.thin_kick(full),
            "snare": drums.snare(
                rng,
                tone_hz=(215.0 if breaks else 185.0) * float(rng.uniform(0.95, 1.08)),
                seconds=0.24 if breaks else 0.18,
                crack=1.0 if breaks else 0.7,
            ),
            "clap": drums.clap(rng, seconds=float(rng.uniform(0.18, 0.3))),
            "closed_hat": drums.hat(rng, seconds=float(rng.uniform(0.045, 0.07)), noise=float(rng.uniform(0.4, 0.8))),
            "open_hat": drums.hat(rng, seconds=float(rng.uniform(0.22, 0.34)), noise=float(rng.uniform(0.4, 0.8))),
            "shaker": drums.shaker(rng),
            "ride": drums.ride(rng),
            "rim": drums.rim(rng, tone_hz=float(rng.uniform(1500, 1900))),
            "tom": drums.tom(recipe.key.hertz(36 + recipe.key.tonic), rng),
            "crash": drums.crash(rng),
        }

    @cached_property
    def kick_beats(self) -> tuple[tuple[float, float, bool], ...]:
        """All kicks as (beat, velocity, is the full kick); a buildup thins them and leaves its last bar empty."""
        rng = self.recipe.random("unused by kicks")
        out: list[tuple[float, float, bool]] = []
        for passage in self.arrangement.passages_of("kick"):
            for bar in range(passage.start_bar, passage.end_bar):
                if passage.kind == "buildup" and bar == passage.end_bar - 1:
                    continue
                for hit in bar_of_hits(self.recipe.groove, "kick", bar, rng):
                    out.append((hit.beat, hit.velocity * passage.level, passage.kind != "buildup"))
        return tuple(out)

    @cached_property
    def full_kicks(self) -> NDArray[np.int64]:
        """Sample positions of the kicks that pump."""
        return np.array([self.timeline.sample(beat) for beat, _, full in self.kick_beats if full], dtype=np.int64)

    def ducked(self, depth: float) -> Signal:
        """The sidechain's gain at a depth."""
        recovery = min(0.30, 0.62 * 60.0 / self.recipe.bpm)
        return ducking(self.length, self.full_kicks, depth=depth, recovery_seconds=recovery)

    # --- layers ------------------------------------------------------------------------------------------------------

    def add_layer(self, out: Signal, name: str) -> None:
        """Adds one layer to its bus, stereo, at its level."""
        gain = layer_gain(name, self.recipe.genre)
        if name == "kick":
            self._kick(out, gain)
        elif name == "rumble":
            self._rumble(out, gain)
        elif name in ("cymbals", "effects"):
            sounds = GestureSounds(self.recipe, self.timeline, self.arrangement, self.kit["crash"])
            (sounds.add_cymbals if name == "cymbals" else sounds.add_effects)(out, gain)
        elif name == "voice":
            self._voice(out, gain)
        elif name in self.score:
            self._melodic(out, name, gain)
        else:
            self._drum(out, name, gain)

    def _kick(self, out: Signal, gain: float) -> None:
        for beat, velocity, full in self.kick_beats:
            place(out, self.timeline.sample(beat), self.kit["kick" if full else "thin_kick"], gain * velocity)

    def _rumble(self, out: Signal, gain: float) -> None:
        """The kick's own dark echo, as techno has it: the kick through a low, short room."""
        if not self.arrangement.passages_of("rumble"):
            return
        response = room(0.55, rng=self.recipe.random("rumble"), pre_delay_seconds=0.09, damping_hz=200.0)
        tail = np.zeros((2, self.kit["kick"].size + response.shape[1]), dtype=np.float32)
        add_convolved(tail, self.kit["kick"], response)
        tail = filtered(tail, "lowpass", 130.0, order=3)
        tail /= np.max(np.abs(tail))
        tail[1] = tail[0]
        for passage in self.arrangement.passages_of("rumble"):
            for beat in range(passage.start_bar * 4, passage.end_bar * 4):
                place(out, self.timeline.sample(beat), tail, gain * passage.level)

    def _drum(self, out: Signal, name: str, gain: float) -> None:
        pan = STRIPS[name].pan
        rng = self.recipe.random(name)
        fills = {gesture.bar for gesture in self.arrangement.gestures if gesture.kind == "fill"}
        for passage in self.arrangement.passages_of(name):
            for bar in range(passage.start_bar, passage.end_bar):
                for hit in bar_of_hits(self.recipe.groove, name, bar, rng):
                    if bar in fills and name in FILL_LAYERS and hit.beat - bar * 4 >= 2:
                        continue
                    place(out, self.timeline.sample(hit.beat), self.kit[name], gain * hit.velocity * passage.level, pan)
        # Fills and rolls come on top of the groove, in the hands of whoever owns the drum.
        number = int(self.recipe.random("fills").integers(5))
        for index, gesture in enumerate(self.arrangement.gestures):
            hits = []
            if gesture.kind == "roll":
                hits = roll(gesture.bar, gesture.bars)
            elif gesture.kind == "fill":
                hits = fill(number + index, gesture.bar)
            elif gesture.kind == "half_fill":
                hits = fill(number + index, gesture.bar, beats=1.0)
            for hit in hits:
                if hit.instrument == name:
                    place(out, self.timeline.sample(hit.beat), self.kit[name], gain * 0.85 * hit.velocity, pan)

    def _note(self, patch: str, note: Note, channel: Strip) -> tuple[Signal, Signal]:
        """A note's sound behind its strip's high-pass, and its echo, darker and thinner, with the sides exchanged.

        The same pitch and length is made once a track: filters cost nothing here and a lot on a whole layer.
        """
        length = self.timeline.samples(note.length_beats)
        key = (note.midi, length)
        if key not in self._notes:
            rng = self.recipe.random(f"{patch} {note.midi} {length}")
            sound = PATCHES[patch](self.recipe.key.hertz(note.midi), length, rng)
            self._notes[key] = self._dry_and_echo(sound, channel)
        return self._notes[key]

    def _dry_and_echo(self, sound: Signal, channel: Strip) -> tuple[Signal, Signal]:
        if channel.highpass_hz is not None:
            sound = filtered(sound, "highpass", channel.highpass_hz)
        echo = filtered(sound, "bandpass", (220.0, 5000.0), order=1) if channel.echo > 0 else sound[..., :0]
        return sound, echo[::-1] if echo.ndim == 2 else echo

    def _sing_or_play(
        self, out: Signal, beat: float, sounds: tuple[Signal, Signal], gain: float, channel: Strip
    ) -> None:
        """A note and its four echoes, each a dotted eighth after the one before, from side to side."""
        sound, echo = sounds
        place(out, self.timeline.sample(beat), sound, gain, channel.pan)
        if channel.echo > 0:
            for repeat in range(1, 5):
                side = 0.6 if repeat % 2 else -0.6
                turned = echo if repeat % 2 or echo.ndim == 1 else echo[::-1]
                level = gain * channel.echo * 0.55 ** (repeat - 1)
                place(out, self.timeline.sample(beat + 0.75 * repeat), turned, level, side)

    def _melodic(self, out: Signal, name: str, gain: float) -> None:
        patch = self.recipe.patch(name)
        loop = self.score[name]
        channel = STRIPS[name]
        level = gain * PATCH_LEVELS.get(patch, 1.0)
        for passage in self.arrangement.passages_of(name):
            for start, note in repeated(loop.bars, loop.notes, passage):
                sounds = self._note(patch, note, channel)
                self._sing_or_play(out, start, sounds, note.velocity * passage.level * level, channel)
        self._notes.clear()

    def _voice(self, out: Signal, gain: float) -> None:
        """Three takes of the same song, one in the middle and two softer at the sides."""
        loop = self.score["voice"]
        channel = STRIPS["voice"]
        takes: list[tuple[list[tuple[Signal, Signal]], float, float]] = []
        for take, (pan, level) in enumerate(((0.0, 1.0), (-0.75, 0.22), (0.75, 0.22))):
            rng = self.recipe.random(f"take {take}")
            sounds: list[tuple[Signal, Signal]] = []
            before: Note | None = None
            for note in loop.notes:
                joined = before is not None and note.beat - before.beat - before.length_beats < 0.01
                glide = float(before.midi) if joined and before is not None else None
                seconds = note.length_beats * 60.0 / self.recipe.bpm
                sound = sung_note(note, seconds, self.recipe.key, glide_from=glide, rng=rng)
                sounds.append(self._dry_and_echo(sound, channel))
                before = note
            takes.append((sounds, pan, gain * level))
        numbers = {id(note): number for number, note in enumerate(loop.notes)}
        for passage in self.arrangement.passages_of("voice"):
            for start, note in repeated(loop.bars, loop.notes, passage):
                for sounds, pan, level in takes:
                    dry = sounds[numbers[id(note)]]
                    if pan == 0.0:
                        self._sing_or_play(out, start, dry, level * passage.level, channel)
                    else:
                        # The takes at the sides lag by 8 and 25 ms, as people do who sing along.
                        late = int(0.011 * (1.5 + pan) * SAMPLE_RATE_HZ)
                        place(out, self.timeline.sample(start) + late, dry[0], level * passage.level, pan)

    def vocal_regions(self) -> tuple[tuple[float, float], ...]:
        """Where the voice sings, in seconds; pauses below half a second belong to the singing."""
        if not self.arrangement.passages_of("voice"):
            return ()
        loop = self.score["voice"]
        spans = [
            (self.timeline.seconds(start), self.timeline.seconds(start + note.length_beats))
            for passage in self.arrangement.passages_of("voice")
            for start, note in repeated(loop.bars, loop.notes, passage)
        ]
        merged: list[tuple[float, float]] = []
        for begin, end in sorted(spans):
            if merged and begin - merged[-1][1] < 0.5:
                merged[-1] = (merged[-1][0], max(merged[-1][1], end))
            else:
                merged.append((begin, end))
        return tuple(merged)

    # --- mixing ------------------------------------------------------------------------------------------------------

    def _open(self, signal: Signal) -> None:
        """Moves the low-pass through every opening, in place, fading over 30 ms from and to the open signal."""
        fade = int(0.03 * SAMPLE_RATE_HZ)
        ramp = np.linspace(0, 1, fade, dtype=np.float32)
        for opening in self.arrangement.openings:
            start, stop = self.timeline.sample(opening.start_bar * 4), self.timeline.sample(opening.end_bar * 4)
            if opening.end_bar == self.arrangement.bars:
                stop = self.length
            part = signal[:, start:stop]
            if not part.any():
                continue
            blocks = -(-part.shape[1] // SWEEP_HOP)
            closed = sweep(part, "lowpass", np.geomspace(opening.from_hz, opening.to_hz, blocks), resonance=1.1)
            closed[:, :fade] += (1 - ramp) * (part[:, :fade] - closed[:, :fade])
            if stop < self.length:
                closed[:, -fade:] += ramp * (part[:, -fade:] - closed[:, -fade:])
            signal[:, start:stop] = closed

    def _through_bus(self, signal: Signal, bus: Bus, send: Signal) -> None:
        """A bus's filter, sidechain and reverb send, in place, in pieces that stay in the processor's cache."""
        if bus.opens:
            self._open(signal)
        gain = self.ducked(bus.duck) if bus.duck > 0 else None
        for start in range(0, self.length, 1 << 16):
            part = signal[:, start : start + (1 << 16)]
            if bus.reverb > 0:
                # Before the sidechain: the room's tail is ducked by itself, below.
                send[start : start + part.shape[1]] += np.float32(0.5 * bus.reverb) * (part[0] + part[1])
            if gain is not None:
                part *= gain[start : start + part.shape[1]]

    def stem(self, name: Stem, layers: tuple[str, ...]) -> Signal:
        """The sum of a stem's layers with their reverb, stereo, before the master."""
        out = np.zeros((2, self.length), dtype=np.float32)
        send = np.zeros(self.length, dtype=np.float32)
        for number, (bus_name, members) in enumerate(_by_bus(layers).items()):
            bus = BUSES[bus_name]
            signal = out if number == 0 else np.zeros((2, self.length), dtype=np.float32)
            for layer in members:
                self.add_layer(signal, layer)
            self._through_bus(signal, bus, send)
            if number > 0:
                out += signal
        if send.any():
            if name == "other":
                send *= self.ducked(0.4)
            response = room(REVERB_SECONDS[self.recipe.genre][name], rng=self.recipe.random(f"room {name}"))
            add_convolved(out, send, response)
        if name == "drums":
            # The drum bus clips softly, as on every club record; clipping keeps time, so attacks stay where they are.
            for start in range(0, self.length, 1 << 16):
                part = out[:, start : start + (1 << 16)]
                part[:] = saturate(part, DRUM_DRIVE)
        return out


def _by_bus(layers: tuple[str, ...]) -> dict[str, list[str]]:
    """Layers grouped by the bus that they feed, both in the order in which they come."""
    groups: dict[str, list[str]] = {}
    for layer in layers:
        groups.setdefault(STRIPS[layer].bus, []).append(layer)
    return groups


def repeated(bars: int, notes: tuple[Note, ...], passage: Passage) -> list[tuple[float, Note]]:
    """The notes of a loop within a passage, each with its beat in the track, in order of time."""
    out: list[tuple[float, Note]] = []
    bar = passage.section_bar
    while bar < passage.end_bar:
        for note in notes:
            beat = bar * 4 + note.beat
            if passage.start_bar * 4 <= beat < passage.end_bar * 4:
                out.append((beat, note))
        bar += bars
    return sorted(out, key=lambda item: item[0])


def layers_of(studio: Studio) -> dict[Stem, tuple[str, ...]]:
    """Which layers a track has, by stem, in the order in which they are summed."""
    names = [passage.layer for passage in studio.arrangement.passages]
    present = [*dict.fromkeys(names), "snare", "tom", "clap", "cymbals", "effects"]
    order: dict[Stem, tuple[str, ...]] = {}
    for stem in STEMS:
        order[stem] = tuple(name for name in dict.fromkeys(present) if stem_of(name) == stem)
    return order


def render(recipe: Recipe) -> Rendered:
    """Synthesises a track. About 20 times faster than it plays; at most 400 MB for four minutes."""
    studio = Studio(recipe)
    order = layers_of(studio)
    buses: dict[Stem, Signal] = {stem: studio.stem(stem, order[stem]) for stem in STEMS}
    peaks, loudness = measured(list(buses.values()))
    level = 10 ** ((recipe.loudness_lufs - loudness) / 20)
    points = limiter_points(peaks * np.float32(level), ceiling=CEILING)
    stems: dict[Stem, Samples] = {}
    track = np.zeros((studio.length, 2), dtype=np.int16)
    for stem in STEMS:
        # Each bus is given back as soon as it is rounded.
        stems[stem] = quantised(buses.pop(stem), level, points, int(0.5 * SAMPLE_RATE_HZ))
        track += stems[stem]
    return Rendered(track, stems, studio.timeline, studio.arrangement, order, studio.vocal_regions())
