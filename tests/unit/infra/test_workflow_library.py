"""The workflow `analyze-library`, run in the emulator with functions that do as they are told."""

import json
from typing import Any

import pytest
from played_service import Execution, PlayedService

SUCCEEDED = Execution("SUCCEEDED", "", "")


class Library:
    """An import of some tracks."""

    def __init__(self, service: PlayedService, tracks: int) -> None:
        self.service = service
        self.name = service.job()
        self.tracks = [service.job() for _ in range(tracks)]
        self.key = f"manifests/anna/{self.name}.json"
        bucket = service.outputs["MediaBucket"]
        manifest = [{"tenant": "anna", "sha256": sha256} for sha256 in self.tracks]
        objects: Any = service.access.client("s3")
        objects.put_object(Bucket=bucket, Key=self.key, Body=json.dumps(manifest).encode())
        service.tell(
            self.name, "list_library", {"returns": {"bucket": bucket, "key": self.key, "count": len(self.tracks)}}
        )

    def run(self) -> Execution:
        return self.service.ended(
            self.service.start("LibraryWorkflow", self.name, {"tenant": "anna", "import": self.name})
        )

    def heard(self) -> list[str]:
        return [track for track in self.tracks if self.service.calls(track, "analyze")]


@pytest.fixture
def library(service: PlayedService) -> Library:
    return Library(service, 10)


def test_every_track_of_the_manifest_is_heard_and_the_import_finished(library: Library) -> None:
    assert library.run() == SUCCEEDED
    assert library.heard() == library.tracks
    (finish,) = library.service.calls(library.name, "finish_import")
    assert finish["event"] == {
        "tenant": "anna",
        "import": library.name,
        "bucket": library.service.outputs["MediaBucket"],
        "key": library.key,
    }


def test_analyze_is_told_tenant_and_track_and_nothing_else(library: Library) -> None:
    library.run()
    (call,) = library.service.calls(library.tracks[0], "analyze")
    assert call["event"] == {"tenant": "anna", "sha256": library.tracks[0]}


def test_a_few_failures_are_tolerated(library: Library) -> None:
    library.service.tell(library.tracks[3], "analyze", {"raises": "Unrecoverable"})
    assert library.run() == SUCCEEDED
    assert library.heard() == library.tracks
    assert len(library.service.calls(library.name, "finish_import")) == 1


def test_a_track_that_fails_once_is_tried_again_alone(library: Library) -> None:
    library.service.tell(library.tracks[5], "analyze", {"raises": "Interrupted"}, {})
    assert library.run() == SUCCEEDED
    assert [len(library.service.calls(track, "analyze")) for track in library.tracks] == [1, 1, 1, 1, 1, 2, 1, 1, 1, 1]


def test_too_many_failures_end_the_import_as_failed_with_its_numbers(library: Library) -> None:
    for track in library.tracks[:5]:
        library.service.tell(track, "analyze", {"raises": "Unrecoverable"})
    assert library.run().status == "FAILED"
    assert len(library.service.calls(library.name, "finish_import")) == 1


def test_where_nothing_is_new_nothing_is_heard(service: PlayedService) -> None:
    library = Library(service, 0)
    assert library.run() == SUCCEEDED
    assert service.called(library.name) == ["list_library", "finish_import"]
