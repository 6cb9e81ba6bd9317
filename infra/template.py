"""`make template`: what the CDK makes of this folder for the embedded stage, as a folder that is shipped.

    python -m infra.template [FOLDER]

The folder holds `manifest.json`, one template a stack and one zip a function, every byte following from the sources
alone, so that a test can hold it against what would be made now.
"""

import json
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from infra.app import build, new_app
from infra.carriers import PACKAGE

STAGE = "embedded"
REGION = "eu-central-1"
PACKAGED = PACKAGE / "embedded" / "template"
# Zip files hold times; this is the first that they can hold.
_NO_TIME = (1980, 1, 1, 0, 0, 0)
_READABLE = 0o100644 << 16


def write(folder: Path) -> None:
    """Synthesise the embedded stage into a folder, in the place of what was there."""
    with tempfile.TemporaryDirectory() as made:
        app = new_app(STAGE, outdir=made, context={"aws:cdk:enable-path-metadata": False})
        names = [stack.node.id for stack in build(app)]
        app.synth()
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "assets").mkdir(parents=True)
        assets = sorted({asset for name in names for asset in _assets(Path(made), name)})
        for source, key in assets:
            _zip(Path(made) / source, folder / "assets" / key)
        for name in names:
            _write_json(folder / f"{name}.template.json", _read_json(Path(made) / f"{name}.template.json"))
        _write_json(
            folder / "manifest.json",
            {
                "stage": STAGE,
                "region": REGION,
                "stacks": [
                    {"name": f"notorious-{STAGE}-{name}", "template": f"{name}.template.json"} for name in names
                ],
                "assets": [{"file": f"assets/{key}", "key": key} for _, key in assets],
            },
        )


def _assets(made: Path, stack: str) -> list[tuple[str, str]]:
    """The zips that a stack's template expects: folder in the output, key in the bucket."""
    return [
        (asset["source"]["path"], destination["objectKey"])
        for asset in _read_json(made / f"{stack}.assets.json")["files"].values()
        if asset["source"]["packaging"] == "zip"
        for destination in asset["destinations"].values()
    ]


def _zip(source: Path, target: Path) -> None:
    """Pack a folder; stored and not compressed, since compressors differ from one Python to another."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(path for path in source.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(source).as_posix(), _NO_TIME)
            entry.external_attr = _READABLE
            archive.writestr(entry, path.read_bytes())


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else PACKAGED)
