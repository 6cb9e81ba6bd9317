"""The master: the voices of a plan, summed in slot order, limited, measured, written, with the sheet beside them.

    check the files → voices (worker processes) ─▶ sum ─▶ limiter ─▶ writer
                                                              └────▶ loudness, band levels → sheet

One pass, block by block. Voices are rendered at most `jobs + 2` ahead of the master, and a voice's file goes as soon as
the master is past it, so that memory and disk stay bounded whatever the length of the set. The sum is taken in the
order of the slots in float32, so that the mix does not depend on which worker was first, nor on how many there are.

Whatever ends a run early (cancelled, interrupted, disk full, a file that cannot be read) leaves nothing behind. What a
killed run could not clear away, the next run into the same folder does.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from notorious.audio.write import FORMATS, AudioWriter, OutputFormat
from notorious.errors import NotoriousError, OutputExists, OutputFailed, PlanError
from notorious.planning.plan import Plan
from notorious.rendering.band_levels import BandLevels
from notorious.rendering.chain import Chain, Measured, add_voice
from notorious.rendering.clock import Clock
from notorious.rendering.lanes import Automation
from notorious.rendering.progress import IsCancelled, Phase, Progress, Report, stop_if
from notorious.rendering.sheet import (
    SheetPaths,
    cue_sheet,
    display_name,
    mix_chapters,
    mix_tags,
    playlist,
    sheet_paths,
    track_list,
)
from notorious.rendering.verify import TransitionLoudness, transition_loudness
from notorious.rendering.voice import (
    BLOCK_FRAMES,
    RenderedVoice,
    VoiceSpan,
    disk_failure,
    mix_frames,
    voice_lanes,
    voice_span,
)
from notorious.rendering.workers import Advanced, Done, InProcess, VoiceRenderer, Workers

VOICES_AHEAD: Final = 2
"""Finished voices that may wait for the master beside those in the workers' hands."""
_ENDINGS: Final = {"oga": "ogg", "mp4": "m4a", "aac": "m4a", "wave": "wav"}
_SUFFIX_OF_VOICES: Final = ".voices-"


@dataclass(frozen=True)
class RenderReport:
    """What was made, as it was measured while it was written.

    `sheet` names the files beside the mix; `transitions` holds the loudness around every transition; `notes` say what
    is not as one would expect.
    """

    output: Path
    sheet: SheetPaths
    duration_seconds: float
    integrated_lufs: float
    range_lu: float
    true_peak_dbtp: float
    largest_reduction_db: float
    transitions: tuple[TransitionLoudness, ...]
    notes: tuple[str, ...] = ()

    def closing_line(self) -> str:
        """One line that says how the mix came out."""
        line = (
            f"{self.duration_seconds / 60:.1f} min, {self.integrated_lufs:.1f} LUFS, "
            f"true peak {self.true_peak_dbtp:.1f} dBTP"
        )
        if self.transitions:
            even = sum(transition.is_even for transition in self.transitions)
            line += f", {even} of {len(self.transitions)} transitions within 2 LU of their neighbours"
        return line


def render_mix(
    plan: Plan,
    output: Path | str,
    *,
    format: str | None = None,  # noqa: A002 - the word of the plan, the program and the API
    jobs: int | None = None,
    force: bool = False,
    report: Report | None = None,
    cancelled: IsCancelled | None = None,
) -> RenderReport:
    """Render a plan into one audio file with its sheet beside it.

    Args:
        format: wav, flac, mp3, ogg, opus or m4a; None takes it from the file's ending.
        jobs: worker processes; 1 renders in this process, None takes one for each processor. The result is the same.
        force: overwrite what is there.
        report: told how far the work is; raising from it ends the run like any error.
        cancelled: asked often; once it says True, the run ends with Cancelled.

    Raises:
        OutputExists: the mix or a file of its sheet is there already (the same plan beside it does no harm).
        PlanError: a file is gone or is not the one that was planned with, or a lane or the tempo cannot be meant.
        UnreadableAudio: a file cannot be decoded after all.
        OutputFailed: no room, no folder, no permission, a format that is not known.
        Cancelled.
    """
    output = Path(output)
    jobs = jobs or os.cpu_count() or 1
    sheet = sheet_paths(output)
    chosen = _format_of(output, format)
    _check_output(plan, output, sheet, force=force)
    spans = check_plan(plan, report=report, cancelled=cancelled)
    with _voices_folder(output) as folder:
        renderer: VoiceRenderer = (
            InProcess(plan, folder) if jobs == 1 else Workers(plan, folder, jobs=min(jobs, len(plan.slots)))
        )
        with renderer:
            run = _Run(plan, spans, renderer, ahead=jobs + VOICES_AHEAD, report=report, cancelled=cancelled)
            return run.master(output, sheet, folder, format=chosen, force=force)


def check_plan(
    plan: Plan, *, report: Report | None = None, cancelled: IsCancelled | None = None
) -> tuple[VoiceSpan, ...]:
    """Hold a plan against its files before anything is rendered, and say where its voices lie.

    Raises PlanError that names every file that is gone or changed, or the first lane or slot that cannot be meant.
    """
    if plan.clock[0].seconds != 0.0:
        raise PlanError(f"the clock begins at second {plan.clock[0].seconds:g}; let its first knot be at second 0")
    clock = Clock(plan.clock)
    spans = []
    for slot in plan.slots:
        Automation(voice_lanes(plan, slot.index), clock, rate_hz=plan.master.sample_rate_hz)
        spans.append(voice_span(plan, slot.index))
    check_files(plan, range(len(plan.slots)), report=report, cancelled=cancelled)
    return tuple(spans)


def check_files(
    plan: Plan, slots: Iterable[int], *, report: Report | None = None, cancelled: IsCancelled | None = None
) -> None:
    """Hold the files of some slots against the hashes that were planned with; PlanError names all that is wrong."""
    chosen = [plan.slots[index] for index in slots]
    trouble: list[str] = []
    seen: dict[tuple[str, str], str | None] = {}
    for done, slot in enumerate(chosen):
        stop_if(cancelled)
        if report is not None:
            report(Progress("check", done, len(chosen), display_name(slot)))
        claim = (slot.track.path, slot.track.sha256)
        if claim not in seen:
            seen[claim] = _what_is_wrong(Path(slot.track.path), slot.track.sha256)
            wrong = seen[claim]
            if wrong:
                trouble.append(f"{display_name(slot)}: {slot.track.path} {wrong}")
    if trouble:
        raise PlanError("the plan no longer fits its files; plan again, or bring them back:\n  " + "\n  ".join(trouble))
    if report is not None:
        report(Progress("check", len(chosen), len(chosen)))


def _what_is_wrong(path: Path, sha256: str) -> str | None:
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return "is gone"
    except OSError as error:
        return f"cannot be read ({error.strerror or error})"
    return None if found == sha256 else "has changed since it was planned with (its content is another)"


def _format_of(output: Path, wanted: str | None) -> OutputFormat:
    """The format that is asked for, else the one that the file's ending stands for."""
    ending = output.suffix.lower().lstrip(".")
    name = (wanted or _ENDINGS.get(ending, ending)).lower()
    for known in FORMATS:
        if name == known:
            return known
    asked = f"the format {wanted}" if wanted else f"the ending of {output.name}"
    raise OutputFailed(f"{asked} is not one that a mix can be written in; choose one of {', '.join(FORMATS)}")


def _check_output(plan: Plan, output: Path, sheet: SheetPaths, *, force: bool) -> None:
    if not output.parent.is_dir():
        raise OutputFailed(f"cannot write {output}: there is no folder {output.parent}; make it first")
    if output.is_dir():
        raise OutputFailed(f"cannot write {output}: it is a folder; name a file")
    if output in sheet.all():
        raise OutputFailed(
            f"cannot write {output}: the sheet beside a mix has a file of that name; choose another ending"
        )
    sources = {os.path.realpath(slot.track.path) for slot in plan.slots}
    for path in (output, *sheet.all()):
        if os.path.realpath(path) in sources:
            raise OutputExists(f"{path} is one of the tracks of the set; choose another name for the mix")
        if path.exists() and not force and not (path == sheet.plan and _holds_plan(path, plan)):
            raise OutputExists(f"{path} exists already; choose another name, or overwrite it with --force")


def _holds_plan(path: Path, plan: Plan) -> bool:
    try:
        return Plan.model_validate_json(path.read_text("utf-8")) == plan
    except (OSError, ValueError):
        return False


@contextmanager
def _voices_folder(output: Path) -> Iterator[Path]:
    """A hidden folder for voices beside the mix: on the disk that the mix will fill, not in a /tmp that is memory."""
    prefix = f".{output.name}{_SUFFIX_OF_VOICES}"
    for left in output.parent.glob(f"{_globbed(prefix)}*"):
        owner = left.name.removeprefix(prefix).split("-")[0]
        if owner.isdigit() and not _is_running(int(owner)):
            shutil.rmtree(left, ignore_errors=True)
    try:
        folder = Path(tempfile.mkdtemp(prefix=f"{prefix}{os.getpid()}-", dir=output.parent))
    except OSError as error:
        raise OutputFailed(
            f"cannot write into {output.parent}: {error.strerror or error}; check its permissions"
        ) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _globbed(text: str) -> str:
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in text)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class _Run:
    """One mix under way."""

    def __init__(
        self,
        plan: Plan,
        spans: tuple[VoiceSpan, ...],
        renderer: VoiceRenderer,
        *,
        ahead: int,
        report: Report | None,
        cancelled: IsCancelled | None,
    ) -> None:
        self._plan = plan
        self._spans = spans
        self._renderer = renderer
        self._ahead = ahead
        self._report = report
        self._cancelled = cancelled
        self._rate_hz = plan.master.sample_rate_hz
        self._total = mix_frames(plan)
        # In the order in which the master needs them; a plan by hand may have slots that begin together.
        self._to_submit = sorted(range(len(spans)), key=lambda index: (spans[index].first_frame, index))
        self._submitted = 0
        self._consumed = 0
        self._progress = [0] * len(spans)
        self._finished: dict[int, RenderedVoice] = {}
        self._open: dict[int, BinaryIO] = {}

    def master(
        self,
        output: Path,
        sheet: SheetPaths,
        folder: Path,
        *,
        format: OutputFormat,  # noqa: A002
        force: bool,
    ) -> RenderReport:
        chain = Chain(self._plan, self._total)
        try:
            with AudioWriter(
                output,
                rate_hz=self._rate_hz,
                channels=2,
                format=format,
                tags=mix_tags(self._plan),
                chapters=mix_chapters(self._plan),
                overwrite=force,
                expected_frames=self._total,
            ) as writer:
                for block in chain.mastered(self._summed()):
                    writer.write(block)
                measured = chain.measured()
                drawn = self._write_sheet(output, sheet, folder, measured.levels)
            _put_in_place(drawn, sheet, output)
        finally:
            for file in self._open.values():
                file.close()
        return self._reported(output, sheet, measured)

    def _summed(self) -> Iterator[NDArray[np.float32]]:
        for start in range(0, self._total, BLOCK_FRAMES):
            stop_if(self._cancelled)
            yield self._sum(start, min(self._total, start + BLOCK_FRAMES))
            self._tell("master", start + BLOCK_FRAMES, "")

    def _sum(self, start: int, stop: int) -> NDArray[np.float32]:
        """The frames of the mix from start to stop: voices added in the order of their slots."""
        self._listen(0.0)
        self._wait_for(stop)
        block = np.zeros((stop - start, 2), np.float32)
        for index in sorted(self._open):
            voice = self._finished[index]
            name = display_name(self._plan.slots[index])
            add_voice(block, start, self._open[index], self._spans[index], name)
            if voice.stop_frame <= stop:
                self._open.pop(index).close()
                voice.path.unlink()
                self._consumed += 1
        return block

    def _wait_for(self, stop: int) -> None:
        """Until every voice that begins before `stop` is rendered and open."""
        needed = [index for index, span in enumerate(self._spans) if span.first_frame < stop]
        while True:
            while self._submitted < len(self._to_submit):
                following = self._to_submit[self._submitted]
                if self._submitted - self._consumed >= self._ahead and following not in needed:
                    break
                self._renderer.submit(following)
                self._submitted += 1
            if all(index in self._finished for index in needed):
                return
            self._listen(0.2)
            stop_if(self._cancelled)

    def _listen(self, timeout_seconds: float) -> None:
        for message in self._renderer.messages(timeout_seconds):
            if isinstance(message, Advanced):
                self._progress[message.index] = message.frames_done
                self._tell("voices", sum(self._progress), display_name(self._plan.slots[message.index]))
            elif isinstance(message, Done):
                voice = message.voice
                self._finished[voice.index] = voice
                self._open[voice.index] = voice.path.open("rb")
                self._progress[voice.index] = voice.frames
                self._tell("voices", sum(self._progress), display_name(self._plan.slots[voice.index]))
            else:
                raise _named(message.error, self._plan, message.index)

    def _tell(self, phase: Phase, frames: int, detail: str) -> None:
        if self._report is not None:
            total = self._total if phase == "master" else sum(span.frames for span in self._spans)
            self._report(Progress(phase, min(frames, total) / self._rate_hz, total / self._rate_hz, detail))

    def _write_sheet(self, output: Path, sheet: SheetPaths, folder: Path, levels: BandLevels) -> dict[Path, Path]:
        """The sheet's files, written in the folder of voices: destination → where it lies now."""
        from notorious.rendering.picture import draw_picture

        texts = {
            sheet.plan: self._plan.model_dump_json(indent=2) + "\n",
            sheet.cue: cue_sheet(self._plan, output.name),
            sheet.playlist: playlist(self._plan),
            sheet.track_list: track_list(self._plan),
        }
        drawn: dict[Path, Path] = {}
        for number, destination in enumerate(sheet.all()):
            stop_if(self._cancelled)
            if self._report is not None:
                self._report(Progress("sheet", number, len(sheet.all()), destination.name))
            drawn[destination] = folder / f"sheet-{number}"
            try:
                if destination in texts:
                    drawn[destination].write_text(texts[destination], "utf-8", errors="replace", newline="\n")
                else:
                    draw_picture(self._plan, levels, drawn[destination])
            except OSError as error:
                raise disk_failure(error, drawn[destination], needed_bytes=1_000_000) from error
        return drawn

    def _reported(self, output: Path, sheet: SheetPaths, measured: Measured) -> RenderReport:
        loudness = measured.loudness
        if self._report is not None:
            self._report(Progress("sheet", len(sheet.all()), len(sheet.all())))
        return RenderReport(
            output=output,
            sheet=sheet,
            duration_seconds=self._total / self._rate_hz,
            integrated_lufs=loudness.integrated_lufs,
            range_lu=loudness.range_lu,
            true_peak_dbtp=loudness.true_peak_dbtp,
            largest_reduction_db=measured.largest_reduction_db,
            transitions=transition_loudness(self._plan, loudness.short_term_lufs, loudness.hop_seconds),
        )


def _put_in_place(drawn: dict[Path, Path], sheet: SheetPaths, output: Path) -> None:
    """Rename the sheet's files to where they belong; if that fails half way, the whole mix is taken back."""
    placed: list[Path] = [output]
    try:
        for destination, made in drawn.items():
            os.replace(made, destination)
            placed.append(destination)
    except BaseException as error:
        for path in placed:
            path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise OutputFailed(f"cannot write {sheet.plan.parent}: {error.strerror or error}") from error
        raise


def _named(error: Exception, plan: Plan, index: int) -> Exception:
    """The error with the voice it came from, where it does not say so itself."""
    if not isinstance(error, NotoriousError):
        error.add_note(f"while rendering slot {index}, {display_name(plan.slots[index])}")
    return error
