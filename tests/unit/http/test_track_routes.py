"""Tracks over the API."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from http_client import Client

from fakes.scene import Scene
from notorious.domain import TRACK, Reference, StreamName
from notorious.domain.track import DeleteTrack, RecordAnalysisFailure, RecordStems, RejectTrack
from notorious.eventstore import handle
from unit.planning.planning_track_factory import make_library, make_track

MISSING = "0" * 64


def add(scene: Scene, name: str, **about: Any) -> str:
    """A track that was heard; its id."""
    return scene.add(make_track(name, title=name, **about))


def titles(answer: Any) -> list[str]:
    return [track["title"] for track in answer.json["tracks"]]


def test_an_upload_begins_with_a_signed_form_under_the_tenants_own_prefix(anna: Client) -> None:
    answer = anna.post("/uploads", {"file_name": "../../bert/Night Bus.flac", "size_bytes": 1000})
    assert answer.status == 201
    assert answer.json["fields"]["key"].startswith("drop/anna/")
    assert answer.json["fields"]["key"].endswith("/Night Bus.flac")
    assert answer.json["fields"]["most_bytes"] == "1000"


def test_an_upload_that_is_too_large_names_the_field(anna: Client) -> None:
    answer = anna.post("/uploads", {"file_name": "set.wav", "size_bytes": 10**12})
    assert (answer.status, answer.wrong_fields()) == (422, [("body", "size_bytes")])


def test_a_list_holds_what_was_uploaded_a_moment_before(scene: Scene, anna: Client) -> None:
    scene.upload(b"one")
    answer = anna.get("/tracks")
    assert (answer.status, answer.json["total"], answer.json["behind"]) == (200, 1, 0)
    assert answer.json["tracks"][0]["status"] == "waiting"


def test_a_detail_shows_what_was_heard_and_hides_where_it_lies(scene: Scene, anna: Client) -> None:
    track = add(scene, "night", bpm=126.0)
    answer = anna.get(f"/tracks/{track}")
    assert answer.status == 200
    assert (answer.json["status"], answer.json["bpm"]) == ("analyzed", 126.0)
    assert "analyses/" not in answer.text
    assert "tracks/anna" not in answer.text


def test_a_correction_shows_at_once(scene: Scene, anna: Client) -> None:
    track = add(scene, "night", bpm=126.0)
    answer = anna.ask("PATCH", f"/tracks/{track}", {"bpm": 63.0})
    assert (answer.status, answer.json["bpm"], answer.json["heard"]["bpm"]) == (200, 63.0, 126.0)
    assert anna.get(f"/tracks/{track}").json["correction"]["bpm"] == 63.0


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"bpm": 7}, ("body", "bpm")),
        ({"camelot": "13A"}, ("body", "camelot")),
        ({"cues": [{"start_seconds": -1}]}, ("body", "cues.0.start_seconds")),
        ({"mood": "good"}, ("body", "mood")),
        ({}, ("body", "bpm, camelot or cues")),
    ],
)
def test_a_correction_that_cannot_be_meant_names_the_field(
    scene: Scene, anna: Client, body: Any, wrong: tuple[str, str]
) -> None:
    answer = anna.ask("PATCH", f"/tracks/{add(scene, 'night')}", body)
    assert (answer.status, answer.wrong_fields()) == (422, [wrong])


def test_a_track_that_was_not_heard_cannot_be_corrected(scene: Scene, anna: Client) -> None:
    answer = anna.ask("PATCH", f"/tracks/{scene.upload(b'one')}", {"bpm": 63.0})
    assert (answer.status, answer.json["type"]) == (409, "/problems/not-yet-analyzed")


def test_a_correction_that_is_repeated_under_its_key_is_one_event(scene: Scene, anna: Client) -> None:
    track = add(scene, "night")
    for bpm in (63.0, 64.0, 63.0):
        anna.ask("PATCH", f"/tracks/{track}", {"bpm": bpm}, idempotency_key=f"to-{bpm}")
    # The third is the first again, and so comes to nothing.
    assert anna.get(f"/tracks/{track}").json["bpm"] == 64.0


def test_a_deleted_track_is_gone_with_its_objects(scene: Scene, anna: Client) -> None:
    track = add(scene, "night")
    assert anna.ask("DELETE", f"/tracks/{track}").status == 204
    assert anna.get(f"/tracks/{track}").status == 404
    assert anna.get("/tracks").json["total"] == 0
    assert scene.objects.names("tracks/") == []
    assert anna.ask("DELETE", f"/tracks/{track}").status == 204


def test_a_track_is_heard_again_once(scene: Scene, anna: Client) -> None:
    track = add(scene, "night")
    answer = anna.post(f"/tracks/{track}/analysis")
    assert (answer.status, answer.json["analysis_pending_since"] is not None) == (202, True)
    anna.post(f"/tracks/{track}/analysis")
    assert [event["type"] for event in anna.get(f"/tracks/{track}/history").json["events"]] == [
        "TrackUploaded",
        "AnalysisRequested",
        "TrackAnalyzed",
        "AnalysisRequested",
    ]


def test_stems_are_asked_for(scene: Scene, anna: Client) -> None:
    answer = anna.post(f"/tracks/{add(scene, 'night')}/stems", {"model": "htdemucs"})
    assert (answer.status, answer.json["stems"]["htdemucs"]["status"]) == (202, "waiting")


def test_stems_are_handed_out_until_they_expire(scene: Scene, anna: Client) -> None:
    track = add(scene, "night")
    assert anna.get(f"/tracks/{track}/stems/htdemucs").status == 404
    anna.post(f"/tracks/{track}/stems", {"model": "htdemucs"})
    assert anna.get(f"/tracks/{track}/stems/htdemucs").status == 404
    stem = Reference(key=f"stems/anna/{track}/htdemucs/vocals.flac", sha256="0" * 64, size_bytes=7)
    soon = scene.clock.now() + timedelta(days=7)
    made = RecordStems(command_id="s", actor="stems", model="htdemucs", stems={"vocals": stem}, expires_at=soon)
    handle(scene.store, "anna", StreamName("track", track), made, TRACK)
    (file,) = anna.get(f"/tracks/{track}/stems/htdemucs").json["files"]
    assert (file["name"], stem.key in file["url"]) == ("vocals", True)
    scene.clock.pass_seconds(timedelta(days=8).total_seconds())
    assert anna.get(f"/tracks/{track}/stems/htdemucs").status == 404


def test_audio_and_analysis_are_handed_out_as_signed_addresses(scene: Scene, anna: Client) -> None:
    track = add(scene, "night")
    assert f"tracks/anna/{track}/audio.wav" in anna.get(f"/tracks/{track}/audio").json["url"]
    assert f"analyses/anna/{track}" in anna.get(f"/tracks/{track}/analysis").json["url"]
    assert anna.get(f"/tracks/{scene.upload(b'new')}/analysis").status == 404


def test_rejected_uploads_are_listed_only_where_they_are_asked_for(scene: Scene, anna: Client) -> None:
    stream = StreamName("track", "upload-" + "0" * 32)
    reject = RejectTrack(command_id="r", actor="ingest", file_name="a.jpg", key="d", size_bytes=1, reason="a picture")
    handle(scene.store, "anna", stream, reject, TRACK)
    assert anna.get("/tracks").json["total"] == 0
    rejected = anna.get("/tracks?status=rejected").json["tracks"][0]
    assert (rejected["file_name"], rejected["failure"]["reason"]) == ("a.jpg", "a picture")


def test_a_failed_analysis_says_why(scene: Scene, anna: Client) -> None:
    track = scene.upload(b"one")
    fail = RecordAnalysisFailure(command_id="f", actor="analyze", reason="it is silent", retryable=False)
    handle(scene.store, "anna", StreamName("track", track), fail, TRACK)
    answer = anna.get(f"/tracks/{track}").json
    assert (answer["status"], answer["failure"]["reason"]) == ("failed", "it is silent")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["Drum", "Breakfast", "Alarm"]),
        ("text=alarm", ["Alarm"]),
        ("text=br", ["Breakfast"]),
        ("text=nobody", []),
        ("camelot=8A", ["Alarm"]),
        ("camelot=Am", ["Alarm"]),
        ("compatible_with=8A", ["Breakfast", "Alarm"]),
        ("bpm_min=125&bpm_max=135", ["Breakfast"]),
        ("energy_min=7", ["Drum"]),
        ("genre=Techno", ["Drum"]),
        ("genre=techno&text=drum", ["Drum"]),
        ("status=waiting", []),
        ("sort=bpm", ["Alarm", "Breakfast", "Drum"]),
        ("sort=bpm&order=descending", ["Drum", "Breakfast", "Alarm"]),
        ("sort=title", ["Alarm", "Breakfast", "Drum"]),
        ("sort=energy&limit=1", ["Alarm"]),
    ],
)
def test_lists_are_filtered_and_ordered(scene: Scene, anna: Client, query: str, found: list[str]) -> None:
    add(scene, "Alarm", bpm=120.0, key="8A", level=4.0)
    add(scene, "Breakfast", bpm=130.0, key="9A", level=6.0)
    add(scene, "Drum", bpm=174.0, key="3B", level=8.0, genre="Techno")
    assert titles(anna.get(f"/tracks?{query}")) == found


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("bpm_min=fast", "bpm_min"),
        ("camelot=H9", "camelot"),
        ("compatible_with=x", "compatible_with"),
        ("sort=mood", "sort"),
        ("added_after=yesterday", "added_after"),
        ("cursor=abc", "cursor"),
    ],
)
def test_a_list_that_cannot_be_meant_names_the_parameter(anna: Client, query: str, wrong: str) -> None:
    answer = anna.get(f"/tracks?{query}")
    assert (answer.status, answer.wrong_fields()) == (422, [("query", wrong)])


def test_pages_hold_every_track_once_while_tracks_come_and_go(scene: Scene, anna: Client) -> None:
    ids = {scene.add(track) for track in make_library(30)}
    gone = sorted(ids)[10]
    seen: list[str] = []
    cursor = ""
    while True:
        page = anna.get(f"/tracks?sort=bpm&limit=7{cursor}").json
        seen += [track["id"] for track in page["tracks"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
        if len(seen) == 7:
            # One that is behind, or before, and one that goes.
            add(scene, "newcomer", bpm=121.0)
            delete = DeleteTrack(command_id="d", actor="anna")
            handle(scene.store, "anna", StreamName("track", gone), delete, TRACK)
    assert len(seen) == len(set(seen))
    assert ids - {gone} <= set(seen)


def test_a_cursor_of_another_list_is_refused(scene: Scene, anna: Client) -> None:
    for track in make_library(3):
        scene.add(track)
    cursor = anna.get("/tracks?sort=bpm&limit=1").json["next_cursor"]
    answer = anna.get(f"/tracks?sort=title&limit=1&cursor={cursor}")
    assert (answer.status, answer.wrong_fields()) == (422, [("query", "cursor")])


def test_what_can_follow_says_where_how_and_why(scene: Scene, anna: Client) -> None:
    start = add(scene, "Start", bpm=126.0, key="8A")
    good = add(scene, "Good", bpm=126.5, key="8A")
    bad = add(scene, "Bad", bpm=97.0, key="2B")
    answer = anna.get(f"/tracks/{start}/followers")
    assert answer.status == 200
    first, second = answer.json["followers"]
    assert (first["track"]["id"], second["track"]["id"]) == (good, bad)
    assert first["score"] > second["score"]
    assert first["mix_out_seconds"] > first["mix_in_seconds"] >= 0
    assert {reason["name"] for reason in first["reasons"]} >= {"harmony", "tempo"}
    assert all(reason["reason"] for reason in first["reasons"])


def test_a_track_that_was_not_heard_has_no_followers(scene: Scene, anna: Client) -> None:
    assert anna.get(f"/tracks/{scene.upload(b'one')}/followers").status == 422


@pytest.mark.parametrize("path", ["", "/analysis", "/audio", "/similar", "/followers", "/history"])
def test_what_is_not_there_is_told_alike(anna: Client, path: str) -> None:
    answer = anna.get(f"/tracks/{MISSING}{path}")
    assert (answer.status, answer.json["type"]) == (404, "/problems/not-found")
    assert anna.get(f"/tracks/nonsense{path}").wrong_fields() == [("path", "track")]


def test_a_track_is_known_by_the_hash_of_its_file(scene: Scene, anna: Client) -> None:
    assert scene.upload(b"one") == hashlib.sha256(b"one").hexdigest() == anna.get("/tracks").json["tracks"][0]["id"]
