"""Every object key, built and read in one place.

    drop/TENANT/UPLOAD/FILE               what was put in, until it is taken up
    tracks/TENANT/SHA/audio.EXT           the file of a track
    analyses/TENANT/SHA/HASH.json.gz      what was heard in it
    parts/TENANT/SHA/ANALYSER-N.json.gz   what one version of one analyser heard
    plans/TENANT/MIX/HASH.json            plans (and what else a mix writes down) under their own hash
    plans/TENANT/MIX/execution.json       which execution of the workflow works on it
    previews/TENANT/MIX/N-VOICES.flac     the preview of transition N
    voices/TENANT/VOICE.f32, .json        rendered voices, and the note that they are complete (3 days)
    mixes/TENANT/MIX/mix.EXT              the mix and its sheet (30 days)
    stems/TENANT/SHA/MODEL/NAME.flac      stems (7 days)
    indexes/TENANT/NAME                   what is read as one of a whole library
    manifests/TENANT/IMPORT.json          the tracks of an import
    archive/TENANT/...                    archived events

A tenant comes from a verified claim. It, and everything else that becomes part of a key, is checked here, so that no
name can climb out of its folder.
"""

import re
from dataclasses import dataclass
from urllib.parse import quote

from notorious.errors import InputError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LONGEST_FILE_NAME = 255
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class KeyRefused(InputError):
    """A name that cannot be part of a key."""


@dataclass(frozen=True)
class Drop:
    """A file in the drop folder, as its key tells."""

    tenant: str
    upload: str
    file_name: str


def checked_name(name: str) -> str:
    """The name, if it can be a folder of a key. Raises KeyRefused."""
    if not _NAME.fullmatch(name):
        raise KeyRefused(f"{name!r} cannot be part of a key; use letters, digits, and . _ @ + - between them")
    return name


def checked_sha256(sha256: str) -> str:
    """The hash, if it is one. Raises KeyRefused."""
    if not _SHA256.fullmatch(sha256):
        raise KeyRefused(f"{sha256[:80]!r} is no SHA-256; 64 small hexadecimal digits are expected")
    return sha256


def checked_file_name(name: str) -> str:
    """The last part of a file's name, without control characters. Raises KeyRefused where nothing is left."""
    last = _CONTROL.sub("", name.replace("\\", "/")).rsplit("/", 1)[-1].strip()
    if last in ("", ".", ".."):
        raise KeyRefused(f"{name!r} names no file")
    return _shortened(last)


def _shortened(name: str) -> str:
    """At most 255 bytes of UTF-8, the ending kept."""
    if len(name.encode()) <= _LONGEST_FILE_NAME:
        return name
    stem, dot, ending = name.rpartition(".")
    ending = dot + ending if stem and len(ending) <= 10 else ""
    kept = (stem or name).encode()[: _LONGEST_FILE_NAME - len(ending.encode())]
    return kept.decode(errors="ignore") + ending


def drop_prefix(tenant: str) -> str:
    """What all keys of a tenant's drop folder begin with."""
    return f"drop/{checked_name(tenant)}/"


def drop(tenant: str, upload: str, file_name: str) -> str:
    return f"{drop_prefix(tenant)}{checked_name(upload)}/{checked_file_name(file_name)}"


def parse_drop(key: str) -> Drop:
    """Read the key of a dropped file. Raises KeyRefused where it is none."""
    folder, _, rest = key.partition("/")
    tenant, _, rest = rest.partition("/")
    upload, _, file_name = rest.partition("/")
    if folder != "drop" or not file_name:
        raise KeyRefused(f"{key!r} is not the key of a dropped file; drop/TENANT/UPLOAD/FILE is expected")
    return Drop(checked_name(tenant), checked_name(upload), checked_file_name(file_name))


def track_audio(tenant: str, sha256: str, ending: str) -> str:
    return f"tracks/{checked_name(tenant)}/{checked_sha256(sha256)}/audio.{checked_name(ending)}"


def analysis(tenant: str, sha256: str, content_sha256: str) -> str:
    return f"analyses/{checked_name(tenant)}/{checked_sha256(sha256)}/{checked_sha256(content_sha256)}.json.gz"


def parts_prefix(tenant: str, sha256: str) -> str:
    return f"parts/{checked_name(tenant)}/{checked_sha256(sha256)}/"


def part(tenant: str, sha256: str, analyser: str, version: int) -> str:
    return f"{parts_prefix(tenant, sha256)}{checked_name(analyser)}-{version}.json.gz"


def plan(tenant: str, mix: str, content_sha256: str) -> str:
    return f"plans/{checked_name(tenant)}/{checked_name(mix)}/{checked_sha256(content_sha256)}.json"


def execution(tenant: str, mix: str) -> str:
    return f"plans/{checked_name(tenant)}/{checked_name(mix)}/execution.json"


def preview(tenant: str, mix: str, transition: int, content: str) -> str:
    return f"previews/{checked_name(tenant)}/{checked_name(mix)}/{transition}-{checked_name(content)}.flac"


def voice(tenant: str, voice_key: str) -> str:
    return f"voices/{checked_name(tenant)}/{checked_sha256(voice_key)}.f32"


def voice_note(tenant: str, voice_key: str) -> str:
    return f"voices/{checked_name(tenant)}/{checked_sha256(voice_key)}.json"


def mix_file(tenant: str, mix: str, name: str) -> str:
    return f"mixes/{checked_name(tenant)}/{checked_name(mix)}/{checked_name(name)}"


def stems_prefix(tenant: str, sha256: str, model: str) -> str:
    return f"stems/{checked_name(tenant)}/{checked_sha256(sha256)}/{checked_name(model)}/"


def track_prefixes(tenant: str, sha256: str) -> tuple[str, ...]:
    """Where everything of one track lies."""
    own = f"{checked_name(tenant)}/{checked_sha256(sha256)}/"
    return tuple(f"{folder}/{own}" for folder in ("tracks", "analyses", "parts", "stems"))


def index(tenant: str, name: str) -> str:
    return f"indexes/{checked_name(tenant)}/{checked_name(name)}"


def manifest(tenant: str, name: str) -> str:
    return f"manifests/{checked_name(tenant)}/{checked_name(name)}.json"


def content_disposition(file_name: str) -> str:
    """The header that makes a browser save a download under this name (RFC 6266, with an ASCII twin)."""
    plain = re.sub(r'[^\x20-\x7e]|["\\]', "_", file_name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='')}"
