"""The emulator's S3 as files that can be trusted, read in pieces, and are never whole in memory.

As it comes, an object's file is renamed into place without reaching the disk first, a write that failed is
acknowledged, reading 64 kB of a mix reads all of it, and parts of an upload wait in memory. And all this happens on the
event loop, so that every listener waits while a voice is written. Here

- what was acknowledged is on disk (fsync before the rename, and of the folder after it); what cannot be written is
  answered with an error;
- large bodies are memory-mapped files: ranges cost what they return, whole objects are sent in pieces, and parts of an
  upload wait in unnamed files;
- requests of S3 run one after another on a thread, off the event loop;
- at start, what is on disk is taken up while the service runs already (`object_catalogue`), and an object whose file is
  newer than its description (a crash came between the two) is described anew.
"""

import asyncio
import contextvars
import mmap
import os
import tempfile
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from notorious.embedded.data_folder import sync_folder
from notorious.embedded.mending import expect, rewrite
from notorious.embedded.object_catalogue import Catalogue, files_under

LARGE_BYTES = 256 * 1024
PIECE_BYTES = 1024 * 1024

_one_at_a_time = ThreadPoolExecutor(max_workers=1, thread_name_prefix="objects")
_spool_folder: Path | None = None


def mend_objects() -> None:
    """Apply the mends of S3; the module's text says what they are for."""
    from ministack.services import s3

    expect(
        s3, "_read_body", "_object_disk_path", "S3_PERSIST", "DATA_DIR", "_buckets", "_ENCODED_KEYS_DIR", "url_unquote"
    )
    _write_durably(s3)
    _read_in_pieces(s3)
    _spool_uploads(s3)
    rewrite(
        s3,
        "handle_request",
        (
            "        result = _dispatch(method, bucket, key, headers, body, query_params)\n",
            "        result = await _embedded_run(_dispatch, method, bucket, key, headers, body, query_params)\n",
        ),
        _embedded_run=_off_the_loop,
    )


def keep_objects_in(folder: Path, bucket: str, *, scratch: Path) -> threading.Thread:
    """From now on, objects are files in this folder, and what lies there already is served.

    To be called after the template is deployed: the emulator would refuse to make a bucket that it has found on disk.
    Parts of unfinished uploads go to `scratch`. Returns the thread that is still taking up what is on disk.
    """
    from ministack.services import s3

    global _spool_folder
    _spool_folder = scratch
    s3.DATA_DIR = str(folder)
    s3.S3_PERSIST = True
    place = Path(s3._object_disk_path(bucket, "x")).parent
    catalogue = Catalogue(lambda key: str(s3._object_disk_path(bucket, key)))
    s3._buckets[bucket]["objects"] = catalogue
    files = files_under(place, encoded=s3._ENCODED_KEYS_DIR, key_of=s3.url_unquote)
    filling = threading.Thread(target=catalogue.fill, args=(files,), name="catalogue", daemon=True)
    filling.start()
    return filling


def _write_durably(s3: Any) -> None:
    rewrite(
        s3,
        "_atomic_write",
        (
            "            f.write(data)\n",
            "            f.write(data)\n            f.flush()\n            os.fsync(f.fileno())\n",
        ),
        (
            "    os.replace(tmp, fpath)\n",
            "    os.replace(tmp, fpath)\n    _embedded_sync_folder(os.path.dirname(fpath))\n",
        ),
        _embedded_sync_folder=sync_folder,
    )
    rewrite(
        s3,
        "_persist_object",
        (
            "        os.makedirs(os.path.dirname(fpath), mode=0o700, exist_ok=True)\n",
            "        _embedded_make_folder(os.path.dirname(fpath))\n",
        ),
        (
            '        logger.warning("Failed to persist S3 object %s/%s: %s", bucket, key, e)\n',
            '        _buckets[bucket]["objects"].pop(key, None)\n'
            '        raise OSError(f"{bucket}/{key} could not be written: {e}") from e\n',
        ),
        _embedded_make_folder=_make_folder_durably,
    )


def _make_folder_durably(folder: str) -> None:
    if not os.path.isdir(folder):
        above = os.path.dirname(folder)
        _make_folder_durably(above)
        os.makedirs(folder, mode=0o700, exist_ok=True)
        sync_folder(Path(above))


def _read_in_pieces(s3: Any) -> None:
    # Under another name: workflows call the original in process and expect bytes.
    rewrite(
        s3,
        "_get_object",
        (
            "    body = _read_body(bucket_name, key, obj)\n",
            "    body = _embedded_mapped(bucket_name, key, obj) or _read_body(bucket_name, key, obj)\n",
        ),
        (
            "    _apply_response_overrides(resp_headers, query_params)\n    return 200, resp_headers, body\n",
            "    _apply_response_overrides(resp_headers, query_params)\n"
            "    return 200, resp_headers, _embedded_in_pieces(body)\n",
        ),
        under="_get_object_in_pieces",
        _embedded_mapped=_mapped,
        _embedded_in_pieces=_in_pieces,
    )
    rewrite(
        s3,
        "_dispatch",
        (
            "            return _get_object(bucket, key, headers, query_params)\n",
            "            return _get_object_in_pieces(bucket, key, headers, query_params)\n",
        ),
    )


def _mapped(bucket: str, key: str, record: dict[str, Any]) -> mmap.mmap | None:
    """The file of a large object, mapped; None where it is small or not on disk."""
    from ministack.services import s3

    if record.get("body") is not None or record.get("size", 0) < LARGE_BYTES or not s3.S3_PERSIST:
        return None
    with open(s3._object_disk_path(bucket, key), "rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _in_pieces(body: object) -> object:
    from ministack.core.responses import StreamingResponse

    if not isinstance(body, mmap.mmap):
        return body

    async def send_all(send: Callable[[dict[str, Any]], Awaitable[None]], _receive: object) -> None:
        for start in range(0, len(body), PIECE_BYTES):
            piece = body[start : start + PIECE_BYTES]
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    return StreamingResponse(send_all)


def _spool_uploads(s3: Any) -> None:
    rewrite(
        s3, "_upload_part", ('        "body": body,\n', '        "body": _embedded_spooled([body]),\n')
    )  # fmt: skip
    rewrite(
        s3,
        "_complete_multipart_upload",
        ('    combined = b"".join(combined_parts)\n', "    combined = _embedded_spooled(combined_parts)\n"),
        _embedded_spooled=spooled,
    )


def spooled(parts: Sequence[bytes | mmap.mmap]) -> bytes | mmap.mmap:
    """The parts, joined: in memory where they are small, else in an unnamed file that is mapped."""
    if sum(len(part) for part in parts) < LARGE_BYTES:
        return b"".join(parts)
    with tempfile.TemporaryFile(dir=_spool_folder) as file:
        for part in parts:
            file.write(part)
        file.flush()
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


async def _off_the_loop(dispatch: Callable[..., Any], *arguments: object) -> Any:
    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(_one_at_a_time, context.run, dispatch, *arguments)


def announce_again(bucket: str, prefix: str) -> int:
    """Send the event "object created" once more for what lies under a prefix; returns how many there are.

    What was uploaded and not yet taken in when the service ended has lost its event.
    """
    from ministack.services import s3

    expect(s3, "_fire_s3_event_async")
    found = _under(bucket, prefix)
    for key, record in found:
        s3._fire_s3_event_async(
            bucket, key, "s3:ObjectCreated:Put", size=record.get("size", 0), etag=record.get("etag", "")
        )
    return len(found)


def count(bucket: str, prefix: str) -> int:
    """How many objects lie under a prefix."""
    return len(_under(bucket, prefix))


def _under(bucket: str, prefix: str) -> list[tuple[str, dict[str, Any]]]:
    from ministack.services import s3

    objects: dict[str, dict[str, Any]] = s3._buckets[bucket]["objects"]
    # The keys are copied at once: requests go on meanwhile.
    return [(key, objects[key]) for key in list(objects) if key.startswith(prefix) and key in objects]
