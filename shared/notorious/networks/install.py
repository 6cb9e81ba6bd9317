"""Bringing networks to this machine, and taking them away again.

    index ── wheel ── hash? ── tensors ── graphs ── hash? ── a folder beside ── renamed into place, one by one

The authors' own packages hold their weights. Nothing of them is run: the wheel is a zip, the tensors are read by our
own readers, and what is kept is ONNX. Until all files of a family are written, nothing is in its place; what was there
before stays until then.
"""

import contextlib
import hashlib
import io
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from notorious.errors import NetworkError
from notorious.networks import catalogue
from notorious.networks.catalogue import BEATNET, MUSICNN, Family
from notorious.package_index import FetchFailed, Report, fetch_wheel

_CONVERTED = (
    "Converted by Notorious from the weights in {wheel} to ONNX graphs: the numbers are those of the\n"
    "authors, put into another order; batch normalisations are written as one scale and one shift."
)


@dataclass(frozen=True)
class Wheel:
    """A file of the package index, known by its hash."""

    file: str
    sha256: str
    licence: str
    """The licence's file in it."""
    attribution: str


WHEELS = {
    BEATNET.name: Wheel(
        "BeatNet-1.1.3-py3-none-any.whl",
        "1ecfa17bdcbe899975a88bdb6efebd6970d846a4f3b6cfd5c6f320647c641c7e",
        "BeatNet-1.1.3.dist-info/LICENSE",
        "BeatNet by Mojtaba Heydari, Frank Cwitkowitz and Zhiyao Duan (github.com/mjhydri/BeatNet),\n"
        'licensed under CC BY 4.0 (creativecommons.org/licenses/by/4.0). Cite: "BeatNet: CRNN and particle\n'
        'filtering for online joint beat, downbeat and meter tracking", ISMIR 2021.',
    ),
    MUSICNN.name: Wheel(
        "musicnn-0.1.0-py3-none-any.whl",
        "f38a4890c648c1ddbb141c5d96d2b0a8cfcd36746002d896989f7b88beb65cfa",
        "musicnn-0.1.0.dist-info/LICENSE.md",
        "musicnn by Jordi Pons and Xavier Serra, Music Technology Group, Universitat Pompeu Fabra\n"
        '(github.com/jordipons/musicnn), licensed under ISC. Cite: "musicnn: pre-trained convolutional neural\n'
        'networks for music audio tagging", ISMIR 2019 (late-breaking).',
    ),
}


def install(
    family: Family,
    *,
    wheels: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
    report: Report | None = None,
) -> None:
    """Fetch, convert and keep a family, in place of what is there of it.

    wheels : a folder that holds the authors' wheel already; else it is fetched from the package index
    say : told in a sentence what is unusual; report : told how many bytes have come

    Raises NetworkError where the wheel cannot be had or is not the one that is known, where it does not convert to
    what it should, or where the result cannot be written. Then nothing has changed.
    """
    wheel = WHEELS[family.name]
    content = _read_wheel(wheel, wheels) if wheels is not None else _fetch(wheel, say, report)
    try:
        files = convert(family, content)
    except (ValueError, KeyError, zipfile.BadZipFile) as error:
        raise NetworkError(f"{wheel.file} does not hold what it should ({error}); nothing was installed") from error
    for name, data in files.items():
        expected = family.files.get(name)
        if expected not in (None, hashlib.sha256(data).hexdigest()):
            raise NetworkError(f"{name} came out of the conversion otherwise than it should; nothing was installed")
    _keep(family, files)


def convert(family: Family, wheel: bytes) -> dict[str, bytes]:
    """The files of a family, by name, out of the content of its wheel: the networks, and the attribution.

    Raises ValueError, KeyError or BadZipFile where the wheel does not hold what it should.
    """
    from notorious.networks import graphs, tensorflow_checkpoint, torch_archive

    source = WHEELS[family.name]
    notice = f"{source.attribution}\n{_CONVERTED.format(wheel=source.file)}"
    files: dict[str, bytes] = {}
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        for name in family.files:
            stem = name.removesuffix(".onnx")
            if family is BEATNET:
                content = archive.read(f"BeatNet/models/model_{stem[-1]}_weights.pt")
                files[name] = graphs.beatnet(torch_archive.read_tensors(content), notice=notice)
            else:
                place = f"musicnn/{stem[:3].upper()}_musicnn/"
                index, data = archive.read(place + ".index"), archive.read(place + ".data-00000-of-00001")
                files[name] = graphs.musicnn(tensorflow_checkpoint.read_variables(index, data), notice=notice)
        licence = archive.read(source.licence)
    files[family.attribution] = f"{notice}\n\nThe licence that came with them:\n\n".encode() + licence
    return files


def remove(family: Family) -> list[Path]:
    """Delete a family's files; returns those that were there. Raises NetworkError where one cannot be deleted."""
    gone = []
    for name in (*family.files, family.attribution):
        path = catalogue.folder() / name
        try:
            path.unlink()
            gone.append(path)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise NetworkError(f"{path} cannot be removed ({error.strerror or error})") from error
    with contextlib.suppress(OSError):  # it holds something else, or is not there
        catalogue.folder().rmdir()
    return gone


def faults(family: Family) -> list[str]:
    """What is wrong with an installed family, in sentences; nothing where its files are those that they should be."""
    found = []
    for name, sha256 in family.files.items():
        path = catalogue.folder() / name
        try:
            actual = hashlib.sha256(path.read_bytes()).hexdigest()
        except FileNotFoundError:
            found.append(f"{path} is missing")
        except OSError as error:
            found.append(f"{path} cannot be read ({error.strerror or error})")
        else:
            if actual != sha256:
                found.append(f"{path} is not the network that this version installs (its SHA-256 is {actual})")
    return found


def _read_wheel(wheel: Wheel, place: Path) -> bytes:
    path = place / wheel.file
    try:
        content = path.read_bytes()
    except OSError as error:
        raise NetworkError(f"{path} cannot be read ({error.strerror or error}); nothing was installed") from error
    found = hashlib.sha256(content).hexdigest()
    if found != wheel.sha256:
        raise NetworkError(
            f"{path} is not the file that was published: its SHA-256 is {found}, not {wheel.sha256}; "
            "fetch it again; nothing was installed"
        )
    return content


def _fetch(wheel: Wheel, say: Callable[[str], None], report: Report | None) -> bytes:
    try:
        return fetch_wheel(wheel.file, wheel.sha256, say=say, report=report)
    except FetchFailed as error:
        raise NetworkError(
            f"{error}\nNothing was installed. Try again when there is a connection, set PIP_INDEX_URL to an index that "
            f"can be reached,\nor fetch {wheel.file} elsewhere and name its folder: "
            "notorious models install --wheels FOLDER"
        ) from error


def _keep(family: Family, files: dict[str, bytes]) -> None:
    target = catalogue.folder()
    place: Path | None = None
    try:
        target.mkdir(parents=True, exist_ok=True)
        place = Path(tempfile.mkdtemp(prefix=".installing-", dir=target))
        for name, data in files.items():
            with (place / name).open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        for name in files:
            os.replace(place / name, target / name)
    except OSError as error:
        size = sum(map(len, files.values())) / 1e6
        raise NetworkError(
            f"{family.name} cannot be kept in {target} ({error.strerror or error}); nothing was installed. "
            f"It needs {size:.0f} MB there; NOTORIOUS_MODELS names another folder"
        ) from error
    finally:
        if place is not None:
            shutil.rmtree(place, ignore_errors=True)
