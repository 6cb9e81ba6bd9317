"""All events can leave as files, and come back into an empty deployment."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from notorious.domain import LIBRARY, StreamName
from notorious.domain.library import ChangeSettings
from notorious.domain.library_events import SettingsChanged
from notorious.eventstore import MemoryStore, RecordsDiffer, handle
from notorious.eventstore import archive as archiving
from notorious.eventstore.archive import (
    ArchiveBroken,
    archive,
    archive_all,
    archived_segments,
    archived_tenants,
    restore,
    restore_all,
)
from notorious.eventstore.journal import Journal, table_items


@dataclass(frozen=True)
class Stored:
    key: str


class Bucket(dict[str, bytes]):
    """Objects in memory."""

    def get(self, key: str) -> bytes:  # type: ignore[override]
        return self[key]

    def put(self, key: str, data: bytes) -> None:
        self[key] = data

    def under(self, prefix: str) -> Iterator[Stored]:
        return iter([Stored(key) for key in sorted(self) if key.startswith(prefix)])


def fill(store: MemoryStore, count: int, *, tenant: str = "anna") -> None:
    """So many more events, on streams that take turns."""
    for number in range(count):
        stream = StreamName("library", f"library-{number % 7}")
        version = len(store.read(tenant, stream))
        event = SettingsChanged(settings={"number": number, "tenth": 0.1 + 0.2, "text": "♪"})
        store.append(tenant, stream, version, [event], command_id=f"c{version}", actor="tester")


@pytest.fixture(autouse=True)
def _short_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archiving, "RECORDS_PER_FILE", 40)
    monkeypatch.setattr(archiving, "_PAGE", 15)


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    fill(store, 100)
    return store


def test_all_events_come_back_into_an_empty_store(store: MemoryStore) -> None:
    fill(store, 5, tenant="bert")
    bucket, empty = Bucket(), MemoryStore()
    done = archive_all(store, bucket)
    assert [(one.tenant, one.position, one.new_records, one.new_files) for one in done] == [
        ("anna", 100, 100, 3),
        ("bert", 5, 5, 1),
    ]
    assert archived_tenants(bucket) == ["anna", "bert"]
    assert [(one.tenant, one.new_records) for one in restore_all(bucket, empty)] == [("anna", 100), ("bert", 5)]
    for tenant in ("anna", "bert"):
        assert empty.feed(tenant) == store.feed(tenant)


def test_a_restored_store_goes_on_where_the_old_one_was(store: MemoryStore) -> None:
    change = ChangeSettings(command_id="once", actor="anna", settings={"a": 1})
    first = handle(store, "anna", StreamName.library(), change, LIBRARY)
    bucket, empty = Bucket(), MemoryStore()
    archive(store, bucket, "anna")
    restore(bucket, empty, "anna")
    again = handle(empty, "anna", StreamName.library(), change, LIBRARY)
    assert (again.was_repeated, again.records) == (True, first.records)


def test_archiving_again_writes_what_is_new(store: MemoryStore) -> None:
    bucket = Bucket()
    archive(store, bucket, "anna")
    assert archive(store, bucket, "anna").new_files == 0
    fill(store, 3)
    done = archive(store, bucket, "anna")
    assert (done.position, done.new_records, done.new_files) == (103, 3, 1)
    assert [(one.first, one.last) for one in archived_segments(bucket, "anna")] == [
        (1, 40),
        (41, 80),
        (81, 100),
        (101, 103),
    ]


def test_the_same_events_make_the_same_files(store: MemoryStore) -> None:
    one, other = Bucket(), Bucket()
    archive(store, one, "anna")
    archive(store, other, "anna")
    assert one == other


def test_two_runs_at_once_leave_an_archive_that_can_be_read(store: MemoryStore) -> None:
    bucket, late, empty = Bucket(), Bucket(), MemoryStore()
    archive(store, bucket, "anna")
    fill(store, 10)
    # This run saw an empty archive, wrote its last file at another length, and its files arrive now.
    archive(store, late, "anna")
    bucket |= late
    fill(store, 10)
    archive(store, bucket, "anna")
    restore(bucket, empty, "anna")
    assert empty.feed("anna") == store.feed("anna")


def test_a_restoration_that_was_interrupted_can_be_repeated(store: MemoryStore) -> None:
    bucket, target = Bucket(), MemoryStore()
    archive(store, bucket, "anna")
    target.put_back("anna", store.feed("anna", limit=57))
    done = restore(bucket, target, "anna")
    assert (done.position, done.new_records) == (100, 43)
    assert restore(bucket, target, "anna").new_records == 0
    assert target.feed("anna") == store.feed("anna")


def test_a_store_with_another_history_is_left_alone(store: MemoryStore) -> None:
    bucket, other = Bucket(), MemoryStore()
    archive(store, bucket, "anna")
    fill(other, 3)
    with pytest.raises(RecordsDiffer):
        restore(bucket, other, "anna")
    assert other.head("anna") == 3


def test_a_changed_file_is_found(store: MemoryStore) -> None:
    bucket = Bucket()
    archive(store, bucket, "anna")
    key = sorted(bucket)[1]
    bucket[key] = bucket[key][:-20] + bytes(20)
    with pytest.raises(ArchiveBroken, match="its hash"):
        restore(bucket, MemoryStore(), "anna")


def test_a_missing_file_is_found(store: MemoryStore) -> None:
    bucket = Bucket()
    archive(store, bucket, "anna")
    del bucket[sorted(bucket)[1]]
    with pytest.raises(ArchiveBroken, match="goes on at 81, but nothing holds position 41"):
        restore(bucket, MemoryStore(), "anna")
    with pytest.raises(ArchiveBroken):
        archive(store, bucket, "anna")


def test_a_file_under_anothers_name_is_found(store: MemoryStore) -> None:
    bucket = Bucket()
    archive(store, bucket, "anna")
    first = sorted(bucket)[0]
    bucket.put(first.replace("/anna/", "/bert/"), bucket[first])
    with pytest.raises(ArchiveBroken, match="does not hold the records"):
        restore(bucket, MemoryStore(), "bert")


def test_restored_events_are_quiet_also_after_another_start(store: MemoryStore, tmp_path: Path) -> None:
    bucket = Bucket()
    archive(store, bucket, "anna")
    with Journal(tmp_path / "journal.sqlite") as journal:
        restore(bucket, journal, "anna")
    events = [item for _, item in table_items(tmp_path / "journal.sqlite") if item["item"]["S"].startswith("e#")]
    assert len(events) == 100
    assert all("quiet" in item for item in events)
