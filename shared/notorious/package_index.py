"""Fetching one file from the package index that pip would use, by name and hash. Standard library only.

The index is the one of PIP_INDEX_URL or of pip's configuration, else PyPI; extra indexes are asked after it. What comes
is held against a hash that the caller knows, which is why it may be fetched even where the machine has no certificates
to check the server with.
"""

import configparser
import hashlib
import html.parser
import http.client
import os
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path

DEFAULT_INDEX = "https://pypi.org/simple"
_PIECE_BYTES = 1 << 18
_TIMEOUT_SECONDS = 60

Report = Callable[[int, int], None]
"""Told the bytes that have come, and how many there will be (0 where the server does not say)."""


class FetchFailed(OSError):
    """No index had the file, or could be reached; the message says of each what happened."""


def fetch_wheel(
    wheel: str, sha256: str, *, say: Callable[[str], None] = lambda _: None, report: Report | None = None
) -> bytes:
    """The content of a wheel, from the first index that has it.

    wheel : the name of its file, "pip-26.3-py3-none-any.whl"
    say : told in a sentence what is unusual
    Raises FetchFailed where no index has it, or none has it with this hash.
    """
    project = re.sub(r"[-_.]+", "-", wheel.split("-")[0]).lower()
    failures = []
    for index in indexes():
        page = index.rstrip("/") + f"/{project}/"
        shown = _without_password(page)
        try:
            found = [link for link in links(page, say) if urllib.parse.urlsplit(link).path.endswith("/" + wheel)]
            if not found:
                failures.append(f"{shown}: has no {wheel}")
                continue
            content = get(found[0], say, report)
            digest = hashlib.sha256(content).hexdigest()
            if digest == sha256:
                return content
            failures.append(f"{shown}: the hash of its {wheel} is {digest}, not the expected {sha256}")
        except (OSError, ValueError, http.client.HTTPException) as error:
            failures.append(f"{shown}: {error or type(error).__name__}")
    raise FetchFailed(f"{wheel} could not be fetched:\n  " + "\n  ".join(failures))


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


def links(page: str, say: Callable[[str], None]) -> list[str]:
    """The links on a page of an index, made absolute."""
    parser = _Links()
    if page.startswith("file:"):
        local = Path(urllib.request.url2pathname(urllib.parse.urlsplit(page).path)) / "index.html"
        parser.feed(local.read_text(encoding="utf-8"))
    else:
        parser.feed(get(page, say).decode("utf-8"))
    return [urllib.parse.urljoin(page, link) for link in parser.found]


def get(address: str, say: Callable[[str], None], report: Report | None = None) -> bytes:
    """Fetch an address; without certificates on this machine, unchecked (what comes is held against a hash)."""
    # Debian's python3 only recommends ca-certificates, and pip brings its own: without any, TLS could not be verified.
    authorities = os.environ.get("PIP_CERT") or None
    try:
        return _read(address, ssl.create_default_context(cafile=authorities), report)
    except urllib.error.URLError as error:
        if not isinstance(error.reason, ssl.SSLCertVerificationError):
            raise
        say("This machine cannot check certificates; going on, since the hash of the file is known")
        blind = ssl.create_default_context()
        blind.check_hostname = False
        blind.verify_mode = ssl.CERT_NONE
        return _read(address, blind, report)


def _read(address: str, context: ssl.SSLContext, report: Report | None) -> bytes:
    with urllib.request.urlopen(address, timeout=_TIMEOUT_SECONDS, context=context) as answer:
        length = int(answer.headers.get("Content-Length") or 0)
        pieces: list[bytes] = []
        size = 0
        while piece := answer.read(_PIECE_BYTES):
            pieces.append(piece)
            size += len(piece)
            if report is not None:
                report(size, length)
        if size < length:
            raise OSError(f"the connection broke after {size} of {length} bytes")
        return b"".join(pieces)


def _without_password(address: str) -> str:
    parts = urllib.parse.urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
