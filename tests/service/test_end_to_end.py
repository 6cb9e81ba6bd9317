"""From a file that is dropped to a mix that is downloaded, over the open ports of the deployed service.

Slow, since everything is real: functions start, tracks are heard, mixes rendered. All rights are checked (AUTH=true).
"""

import io
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile
from deployed import Deployed, Listener, fetch, following, serve
from running import eventually

sys.path.insert(0, str(Path(__file__).parent.parent / "unit" / "program"))
import small_tracks

pytestmark = pytest.mark.slow
LONG = 600.0


@pytest.fixture(scope="module")
def drop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The drop folder, with three tracks in it."""
    folder = tmp_path_factory.mktemp("drop")
    for number, bpm in enumerate((122.0, 123.0, 124.0)):
        small_tracks.track(folder / f"track {number}.flac", bpm, root_hz=220.0)
    return folder


@pytest.fixture(scope="module")
def rights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all services of this file write down the rights that they make use of."""
    return tmp_path_factory.mktemp("rights") / "rights.jsonl"


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory, drop: Path, rights: Path) -> Iterator[Deployed]:
    running = serve(tmp_path_factory.mktemp("deployed") / "data", "--drop", str(drop), rights=rights)
    yield running
    if running.process.poll() is None:
        assert running.stop() == 0


@pytest.fixture(scope="module")
def library(deployed: Deployed) -> list[str]:
    """The ids of the tracks, once they have been heard."""

    def heard() -> list[str]:
        tracks = deployed.listener.tracks("?status=analyzed")
        return [track["id"] for track in tracks] if len(tracks) == 3 else []

    found = eventually(heard, seconds=LONG)
    assert found, deployed.listener.tracks() or deployed.log_of("ingest")[-3000:]
    return found


def ended(listener: Listener, mix: str) -> str:
    """The status of a mix once it does not change any more."""

    def look() -> str:
        status = listener.status_of(mix)
        return status if status in ("published", "failed", "cancelled") else ""

    return eventually(look, seconds=LONG)


def test_dropped_files_are_heard(deployed: Deployed, library: list[str]) -> None:
    tracks = {track["file_name"]: track for track in deployed.listener.tracks()}
    assert {name: round(track["bpm"]) for name, track in tracks.items()} == {
        "track 0.flac": 122,
        "track 1.flac": 123,
        "track 2.flac": 124,
    }


def test_a_mix_is_asked_for_followed_and_downloaded(deployed: Deployed, library: list[str]) -> None:
    listener = deployed.listener
    mix = listener.request_mix(name="a first set")
    with following(deployed, f"mix/{mix}") as heard:
        assert ended(listener, mix) == "published", listener.get(f"/mixes/{mix}")
        assert eventually(lambda: heard and heard[-1]["document"].get("status") == "published")
    versions = [message["version"] for message in heard]
    assert versions == sorted(versions)
    phases = [message["progress"]["phase"] for message in heard if message.get("progress")]
    assert {"rendering voices", "mastering"} & set(phases), heard
    files = listener.get(f"/mixes/{mix}/files")
    addresses = [value for value in _strings(files) if value.startswith("http") and ".flac" in value]
    samples, rate = soundfile.read(io.BytesIO(fetch(addresses[0])), dtype="float32")
    assert rate == 44100
    assert len(samples) > 60 * rate
    history = [event["type"] for event in listener.get(f"/mixes/{mix}/history")["events"]]
    assert [kind for kind in history if kind != "VoiceRendered"] == [
        "MixRequested", "MixPlanned", "RenderingStarted", "MixMastered", "MixPublished",
    ]  # fmt: skip


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part)


def test_the_same_recording_under_another_name_is_one_track(deployed: Deployed, drop: Path, library: list[str]) -> None:
    (drop / "copy.flac").write_bytes((drop / "track 0.flac").read_bytes())
    assert eventually(lambda: "Duplicate" in deployed.log_of("ingest"), seconds=LONG)
    assert len(deployed.listener.tracks()) == 3


def test_a_file_that_is_no_music_is_rejected_with_its_reason(
    deployed: Deployed, drop: Path, library: list[str]
) -> None:
    (drop / "poison.flac").write_bytes(b"this was never music" * 1000)

    def reasons() -> list[str]:
        rejected = deployed.listener.tracks("?status=rejected")
        return [track["failure"]["reason"] for track in rejected if track["file_name"] == "poison.flac"]

    assert eventually(reasons, seconds=LONG) == ["it is none of the sound files that can be read"]
    assert len(deployed.listener.tracks("?status=analyzed")) == 3


def test_one_tenant_sees_nothing_of_another(deployed: Deployed, library: list[str]) -> None:
    done = deployed.run("admin", "add-user", "rival", "--tenant", "rivals")
    assert done.returncode == 0, done.stderr
    rival = Listener(deployed.addresses["api"], done.stdout.strip())
    assert rival.tracks() == []
    assert rival.get("/mixes")["mixes"] == []
    for track in library:
        assert rival.ask("GET", f"/tracks/{track}").status == 404
        assert rival.ask("DELETE", f"/tracks/{track}").status == 404
    mine = deployed.listener.request_mix()
    assert rival.ask("GET", f"/mixes/{mine}").status == 404
    assert rival.ask("POST", f"/mixes/{mine}/cancellation", {}).status == 404
    deployed.listener.ask("POST", f"/mixes/{mine}/cancellation", {})
    assert len(deployed.listener.tracks("?status=analyzed")) == 3


def test_a_mix_is_cancelled_while_it_is_made(deployed: Deployed, library: list[str]) -> None:
    mix = deployed.listener.request_mix(name="not wanted")
    assert eventually(lambda: deployed.listener.status_of(mix) != "requested", seconds=LONG)
    assert deployed.listener.ask("POST", f"/mixes/{mix}/cancellation", {}).status in (200, 202)
    assert ended(deployed.listener, mix) == "cancelled"


def test_views_are_made_anew_while_the_service_runs(deployed: Deployed, library: list[str]) -> None:
    done = deployed.run("admin", "rebuild")
    assert done.returncode == 0, done.stderr
    assert "tenant local" in done.stdout
    assert len(deployed.listener.tracks("?status=analyzed")) == 3


def test_a_function_is_called_with_its_own_event(deployed: Deployed, library: list[str]) -> None:
    done = deployed.run("invoke", "sweep")
    assert done.returncode == 0, done.stderr


def test_events_are_archived_and_restored_into_an_empty_deployment(
    deployed: Deployed, library: list[str], tmp_path: Path
) -> None:
    done = deployed.run("admin", "archive")
    assert done.returncode == 0, done.stderr
    bucket = Path("objects/000000000000/notorious-embedded-media")
    shutil.copytree(deployed.data / bucket / "archive", tmp_path / "data" / bucket / "archive")
    empty = serve(tmp_path / "data")
    try:
        assert empty.listener.tracks() == []
        restored = empty.run("admin", "restore")
        assert restored.returncode == 0, restored.stderr
        assert sorted(track["id"] for track in empty.listener.tracks("?status=analyzed")) == sorted(library)
        assert "tenant local" in empty.run("admin", "status").stdout
    finally:
        assert empty.stop() == 0


def test_killed_while_a_mix_is_made_it_goes_on_after_the_next_start(
    deployed: Deployed, library: list[str], rights: Path
) -> None:
    """The last test that uses the service: it ends the service that the others use, and leaves another in its place."""
    mix = deployed.listener.request_mix(name="through a crash")
    assert eventually(lambda: deployed.listener.status_of(mix) in ("planned", "rendering", "mastered"), seconds=LONG)
    events = deployed.listener.get(f"/mixes/{mix}/history")["events"]
    deployed.kill()
    again = serve(deployed.data, rights=rights)
    try:
        assert [track["id"] for track in again.listener.tracks("?status=analyzed")] == library
        history = again.listener.get(f"/mixes/{mix}/history")["events"]
        assert history[: len(events)] == events, "an event that was seen before the crash is gone"
        assert ended(again.listener, mix) == "published", again.listener.get(f"/mixes/{mix}")
    finally:
        assert again.stop() == 0
