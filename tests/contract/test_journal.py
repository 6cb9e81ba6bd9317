"""The journal keeps the contract, and what it acknowledged is on the disk."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from store_contract import EventStoreContract, append, numbers, setting

from notorious.domain import StreamName
from notorious.eventstore import MemoryStore, RestorableStore, StoreError
from notorious.eventstore.items import event_item
from notorious.eventstore.journal import Journal, last_row, table_items

WRITER = """
import sys
from pathlib import Path
from notorious.domain import StreamName
from notorious.domain.library_events import SettingsChanged
from notorious.eventstore.journal import Journal
journal, name, count = Journal(Path(sys.argv[1])), sys.argv[2], int(sys.argv[3])
for number in range(count):
    event = SettingsChanged(settings={"number": number})
    journal.append("anna", StreamName("library", name), number, [event], command_id=f"c{number}", actor="tester")
    print(number, flush=True)
"""


def start_writer(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    """A process that appends, and tells each append that was acknowledged."""
    command = [sys.executable, "-c", WRITER, str(path), name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


class TestJournal(EventStoreContract):
    @pytest.fixture
    def store(self, path: Path) -> Iterator[RestorableStore]:  # type: ignore[override]
        with Journal(path) as journal:
            yield journal


def test_what_was_acknowledged_outlives_a_killed_process(path: Path) -> None:
    writer = start_writer(path, "killed", 100_000)
    assert writer.stdout is not None
    for _ in range(20):
        acknowledged = int(writer.stdout.readline())
    os.kill(writer.pid, signal.SIGKILL)
    acknowledged = max([acknowledged, *(int(line) for line in writer.stdout if line.endswith("\n"))])
    writer.stdout.close()
    writer.wait()
    with Journal(path) as journal:
        found = numbers(journal.read("anna", StreamName("library", "killed")))
    # One more may have been written whose acknowledgement never left the process.
    assert found == list(range(len(found)))
    assert len(found) - 1 in (acknowledged, acknowledged + 1)


def test_several_processes_share_the_file(path: Path) -> None:
    writers = [start_writer(path, f"writer-{number}", 25) for number in range(4)]
    for writer in writers:
        writer.communicate()
        assert writer.returncode == 0
    with Journal(path) as journal:
        feed = journal.feed("anna")
    assert [record.feed_position for record in feed] == list(range(1, 101))


def test_every_commit_is_flushed_to_the_disk(path: Path) -> None:
    with Journal(path) as journal, journal.reading() as connection:
        (synchronous,) = connection.execute("PRAGMA synchronous").fetchone()
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    assert (synchronous, mode) == (2, "wal")


def test_a_file_of_another_schema_is_left_alone(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreError, match="schema 99"):
        Journal(path)


def test_a_file_that_is_no_journal_is_refused(path: Path) -> None:
    path.write_bytes(b"not a database, but long enough to be read as one" * 100)
    with pytest.raises(StoreError, match="cannot be opened"):
        Journal(path)


def test_the_items_of_a_table_follow_from_the_journal(path: Path) -> None:
    with Journal(path) as journal:
        append(journal, 0, setting(1), setting(2), command="a")
        append(journal, 0, setting(3), command="b", tenant="bert")
        append(journal, 2, setting(4), command="c")
        events = [*journal.feed("anna"), *journal.feed("bert")]
    items = list(table_items(path))
    for record in events:
        assert event_item(record) in [item for _, item in items]
    keys = [(item["stream"]["S"], item["item"]["S"]) for _, item in items]
    assert ("anna/library/library", "c#a") in keys
    assert ("anna/library/library", "c#c") in keys
    assert ("bert/library/library", "c#b") in keys
    heads = {item["stream"]["S"]: item["position"]["N"] for _, item in items if "position" in item}
    assert heads == {"anna/head": "3", "bert/head": "1"}
    assert {item["item"]["S"] for _, item in items if item["stream"]["S"] == "tenants"} == {"anna", "bert"}
    assert len(items) == 4 + 3 + 2 + 2
    assert last_row(path) == 4


def test_the_items_behind_a_row_do_not_begin_a_command_anew(path: Path) -> None:
    with Journal(path) as journal:
        append(journal, 0, setting(1), setting(2), setting(3), command="a")
    items = [item for _, item in table_items(path, after=1)]
    assert [item["item"]["S"] for item in items] == ["e#0000000002", "e#0000000003", "head", "anna"]


def test_records_that_were_not_announced_stay_quiet(path: Path) -> None:
    source = MemoryStore()
    append(source, 0, setting(1), command="a")
    append(source, 1, setting(2), command="b")
    with Journal(path) as journal:
        journal.put_back("anna", source.feed("anna", limit=1))
        journal.put_back("anna", source.feed("anna"), announce=True)
        append(journal, 2, setting(3), command="c")
    events = [item for _, item in table_items(path) if item["item"]["S"].startswith("e#")]
    assert ["quiet" in item for item in events] == [True, False, False]
