"""Every function of the played service: writes down how it was called, then does as the test has told it.

What a test has told lies in NOTORIOUS_TEST_PLAY/JOB/FUNCTION.json, a list of answers, one a call; the last is kept for
all that follow. JOB is the mix, the import or the track of the call, FUNCTION may end in `-INDEX` for one voice.
"""

import json
import os
import time
from pathlib import Path
from typing import Any

DEFAULTS: dict[str, Any] = {
    "validate": {"wants_preview": False, "wants_approval": False},
    "find_candidates": {"candidates": None},
    "plan": {"plan": {"key": "plans/a"}, "voices": [0, 1, 2]},
    "master": {"audio": {"key": "mixes/a"}},
    "export": {"files": {"flac": {"key": "mixes/a"}}},
}


class Unrecoverable(Exception):
    """What another attempt cannot change."""


class Cancelled(Exception):
    """The job has been cancelled."""


class Interrupted(Exception):
    """Something that another attempt may mend."""


def handler(event: dict[str, Any], context: object) -> Any:
    name = os.environ["POWERTOOLS_SERVICE_NAME"]
    job = event.get("mix") or event.get("import") or event.get("sha256") or "none"
    folder = Path(os.environ["NOTORIOUS_TEST_PLAY"]) / str(job)
    folder.mkdir(parents=True, exist_ok=True)
    part = f"{name}-{event['index']}" if "index" in event else name
    calls = _write_down(folder, part, {"function": name, "event": event})
    script = next((path for path in (folder / f"{part}.json", folder / f"{name}.json") if path.exists()), None)
    answers = json.loads(script.read_text()) if script else [{}]
    answer = answers[min(calls, len(answers)) - 1]
    time.sleep(answer.get("sleeps", 0))
    if "raises" in answer:
        raise {"Unrecoverable": Unrecoverable, "Cancelled": Cancelled}.get(answer["raises"], Interrupted)("as told")
    return answer.get("returns", DEFAULTS.get(name, {}))


def _write_down(folder: Path, part: str, call: dict[str, Any]) -> int:
    """Append the call; returns how many of this part there have been. One part is never called twice at a time."""
    with (folder / "calls.jsonl").open("a") as calls:
        calls.write(json.dumps(call) + "\n")
    with (folder / f"{part}.count").open("a") as count:
        count.write("x")
    return (folder / f"{part}.count").stat().st_size
