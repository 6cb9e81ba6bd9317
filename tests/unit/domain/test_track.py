"""What may be done with a track, and what then holds."""

from datetime import UTC, datetime, timedelta

import pytest

from notorious.domain import TRACK, Cue, Reference, TrackState, TrackSummary
from notorious.domain.event import TrackEvent
from notorious.domain.track import (
    CorrectTrack,
    DeleteTrack,
    NoSuchTrack,
    NothingCorrected,
    NotYetAnalyzed,
    RecordAnalysis,
    RecordAnalysisFailure,
    RecordStems,
    RecordStemsFailure,
    RejectTrack,
    RequestAnalysis,
    RequestStems,
    TrackCommand,
    UploadTrack,
)

SHA = "ab" * 32
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WHO = {"command_id": "c", "actor": "anna"}
REFERENCE = Reference(key="analyses/a.json.gz", sha256=SHA, size_bytes=10)
SUMMARY = TrackSummary(title="T", artist="A", duration_seconds=300, bpm=126, camelot="8A", energy=6)

UPLOAD = UploadTrack(**WHO, sha256=SHA, key="tracks/a", file_name="a.flac", size_bytes=9, format="flac")
REJECT = RejectTrack(**WHO, file_name="a.jpg", key="drop/a", size_bytes=9, reason="it is a picture")
HEARD = RecordAnalysis(**WHO, analysis=REFERENCE, summary=SUMMARY, analysers={"grid": 1})
STEMS = RecordStems(**WHO, model="small", stems={"vocals": REFERENCE}, expires_at=NOON + timedelta(days=7))


def after(*commands: TrackCommand) -> TrackState:
    """The state after carrying out commands one after the other."""
    state = TRACK.initial
    for command in commands:
        state = TRACK.state_after(TRACK.decide(state, command), state)
    return state


def names(events: list[TrackEvent]) -> list[str]:
    return [event.type() for event in events]


def decided(command: TrackCommand, *before: TrackCommand) -> list[str]:
    """The names of the events that a command leads to after others."""
    return names(list(TRACK.decide(after(*before), command)))


def test_an_upload_is_to_be_heard() -> None:
    assert decided(UPLOAD) == ["TrackUploaded", "AnalysisRequested"]
    assert after(UPLOAD).analysis_is_pending


def test_a_track_that_is_there_is_not_uploaded_again() -> None:
    assert decided(UPLOAD, UPLOAD) == []


def test_a_deleted_track_can_come_back_and_is_new() -> None:
    assert decided(UPLOAD, UPLOAD, HEARD, DeleteTrack(**WHO)) == ["TrackUploaded", "AnalysisRequested"]
    assert after(UPLOAD, HEARD, DeleteTrack(**WHO), UPLOAD).analysis is None


def test_a_rejection_is_noted_once_and_never_of_a_track_that_is_there() -> None:
    assert decided(REJECT) == ["TrackRejected"]
    assert decided(REJECT, REJECT) == []
    assert decided(REJECT, UPLOAD) == []


def test_a_rejected_file_that_is_mended_elsewhere_can_enter() -> None:
    assert after(REJECT, UPLOAD).status == "present"


def test_a_track_under_analysis_is_not_asked_for_again() -> None:
    assert decided(RequestAnalysis(**WHO), UPLOAD) == []
    assert decided(RequestAnalysis(**WHO), UPLOAD, HEARD) == ["AnalysisRequested"]


def test_what_was_heard_is_noted_once() -> None:
    assert decided(HEARD, UPLOAD) == ["TrackAnalyzed"]
    assert decided(HEARD, UPLOAD, HEARD) == []


def test_the_same_result_answers_a_new_request() -> None:
    assert decided(HEARD, UPLOAD, HEARD, RequestAnalysis(**WHO)) == ["TrackAnalyzed"]


def test_a_failure_counts_only_while_it_is_waited_for() -> None:
    failed = RecordAnalysisFailure(**WHO, reason="silent", retryable=False)
    assert decided(failed, UPLOAD) == ["AnalysisFailed"]
    assert decided(failed, UPLOAD, failed) == []
    assert decided(failed, UPLOAD, HEARD) == []


def test_only_what_was_heard_can_be_corrected() -> None:
    with pytest.raises(NotYetAnalyzed):
        decided(CorrectTrack(**WHO, bpm=63), UPLOAD)


def test_corrections_add_up() -> None:
    cues = (Cue(start_seconds=30, name="drop"),)
    state = after(UPLOAD, HEARD, CorrectTrack(**WHO, bpm=63), CorrectTrack(**WHO, camelot="9A", cues=cues))
    assert state.correction is not None
    assert (state.correction.bpm, state.correction.camelot, state.correction.cues) == (63, "9A", cues)


def test_a_correction_that_changes_nothing_is_no_event() -> None:
    assert decided(CorrectTrack(**WHO, bpm=63), UPLOAD, HEARD, CorrectTrack(**WHO, bpm=63, camelot="9A")) == []


def test_a_correction_names_something() -> None:
    with pytest.raises(NothingCorrected):
        decided(CorrectTrack(**WHO), UPLOAD, HEARD)


def test_stems_under_way_are_not_asked_for_again() -> None:
    ask = RequestStems(**WHO, model="small", asked_at=NOON)
    assert decided(ask, UPLOAD) == ["StemsRequested"]
    assert decided(ask, UPLOAD, ask) == []
    assert decided(RequestStems(**WHO, model="large", asked_at=NOON), UPLOAD, ask) == ["StemsRequested"]


def test_stems_are_made_again_when_their_time_is_over() -> None:
    early, late = (RequestStems(**WHO, model="small", asked_at=NOON + timedelta(days=days)) for days in (6, 8))
    assert decided(early, UPLOAD, early, STEMS) == []
    assert decided(late, UPLOAD, early, STEMS) == ["StemsRequested"]


def test_failed_stems_can_be_asked_for_again() -> None:
    ask = RequestStems(**WHO, model="small", asked_at=NOON)
    failed = RecordStemsFailure(**WHO, model="small", reason="no weights")
    assert decided(failed, UPLOAD, ask) == ["StemsFailed"]
    assert decided(failed, UPLOAD) == []
    assert decided(ask, UPLOAD, ask, failed) == ["StemsRequested"]


def test_deleting_twice_is_deleting_once() -> None:
    assert decided(DeleteTrack(**WHO), UPLOAD) == ["TrackDeleted"]
    assert decided(DeleteTrack(**WHO), UPLOAD, DeleteTrack(**WHO)) == []


@pytest.mark.parametrize(
    "before", [(), (REJECT,), (UPLOAD, DeleteTrack(**WHO))], ids=["unknown", "rejected", "deleted"]
)
@pytest.mark.parametrize(
    "command",
    [
        HEARD,
        STEMS,
        RequestAnalysis(**WHO),
        CorrectTrack(**WHO, bpm=63),
        RequestStems(**WHO, model="small", asked_at=NOON),
        RecordAnalysisFailure(**WHO, reason="silent", retryable=False),
    ],
    ids=lambda command: type(command).__name__,
)
def test_nothing_else_is_done_with_a_track_that_is_not_there(
    command: TrackCommand, before: tuple[TrackCommand, ...]
) -> None:
    with pytest.raises(NoSuchTrack):
        decided(command, *before)
