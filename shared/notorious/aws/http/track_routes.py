"""Tracks: upload, list, detail, correct, hear again, separate, delete, similar ones, and what can follow."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from notorious.aws.http.bodies import (
    MODEL_PATTERN,
    CorrectionIn,
    EventOut,
    FileOut,
    FilesOut,
    FollowerOut,
    FollowersOut,
    HistoryOut,
    ReasonOut,
    SimilarOut,
    SimilarTracksOut,
    StemsIn,
    TrackOut,
    TracksOut,
    UploadIn,
    UploadOut,
)
from notorious.aws.http.files import file_of
from notorious.aws.http.problems import not_found, wrong_field
from notorious.aws.http.routing import (
    LISTED_SECONDS,
    CallerOf,
    IdempotencyKey,
    TrackId,
    answers,
    no_track,
    wisher,
)
from notorious.aws.http.world import World
from notorious.domain import Reference, StreamName
from notorious.domain.track_view import TrackView
from notorious.service import keys
from notorious.service.followers import followers
from notorious.service.ingest import MOST_BYTES
from notorious.service.similar_tracks import similar_tracks
from notorious.service.track_query import MOST_ROWS, CursorRefused, SortField, TrackQuery, cursor_of, place_of
from notorious.service.tracks import correct_track, delete_track, request_analysis, request_stems
from notorious.theory.keys import Key

Model = Annotated[str, Path(description="The model that separates.", pattern=MODEL_PATTERN)]
Number = Annotated[float | None, Query()]


def track_routes(app: APIGatewayHttpResolver, world: World, caller: CallerOf) -> None:
    """Add the routes under /uploads and /tracks."""

    def present(track: str) -> TrackView:
        """A track of the caller's own library, as it is after every event that was acknowledged before."""
        view = world.indexes.current(caller().tenant).index.track(track)
        if view is None or view.status == "deleted":
            raise no_track(track)
        return view

    @app.post(
        "/uploads",
        summary="Begin an upload",
        tags=["tracks"],
        operation_id="beginUpload",
        responses=answers(UploadOut, status=201),
    )
    def begin_upload(body: UploadIn) -> Response[UploadOut]:
        """Ask for a signed form for one file. What the file is, its content says; what cannot enter leaves a rejection
        in the list of tracks."""
        if body.size_bytes > MOST_BYTES:
            raise wrong_field("size_bytes", f"a track has at most {MOST_BYTES} bytes", place="body")
        upload = world.identifiers.secret()
        key = keys.drop(caller().tenant, upload, body.file_name)
        form = world.objects.upload_form(key, seconds=LISTED_SECONDS, most_bytes=body.size_bytes)
        out = UploadOut(upload_id=upload, url=form.url, fields=dict(form.fields), expires_seconds=form.expires_seconds)
        return Response(status_code=201, content_type="application/json", body=out)

    @app.get("/tracks", summary="List tracks", tags=["tracks"], operation_id="listTracks", responses=answers(TracksOut))
    def list_tracks(
        text: Annotated[
            str | None,
            Query(max_length=200, description="Beginnings of words in title, artist, album, genre or file name."),
        ] = None,
        camelot: Annotated[str | None, Query(description="A key: 8A, Am, A minor.")] = None,
        compatible_with: Annotated[str | None, Query(description="Keys that follow well on this one.")] = None,
        bpm_min: Number = None,
        bpm_max: Number = None,
        energy_min: Number = None,
        energy_max: Number = None,
        genre: Annotated[str | None, Query(max_length=200)] = None,
        artist: Annotated[str | None, Query(max_length=500)] = None,
        added_after: Annotated[datetime | None, Query()] = None,
        added_before: Annotated[datetime | None, Query()] = None,
        status: Annotated[Literal["waiting", "analyzed", "failed", "rejected"] | None, Query()] = None,
        sort: Annotated[SortField, Query()] = "added",
        order: Annotated[Literal["ascending", "descending"] | None, Query()] = None,
        limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = 50,
        cursor: Annotated[str | None, Query(description="`next_cursor` of the page before.")] = None,
    ) -> TracksOut:
        """All filters that are given have to hold. A page begins behind the last track of the page before, wherever
        tracks were added or removed meanwhile."""
        for name, value in (("camelot", camelot), ("compatible_with", compatible_with)):
            _check_key(name, value)
        # The latest come first; everything else is in its own natural order.
        descending = sort == "added" if order is None else order == "descending"
        query = TrackQuery(
            text=text,
            camelot=camelot,
            compatible_with=compatible_with,
            bpm_min=bpm_min,
            bpm_max=bpm_max,
            energy_min=energy_min,
            energy_max=energy_max,
            genre=genre,
            artist=artist,
            added_after=_utc(added_after),
            added_before=_utc(added_before),
            status=status,
            sort=sort,
            descending=descending,
        )
        try:
            behind_place = None if cursor is None else place_of(query, cursor)
        except CursorRefused as error:
            raise wrong_field("cursor", str(error), place="query") from error
        current = world.indexes.current(caller().tenant)
        page = current.index.page(query, limit=limit, behind=behind_place)
        return TracksOut(
            tracks=[TrackOut.of(view) for view in page.tracks],
            total=page.total,
            next_cursor=None if page.next_place is None else cursor_of(query, page.next_place),
            behind=current.behind,
        )

    @app.get(
        "/tracks/<track>",
        summary="One track",
        tags=["tracks"],
        operation_id="showTrack",
        responses=answers(TrackOut, 404),
    )
    def show_track(track: TrackId) -> TrackOut:
        """A track, with what was heard in it and what was set right."""
        return TrackOut.of(present(track))

    @app.patch(
        "/tracks/<track>",
        summary="Set a track right",
        tags=["tracks"],
        operation_id="correctTrack",
        responses=answers(TrackOut, 404, 409),
    )
    def correct(track: TrackId, body: CorrectionIn, idempotency_key: IdempotencyKey = None) -> TrackOut:
        """Set right what was heard; the next plans go by it. What is left out stays."""
        correct_track(
            world.events,
            caller().tenant,
            track,
            bpm=body.bpm,
            camelot=body.camelot,
            cues=body.cues,
            wisher=wisher(app, caller(), idempotency_key),
        )
        return TrackOut.of(present(track))

    @app.delete(
        "/tracks/<track>",
        summary="Delete a track",
        tags=["tracks"],
        operation_id="deleteTrack",
        responses=answers(None, 404, status=204),
    )
    def delete(track: TrackId) -> Response[None]:
        """Take a track out of the library, with its audio, analyses and stems. Mixes that were made of it stay."""
        delete_track(world.events, world.objects, caller().tenant, track, wisher=wisher(app, caller(), None))
        return Response(status_code=204)

    @app.post(
        "/tracks/<track>/analysis",
        summary="Hear a track again",
        tags=["tracks"],
        operation_id="analyseTrack",
        responses=answers(TrackOut, 404, status=202),
    )
    def analyse(track: TrackId, idempotency_key: IdempotencyKey = None) -> Response[TrackOut]:
        """Have a track analysed again. While it is under way, asking again changes nothing."""
        request_analysis(world.events, caller().tenant, track, wisher=wisher(app, caller(), idempotency_key))
        return Response(status_code=202, content_type="application/json", body=TrackOut.of(present(track)))

    @app.get(
        "/tracks/<track>/analysis",
        summary="Download an analysis",
        tags=["tracks"],
        operation_id="downloadAnalysis",
        responses=answers(FileOut, 404),
    )
    def download_analysis(track: TrackId) -> FileOut:
        """A signed address of everything that was heard: gzipped JSON, without corrections."""
        view = present(track)
        if view.analysis is None:
            raise no_track(f"{track}'s analysis")
        return file_of(world, "analysis", f"{view.title}.json.gz", view.analysis)

    @app.get(
        "/tracks/<track>/audio",
        summary="Download a track",
        tags=["tracks"],
        operation_id="downloadAudio",
        responses=answers(FileOut, 404),
    )
    def download_audio(track: TrackId) -> FileOut:
        """A signed address of the file as it was uploaded."""
        view = present(track)
        if view.status == "rejected" or view.sha256 is None:
            raise no_track(track)
        file = Reference(key=view.key, sha256=view.sha256, size_bytes=view.size_bytes)
        return file_of(world, "audio", view.file_name, file)

    @app.post(
        "/tracks/<track>/stems",
        summary="Separate a track",
        tags=["tracks"],
        operation_id="separateTrack",
        responses=answers(TrackOut, 404, status=202),
    )
    def separate(track: TrackId, body: StemsIn, idempotency_key: IdempotencyKey = None) -> Response[TrackOut]:
        """Have a track separated into stems. Those under way, or not yet expired, are not made again."""
        request_stems(
            world.events,
            caller().tenant,
            track,
            model=body.model,
            now=world.clock.now(),
            wisher=wisher(app, caller(), idempotency_key),
        )
        return Response(status_code=202, content_type="application/json", body=TrackOut.of(present(track)))

    @app.get(
        "/tracks/<track>/stems/<model>",
        summary="Download stems",
        tags=["tracks"],
        operation_id="listStems",
        responses=answers(FilesOut, 404),
    )
    def download_stems(track: TrackId, model: Model) -> FilesOut:
        """Signed addresses of the stems that a model has made. After a week they are gone; ask for them anew."""
        view = present(track)
        made = view.stems.get(model)
        if made is None or made.status != "separated" or (made.expires_at and made.expires_at <= world.clock.now()):
            raise not_found(f"there are no stems by {model}; POST to /tracks/{track}/stems first")
        return FilesOut(
            files=[
                file_of(world, name, f"{view.title} ({name}).flac", reference)
                for name, reference in sorted(made.stems.items())
            ]
        )

    @app.get(
        "/tracks/<track>/similar",
        summary="Similar tracks",
        tags=["tracks"],
        operation_id="listSimilarTracks",
        responses=answers(SimilarTracksOut, 404),
    )
    def similar(track: TrackId, limit: Annotated[int, Query(ge=1, le=50)] = 10) -> SimilarTracksOut:
        """The tracks of the library that sound most like this one, and why."""
        tenant = caller().tenant
        found = similar_tracks(tenant, present(track), world.indexes.current(tenant).index, world.objects, count=limit)
        near = [
            SimilarOut(track=TrackOut.of(one.track), likeness=one.likeness, reasons=list(one.reasons))
            for one in found.nearest
        ]
        return SimilarTracksOut(similar=near, compared=found.compared, not_compared=found.not_compared)

    @app.get(
        "/tracks/<track>/followers",
        summary="What can follow",
        tags=["tracks"],
        operation_id="listFollowers",
        responses=answers(FollowersOut, 404),
    )
    def follow(track: TrackId, limit: Annotated[int, Query(ge=1, le=20)] = 10) -> FollowersOut:
        """The tracks of the library that follow best on this one, where and how to mix them, and why."""
        index = world.indexes.current(caller().tenant).index
        found = followers(present(track), index, world.objects, count=limit)
        return FollowersOut(
            followers=[
                FollowerOut(
                    track=TrackOut.of(one.track),
                    score=round(one.score.total, 1),
                    technique=one.technique,
                    mix_out_seconds=round(one.mix_out_seconds, 3),
                    mix_in_seconds=round(one.mix_in_seconds, 3),
                    length_bars=one.length_bars,
                    technique_reason=one.technique_reason,
                    reasons=[
                        ReasonOut(name=part.name, value=round(part.value, 1), weight=part.weight, reason=part.reason)
                        for part in one.score.components
                    ],
                )
                for one in found
            ]
        )

    @app.get(
        "/tracks/<track>/history",
        summary="A track's events",
        tags=["tracks"],
        operation_id="showTrackHistory",
        responses=answers(HistoryOut, 404),
    )
    def history(track: TrackId) -> HistoryOut:
        """All that ever happened to a track."""
        return history_of(world, caller().tenant, StreamName("track", track)) or _none(track)


def history_of(world: World, tenant: str, stream: StreamName) -> HistoryOut | None:
    """The events of a stream; None where there are none."""
    records = world.events.read(tenant, stream)
    if not records:
        return None
    return HistoryOut(
        events=[
            EventOut(
                version=record.version,
                type=record.type,
                occurred_at=record.occurred_at,
                actor=record.actor,
                event_id=record.event_id,
                data=dict(record.data),
            )
            for record in records
        ]
    )


def _none(track: str) -> HistoryOut:
    raise no_track(track)


def _check_key(name: str, value: str | None) -> None:
    if value is None:
        return
    try:
        Key.parse(value)
    except ValueError as error:
        raise wrong_field(name, str(error), place="query") from error


def _utc(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC; what names no zone is UTC."""
    if moment is None:
        return None
    return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)).isoformat()
