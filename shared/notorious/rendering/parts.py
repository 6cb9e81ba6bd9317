"""A mix in parts: each voice rendered somewhere, the master elsewhere, with nothing shared but streams.

    plan ─┬─▶ render_voice(plan, 0) ─┐
          ├─▶ render_voice(plan, 1) ─┼─▶ master_parts ─▶ one stream, and what was measured
          └─▶ ...                   ─┘

The bits are those of `render_mix`: a voice is a pure function of its files and the plan, and the master adds voices in
the order of their slots. `voice.voice_key` names what determines a voice, so that one that was rendered before is not
rendered again. Memory is one block and as many open streams as voices sound at once.
"""

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from notorious.audio.stream_target import ByteStream
from notorious.audio.write import AudioWriter, OutputFormat
from notorious.errors import PlanError
from notorious.planning.plan import Plan
from notorious.rendering.band_levels import BandLevels
from notorious.rendering.chain import Chain, add_voice
from notorious.rendering.progress import IsCancelled, Progress, Report, stop_if
from notorious.rendering.sheet import display_name, mix_chapters, mix_tags
from notorious.rendering.verify import TransitionLoudness, transition_loudness
from notorious.rendering.voice import BLOCK_FRAMES, mix_frames, voice_span

_LEVELS = ("peak", "low", "mid", "high")


@dataclass(frozen=True)
class MasterReport:
    """What was measured while the master was written: levels in LUFS and dBTP, `levels` for the picture."""

    duration_seconds: float
    integrated_lufs: float
    range_lu: float
    true_peak_dbtp: float
    largest_reduction_db: float
    transitions: tuple[TransitionLoudness, ...]
    levels: BandLevels


def localised(plan: Plan, paths: Mapping[str, Path]) -> Plan:
    """The plan with the files of its tracks where they lie here.

    paths : SHA-256 of a track → its file; tracks that are not in it keep their path
    """
    slots = []
    for slot in plan.slots:
        path = paths.get(slot.track.sha256)
        track = slot.track if path is None else slot.track.model_copy(update={"path": str(path)})
        slots.append(slot.model_copy(update={"track": track}))
    return plan.model_copy(update={"slots": tuple(slots)})


def master_parts(
    plan: Plan,
    open_voice: Callable[[int], BinaryIO],
    stream: ByteStream,
    *,
    format: OutputFormat,  # noqa: A002 - the field's word
    name: str = "mix",
    report: Report | None = None,
    cancelled: IsCancelled | None = None,
) -> MasterReport:
    """Sum rendered voices, limit, measure and encode them into a stream.

    open_voice : gives a voice as raw float32 stereo frames from its `voice_span`'s first; it is opened when the mix
        comes to it, read once from beginning to end, and closed
    stream : open for writing, reading and seeking; only its first megabyte is ever written again. It is not closed.
    name : what messages call the recording

    Raises PlanError where the plan cannot be meant, OutputFailed where a voice is cut off or the stream takes no more,
    Cancelled.
    """
    if plan.clock[0].seconds != 0.0:
        raise PlanError(f"the clock begins at second {plan.clock[0].seconds:g}; let its first knot be at second 0")
    frames = mix_frames(plan)
    chain = Chain(plan, frames)
    with AudioWriter(
        Path(name),
        rate_hz=plan.master.sample_rate_hz,
        channels=2,
        format=format,
        tags=mix_tags(plan),
        chapters=mix_chapters(plan),
        expected_frames=frames,
        stream=stream,
    ) as writer:
        for block in chain.mastered(_summed(plan, open_voice, frames, report, cancelled)):
            writer.write(block)
    measured = chain.measured()
    loudness = measured.loudness
    return MasterReport(
        duration_seconds=frames / plan.master.sample_rate_hz,
        integrated_lufs=loudness.integrated_lufs,
        range_lu=loudness.range_lu,
        true_peak_dbtp=loudness.true_peak_dbtp,
        largest_reduction_db=measured.largest_reduction_db,
        transitions=transition_loudness(plan, loudness.short_term_lufs, loudness.hop_seconds),
        levels=measured.levels,
    )


def _summed(
    plan: Plan,
    open_voice: Callable[[int], BinaryIO],
    frames: int,
    report: Report | None,
    cancelled: IsCancelled | None,
) -> Iterator[NDArray[np.float32]]:
    spans = [voice_span(plan, slot.index) for slot in plan.slots]
    rate_hz = plan.master.sample_rate_hz
    with ExitStack() as stack:
        sounding: dict[int, BinaryIO] = {}
        for start in range(0, frames, BLOCK_FRAMES):
            stop_if(cancelled)
            stop = min(frames, start + BLOCK_FRAMES)
            block = np.zeros((stop - start, 2), np.float32)
            for index, span in enumerate(spans):
                if span.first_frame >= stop or span.first_frame + span.frames <= start:
                    continue
                if index not in sounding:
                    sounding[index] = stack.enter_context(open_voice(index))
                add_voice(block, start, sounding[index], span, display_name(plan.slots[index]))
                if span.first_frame + span.frames <= stop:
                    sounding.pop(index).close()
            yield block
            if report is not None:
                report(Progress("master", stop / rate_hz, frames / rate_hz))


def packed_levels(levels: BandLevels) -> bytes:
    """The levels of a mix as bytes (NumPy's npz), to be drawn elsewhere."""
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer, hop_seconds=np.float64(levels.hop_seconds), **{name: getattr(levels, name) for name in _LEVELS}
    )
    return buffer.getvalue()


def unpacked_levels(data: bytes) -> BandLevels:
    """The inverse of `packed_levels`."""
    with np.load(io.BytesIO(data), allow_pickle=False) as kept:
        return BandLevels(float(kept["hop_seconds"]), *(kept[name] for name in _LEVELS))
