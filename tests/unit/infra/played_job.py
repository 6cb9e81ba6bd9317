"""The separation of the played service: fails for the model `broken`, else writes down what it was told.

Its arguments are those of `python -m notorious.stems`.
"""

import json
import os
import sys
from pathlib import Path

told = sys.argv[1:]
if told[told.index("--model") + 1] == "broken":
    sys.exit("this model cannot be had")
sha256 = told[told.index("--source") + 1].split("/")[2]
folder = Path(os.environ["NOTORIOUS_TEST_PLAY"]) / sha256
folder.mkdir(parents=True, exist_ok=True)
with (folder / "calls.jsonl").open("a") as calls:
    calls.write(json.dumps({"function": "job", "event": told}) + "\n")
