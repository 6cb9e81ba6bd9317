"""What was acknowledged survives whatever ends the service."""

import random
import signal
import sqlite3
import subprocess
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from run_small_service import SmallJournal
from running import STARTED, Running, command, eventually, start

from notorious.embedded.data_folder import hold


def views_of(service: Running, stream: str) -> set[str]:
    answer = service.client("dynamodb").get_item(
        TableName=service.output("ViewsTable"), Key={"owner": {"S": "local#streams"}, "id": {"S": stream}}
    )
    return set(answer.get("Item", {}).get("seen", {}).get("SS", []))


def events_of(service: Running, stream: str) -> set[str]:
    rows = SmallJournal(service.data / "journal.sqlite").items(0)
    return {item["item"]["S"] for _, item in rows if item["stream"]["S"] == stream}


def names(*versions: int) -> set[str]:
    return {f"e#{version:010d}" for version in versions}


def test_after_a_clean_stop_everything_is_there_at_once(tmp_path: Path, template: Path) -> None:
    first = start(tmp_path / "data", template)
    assert first.append("local/track/a", 1) == 201
    assert eventually(lambda: views_of(first, "local/track/a")) == names(1)
    assert first.stop() == 0
    assert not (tmp_path / "data" / "serve.json").exists()
    second = start(tmp_path / "data", template)
    try:
        assert events_of(second, "local/track/a") == names(1)
        assert views_of(second, "local/track/a") == names(1)
        assert second.append("local/track/a", 1) == 409
        assert second.append("local/track/a", 2) == 201
        assert eventually(lambda: views_of(second, "local/track/a") == names(1, 2))
    finally:
        second.stop()


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_at_any_moment_no_acknowledged_event_is_lost(tmp_path: Path, template: Path, seed: int) -> None:
    draw = random.Random(seed)
    acknowledged: set[int] = set()
    version = 0
    for _ in range(2):
        service = start(tmp_path / "data", template)
        killer = threading.Timer(draw.uniform(0.5, 4.0), service.kill)
        killer.start()
        while killer.is_alive():
            version += 1
            try:
                if service.append("local/track/b", version) == 201:
                    acknowledged.add(version)
            except OSError:
                time.sleep(0.05)  # it is dead, or dying
        killer.join()
    last = start(tmp_path / "data", template)
    try:
        assert acknowledged
        assert names(*acknowledged) <= events_of(last, "local/track/b")
        assert eventually(lambda: views_of(last, "local/track/b") == events_of(last, "local/track/b"))
    finally:
        last.stop()


def test_what_has_been_delivered_leaves_the_memory_and_is_not_delivered_again(tmp_path: Path, template: Path) -> None:
    first = start(tmp_path / "data", template)
    for version in range(1, 4):
        assert first.append("local/track/d", version) == 201
    assert eventually(lambda: table_size(first) == 0)
    assert eventually(lambda: delivered_row(first) == 3)
    first.kill()
    second = start(tmp_path / "data", template)
    try:
        assert table_size(second) == 0
        assert views_of(second, "local/track/d") == names(1, 2, 3)
    finally:
        second.stop()


def table_size(service: Running) -> int:
    return int(service.client("dynamodb").scan(TableName=service.output("EventsTable"), Select="COUNT")["Count"])


def delivered_row(service: Running) -> int:
    with closing(sqlite3.connect(service.data / "views.sqlite")) as database:
        found = database.execute("SELECT row FROM delivered").fetchone()
    return int(found[0]) if found else 0


def test_a_snapshot_that_cannot_be_read_costs_time_and_nothing_else(tmp_path: Path, template: Path) -> None:
    first = start(tmp_path / "data", template)
    for version in range(1, 6):
        assert first.append("local/track/c", version) == 201
    first.kill()
    (tmp_path / "data" / "views.sqlite").write_bytes(b"this was never a database" * 100)
    second = start(tmp_path / "data", template)
    try:
        assert eventually(lambda: views_of(second, "local/track/c") == names(1, 2, 3, 4, 5))
    finally:
        second.stop()


def test_an_upload_that_was_not_taken_in_is_announced_again(tmp_path: Path, template: Path) -> None:
    first = start(tmp_path / "data", template)
    first.client("s3").put_object(Bucket=first.output("MediaBucket"), Key="drop/local/1/it stays", Body=b"music")
    first.kill()
    second = start(tmp_path / "data", template)
    try:
        assert eventually(lambda: track(second, "drop/local/1/it stays"))
    finally:
        second.stop()


def track(service: Running, key: str) -> dict[str, object]:
    answer = service.client("dynamodb").get_item(
        TableName=service.output("ViewsTable"), Key={"owner": {"S": "local#tracks"}, "id": {"S": key}}
    )
    found: dict[str, object] = answer.get("Item", {})
    return found


def test_the_sweep_is_called_at_every_start(service: Running) -> None:
    def swept() -> dict[str, object]:
        answer = service.client("dynamodb").get_item(
            TableName=service.output("LiveTable"), Key={"owner": {"S": "sweep"}, "id": {"S": "start"}}
        )
        found: dict[str, object] = answer.get("Item", {})
        return found

    assert eventually(swept)


def test_functions_end_with_a_service_that_is_killed(tmp_path: Path, template: Path) -> None:
    service = start(tmp_path / "data", template)
    note = tmp_path / "note"
    call = threading.Thread(target=_call_and_lose, args=(service, {"wish": "sleep", "note": str(note), "seconds": 60}))
    call.start()
    assert eventually(lambda: note.exists() and len(note.read_text().split()) == 2)
    function, child = (Path("/proc") / pid for pid in note.read_text().split())
    assert function.exists()
    service.kill()
    call.join()
    assert eventually(lambda: not function.exists() and not child.exists(), seconds=20)


def _call_and_lose(service: Running, event: object) -> None:
    from botocore.exceptions import BotoCoreError, ClientError

    # It is killed under the call, which is tried again and finds nobody.
    with pytest.raises((BotoCoreError, ClientError, OSError)):
        service.invoke("echo", event)


def test_interrupted_while_it_comes_up_it_ends_and_leaves_the_folder_free(tmp_path: Path, template: Path) -> None:
    process = subprocess.Popen(
        command(tmp_path / "data", template), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    STARTED.append(process)
    assert eventually((tmp_path / "data" / "logs" / "serve.log").exists)
    process.send_signal(signal.SIGINT)
    _, complaints = process.communicate(timeout=60)
    assert process.returncode == 0, complaints
    hold(tmp_path / "data").release()
