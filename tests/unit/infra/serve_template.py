"""Deploys a packaged template into the emulator and says where it is; ends when its standard input does.

python serve_template.py TEMPLATE SCRATCH
"""

import json
import sys
from pathlib import Path

from notorious.embedded.deploy import deploy
from notorious.embedded.emulator import Emulator, listen
from notorious.embedded.template import read_template


def main() -> None:
    template = read_template(Path(sys.argv[1]))
    emulator = Emulator(listen(0), region=template.region, scratch=Path(sys.argv[2]))
    emulator.start()
    try:
        deployed = deploy(emulator.access, template)
        access = {
            "port": emulator.access.port,
            "region": emulator.access.region,
            "key_id": emulator.access.key_id,
            "secret": emulator.access.secret,
        }
        print(json.dumps({"access": access, "outputs": dict(deployed.outputs)}), flush=True)
        sys.stdin.read()
    finally:
        emulator.stop()


if __name__ == "__main__":
    main()
