"""What stands in the way is said clearly, and nothing is left running."""

import json
import os
import socket
import subprocess
from pathlib import Path

import pytest
from running import Running, command

from notorious.embedded import emulator, mending
from notorious.embedded.data_folder import DataFolder, hold, write_durably
from notorious.embedded.template import read_template
from notorious.embedded.users import new_user, read_users
from notorious.errors import (
    DataFolderInUse,
    DataFolderUnusable,
    InputError,
    PortTaken,
    ServiceError,
    TemplateMissing,
    UnexpectedEmulator,
)


def refused(data: Path, template: Path, *options: str) -> tuple[int, str]:
    done = subprocess.run(command(data, template, *options), capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stderr


def test_a_folder_that_another_service_uses_is_refused(service: Running, template: Path) -> None:
    code, complaint = refused(service.data, template)
    assert code == ServiceError.exit_code
    assert f"uses the data folder {service.data}" in complaint
    assert str(service.process.pid) in complaint


def test_a_port_that_is_taken_is_refused_and_the_folder_is_free_again(
    service: Running, template: Path, tmp_path: Path
) -> None:
    code, complaint = refused(tmp_path / "data", template, "--port", str(service.address["port"]))
    assert code == ServiceError.exit_code
    assert f"Port {service.address['port']} cannot be listened on" in complaint
    hold(tmp_path / "data").release()


def test_the_ports_speak_to_this_machine_only(service: Running) -> None:
    process = Path(f"/proc/{service.process.pid}")
    links = [os.readlink(entry) for entry in (process / "fd").iterdir() if entry.is_symlink()]
    sockets = {link[8:-1] for link in links if link.startswith("socket:[")}

    def listening(protocol: str) -> set[str]:
        rows = [line.split() for line in (process / "net" / protocol).read_text().splitlines()[1:]]
        return {row[1].split(":")[0] for row in rows if row[3] == "0A" and row[9] in sockets}

    assert listening("tcp") == {"0100007F"}
    assert listening("tcp6") == set()


def test_what_the_emulators_cloudformation_drops_is_set(service: Running) -> None:
    time_to_live = service.client("dynamodb").describe_time_to_live(TableName=service.output("LiveTable"))
    assert time_to_live["TimeToLiveDescription"]["AttributeName"] == "expires_at"
    rules = service.client("s3").get_bucket_lifecycle_configuration(Bucket=service.output("MediaBucket"))["Rules"]
    assert [(rule["Filter"]["Prefix"], rule["Expiration"]["Days"]) for rule in rules] == [("voices/", 3)]
    echo = service.client("lambda").get_function(FunctionName="notorious-embedded-echo")
    assert echo["Concurrency"]["ReservedConcurrentExecutions"] == 7
    assert echo["Configuration"]["DeadLetterConfig"]["TargetArn"].endswith(":notorious-embedded-project-dead")


def test_the_tokens_tenant_is_the_users(service: Running) -> None:
    import base64

    payload = service.addresses["token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims["custom:tenant"] == "local"
    assert service.append("local/track/token", 1) == 201
    assert service.append("local/track/token", 2, token="no.such.token") == 401


def test_no_other_reads_the_data_folder(service: Running) -> None:
    assert service.data.stat().st_mode & 0o077 == 0
    assert (service.data / "users.json").stat().st_mode & 0o077 == 0


def test_a_held_folder_is_refused_within_a_process_too(tmp_path: Path) -> None:
    held = hold(tmp_path)
    with pytest.raises(DataFolderInUse, match="Stop it, or choose another folder with --data"):
        hold(tmp_path)
    held.release()
    hold(tmp_path).release()


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(DataFolderUnusable, match="cannot be used"):
        hold(tmp_path / "data")


def test_a_folder_of_a_later_version_is_refused_untouched(tmp_path: Path) -> None:
    (tmp_path / "layout").write_text("99\n")
    with pytest.raises(DataFolderUnusable, match="has layout 99"):
        hold(tmp_path)
    assert (tmp_path / "layout").read_text() == "99\n"
    assert not (tmp_path / "objects").exists()


def test_the_scratch_of_a_service_that_was_killed_is_emptied(tmp_path: Path) -> None:
    held = hold(tmp_path)
    (held.folder.work / "left behind").write_text("")
    held.release()
    held = hold(tmp_path)
    assert list(held.folder.work.iterdir()) == []
    held.release()


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    write_durably(tmp_path / "file", b"one")
    write_durably(tmp_path / "file", b"two")
    assert (tmp_path / "file").read_bytes() == b"two"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_port_is_refused_while_somebody_listens(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(PortTaken, match="--port"):
        emulator.listen(other.getsockname()[1])


@pytest.mark.parametrize(("version", "complaint"), [("1.5.34", "1.5.34 is installed"), (None, "is not installed")])
def test_another_emulator_is_refused(monkeypatch: pytest.MonkeyPatch, version: str | None, complaint: str) -> None:
    def found(_name: str) -> str:
        if version is None:
            raise emulator.metadata.PackageNotFoundError
        return version

    monkeypatch.setattr(emulator.metadata, "version", found)
    with pytest.raises(UnexpectedEmulator, match=complaint) as refusal:
        emulator.require_emulator()
    assert "pip install" in str(refusal.value)


def test_the_project_asks_for_the_version_that_is_mended(repository: Path) -> None:
    assert f'"ministack=={mending.EMULATOR_VERSION}"' in (repository / "pyproject.toml").read_text()


@pytest.mark.parametrize("gone", ["manifest.json", "small-api.template.json", "assets/echo.zip"])
def test_a_template_that_is_not_whole_is_refused(template: Path, tmp_path: Path, gone: str) -> None:
    import shutil

    folder = tmp_path / "template"
    shutil.copytree(template, folder)
    (folder / gone).unlink()
    with pytest.raises(TemplateMissing, match=gone):
        read_template(folder)


def test_a_template_that_is_no_json_is_refused(template: Path, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(TemplateMissing, match="cannot be read"):
        read_template(tmp_path)


def test_users_are_kept(tmp_path: Path) -> None:
    first = read_users(tmp_path / "users.json")
    assert [(user.name, user.tenant) for user in first] == [("dj", "local")]
    assert read_users(tmp_path / "users.json") == first


@pytest.mark.parametrize("tenant", ["", "a/b", "A", "a b", "../x", "a" * 64])
def test_a_tenant_that_could_not_be_part_of_a_key_is_refused(tenant: str) -> None:
    with pytest.raises(InputError):
        new_user("dj", tenant)


def test_the_data_folder_says_what_is_where(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    parts = [folder.journal, folder.objects, folder.views, folder.users, folder.dropped, folder.address, folder.logs]
    assert {path.parent for path in parts} == {tmp_path}
