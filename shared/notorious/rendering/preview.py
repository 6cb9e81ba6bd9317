"""The preview: the same voices over a short range of the clock, while one still looks at the screen.

It is the mix's own sound, not another rendering of it: same files, same time maps, same lanes, same chain. Only what
the limiter and the stretcher remember of the time before is missing at its beginning.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from notorious.audio.stream_target import ByteStream
from notorious.audio.tags_write import OutputTags
from notorious.audio.write import AudioWriter, OutputFormat
from notorious.errors import PlanError
from notorious.planning.plan import Plan
from notorious.rendering.chain import Chain
from notorious.rendering.clock import Clock
from notorious.rendering.progress import IsCancelled, Progress, Report, stop_if
from notorious.rendering.sheet import clock_time, display_name, one_line
from notorious.rendering.techniques import handover_beat
from notorious.rendering.voice import VoiceSpan, mix_frames, voice_blocks, voice_span

PREVIEW_SECONDS: Final = 30.0
SHORTEST_SECONDS: Final = 1.0
LONGEST_SECONDS: Final = 300.0
EDGE_SECONDS: Final = 0.02
"""A preview begins and ends in the middle of music: short ramps, so that neither clicks."""


@dataclass(frozen=True)
class PreviewRange:
    """What is heard: seconds of the mix, and the transition in its middle, where it was asked for one."""

    start_seconds: float
    end_seconds: float
    transition: int | None = None

    def slots(self, plan: Plan) -> tuple[int, ...]:
        """The slots whose voices are heard in it."""
        rate_hz = plan.master.sample_rate_hz
        return tuple(index for index, _ in _sounding(plan, *self.frames(rate_hz)))

    def frames(self, rate_hz: int) -> tuple[int, int]:
        """First frame, and the one after the last."""
        return round(self.start_seconds * rate_hz), round(self.end_seconds * rate_hz)


def preview_range(
    plan: Plan, *, transition: int | None = None, at_seconds: float | None = None, seconds: float = PREVIEW_SECONDS
) -> PreviewRange:
    """Where a preview lies.

    With `transition`, around the moment when its second track takes over; with `at_seconds`, from there; with neither,
    around the best transition of the set (the highest score, the first of several), or from the middle of a set of one
    track. Raises PlanError where the mix has no such transition or moment.
    """
    if not SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:
        raise PlanError(f"a preview lasts from {SHORTEST_SECONDS:g} to {LONGEST_SECONDS:g} seconds, not {seconds:g}")
    whole = plan.clock[-1].seconds
    seconds = min(seconds, whole)
    if at_seconds is not None:
        if not 0 <= at_seconds < whole:
            raise PlanError(f"the mix lasts from 0:00 to {clock_time(whole)}; it has no {clock_time(at_seconds)}")
        start = at_seconds
    elif plan.transitions:
        if transition is None:
            transition = max(plan.transitions, key=lambda one: (one.score.total, -one.index)).index
        if not 0 <= transition < len(plan.transitions):
            raise PlanError(f"there is no transition {transition}; the set has {len(plan.transitions)}, counted from 0")
        start = Clock(plan.clock).seconds(handover_beat(plan.transitions[transition])) - seconds / 2
    else:
        if transition is not None:
            raise PlanError("a set of one track has no transition to preview")
        start = (whole - seconds) / 2
    start = min(max(0.0, start), max(0.0, whole - seconds))
    return PreviewRange(start, min(whole, start + seconds), transition)


def render_preview(
    plan: Plan,
    target: Path | str | ByteStream,
    heard: PreviewRange,
    *,
    format: OutputFormat,  # noqa: A002 - the field's word
    force: bool = False,
    report: Report | None = None,
    cancelled: IsCancelled | None = None,
) -> float:
    """Render a range of a mix into a file, or into a stream (as `master_parts` takes it); returns its seconds.

    Raises what `render_mix` raises.
    """
    rate_hz = plan.master.sample_rate_hz
    first, stop = heard.frames(rate_hz)
    stop = min(stop, mix_frames(plan))
    summed = _sum(plan, first, stop, report, cancelled)
    chain = Chain(plan, stop - first)
    path, stream = (Path(target), None) if isinstance(target, Path | str) else (Path("preview"), target)
    with AudioWriter(
        path,
        rate_hz=rate_hz,
        channels=2,
        format=format,
        tags=OutputTags(title=f"{one_line(plan.title)} ({clock_time(heard.start_seconds)})"),
        overwrite=force,
        expected_frames=stop - first,
        stream=stream,
    ) as writer:
        for block in chain.mastered([summed]):
            writer.write(block)
    return (stop - first) / rate_hz


def _sounding(plan: Plan, first: int, stop: int) -> list[tuple[int, VoiceSpan]]:
    """The voices that sound between two frames of the mix, each with the part of it that does."""
    sounding: list[tuple[int, VoiceSpan]] = []
    for slot in plan.slots:
        whole = voice_span(plan, slot.index)
        left, right = max(first, whole.first_frame), min(stop, whole.first_frame + whole.frames)
        if right > left:
            sounding.append((slot.index, VoiceSpan(left, right - left)))
    return sounding


def _sum(
    plan: Plan, first: int, stop: int, report: Report | None, cancelled: IsCancelled | None
) -> NDArray[np.float32]:
    """The frames of the mix from first to stop [shape=(n, 2)]: voices added in the order of their slots."""
    rate_hz = plan.master.sample_rate_hz
    summed = np.zeros((stop - first, 2), np.float32)
    sounding = _sounding(plan, first, stop)
    total = sum(span.frames for _, span in sounding)
    done = 0
    for index, span in sounding:
        position = span.first_frame - first
        for block in voice_blocks(plan, index, span=span):
            stop_if(cancelled)
            summed[position : position + len(block)] += block
            position += len(block)
            done += len(block)
            if report is not None:
                report(Progress("voices", done / rate_hz, total / rate_hz, display_name(plan.slots[index])))
    ramp = min(round(EDGE_SECONDS * rate_hz), len(summed) // 2)
    if ramp:
        rise = np.linspace(0.0, 1.0, ramp, dtype=np.float32)[:, np.newaxis]
        if first > 0:
            summed[:ramp] *= rise
        if stop < mix_frames(plan):
            summed[-ramp:] *= rise[::-1]
    return summed
