"""Make a virtual environment with this project in it, with nothing but a bare Python.

    python3 requirements/bootstrap.py .venv --extras m4a --lock requirements/engine.lock

Debian ships Python without `ensurepip` unless python3-venv is installed. Then pip's own wheel is fetched from the
index that pip would use (PIP_INDEX_URL or index-url in pip's configuration, else PyPI) and held against the hash
below, which is why it may be fetched even where the machine has no certificates to check the server with. Standard
library only.
"""

import argparse
import configparser
import hashlib
import html.parser
import importlib.util
import os
import ssl
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import venv
from pathlib import Path

OLDEST_PYTHON = (3, 11)
PIP_VERSION = "26.3"
PIP_SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"
PIP_WHEEL = f"pip-{PIP_VERSION}-py3-none-any.whl"
DEFAULT_INDEX = "https://pypi.org/simple"
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
    failures = []
    for index in indexes():
        page = index.rstrip("/") + "/pip/"
        try:
            for link in links(page):
                if urllib.parse.urlsplit(link).path.endswith("/" + PIP_WHEEL):
                    wheel = get(link)
                    found = hashlib.sha256(wheel).hexdigest()
                    if found == PIP_SHA256:
                        return wheel
                    failures.append(f"{link}: its hash is {found}, not the expected {PIP_SHA256}")
                    break
            else:
                failures.append(f"{page}: has no {PIP_WHEEL}")
        except (OSError, ValueError) as error:
            failures.append(f"{page}: {error}")
    return sys.exit(
        "pip could not be fetched:\n  " + "\n  ".join(failures) + "\nInstall python3-venv, or set PIP_INDEX_URL."
    )


def indexes() -> list[str]:
    """Where pip would look: the environment goes before the configuration files."""
    main_index = os.environ.get("PIP_INDEX_URL")
    extra = os.environ.get("PIP_EXTRA_INDEX_URL", "").split()
    files = configparser.RawConfigParser()
    files.read(configuration_files(), encoding="utf-8")
    main_index = main_index or files.get("global", "index-url", fallback=None) or DEFAULT_INDEX
    extra = extra or files.get("global", "extra-index-url", fallback="").split()
    return [main_index, *extra]


def configuration_files() -> list[str]:
    """pip's configuration files, the later ones overruling the earlier."""
    home = Path.home()
    xdg = os.environ.get("XDG_CONFIG_HOME", str(home / ".config"))
    named = os.environ.get("PIP_CONFIG_FILE", "")
    places = ["/etc/xdg/pip/pip.conf", "/etc/pip.conf", home / ".pip/pip.conf", Path(xdg) / "pip/pip.conf"]
    return [str(place) for place in places] + ([named] if named else [])


class _Links(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found.extend(value for name, value in attrs if name == "href" and value)


def links(page: str) -> list[str]:
    """The links on a page of an index, made absolute."""
    parser = _Links()
    if page.startswith("file:"):
        local = Path(urllib.request.url2pathname(urllib.parse.urlsplit(page).path)) / "index.html"
        parser.feed(local.read_text(encoding="utf-8"))
    else:
        parser.feed(get(page).decode("utf-8"))
    return [urllib.parse.urljoin(page, link) for link in parser.found]


def get(address: str) -> bytes:
    """Fetch an address; without certificates on this machine, unchecked (what comes is held against a hash)."""
    # Debian's python3 only recommends ca-certificates, and pip brings its own: without any, TLS could not be verified.
    authorities = os.environ.get("PIP_CERT") or None
    try:
        with urllib.request.urlopen(
            address, timeout=60, context=ssl.create_default_context(cafile=authorities)
        ) as answer:
            return bytes(answer.read())
    except urllib.error.URLError as error:
        if not isinstance(error.reason, ssl.SSLCertVerificationError):
            raise
        say("This machine cannot check certificates; going on, since pip's hash is known")
        blind = ssl.create_default_context()
        blind.check_hostname = False
        blind.verify_mode = ssl.CERT_NONE
        with urllib.request.urlopen(address, timeout=60, context=blind) as answer:
            return bytes(answer.read())


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
