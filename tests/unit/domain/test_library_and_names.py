"""What may be done with a library, and which names there are."""

import pytest

from notorious.domain import LIBRARY, LibraryState, Reference, StreamName, check_tenant
from notorious.domain.library import (
    ChangeSettings,
    FinishImport,
    LibraryCommand,
    NoSuchImport,
    OpenLibrary,
    StartImport,
)

WHO = {"command_id": "c", "actor": "anna"}
MANIFEST = Reference(key="manifests/m.json", sha256="ef" * 32, size_bytes=1)
START = StartImport(**WHO, import_id="one", manifest=MANIFEST, count=3)
FINISH = FinishImport(**WHO, import_id="one", analysed=2, failed=1, skipped=0)


def after(*commands: LibraryCommand) -> LibraryState:
    state = LIBRARY.initial
    for command in commands:
        state = LIBRARY.state_after(LIBRARY.decide(state, command), state)
    return state


def decided(command: LibraryCommand, *before: LibraryCommand) -> list[str]:
    return [event.type() for event in LIBRARY.decide(after(*before), command)]


def test_the_first_command_opens_the_library() -> None:
    assert decided(START) == ["LibraryOpened", "ImportStarted"]
    assert decided(ChangeSettings(**WHO, settings={"a": 1})) == ["LibraryOpened", "SettingsChanged"]
    assert decided(OpenLibrary(**WHO), OpenLibrary(**WHO)) == []


def test_an_import_starts_and_ends_once() -> None:
    assert decided(START, START) == []
    assert decided(FINISH, START) == ["ImportFinished"]
    assert decided(FINISH, START, FINISH) == []
    assert decided(START, START, FINISH) == []
    assert dict(after(START, FINISH).imports) == {}


def test_an_import_that_never_started_cannot_end() -> None:
    with pytest.raises(NoSuchImport):
        decided(FINISH)


def test_settings_that_are_as_they_were_are_no_event() -> None:
    assert decided(ChangeSettings(**WHO, settings={"a": 1}), ChangeSettings(**WHO, settings={"a": 1})) == []
    assert after(ChangeSettings(**WHO, settings={"a": 1}), ChangeSettings(**WHO, settings={})).settings == {}


def test_a_stream_is_written_as_category_and_id() -> None:
    assert str(StreamName("mix", "01J")) == "mix/01J"
    assert StreamName.parse("mix/01J") == StreamName("mix", "01J")


@pytest.mark.parametrize("text", ["mix", "mix/", "/x", "mix/a/b", "video/x", "mix/ä", "mix/-a", "mix/" + "a" * 129])
def test_what_is_no_stream_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="stream"):
        StreamName.parse(text)


@pytest.mark.parametrize("tenant", ["", "a/b", "a#b", ".", "..", "a b", "ä", "a" * 65, "a\n"])
def test_what_could_reach_into_another_tenants_keys_is_no_tenant(tenant: str) -> None:
    with pytest.raises(ValueError, match="tenant"):
        check_tenant(tenant)


@pytest.mark.parametrize("tenant", ["anna", "eu-1_x.y", "0f", "a" * 64])
def test_a_tenant_is_a_plain_name(tenant: str) -> None:
    assert check_tenant(tenant) == tenant
