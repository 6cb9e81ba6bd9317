"""The synthesised stages, made once a session: a synthesis takes seconds and every test reads the same."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from played_service import PlayedService
from synthesised import Synthesised


def _synthesised(repository: Path, folder: Path, stage: str) -> Synthesised:
    # A process of its own: the CDK's node program would live on in this one.
    code = (
        "import sys; from infra.app import build, new_app; "
        "app = new_app(sys.argv[1], outdir=sys.argv[2], context={'aws:cdk:bundling-stacks': []}); "
        "build(app); app.synth()"
    )
    made = subprocess.run(
        [sys.executable, "-c", code, stage, str(folder)], cwd=repository, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stdout + made.stderr
    return Synthesised(
        {
            path.name.removesuffix(".template.json"): json.loads(path.read_text())
            for path in sorted(folder.glob("*.template.json"))
        },
        folder,
    )


@pytest.fixture(scope="session")
def prod(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Synthesised:
    """The stage prod, as it would be deployed to AWS; cdk-nag has looked at it."""
    return _synthesised(repository, tmp_path_factory.mktemp("prod"), "prod")


@pytest.fixture(scope="session")
def embedded_folder(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make template` would write now."""
    folder = tmp_path_factory.mktemp("embedded") / "template"
    made = subprocess.run(
        [sys.executable, "-m", "infra.template", str(folder)],
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    return folder


@pytest.fixture(scope="session")
def embedded(embedded_folder: Path) -> Synthesised:
    """The embedded stage."""
    return Synthesised(
        {
            path.name.removesuffix(".template.json"): json.loads(path.read_text())
            for path in sorted(embedded_folder.glob("*.template.json"))
        },
        embedded_folder,
    )


@pytest.fixture(scope="session")
def service(embedded_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlayedService]:
    """The embedded stage, deployed into the emulator with functions that do as a test tells them."""
    with PlayedService.started(embedded_folder, tmp_path_factory.mktemp("played")) as played:
        yield played
