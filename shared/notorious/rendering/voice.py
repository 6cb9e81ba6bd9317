"""A voice: one track's appearance in a mix, as a pure function of its file, its slot and the transitions at its ends.

    file → decode (only what is needed) → stretch along the time map → gain → channel strip → frames of the mix

It streams: what is in memory is a block with its context. Where the time map is straight and every lane neutral, a
voice *is* its source times its gain, to the last bit. Frames are counted from the beginning of the mix, at the plan's
rate; blocks lie on multiples of `BLOCK_FRAMES` of the mix, so that a voice is the same bits whoever renders it.
"""

import errno
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from notorious.audio.stretch import stretch
from notorious.errors import OutputFailed, PlanError
from notorious.planning.plan import Lane, Plan
from notorious.rendering.clock import Clock
from notorious.rendering.lanes import Automation
from notorious.rendering.strip import ChannelStrip, strip_context_frames
from notorious.rendering.techniques import CUT_SECONDS, lanes_for
from notorious.rendering.time_map import voice_time_map
from notorious.rendering.window import Block, Window, source_window

BLOCK_FRAMES: Final = 65536
RENDERER_VERSION: Final = 1
"""Counts up whenever the same plan renders to other bits, so that cached voices are not mistaken for new ones."""
PREROLL_SECONDS: Final = CUT_SECONDS + 0.001
"""A voice sounds this long ahead of its first beat, so that a cut can end on the beat and leave the attack whole."""


@dataclass(frozen=True)
class RenderedVoice:
    """A voice as a file of raw float32 stereo frames; frame 0 of the file is frame `first_frame` of the mix."""

    index: int
    path: Path
    first_frame: int
    frames: int
    key: str

    @property
    def stop_frame(self) -> int:
        return self.first_frame + self.frames


@dataclass(frozen=True)
class VoiceSpan:
    """The frames of the mix in which a voice sounds."""

    first_frame: int
    frames: int


def mix_frames(plan: Plan) -> int:
    """Length of the mix in frames: it begins at second 0 and ends at the clock's last knot."""
    return max(1, round(plan.clock[-1].seconds * plan.master.sample_rate_hz))


def voice_span(plan: Plan, index: int) -> VoiceSpan:
    """Where a voice sounds: from just ahead of its first beat to its last, within the mix."""
    slot, rate_hz = plan.slots[index], plan.master.sample_rate_hz
    clock = Clock(plan.clock)
    first = round((clock.seconds(slot.mix_start_beat) - PREROLL_SECONDS) * rate_hz)
    stop = round(clock.seconds(slot.mix_end_beat) * rate_hz)
    first, stop = max(first, 0), min(stop, mix_frames(plan))
    if stop <= first:
        raise PlanError(f"slot {index} ({slot.track.title}) lies outside the mix; move it between the clock's ends")
    return VoiceSpan(first, stop - first)


def voice_lanes(plan: Plan, index: int) -> tuple[Lane, ...]:
    """The lanes of a voice: those that bring it in, then those that take it out."""
    incoming = lanes_for(plan.transitions[index - 1]).incoming if index > 0 else ()
    outgoing = lanes_for(plan.transitions[index]).outgoing if index < len(plan.transitions) else ()
    return incoming + outgoing


def voice_blocks(
    plan: Plan, index: int, *, span: VoiceSpan | None = None, with_lanes: bool = True
) -> Iterator[NDArray[np.float32]]:
    """The voice as blocks [shape=(n, 2)], float32, of frames of the mix.

    `span` asks for a part of it (a preview, a measurement); `with_lanes=False` leaves the channel strip out: decoded,
    stretched and levelled only. Raises UnreadableAudio, PlanError.
    """
    whole = voice_span(plan, index)
    span = span or whole
    rate_hz = plan.master.sample_rate_hz
    clock = Clock(plan.clock)
    bare = _levelled(plan, index, clock)
    strip = None
    if with_lanes:
        tempo = _echo_tempo(plan, index)
        automation = Automation(voice_lanes(plan, index), clock, rate_hz=rate_hz)
        strip = ChannelStrip(automation, rate_hz=rate_hz, bpm=tempo[0], tail_beats=tempo[1])
    edges = _Edges(whole, fades_in=_starts_inside(plan, index, clock, whole), rate_hz=rate_hz)
    start, stop = span.first_frame, span.first_frame + span.frames
    while start < stop:
        end = min(stop, (start // BLOCK_FRAMES + 1) * BLOCK_FRAMES)
        block = bare.read(start, end - start) if strip is None else strip.block(bare, start, end - start)
        yield edges.shape(block, start)
        start = end


def render_voice(
    plan: Plan, index: int, destination: Path, *, report: Callable[[int], None] | None = None
) -> RenderedVoice:
    """Render one voice into a file of raw float32 stereo frames; `report` gets the number of frames done so far.

    Raises UnreadableAudio, PlanError, and OutputFailed where the disk has no room for it.
    """
    span = voice_span(plan, index)
    done = 0
    try:
        with destination.open("wb") as file:
            for block in voice_blocks(plan, index):
                file.write(np.ascontiguousarray(block).data)
                done += len(block)
                if report is not None:
                    report(done)
    except OSError as error:
        raise disk_failure(error, destination, needed_bytes=span.frames * 8) from error
    return RenderedVoice(index, destination, span.first_frame, span.frames, voice_key(plan, index))


def disk_failure(error: OSError, path: Path, *, needed_bytes: int) -> OutputFailed:
    """What a failed write means to whoever started the run."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    if full:
        return OutputFailed(
            f"no room to render in {path.parent}: this voice needs {needed_bytes / 1e6:.0f} MB while the mix is made; "
            "free some space or write the mix to another disk"
        )
    return OutputFailed(f"cannot write {path}: {error.strerror or error}; check the folder and its permissions")


def voice_key(plan: Plan, index: int) -> str:
    """SHA-256 [hex] of all that determines the voice's bits: what is said about it in words does not."""
    slot = plan.slots[index]
    words = {"reasons", "score", "target_energy", "reached_energy", "expected_loudness_step_lu"}
    words |= {"expected_loudness_dip_lu", "expected_loudness_rise_lu"}
    neighbours = plan.transitions[max(index - 1, 0) : index + 1]
    first = max((n for n, knot in enumerate(plan.clock) if knot.beat <= slot.mix_start_beat), default=0)
    beyond = (n for n, knot in enumerate(plan.clock) if knot.beat >= slot.mix_end_beat)
    last = min(beyond, default=len(plan.clock) - 1)
    determines = {
        "renderer": RENDERER_VERSION,
        "rate_hz": plan.master.sample_rate_hz,
        "sha256": slot.track.sha256,
        "slot": slot.model_dump(mode="json", exclude=words | {"track"}),
        "transitions": [transition.model_dump(mode="json", exclude=words) for transition in neighbours],
        # One knot more on both sides: the time map looks at the tempo around the voice.
        "clock": [knot.model_dump(mode="json") for knot in plan.clock[max(first - 1, 0) : last + 2]],
        "frames": mix_frames(plan),
    }
    return hashlib.sha256(json.dumps(determines, sort_keys=True).encode()).hexdigest()


def _levelled(plan: Plan, index: int, clock: Clock) -> Window:
    """The voice before its channel strip: decoded, stretched, at its gain."""
    slot, rate_hz = plan.slots[index], plan.master.sample_rate_hz
    timing = voice_time_map(slot, clock, rate_hz=rate_hz)
    source = source_window(slot.track.path, rate_hz=rate_hz)
    gain = np.float32(10.0 ** (slot.gain_db / 20.0))
    whole = voice_span(plan, index)
    around = strip_context_frames(rate_hz)
    stop = whole.first_frame + whole.frames + around

    def open_at(frame: int) -> Iterator[Block]:
        blocks = stretch(
            source.read,
            timing.time_map,
            first_frame=frame,
            frames=max(0, stop - frame),
            rate_hz=rate_hz,
            attacks=timing.attacks,
            block_frames=BLOCK_FRAMES,
        )
        return (block * gain for block in blocks)

    return Window(open_at, first_frame=whole.first_frame - around)


def _echo_tempo(plan: Plan, index: int) -> tuple[float, float]:
    """Tempo in BPM and length in beats of the transition that takes the voice out (else in): its echo keeps to them."""
    if not plan.transitions:
        return plan.slots[index].track.bpm or 120.0, 16.0
    transition = plan.transitions[min(index, len(plan.transitions) - 1)]
    return transition.bpm, transition.length_beats


def _starts_inside(plan: Plan, index: int, clock: Clock, whole: VoiceSpan) -> bool:
    """Whether the voice begins in the middle of its track, where a hard start would click."""
    timing = voice_time_map(plan.slots[index], clock, rate_hz=plan.master.sample_rate_hz)
    return float(timing.time_map.source(float(whole.first_frame))) > 0.5


class _Edges:
    """A ramp at the very first and last frames of a voice, so that no hand-drawn plan makes it click.

    Inside a preroll the ramp takes a millisecond; where a voice begins with the mix, and where it ends, as long as
    a cut does.
    """

    def __init__(self, whole: VoiceSpan, *, fades_in: bool, rate_hz: int) -> None:
        self._start = whole.first_frame
        self._stop = whole.first_frame + whole.frames
        rise_seconds = (CUT_SECONDS if whole.first_frame == 0 else PREROLL_SECONDS - CUT_SECONDS) if fades_in else 0.0
        self._rise = min(round(rise_seconds * rate_hz), whole.frames // 2)
        self._fall = min(round(CUT_SECONDS * rate_hz), whole.frames // 2)

    def shape(self, block: Block, start: int) -> Block:
        stop = start + len(block)
        if start < self._start + self._rise or stop > self._stop - self._fall:
            frames = np.arange(start, stop, dtype=np.float64)
            gain = np.ones(len(block))
            if self._rise:
                gain = np.clip((frames - self._start) / self._rise, 0.0, 1.0)
            if self._fall:
                gain = np.minimum(gain, np.clip((self._stop - frames) / self._fall, 0.0, 1.0))
            block *= gain[:, np.newaxis].astype(np.float32)
        return block
