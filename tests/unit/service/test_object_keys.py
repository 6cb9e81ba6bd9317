"""Object keys: what is built can be read again, and no name climbs out of its tenant's folder."""

import pytest

from notorious.service import keys

SHA = "a" * 64


def test_the_key_of_a_dropped_file_tells_tenant_upload_and_name() -> None:
    key = keys.drop("anna", "u1", "Bells & Whistles (Dub) ü.flac")
    assert key == "drop/anna/u1/Bells & Whistles (Dub) ü.flac"
    assert keys.parse_drop(key) == keys.Drop("anna", "u1", "Bells & Whistles (Dub) ü.flac")


def test_a_folder_inside_a_drop_counts_as_part_of_the_name_and_is_left_out() -> None:
    assert keys.parse_drop("drop/anna/u1/crate/side a/track.mp3").file_name == "track.mp3"


@pytest.mark.parametrize("key", ["drop/anna/file.mp3", "drop/anna/u1/", "tracks/anna/u1/x.mp3", "drop//u1/x.mp3", ""])
def test_a_key_that_is_not_of_a_dropped_file_is_refused(key: str) -> None:
    with pytest.raises(keys.KeyRefused):
        keys.parse_drop(key)


@pytest.mark.parametrize("tenant", ["", "..", "a/b", "../b", ".hidden", "a\n", "ä", "x" * 200])
def test_no_tenant_can_reach_into_anothers_folder(tenant: str) -> None:
    for build in (
        lambda: keys.drop(tenant, "u1", "x.mp3"),
        lambda: keys.track_audio(tenant, SHA, "mp3"),
        lambda: keys.plan(tenant, "m1", SHA),
        lambda: keys.index(tenant, "profiles"),
    ):
        with pytest.raises(keys.KeyRefused):
            build()


def test_a_hash_that_is_none_is_refused() -> None:
    with pytest.raises(keys.KeyRefused, match="no SHA-256"):
        keys.track_audio("anna", "../../bob/secret", "mp3")


def test_a_file_name_loses_folders_and_control_characters() -> None:
    assert keys.checked_file_name("C:\\Music\\My\x00 Track\n.mp3") == "My Track.mp3"


def test_a_file_name_of_nothing_is_refused() -> None:
    for name in ("", "..", "folder/", "\x01"):
        with pytest.raises(keys.KeyRefused):
            keys.checked_file_name(name)


def test_a_name_too_long_for_a_file_system_keeps_its_ending() -> None:
    name = keys.checked_file_name("ü" * 300 + ".flac")
    assert name.endswith(".flac")
    assert len(name.encode()) <= 255


def test_all_of_a_track_lies_under_its_prefixes() -> None:
    prefixes = keys.track_prefixes("anna", SHA)
    for key in (
        keys.track_audio("anna", SHA, "mp3"),
        keys.analysis("anna", SHA, "b" * 64),
        keys.part("anna", SHA, "grid", 3),
        keys.stems_prefix("anna", SHA, "htdemucs") + "vocals.flac",
    ):
        assert any(key.startswith(prefix) for prefix in prefixes)


def test_a_download_is_saved_under_its_name_in_any_script() -> None:
    header = keys.content_disposition('Мікс "1".flac')
    assert header.startswith('attachment; filename="____ _1_.flac"; ')
    assert header.endswith("filename*=UTF-8''%D0%9C%D1%96%D0%BA%D1%81%20%221%22.flac")
