"""`notorious serve`, writing down every right that a function's role makes use of; see rights_used.py.

python tests/bench/rights_watched.py RECORD serve --data ...
"""

import json
import sys
from pathlib import Path
from typing import Any


def watch(record: Path) -> None:
    """Write down each decision of the emulator's IAM about a function's role: role, action, decision."""
    from ministack.core import iam_evaluator

    decide = iam_evaluator.evaluate
    seen: set[tuple[str, str, str, str]] = set()

    def evaluate(context: Any, *policies: Any) -> Any:
        result = decide(context, *policies)
        role = context.principal_arn.split("/")[1] if ":assumed-role/" in context.principal_arn else ""
        line = (role, context.action, context.resource_arn, result.decision)
        if role and line not in seen:
            seen.add(line)
            with record.open("a") as file:
                file.write(json.dumps(line) + "\n")
        return result

    iam_evaluator.evaluate = evaluate


if __name__ == "__main__":
    from notorious.cli.main import main
    from notorious.embedded import emulator

    mended, record = emulator._mended_application, Path(sys.argv[1])

    def mended_and_watched() -> Any:
        application = mended()
        watch(record)
        return application

    emulator._mended_application = mended_and_watched
    sys.argv[1:] = sys.argv[2:]
    sys.exit(main())
