"""The whole way, without AWS: files dropped, heard by the real engine, planned, rendered in parts, mastered, published.

One set of four small tracks serves all tests; each works on a mix of its own.
"""

import io
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from fakes.objects import MemoryObjects
from fakes.scene import Scene
from notorious.domain.mix_events import MixPhase
from notorious.errors import Cancelled, NothingToMix, PlanError
from notorious.planning.plan import Plan
from notorious.rendering.master import render_mix
from notorious.rendering.parts import localised
from notorious.service import keys
from notorious.service.ear import ChildEar
from notorious.service.endings import publish_mix
from notorious.service.export import SHEET, export
from notorious.service.failures import Unrecoverable
from notorious.service.hear import hear
from notorious.service.ingest import ingest
from notorious.service.master import Mastered, master
from notorious.service.plan_mix import Planned, find_candidates, plan, validate
from notorious.service.preview import preview
from notorious.service.references import read
from notorious.service.voices import VoiceInBucket, render_voice, track_key
from notorious.service.wishes import cancel_mix, edit_plan
from unit.rendering.small_sets import make_track

TENANT = Scene.tenant


class Service(Scene):
    """A scene with the steps of the workflow as one-liners."""

    def validate(self, mix: str) -> None:
        with self.progress(mix) as progress:
            validate(TENANT, mix, store=self.store, tracks=self.tracks(), progress=progress)

    def plan(self, mix: str) -> Planned:
        with self.progress(mix) as progress:
            found = find_candidates(
                TENANT, mix, store=self.store, objects=self.objects, tracks=self.tracks(), progress=progress
            )
            return plan(TENANT, mix, found, store=self.store, objects=self.objects, progress=progress)

    def voice(self, mix: str, index: int) -> VoiceInBucket:
        with self.progress(mix, str(index)) as progress:
            return render_voice(
                TENANT, mix, index, store=self.store, objects=self.objects, clock=self.clock, progress=progress
            )

    def master(self, mix: str) -> Mastered:
        with self.progress(mix) as progress:
            return master(TENANT, mix, store=self.store, objects=self.objects, progress=progress)

    def preview(self, mix: str, transition: int | None = None) -> tuple[int, ...]:
        with self.progress(mix) as progress:
            return preview(
                TENANT, mix, store=self.store, objects=self.objects, progress=progress, transition=transition
            )

    def export(self, mix: str) -> dict[str, Any]:
        with self.progress(mix) as progress:
            return export(TENANT, mix, store=self.store, objects=self.objects, progress=progress)

    def publish(self, mix: str) -> None:
        with self.progress(mix) as progress:
            publish_mix(TENANT, mix, self.export(mix), store=self.store, progress=progress)

    def plan_of(self, mix: str) -> Plan:
        planned = self.mix(mix).plan
        assert planned is not None
        return Plan.model_validate_json(read(self.objects, planned.plan))

    def wanted(self, mix: str, **wish: Any) -> str:
        return self.request(mix, wish.pop("brief", {}), **wish)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    service = Service()
    service.objects = MemoryObjects(service.clock, part_bytes=1 << 20)
    folder = tmp_path_factory.mktemp("music")
    ear = ChildEar()
    for number, bpm in enumerate((124.0, 125.0, 126.0)):
        made = make_track(folder, f"track {number}", bpm=bpm, beats=64, root_hz=220.0, seed=number)
        key = keys.drop(TENANT, f"u{number}", made.path.name)
        service.objects.put(key, made.path.read_bytes())
        taken = ingest(key, store=service.store, objects=service.objects)
        assert taken.sha256 is not None
        hear(TENANT, taken.sha256, store=service.store, objects=service.objects, ear=ear, seconds=120)
    ear.close()
    service.wanted("whole", formats=["flac", "mp3", "wav"], wants_preview=True, name="Friday Night")
    return service


def run(service: Service, mix: str) -> None:
    service.validate(mix)
    for index in service.plan(mix).voices:
        service.voice(mix, index)
    service.master(mix)
    service.publish(mix)


@pytest.fixture(scope="module")
def published(service: Service) -> Service:
    """The mix "whole", made once."""
    service.validate("whole")
    planned = service.plan("whole")
    service.preview("whole")
    for index in reversed(planned.voices):
        service.voice("whole", index)
    service.master("whole")
    service.publish("whole")
    return service


def test_the_mix_is_published_with_its_formats_and_its_sheet(published: Service) -> None:
    state = published.mix("whole")
    assert state.status == "published"
    assert set(state.files) == {"flac", "mp3", "wav", *SHEET}
    for name, file in state.files.items():
        assert read(published.objects, file), name


def test_the_mix_is_to_the_last_sample_what_the_program_makes_of_the_same_plan(
    published: Service, tmp_path: Path
) -> None:
    made = published.plan_of("whole")
    paths = {}
    for slot in made.slots:
        paths[slot.track.sha256] = tmp_path / f"{slot.track.sha256}.wav"
        paths[slot.track.sha256].write_bytes(published.objects.get(keys.track_audio(TENANT, slot.track.sha256, "wav")))
    render_mix(localised(made, paths), tmp_path / "mix.flac", jobs=1)
    expected, _ = soundfile.read(tmp_path / "mix.flac", dtype="int16")
    found, _ = soundfile.read(io.BytesIO(read(published.objects, published.mix("whole").files["flac"])), dtype="int16")
    assert np.array_equal(found, expected)


def test_the_wav_is_the_master_to_the_last_bit(published: Service) -> None:
    files = published.mix("whole").files
    master_samples, wav_samples = (
        soundfile.read(io.BytesIO(read(published.objects, files[name])), dtype="int16")[0] for name in ("flac", "wav")
    )
    assert np.array_equal(master_samples, wav_samples)


def test_the_mp3_holds_the_same_music(published: Service) -> None:
    files = published.mix("whole").files
    lossless, rate = soundfile.read(io.BytesIO(read(published.objects, files["flac"])))
    lossy, lossy_rate = soundfile.read(io.BytesIO(read(published.objects, files["mp3"])))
    assert lossy_rate == rate
    assert abs(len(lossy) - len(lossless)) <= 2304
    count = min(len(lossy), len(lossless))
    error = lossy[:count] - lossless[:count]
    assert np.mean(error**2) < 0.01 * np.mean(lossless**2)


def test_the_sheet_names_the_tracks_as_their_owner_knows_them(published: Service) -> None:
    files = published.mix("whole").files
    playlist = read(published.objects, files["m3u8"]).decode()
    assert "#PLAYLIST:Friday Night" in playlist
    assert [line for line in playlist.splitlines() if not line.startswith("#")].count("track 0.wav") == 1
    cue = read(published.objects, files["cue"]).decode()
    assert 'FILE "mix.flac" WAVE' in cue
    assert cue.count("TRACK ") == 3
    assert read(published.objects, files["picture"]).startswith(b"\x89PNG")


def test_its_listeners_were_shown_the_phases_in_their_order(published: Service) -> None:
    shown: list[MixPhase] = []
    for document in published.live.documents:
        if document.topic == "mix/whole" and document.phase not in shown:
            shown.append(document.phase)
    assert shown == [
        "validating",
        "finding candidates",
        "planning",
        "previewing",
        "rendering voices",
        "mastering",
        "exporting",
        "publishing",
    ]
    last = {
        document.phase: round(document.percent, 6)
        for document in published.live.documents
        if document.topic == "mix/whole"
    }
    assert set(last.values()) == {100.0}


def test_previews_are_half_a_minute_around_each_transition(published: Service) -> None:
    previews = published.mix("whole").previews
    assert set(previews) == {0, 1}
    for made in previews.values():
        samples, rate = soundfile.read(io.BytesIO(read(published.objects, made.audio)))
        assert len(samples) / rate == pytest.approx(30, abs=0.01)
        assert np.abs(samples).max() > 0.05


def test_events_tell_of_each_step_once(published: Service) -> None:
    told = [record.type for record in published.store.feed(TENANT, limit=10**6) if record.stream.id == "whole"]
    assert Counter(told) == {
        "MixRequested": 1,
        "MixPlanned": 1,
        "PreviewRendered": 2,
        "RenderingStarted": 1,
        "VoiceRendered": 3,
        "MixMastered": 1,
        "MixPublished": 1,
    }


def test_a_workflow_that_is_begun_again_in_the_middle_repeats_no_work_and_no_event(service: Service) -> None:
    service.wanted("again")
    planned = service.plan("again")
    service.voice("again", 0)
    before = [record.type for record in service.store.feed(TENANT, limit=10**6)]
    writes = service.objects.names("plans/")
    service.validate("again")
    assert service.plan("again") == planned
    assert service.voice("again", 0).cached
    assert [record.type for record in service.store.feed(TENANT, limit=10**6)] == before
    assert service.objects.names("plans/") == writes
    run(service, "again")
    assert service.mix("again").status == "published"


def test_an_export_that_is_begun_again_encodes_only_what_is_missing(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.wanted("half-exported", formats=["wav", "ogg"])
    for index in service.plan("half-exported").voices:
        service.voice("half-exported", index)
    service.master("half-exported")
    sink = service.objects.sink

    def only(ending: str, key: str, **options: Any) -> Any:
        if not key.endswith(ending):
            raise ConnectionError(key)
        return sink(key, **options)

    monkeypatch.setattr(service.objects, "sink", partial(only, ".wav"))
    with pytest.raises(ConnectionError):
        service.export("half-exported")
    monkeypatch.setattr(service.objects, "sink", partial(only, ".ogg"))
    assert {"wav", "ogg"} < set(service.export("half-exported"))


def test_after_an_edit_only_the_voices_that_changed_are_rendered(service: Service) -> None:
    service.wanted("edited")
    for index in service.plan("edited").voices:
        service.voice("edited", index)
    cancel_mix(service.store, TENANT, "edited", wisher=service.wisher())
    made = service.plan_of("edited")
    louder = made.slots[2].model_copy(update={"gain_db": made.slots[2].gain_db - 1.0})
    changed = made.model_copy(update={"slots": (*made.slots[:2], louder)})
    edit_plan(service.store, service.objects, TENANT, "edited", changed, based_on=1, wisher=service.wisher())
    assert [service.voice("edited", index).cached for index in range(3)] == [True, True, False]


def test_a_voice_that_is_about_to_expire_is_rendered_again(service: Service) -> None:
    service.wanted("late")
    service.plan("late")
    service.voice("late", 0)
    assert service.voice("late", 0).cached
    service.clock.pass_seconds(2.5 * 86400)
    assert not service.voice("late", 0).cached


def test_a_voice_without_its_note_is_not_complete(service: Service) -> None:
    service.wanted("half")
    service.plan("half")
    made = service.voice("half", 1)
    service.objects.delete(keys.voice_note(TENANT, made.voice_key))
    assert not service.voice("half", 1).cached


def test_a_cancelled_mix_stops_in_the_middle_of_a_voice_and_leaves_no_part_of_it(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.wanted("stopped", brief={"seed": 4})
    service.plan("stopped")
    for name in service.objects.names("voices/"):
        service.objects.delete(name)
    monkeypatch.setattr("notorious.service.mix_job.LOOK_SECONDS", 0.0)
    download = service.objects.download

    def cancelling(key: str, path: Path) -> None:
        download(key, path)
        cancel_mix(service.store, TENANT, "stopped", wisher=service.wisher())

    monkeypatch.setattr(service.objects, "download", cancelling)
    with pytest.raises(Cancelled):
        service.voice("stopped", 0)
    assert service.objects.names("voices/") == []
    with pytest.raises(Cancelled):
        service.master("stopped")


def test_a_master_that_is_cancelled_leaves_no_object(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    service.wanted("unmastered")
    for index in service.plan("unmastered").voices:
        service.voice("unmastered", index)
    monkeypatch.setattr("notorious.service.mix_job.LOOK_SECONDS", 0.0)
    original = service.objects.get_range

    def cancelling(key: str, start: int, length: int) -> bytes:
        cancel_mix(service.store, TENANT, "unmastered", wisher=service.wisher())
        return original(key, start, length)

    monkeypatch.setattr(service.objects, "get_range", cancelling)
    with pytest.raises(Cancelled):
        service.master("unmastered")
    assert service.objects.names("mixes/anna/unmastered") == []


def test_a_master_without_all_voices_says_which_are_missing(service: Service) -> None:
    service.wanted("incomplete")
    service.plan("incomplete")
    service.voice("incomplete", 1)
    with pytest.raises(Unrecoverable, match=r"voices \[0, 2\] of the mix incomplete are not rendered"):
        service.master("incomplete")


def test_a_voice_of_a_track_that_was_deleted_meanwhile_says_so(service: Service) -> None:
    service.wanted("orphan")
    service.plan("orphan")
    elsewhere = Service()
    with pytest.raises(PlanError, match="no longer in the library; upload it again"):
        track_key(elsewhere.store, TENANT, service.plan_of("orphan").slots[0].track.sha256)


def test_a_mix_of_nothing_is_refused_before_work_begins() -> None:
    empty = Service()
    empty.wanted("nothing")
    with pytest.raises(NothingToMix, match="upload some"):
        empty.validate("nothing")
    with pytest.raises(NothingToMix):
        empty.plan("nothing")


def test_a_selection_that_the_brief_rules_out_is_refused_while_candidates_are_looked_for(service: Service) -> None:
    service.wanted("slow", brief={"bpm_min": 60, "bpm_max": 70})
    service.validate("slow")
    with pytest.raises(NothingToMix, match="lies outside 60-70 BPM"):
        service.plan("slow")


def test_a_preview_of_one_transition_is_rendered_on_its_own_and_once(service: Service) -> None:
    service.wanted("listen")
    service.plan("listen")
    assert service.preview("listen") == ()
    assert service.preview("listen", 1) == (1,)
    made = service.mix("listen").previews[1]
    before = service.objects.find(made.audio.key)
    service.clock.pass_seconds(60)
    service.preview("listen", 1)
    assert service.objects.find(made.audio.key) == before
    with pytest.raises(PlanError, match="no transition 2"):
        service.preview("listen", 2)
