import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from small_sets import RATE, MadeTrack, make_plan, make_track

from notorious.errors import Cancelled, NotoriousError, OutputExists, OutputFailed, PlanError
from notorious.planning.plan import Lane, LanePoint, Plan
from notorious.rendering.master import render_mix
from notorious.rendering.progress import Progress
from notorious.rendering.voice import render_voice

SHEET = {"mix.cue", "mix.flac", "mix.m3u8", "mix.plan.json", "mix.png", "mix.tracklist.txt"}


@pytest.fixture(scope="module")
def tracks(tmp_path_factory: pytest.TempPathFactory) -> list[MadeTrack]:
    folder = tmp_path_factory.mktemp("tracks")
    return [make_track(folder, f"track{n}", bpm=120 + n, beats=40, root_hz=200 + 30 * n, seed=n) for n in range(4)]


@pytest.fixture(scope="module")
def plan(tracks: list[MadeTrack]) -> Plan:
    return make_plan(tracks, overlap_beats=16, step=0.005, technique=["bass_swap", "echo_out", "filter_sweep"])


def decoded(path: Path) -> np.ndarray:
    sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
    assert rate == RATE
    return sound


def test_one_process_and_two_make_the_same_bits(plan: Plan, tmp_path: Path) -> None:
    one, two = tmp_path / "one.flac", tmp_path / "two.flac"
    render_mix(plan, one, jobs=1)
    render_mix(plan, two, jobs=2)
    assert one.read_bytes() == two.read_bytes()


def test_the_mix_is_the_sum_of_its_voices(plan: Plan, tmp_path: Path) -> None:
    render_mix(plan, tmp_path / "mix.wav", jobs=1)
    mix = decoded(tmp_path / "mix.wav")
    total = np.zeros_like(mix)
    for slot in plan.slots:
        voice = render_voice(plan, slot.index, tmp_path / "voice")
        total[voice.first_frame : voice.stop_frame] += np.fromfile(voice.path, np.float32).reshape(-1, 2)
    assert len(mix) == round(plan.duration_seconds * RATE)
    assert np.abs(total).max() < 10 ** (-1 / 20)  # the limiter has nothing to do
    # 16 bits with triangular dither of one step to either side, then rounding.
    assert np.abs(mix - total).max() <= 1.51 / 32768


def test_the_sheet_lies_beside_the_mix_and_nothing_else(plan: Plan, tmp_path: Path) -> None:
    report = render_mix(plan, tmp_path / "mix.flac", jobs=1)
    assert set(os.listdir(tmp_path)) == SHEET
    assert Plan.model_validate_json((tmp_path / "mix.plan.json").read_text("utf-8")) == plan
    assert report.duration_seconds == pytest.approx(plan.duration_seconds, abs=1e-4)
    assert (tmp_path / "mix.png").read_bytes().startswith(b"\x89PNG")


def test_the_plan_beside_a_mix_makes_it_again_to_the_last_bit(tracks: list[MadeTrack], tmp_path: Path) -> None:
    plan = make_plan(tracks[:2], overlap_beats=16)
    render_mix(plan, tmp_path / "mix.flac", jobs=1)
    made = (tmp_path / "mix.flac").read_bytes()
    again = Plan.model_validate_json((tmp_path / "mix.plan.json").read_text("utf-8"))
    render_mix(again, tmp_path / "again.flac", jobs=1)
    assert (tmp_path / "again.flac").read_bytes() == made


def test_progress_is_told_in_named_phases_that_reach_their_end(plan: Plan, tmp_path: Path) -> None:
    seen: list[Progress] = []
    render_mix(plan, tmp_path / "mix.flac", jobs=1, report=seen.append)
    last = {progress.phase: progress for progress in seen}
    assert set(last) == {"check", "voices", "master", "sheet"}
    assert all(progress.current == progress.total > 0 for progress in last.values())
    for phase in last:
        currents = [progress.current for progress in seen if progress.phase == phase]
        assert currents == sorted(currents)


@pytest.mark.parametrize("existing", sorted(SHEET))
def test_nothing_that_exists_is_overwritten_unasked(plan: Plan, tmp_path: Path, existing: str) -> None:
    (tmp_path / existing).write_text("precious")
    with pytest.raises(OutputExists, match=existing.replace(".", r"\.")):
        render_mix(plan, tmp_path / "mix.flac", jobs=1)
    assert (tmp_path / existing).read_text() == "precious"
    assert os.listdir(tmp_path) == [existing]


def test_the_plan_that_is_rendered_may_lie_beside_the_mix_already(tracks: list[MadeTrack], tmp_path: Path) -> None:
    plan = make_plan(tracks[:1])
    (tmp_path / "mix.plan.json").write_text(plan.model_dump_json(), "utf-8")
    render_mix(plan, tmp_path / "mix.flac", jobs=1)
    assert set(os.listdir(tmp_path)) == SHEET


def test_a_track_of_the_set_is_never_overwritten(plan: Plan, tracks: list[MadeTrack]) -> None:
    with pytest.raises(OutputExists, match="one of the tracks"):
        render_mix(plan, tracks[1].path, jobs=1, force=True)


def test_files_that_are_gone_or_changed_are_all_named_before_anything_is_rendered(tmp_path: Path) -> None:
    made = [make_track(tmp_path, name, bpm=120, beats=24, kicks=False) for name in ("kept", "gone", "changed")]
    plan = make_plan(made, overlap_beats=8)
    made[1].path.unlink()
    with made[2].path.open("ab") as file:
        file.write(b"\0")
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(PlanError) as raised:
        render_mix(plan, out / "mix.flac", jobs=1)
    assert "gone.wav is gone" in str(raised.value)
    assert "changed.wav has changed" in str(raised.value)
    assert "kept.wav" not in str(raised.value)
    assert os.listdir(out) == []


def test_a_lane_that_cannot_be_meant_is_refused_before_anything_is_rendered(plan: Plan, tmp_path: Path) -> None:
    wrong = Lane(parameter="fader", points=(LanePoint(beat=0, value=3.0),))
    transitions = (plan.transitions[0].model_copy(update={"outgoing": (wrong,)}), *plan.transitions[1:])
    with pytest.raises(PlanError, match="fader lane must stay within 0 and 1"):
        render_mix(plan.model_copy(update={"transitions": transitions}), tmp_path / "mix.flac", jobs=1)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("jobs", [1, 2])
def test_cancelling_leaves_nothing_behind(plan: Plan, tmp_path: Path, jobs: int) -> None:
    mastered: list[float] = []

    def report(progress: Progress) -> None:
        if progress.phase == "master":
            mastered.append(progress.current)

    with pytest.raises(Cancelled):
        render_mix(plan, tmp_path / "mix.flac", jobs=jobs, report=report, cancelled=lambda: len(mastered) >= 3)
    assert len(mastered) == 3
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_file_that_cannot_be_decoded_ends_the_run_with_its_reason(tmp_path: Path, jobs: int) -> None:
    made = [make_track(tmp_path, name, bpm=120, beats=24, kicks=False) for name in ("good", "bad")]
    made[1].path.write_text("this is not audio, whatever its name says")
    plan = make_plan(made, overlap_beats=8)
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(NotoriousError, match=r"bad\.wav"):
        render_mix(plan, out / "mix.flac", jobs=jobs)
    assert os.listdir(out) == []


def test_a_folder_that_is_missing_and_a_format_that_is_unknown_are_named(plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(OutputFailed, match="no folder"):
        render_mix(plan, tmp_path / "missing" / "mix.flac", jobs=1)
    with pytest.raises(OutputFailed, match=r"mix\.xyz.*choose one of wav, flac"):
        render_mix(plan, tmp_path / "mix.xyz", jobs=1)


LIMITED = """
import resource, sys
from pathlib import Path
from notorious.errors import OutputFailed
from notorious.planning.plan import Plan
from notorious.rendering.master import render_mix
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
plan = Plan.model_validate_json(Path(sys.argv[1]).read_text("utf-8"))
if __name__ == "__main__":
    try:
        render_mix(plan, sys.argv[2], jobs=int(sys.argv[3]))
    except OutputFailed as error:
        print(error)
        sys.exit(error.exit_code)
"""


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_disk_that_fills_up_is_reported_and_nothing_is_left(plan: Plan, tmp_path: Path, jobs: int) -> None:
    script, out = tmp_path / "limited.py", tmp_path / "out"
    script.write_text(LIMITED)
    out.mkdir()
    (tmp_path / "plan.json").write_text(plan.model_dump_json(), "utf-8")
    command = [sys.executable, str(script), str(tmp_path / "plan.json"), str(out / "mix.flac"), str(jobs)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 5, ended.stderr
    assert "free some space" in ended.stdout
    assert os.listdir(out) == []


INTERRUPTED = """
import sys
from pathlib import Path
from notorious.planning.plan import Plan
from notorious.rendering.master import render_mix
if __name__ == "__main__":
    plan = Plan.model_validate_json(Path(sys.argv[1]).read_text("utf-8"))
    try:
        render_mix(plan, sys.argv[2], jobs=2, report=lambda progress: print(progress.phase, flush=True))
    except KeyboardInterrupt:
        sys.exit(130)
"""


def test_ctrl_c_stops_the_workers_and_leaves_nothing(plan: Plan, tmp_path: Path) -> None:
    script, out = tmp_path / "interrupted.py", tmp_path / "out"
    script.write_text(INTERRUPTED)
    out.mkdir()
    (tmp_path / "plan.json").write_text(plan.model_dump_json(), "utf-8")
    process = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "plan.json"), str(out / "mix.flac")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip() == "voices":
            break
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to parent and children alike
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert os.listdir(out) == []
    for _ in range(100):  # the group is gone when its last process is
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            break
        time.sleep(0.05)
    else:
        pytest.fail("a worker is still there")


def test_what_a_killed_run_left_is_cleared_by_the_next(tracks: list[MadeTrack], tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = tmp_path / f".mix.flac.voices-{ended.pid}-abcdef"
    left.mkdir()
    (left / "voice-0000.f32").write_bytes(b"x")
    running = tmp_path / f".mix.flac.voices-{os.getppid()}-abcdef"
    running.mkdir()
    render_mix(make_plan(tracks[:1]), tmp_path / "mix.flac", jobs=1)
    assert not left.exists()
    assert running.exists()


def test_one_track_alone_is_a_mix_too(tracks: list[MadeTrack], tmp_path: Path) -> None:
    report = render_mix(make_plan(tracks[:1]), tmp_path / "mix.flac", jobs=2)
    assert report.transitions == ()
    assert "LUFS" in report.closing_line()
