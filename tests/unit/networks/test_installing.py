"""Networks come whole or not at all, and every failure says what to do."""

import errno
import hashlib
import http.server
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from notorious.cli.main import run
from notorious.errors import NetworkError
from notorious.networks import BEATNET, MUSICNN, install, missing_files
from notorious.networks.install import WHEELS, faults, remove
from notorious.networks.install import install as install_family

WHEEL = WHEELS[BEATNET.name]


@pytest.fixture
def no_index(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Neither the environment nor a configuration file names an index that exists."""
    monkeypatch.setattr("notorious.package_index.configuration_files", list)
    monkeypatch.setenv("PIP_INDEX_URL", (tmp_path / "no-such-index").as_uri())
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    return monkeypatch


def index_with(content: bytes, folder: Path) -> str:
    """A package index as files: one page, one wheel."""
    page = folder / "index" / "beatnet"
    page.mkdir(parents=True)
    (page / WHEEL.file).write_bytes(content)
    (page / "index.html").write_text(f'<a href="{WHEEL.file}#sha256=0">{WHEEL.file}</a>')
    return (folder / "index").as_uri()


def test_without_an_index_the_message_names_what_was_tried_and_another_way(
    no_index: pytest.MonkeyPatch, models_folder: Path
) -> None:
    with pytest.raises(NetworkError) as caught:
        install_family(BEATNET)
    assert "no-such-index/beatnet" in str(caught.value)
    assert "--wheels FOLDER" in str(caught.value)
    assert not models_folder.exists()


def test_a_wheel_of_another_hash_is_not_opened(
    no_index: pytest.MonkeyPatch, models_folder: Path, tmp_path: Path
) -> None:
    no_index.setenv("PIP_INDEX_URL", index_with(b"something else", tmp_path))
    with pytest.raises(NetworkError, match="not the expected 1ecfa17bdcbe"):
        install_family(BEATNET)
    assert not models_folder.exists()


def test_a_wheel_of_another_hash_in_a_folder_is_not_opened(models_folder: Path, tmp_path: Path) -> None:
    (tmp_path / WHEEL.file).write_bytes(b"something else")
    with pytest.raises(NetworkError, match="is not the file that was published"):
        install_family(BEATNET, wheels=tmp_path)
    assert not models_folder.exists()


def test_a_password_of_an_index_is_not_told(no_index: pytest.MonkeyPatch, models_folder: Path) -> None:
    no_index.setenv("PIP_INDEX_URL", "http://me:secret@127.0.0.1:9/simple")
    with pytest.raises(NetworkError) as caught:
        install_family(BEATNET)
    assert "127.0.0.1:9" in str(caught.value)
    assert "secret" not in str(caught.value)


class _BreaksOff(http.server.BaseHTTPRequestHandler):
    """Promises a thousand bytes of wheel and sends ten."""

    def do_GET(self) -> None:
        page = f'<a href="/{WHEEL.file}">{WHEEL.file}</a>'.encode()
        body, length = (b"0123456789", 1000) if self.path.endswith(".whl") else (page, len(page))
        self.send_response(200)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def breaking_server() -> Iterator[str]:
    with http.server.HTTPServer(("127.0.0.1", 0), _BreaksOff) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_a_download_that_breaks_off_leaves_nothing(
    no_index: pytest.MonkeyPatch, models_folder: Path, breaking_server: str
) -> None:
    no_index.setenv("PIP_INDEX_URL", breaking_server)
    with pytest.raises(NetworkError, match=r"broke after 10 of 1000 bytes|IncompleteRead"):
        install_family(BEATNET)
    assert not models_folder.exists()


def stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A wheel that is taken for the real one, and converts to small files."""
    content = b"wheel"
    (tmp_path / WHEEL.file).write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    monkeypatch.setitem(WHEELS, BEATNET.name, install.Wheel(WHEEL.file, digest, WHEEL.licence, WHEEL.attribution))
    files = {name: name.encode() for name in (*BEATNET.files, BEATNET.attribution)}
    monkeypatch.setattr(install, "convert", lambda *_: files)
    return tmp_path


def test_a_conversion_that_comes_out_otherwise_is_not_kept(
    monkeypatch: pytest.MonkeyPatch, models_folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(NetworkError, match=r"beatnet_1\.onnx came out"):
        install_family(BEATNET, wheels=stand_in(monkeypatch, tmp_path))
    assert not models_folder.exists()


def test_a_full_disk_leaves_what_was_there_before(
    monkeypatch: pytest.MonkeyPatch, models_folder: Path, tmp_path: Path
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    place = stand_in(monkeypatch, tmp_path)
    for name in BEATNET.files:
        monkeypatch.setitem(BEATNET.files, name, hashlib.sha256(name.encode()).hexdigest())  # type: ignore[arg-type]
    models_folder.mkdir()
    (models_folder / "beatnet_1.onnx").write_bytes(b"the one from before")
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(NetworkError, match=r"No space left on device.*nothing was installed"):
        install_family(BEATNET, wheels=place)
    assert [path.name for path in models_folder.iterdir()] == ["beatnet_1.onnx"]
    assert (models_folder / "beatnet_1.onnx").read_bytes() == b"the one from before"


def test_removing_leaves_no_folder_behind(models_folder: Path) -> None:
    models_folder.mkdir()
    for name in (*BEATNET.files, BEATNET.attribution):
        (models_folder / name).touch()
    assert len(remove(BEATNET)) == 4
    assert not models_folder.exists()
    assert remove(BEATNET) == []


def test_removing_leaves_what_is_not_its_own(models_folder: Path) -> None:
    models_folder.mkdir()
    (models_folder / "beatnet_1.onnx").touch()
    (models_folder / "mine").touch()
    remove(BEATNET)
    assert [path.name for path in models_folder.iterdir()] == ["mine"]


def test_the_program_lists_checks_and_removes(models_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    models_folder.mkdir()
    for name in BEATNET.files:
        (models_folder / name).write_bytes(b"broken")
    assert run(["models", "list"]) == 0
    assert "not installed" in capsys.readouterr().out
    assert run(["models", "check"]) == 6
    assert "is not the network that this version installs" in capsys.readouterr().out
    assert run(["models", "remove", "beatnet"]) == 0
    assert run(["models", "check"]) == 0
    assert "BeatNet: not installed" in capsys.readouterr().out


def test_networks_that_are_not_there_are_an_error_of_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "install", "Shazam"]) == 2
    assert "there are BeatNet, musicnn" in capsys.readouterr().err


@pytest.mark.wheels
@pytest.mark.parametrize("family", [BEATNET, MUSICNN], ids=lambda family: family.name)
def test_the_authors_wheels_install_with_their_licences(family, wheels: Path, models_folder: Path) -> None:  # type: ignore[no-untyped-def]
    install_family(family, wheels=wheels)
    assert not missing_files(family)
    assert faults(family) == []
    attribution = (models_folder / family.attribution).read_text()
    assert "Converted by Notorious" in attribution
    assert {"BeatNet": "Attribution 4.0 International", "musicnn": "Universitat Pompeu Fabra 2019"}[
        family.name
    ] in attribution
