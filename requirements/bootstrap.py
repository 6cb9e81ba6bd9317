"""Make a virtual environment with this project in it, with nothing but a bare Python.

    python3 requirements/bootstrap.py .venv --extras m4a --lock requirements/engine.lock

Debian ships Python without `ensurepip` unless python3-venv is installed. Then pip's own wheel is fetched from the
index that pip would use (PIP_INDEX_URL or index-url in pip's configuration, else PyPI) and held against the hash
below, which is why it may be fetched even where the machine has no certificates to check the server with. Standard
library only, and the module of the project that knows package indexes (which needs nothing else either).
"""

import argparse
import importlib.util
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

OLDEST_PYTHON = (3, 11)
PIP_VERSION = "26.3"
PIP_SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"
PIP_WHEEL = f"pip-{PIP_VERSION}-py3-none-any.whl"
ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    arguments = argparse.ArgumentParser(description="Make a virtual environment with this project in it.")
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--extras", default="", help="extras of the project, separated by commas")
    arguments.add_argument("--lock", type=Path, required=True, help="versions to hold pip to")
    given = arguments.parse_args()
    if sys.version_info < OLDEST_PYTHON:
        sys.exit(f"Notorious needs Python 3.11 or later; this is {sys.version.split()[0]}")
    python = make_environment(given.folder)
    install(python, given.extras, given.lock)


def make_environment(folder: Path) -> Path:
    """Make the environment unless a working one is there; returns its Python."""
    python = folder / "bin" / "python"
    if python.exists() and succeeds([str(python), "-m", "pip", "--version"]):
        return python
    with_pip = importlib.util.find_spec("ensurepip") is not None
    say(f"Making {folder}" + ("" if with_pip else " (this Python comes without pip; fetching it)"))
    venv.create(folder, clear=True, symlinks=True, with_pip=with_pip)
    if not with_pip:
        with tempfile.TemporaryDirectory() as place:
            wheel = Path(place) / PIP_WHEEL
            wheel.write_bytes(fetch_pip())
            # A wheel is a zip, and Python runs a package inside one: pip installs itself.
            run([str(python), str(wheel / "pip"), "install", "-qq", "--no-index", str(wheel)])
    return python


def install(python: Path, extras: str, lock: Path) -> None:
    """Install the project in editable mode with the tested versions, or, where those do not exist here, with others."""
    target = f"{ROOT}[{extras}]" if extras else str(ROOT)
    command = [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--editable", target]
    say("Installing " + (f"with {extras}" if extras else "") + " (about a minute)")
    if subprocess.run([*command, "--constraint", str(lock)], check=False).returncode == 0:
        return
    say(f"The versions in {lock} cannot be installed here (see above); trying the newest ones instead")
    run(command)


def fetch_pip() -> bytes:
    """The wheel of pip, from the first index that has it; its hash is checked."""
    sys.path.insert(0, str(ROOT / "shared"))
    from notorious.package_index import FetchFailed, fetch_wheel

    try:
        return fetch_wheel(PIP_WHEEL, PIP_SHA256, say=say)
    except FetchFailed as error:
        return sys.exit(f"{error}\nInstall python3-venv, or set PIP_INDEX_URL.")


def succeeds(command: list[str]) -> bool:
    quiet = subprocess.DEVNULL
    return subprocess.run(command, check=False, stdout=quiet, stderr=quiet).returncode == 0


def run(command: list[str]) -> None:
    code = subprocess.run(command, check=False).returncode
    if code:
        sys.exit(code)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
