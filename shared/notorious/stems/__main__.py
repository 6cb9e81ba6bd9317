"""`python -m notorious.stems`: the job of the stems container; a local process on the embedded stack.

    python -m notorious.stems separate FILE FOLDER [--model NAME] [--weights FOLDER]
    python -m notorious.stems separate --bucket B --source KEY --destination PREFIX [--model NAME] [--weights FOLDER]

Exit codes as those of the program: 0 done (or done before), 3 the track cannot be used, 5 the stems cannot be written,
6 no weights or no separator, 1 anything else. Progress goes to standard error, a line for every window.
"""

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

from notorious.errors import Cancelled, NotoriousError
from notorious.stems.demucs import DEFAULT_MODEL, DemucsSeparator
from notorious.stems.separator import Separator


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the job; returns the exit code."""
    given = _parser().parse_args(arguments)
    by_key = (given.bucket, given.source, given.destination)
    if any(by_key) and not all(by_key):
        print("notorious.stems: --bucket, --source and --destination belong together", file=sys.stderr)
        return 2
    if all(by_key) == bool(given.file and given.folder):
        print("notorious.stems: give FILE and FOLDER, or --bucket, --source and --destination", file=sys.stderr)
        return 2

    def load() -> Separator:
        return DemucsSeparator.load(given.model, given.weights)

    # Batch, and whoever started us, says SIGTERM first: what was begun is then cleared away.
    signal.signal(signal.SIGTERM, _stop)
    try:
        if given.bucket:
            return _separate_objects(given.bucket, given.source, given.destination, load)
        return _separate_file(given.file, given.folder, load)
    except NotoriousError as error:
        print(f"notorious.stems: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return Cancelled.exit_code


def _separate_file(file: Path, folder: Path, load: Callable[[], Separator]) -> int:
    from notorious.stems.track import separate_file

    separated = separate_file(file, folder, load(), report=_tell)
    for name, stem in separated.stems.items():
        print(f"{name}\t{stem.path}")
    if separated.clipped_samples:
        print(f"{separated.clipped_samples} samples of stems exceed full scale and were cut off", file=sys.stderr)
    return 0


def _separate_objects(bucket: str, source: str, destination: str, load: Callable[[], Separator]) -> int:
    # An entry point wires adapters, as the functions do: the room itself knows nothing of where it runs.
    from notorious.aws import clients
    from notorious.aws.objects import S3Objects
    from notorious.stems.job import run_job

    did = run_job(S3Objects(clients.s3(), bucket), source=source, destination=destination, load=load, report=_tell)
    print("separated" if did else "the stems were there already", file=sys.stderr)
    return 0


def _tell(done_seconds: float, total_seconds: float) -> None:
    share = 100 * done_seconds / total_seconds if total_seconds else 100.0
    print(f"{share:3.0f} % ({done_seconds:.0f} of {total_seconds:.0f} s)", file=sys.stderr, flush=True)


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m notorious.stems", description="Take a track apart into stems.")
    commands = parser.add_subparsers(required=True, metavar="separate")
    separate = commands.add_parser("separate", help="a file into a folder, or an object into a prefix of a bucket")
    separate.add_argument("file", nargs="?", type=Path)
    separate.add_argument("folder", nargs="?", type=Path)
    separate.add_argument("--bucket")
    separate.add_argument("--source", metavar="KEY")
    separate.add_argument("--destination", metavar="PREFIX")
    separate.add_argument("--model", default=DEFAULT_MODEL)
    separate.add_argument("--weights", type=Path, help="folder of weights (default: NOTORIOUS_STEM_WEIGHTS)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
