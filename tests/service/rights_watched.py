"""`notorious serve`, writing down every right that a role makes use of; see rights.py.

python tests/service/rights_watched.py RECORD serve --data ...
"""

import inspect
import json
import sys
import threading
from pathlib import Path
from typing import Any


def watch(record: Path) -> None:
    """Write down each decision about a role: its name, the action, the resource, whether it was allowed."""
    from ministack.core import iam_evaluator

    decide, enforce = iam_evaluator.evaluate, iam_evaluator.enforce
    signature = inspect.signature(enforce)
    asking = threading.local()
    seen: set[tuple[str, str, str, bool]] = set()

    def evaluate(context: Any, *policies: Any) -> Any:
        # Policies of resources are evaluated too; who asks is the same.
        asking.who = context.principal_arn
        return decide(context, *policies)

    def enforced(*values: Any, **named: Any) -> Any:
        asking.who = ""
        refusal = enforce(*values, **named)
        if ":assumed-role/" in asking.who:
            asked = signature.bind(*values, **named)
            asked.apply_defaults()
            action, resource = asked.arguments["iam_action"], asked.arguments["resource_arn"]
            line = (asking.who.split("/")[1], action, resource, refusal is None)
            if line not in seen:
                seen.add(line)
                with record.open("a") as file:
                    file.write(json.dumps(line) + "\n")
        return refusal

    iam_evaluator.evaluate, iam_evaluator.enforce = evaluate, enforced


if __name__ == "__main__":
    from notorious.cli.main import main
    from notorious.embedded import emulator

    mended, path = emulator._mended_application, Path(sys.argv[1])

    def mended_and_watched() -> Any:
        application = mended()
        watch(path)
        return application

    emulator._mended_application = mended_and_watched
    sys.argv[1:] = sys.argv[2:]
    sys.exit(main())
