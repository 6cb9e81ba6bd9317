"""The packaged template: what the CDK made of `infra/` when the package was built, and what is uploaded beside it.

template/manifest.json   {"stage", "region", "stacks": [{"name", "template"}, in order], "assets": [{"file", "key"}]}
template/*.template.json CloudFormation, one per stack
template/assets/*.zip    the functions' code
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from notorious.errors import TemplateMissing

PACKAGED = Path(__file__).parent / "template"


@dataclass(frozen=True)
class Stack:
    """One stack: its name and its template, parsed and as text."""

    name: str
    text: str

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        """The resources by logical id."""
        found: dict[str, dict[str, Any]] = json.loads(self.text).get("Resources", {})
        return found


@dataclass(frozen=True)
class Asset:
    """A file that the template expects in the bucket of assets."""

    path: Path
    key: str


@dataclass(frozen=True)
class Template:
    """All that is deployed, in the order of deployment."""

    region: str
    stacks: tuple[Stack, ...]
    assets: tuple[Asset, ...]


def read_template(folder: Path = PACKAGED) -> Template:
    """Read a packaged template. Raises `TemplateMissing` where it is not there or not whole."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        stacks = tuple(
            Stack(entry["name"], (folder / entry["template"]).read_text(encoding="utf-8"))
            for entry in manifest["stacks"]
        )
        assets = tuple(Asset(folder / entry["file"], entry["key"]) for entry in manifest.get("assets", []))
        region = str(manifest["region"])
        for stack in stacks:
            json.loads(stack.text)
    except FileNotFoundError as error:
        raise TemplateMissing(
            f"The packaged template is not whole: {error.filename} is not there. In a checkout, `make template` makes "
            "it (that needs the extra `infra`); else install the package again."
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TemplateMissing(f"The packaged template in {folder} cannot be read: {error!r}") from error
    for asset in assets:
        if not asset.path.is_file():
            raise TemplateMissing(f"The packaged template is not whole: {asset.path} is not there.")
    return Template(region, stacks, assets)
