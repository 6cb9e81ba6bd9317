"""Runs the service in miniature like `notorious serve`, in a process of its own: it may be killed.

python run_small_service.py DATA TEMPLATE [--drop FOLDER] [--port N] [--without MEND]
"""

import argparse
import json
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from notorious.embedded import mends
from notorious.embedded.supervisor import Supervisor, Wishes
from notorious.errors import NotoriousError


@dataclass(frozen=True)
class SmallJournal:
    """The journal that the function `append` of the service in miniature writes."""

    path: Path

    def items(self, after: int) -> Iterator[tuple[int, Mapping[str, Any]]]:
        with self._open() as database:
            for row, item in database.execute("SELECT row, item FROM rows WHERE row > ? ORDER BY row", (after,)):
                yield row, json.loads(item)

    def last_row(self) -> int:
        with self._open() as database:
            (found,) = database.execute("SELECT max(row) FROM rows").fetchone()
        return int(found or 0)

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.path, timeout=10)
        database.execute("CREATE TABLE IF NOT EXISTS rows (row INTEGER PRIMARY KEY, item TEXT UNIQUE)")
        return database


def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("data", type=Path)
    arguments.add_argument("template", type=Path)
    arguments.add_argument("--drop", type=Path)
    arguments.add_argument("--port", type=int, default=0)
    arguments.add_argument("--without", default="", help="leave this mend out, to see the defect")
    given = arguments.parse_args()
    mends._MENDS[:] = [mend for mend in mends._MENDS if mend.__name__ != given.without]
    for module in (mends.objects_on_disk, mends.batch_jobs):
        if hasattr(module, given.without):
            setattr(module, given.without, lambda: None)
    supervisor = Supervisor(
        Wishes(data=given.data, port=given.port, drop=given.drop, template=given.template), open_journal=SmallJournal
    )
    try:
        print(json.dumps(asdict(supervisor.start())), flush=True)
        supervisor.wait()
    except NotoriousError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        pass
    finally:
        supervisor.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
