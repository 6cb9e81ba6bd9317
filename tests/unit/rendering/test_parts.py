import io
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest
import soundfile
from small_sets import RATE, MadeTrack, make_plan, make_track

from notorious.audio.stream_target import HEAD_BYTES
from notorious.audio.write import FORMATS, OutputFormat
from notorious.errors import Cancelled, OutputFailed
from notorious.planning.plan import Plan
from notorious.rendering.band_levels import BandLevels
from notorious.rendering.master import render_mix
from notorious.rendering.parts import localised, master_parts, packed_levels, unpacked_levels
from notorious.rendering.voice import render_voice


@pytest.fixture(scope="module")
def tracks(tmp_path_factory: pytest.TempPathFactory) -> list[MadeTrack]:
    folder = tmp_path_factory.mktemp("tracks")
    return [make_track(folder, f"track{n}", bpm=120 + n, beats=40, root_hz=200 + 30 * n, seed=n) for n in range(3)]


@pytest.fixture(scope="module")
def plan(tracks: list[MadeTrack]) -> Plan:
    return make_plan(tracks, overlap_beats=16, step=0.005, technique=["bass_swap", "filter_sweep"], gain_db=6.0)


@pytest.fixture(scope="module")
def open_voice(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], BinaryIO]:
    folder = tmp_path_factory.mktemp("voices")
    for slot in plan.slots:
        render_voice(plan, slot.index, folder / str(slot.index))
    return lambda index: (folder / str(index)).open("rb")


class Upload(io.BytesIO):
    """A stream that refuses to change what lies behind its head, as an upload in parts does."""

    def write(self, data: "bytes | bytearray | memoryview") -> int:  # type: ignore[override]
        end = len(self.getbuffer())
        assert self.tell() == end or self.tell() + len(data) <= HEAD_BYTES, "the head alone may be written again"
        return super().write(data)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_mix_made_in_parts_is_the_mix(
    plan: Plan, open_voice: Callable[[int], BinaryIO], tmp_path: Path, kind: OutputFormat
) -> None:
    render_mix(plan, tmp_path / f"mix.{kind}", jobs=1)
    upload = Upload()
    report = master_parts(plan, open_voice, upload, format=kind)
    made = (tmp_path / f"mix.{kind}").read_bytes()
    if kind == "m4a":  # its header holds the time at which it was made
        assert len(upload.getvalue()) == len(made)
    else:
        assert upload.getvalue() == made
    assert report.true_peak_dbtp <= -1.0
    assert report.largest_reduction_db > 0.5  # so loud that the limiter had work


def test_the_stream_is_left_open_for_its_owner(plan: Plan, open_voice: Callable[[int], BinaryIO]) -> None:
    upload = Upload()
    master_parts(plan, open_voice, upload, format="flac")
    assert not upload.closed
    assert soundfile.read(io.BytesIO(upload.getvalue()))[1] == RATE


def test_a_voice_that_is_cut_off_is_an_error_and_not_silence(plan: Plan, open_voice: Callable[[int], BinaryIO]) -> None:
    def cut(index: int) -> BinaryIO:
        with open_voice(index) as whole:
            data = whole.read()
        return io.BytesIO(data[: len(data) // 2] if index == 1 else data)

    with pytest.raises(OutputFailed, match=r"track1.*cut off"):
        master_parts(plan, cut, Upload(), format="flac")


def test_a_stream_that_takes_no_more_is_named(plan: Plan, open_voice: Callable[[int], BinaryIO]) -> None:
    class Broken(io.BytesIO):
        def write(self, data: "bytes | bytearray | memoryview") -> int:  # type: ignore[override]
            if self.tell() > 100_000:
                raise OSError(5, "the upload was aborted")
            return super().write(data)

    with pytest.raises(OutputFailed, match=r"the evening: .*the upload was aborted"):
        master_parts(plan, open_voice, Broken(), format="wav", name="the evening")


def test_every_voice_is_opened_once_and_closed(plan: Plan, open_voice: Callable[[int], BinaryIO]) -> None:
    opened: list[BinaryIO] = []

    def watched(index: int) -> BinaryIO:
        opened.append(open_voice(index))
        return opened[-1]

    master_parts(plan, watched, Upload(), format="ogg")
    assert len(opened) == len(plan.slots)
    assert all(voice.closed for voice in opened)


def test_cancelling_closes_what_is_open(plan: Plan, open_voice: Callable[[int], BinaryIO]) -> None:
    opened: list[BinaryIO] = []
    asked = 0

    def watched(index: int) -> BinaryIO:
        opened.append(open_voice(index))
        return opened[-1]

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        return asked > 3

    with pytest.raises(Cancelled):
        master_parts(plan, watched, Upload(), format="wav", cancelled=cancelled)
    assert opened
    assert all(voice.closed for voice in opened)


def test_a_localised_plan_finds_its_files_elsewhere_and_renders_the_same_voice(
    plan: Plan, open_voice: Callable[[int], BinaryIO], tmp_path: Path
) -> None:
    first = plan.slots[0].track
    elsewhere = tmp_path / "audio"
    elsewhere.write_bytes(Path(first.path).read_bytes())
    gone = localised(plan, {slot.track.sha256: Path("/nowhere") for slot in plan.slots})
    here = localised(gone, {first.sha256: elsewhere})
    assert [slot.track.path for slot in here.slots] == [str(elsewhere), "/nowhere", "/nowhere"]
    voice = render_voice(here, 0, tmp_path / "voice")
    with open_voice(0) as known:
        assert voice.path.read_bytes() == known.read()


def test_levels_survive_being_packed() -> None:
    random = np.random.default_rng(3)
    levels = BandLevels(0.046, *(random.random(100, dtype=np.float32) for _ in range(4)))
    again = unpacked_levels(packed_levels(levels))
    assert again.hop_seconds == levels.hop_seconds
    for name in ("peak", "low", "mid", "high"):
        assert np.array_equal(getattr(again, name), getattr(levels, name))
