"""What a function's code travels in: a zip with layers, or the engine's image; on the embedded stage a bare zip.

The embedded stage runs functions in the environment that `notorious` itself runs in, so there a zip holds the handler
alone. On AWS a layer `notorious` holds our package and one layer each a set of requirements, built by pip for Lambda's
platform from `layers/NAME/requirements.txt` when the app is deployed (not when it is only synthesised).
"""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsii
from aws_cdk import AssetHashType, BundlingOptions, DockerImage, ILocalBundling, Stack
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.catalogue import Carrier

ROOT = Path(__file__).resolve().parent.parent
FUNCTIONS_FOLDER = ROOT / "functions"
LAYERS_FOLDER = ROOT / "layers"
PACKAGE = ROOT / "shared" / "notorious"

RUNTIME = lambda_.Runtime.PYTHON_3_13
ARCHITECTURE = lambda_.Architecture.X86_64
# Amazon Linux 2023 has glibc 2.34; pip takes a platform by its name only, so every older one is named too.
_PIP_PLATFORMS = (*(f"manylinux_2_{minor}_x86_64" for minor in (34, 31, 28, 27, 24, 17)), "manylinux2014_x86_64")
_PIP_PYTHON = "3.13"

_EVENTS_REQUIREMENTS = LAYERS_FOLDER / "events" / "requirements.txt"
REQUIREMENTS = {
    Carrier.EVENTS: (_EVENTS_REQUIREMENTS,),
    Carrier.NUMBERS: (_EVENTS_REQUIREMENTS, LAYERS_FOLDER / "numbers" / "requirements.txt"),
    Carrier.ENGINE: (_EVENTS_REQUIREMENTS, ROOT / "containers" / "audio" / "requirements.txt"),
}
"""What each carrier holds beside our own package; on a zip, boto3 comes from the runtime."""
NOT_IN_THE_CLOUD = ("embedded", "demo", "cli")
"""Rooms of the package that no function on AWS enters."""
_NOT_CODE = ["event.json", "README.md", "__pycache__", "**/__pycache__", "*.pyc"]
_IMAGE_CONTEXT = {"shared", "functions", "containers", "layers", "requirements"}


def handler_code(name: str, folder: Path = FUNCTIONS_FOLDER) -> lambda_.AssetCode:
    """The zip of one handler and nothing else.

    Raises:
        ValueError: the catalogue names a function that has no folder.
    """
    if not (folder / name / "handler.py").is_file():
        raise ValueError(f"the catalogue names the function {name!r}, but {folder / name / 'handler.py'} is not there")
    return lambda_.Code.from_asset(str(folder / name), exclude=_NOT_CODE)


def layers(stack: Stack, carrier: Carrier) -> list[lambda_.LayerVersion]:
    """The layers of a carrier, made once a stack.

    Once a stack and not once an app: a layer that another stack imports could not be replaced while it is in use.
    """
    return [
        _once(stack, "NotoriousLayer", _package_layer),
        *(_once(stack, f"{file.parent.name.capitalize()}Layer", _requirements_layer) for file in REQUIREMENTS[carrier]),
    ]


def image_code(name: str) -> lambda_.DockerImageCode:
    """The engine's image with one function's handler as its command; one image serves all."""
    return lambda_.DockerImageCode.from_image_asset(
        str(ROOT),
        file="containers/audio/Dockerfile",
        exclude=everything_but_the_image_context(),
        platform=ecr_assets.Platform.LINUX_AMD64,
        cmd=[f"functions.{name}.handler.handler"],
    )


def everything_but_the_image_context() -> list[str]:
    """What of the checkout an image's build does not see: named one by one, so that nothing outside is even walked."""
    others = sorted(path.name for path in ROOT.iterdir() if path.name not in _IMAGE_CONTEXT)
    return [*others, "**/__pycache__", "*.pyc"]


def _once(stack: Stack, construct_id: str, make: Any) -> lambda_.LayerVersion:
    found = stack.node.try_find_child(construct_id)
    if found is None:
        found = make(stack, construct_id)
    assert isinstance(found, lambda_.LayerVersion)
    return found


def _package_layer(scope: Construct, construct_id: str) -> lambda_.LayerVersion:
    return _layer(
        scope,
        construct_id,
        description="The package notorious, without the rooms that only a laptop needs",
        source=PACKAGE,
        bundling=_CopiesThePackage(),
        exclude=[*NOT_IN_THE_CLOUD, "__pycache__", "**/__pycache__", "*.pyc"],
    )


def _requirements_layer(scope: Construct, construct_id: str) -> lambda_.LayerVersion:
    name = construct_id.removesuffix("Layer").lower()
    return _layer(
        scope,
        construct_id,
        description=f"The requirements in layers/{name}/requirements.txt",
        source=LAYERS_FOLDER / name,
        bundling=_InstallsRequirements(LAYERS_FOLDER / name / "requirements.txt"),
        exclude=[],
    )


def _layer(
    scope: Construct, construct_id: str, *, description: str, source: Path, bundling: Any, exclude: list[str]
) -> lambda_.LayerVersion:
    return lambda_.LayerVersion(
        scope,
        construct_id,
        description=description,
        compatible_runtimes=[RUNTIME],
        compatible_architectures=[ARCHITECTURE],
        code=lambda_.Code.from_asset(
            str(source),
            exclude=exclude,
            # By what goes in, so that it is known without building.
            asset_hash_type=AssetHashType.SOURCE,
            bundling=BundlingOptions(
                image=DockerImage.from_registry("public.ecr.aws/sam/build-python3.13"),
                command=["false"],  # never reached: the local way below raises rather than declines
                local=bundling,
            ),
        ),
    )


@jsii.implements(ILocalBundling)
class _CopiesThePackage:
    def try_bundle(self, output_dir: str, options: Any = None, **_: Any) -> bool:
        shutil.copytree(
            PACKAGE,
            Path(output_dir) / "python" / "notorious",
            ignore=lambda folder, names: {
                name
                for name in names
                if name == "__pycache__" or (Path(folder) == PACKAGE and name in NOT_IN_THE_CLOUD)
            },
        )
        return True


@jsii.implements(ILocalBundling)
class _InstallsRequirements:
    def __init__(self, requirements: Path) -> None:
        self._requirements = requirements

    def try_bundle(self, output_dir: str, options: Any = None, **_: Any) -> bool:
        install_requirements(self._requirements, Path(output_dir) / "python")
        return True


def install_requirements(requirements: Path, target: Path) -> None:
    """Install pinned wheels for Lambda's platform, whatever machine this is.

    Raises:
        subprocess.CalledProcessError: pip could not; it has said why.
    """
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"),
            *("--target", str(target), "--no-deps", "--only-binary=:all:", "--implementation", "cp"),
            *("--python-version", _PIP_PYTHON),
            *(word for platform in _PIP_PLATFORMS for word in ("--platform", platform)),
            *("--requirement", str(requirements)),
        ],
        check=True,
        stdin=subprocess.DEVNULL,
    )
