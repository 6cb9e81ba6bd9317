"""What a function's code travels in follows from what its handler can come to import."""

import importlib.metadata
import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from infra.carriers import FUNCTIONS_FOLDER, LAYERS_FOLDER, NOT_IN_THE_CLOUD, PACKAGE, REQUIREMENTS, handler_code
from infra.catalogue import FUNCTIONS, Carrier, Function
from reached_imports import reached
from synthesised import Synthesised, spelt

EVERY_FUNCTION = pytest.mark.parametrize("row", FUNCTIONS, ids=lambda row: row.name)
ZIPPED = (Carrier.EVENTS, Carrier.NUMBERS)
# What Lambda's Python holds by itself.
RUNTIME = {"boto3", "botocore", "s3transfer", "urllib3", "dateutil", "six"}
# Imported by a name that is put together at run time, or in a child process.
BY_NAME: dict[str, tuple[tuple[str, str | None], ...]] = {
    "analyze": (("notorious.analysis.pipeline", None), ("notorious.library.worker", None)),
}
# Ask the engine for its versions, which depend on the networks that are installed: they have to be where
# `analyze` is, or every track would be out of date for ever.
_ENGINE = {"onnxruntime": "notorious.analysis.network_parts"}
ASKS_THE_ENGINE = {"list_library": _ENGINE, "finish_import": _ENGINE}
# A wheel that is left out on purpose: M4A is refused without it.
LEFT_OUT = {"av"}


@cache
def pins(carrier: Carrier) -> dict[str, str]:
    """Distribution and version of everything that a carrier holds."""
    lines = [line for file in REQUIREMENTS[carrier] for line in file.read_text().splitlines()]
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


@cache
def held(carrier: Carrier) -> frozenset[str]:
    """Top-level names that can be imported where a carrier is."""
    names = {
        name
        for name, distributions in importlib.metadata.packages_distributions().items()
        if {canonical(one) for one in distributions} & pins(carrier).keys()
    }
    return frozenset(names | RUNTIME)


def canonical(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def needed(row: Function) -> dict[str, str]:
    handler = FUNCTIONS_FOLDER / row.name / "handler.py"
    third_parties, _ = reached(handler, PACKAGE, beside=BY_NAME.get(row.name, ()))
    third_parties |= ASKS_THE_ENGINE.get(row.name, {})
    return {name: importer for name, importer in third_parties.items() if name not in LEFT_OUT}


@EVERY_FUNCTION
def test_a_handler_imports_only_what_its_carrier_holds(row: Function) -> None:
    missing = {name: importer for name, importer in needed(row).items() if name not in held(row.carrier)}
    assert missing == {}


@EVERY_FUNCTION
def test_no_smaller_carrier_would_do(row: Function) -> None:
    smaller = list(Carrier)[: list(Carrier).index(row.carrier)]
    assert [carrier for carrier in smaller if set(needed(row)) <= held(carrier)] == []


@EVERY_FUNCTION
def test_a_zipped_handler_enters_no_room_that_its_layer_lacks(row: Function) -> None:
    if row.carrier in ZIPPED:
        _, ours = reached(FUNCTIONS_FOLDER / row.name / "handler.py", PACKAGE)
        assert {name for name in ours if name.split(".")[1] in NOT_IN_THE_CLOUD} == set()


@pytest.mark.parametrize("carrier", ZIPPED, ids=lambda carrier: carrier.name)
def test_handlers_start_where_nothing_else_can_be_imported(carrier: Carrier) -> None:
    names = [row.name for row in FUNCTIONS if row.carrier is carrier]
    code = f"""
import importlib.metadata, importlib.util, json, os, sys
allowed = set(json.loads(sys.argv[1]))
installed = set(importlib.metadata.packages_distributions())
class Nothing:
    def find_spec(self, name, path=None, target=None):
        top = name.split(".")[0]
        if top in installed - allowed - {{"notorious"}}:
            raise ModuleNotFoundError(f"{{name}} is not in this layer", name=name)
sys.meta_path.insert(0, Nothing())
os.environ.update(POWERTOOLS_TRACE_DISABLED="true", AWS_DEFAULT_REGION="eu-central-1")
for name in {names!r}:
    path = f"{FUNCTIONS_FOLDER}/{{name}}/handler.py"
    spec = importlib.util.spec_from_file_location(f"functions.{{name}}.handler", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert callable(module.handler), name
"""
    ran = subprocess.run(
        [sys.executable, "-c", code, json.dumps(sorted(held(carrier)))], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("carrier", list(Carrier), ids=lambda carrier: carrier.name)
def test_what_is_pinned_is_what_is_tested(carrier: Carrier) -> None:
    assert {name: importlib.metadata.version(name) for name in pins(carrier)} == pins(carrier)


@pytest.mark.parametrize("carrier", list(Carrier), ids=lambda carrier: carrier.name)
def test_what_is_pinned_needs_nothing_that_is_not(carrier: Carrier) -> None:
    wanted = {
        canonical(re.match(r"[\w.-]+", requirement).group())  # type: ignore[union-attr]
        for name in pins(carrier)
        for requirement in importlib.metadata.requires(name) or []
        if "extra ==" not in requirement and "python_version <" not in requirement and "sys_platform" not in requirement
    }
    assert wanted - pins(carrier).keys() - {canonical(name) for name in RUNTIME} == set()


def test_layers_are_of_one_folder_each() -> None:
    assert {path.parent for path in LAYERS_FOLDER.glob("*/requirements.txt")} == {
        path.parent for carrier in ZIPPED for path in REQUIREMENTS[carrier]
    }


def test_a_function_without_a_folder_is_named_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'render_voice'"):
        handler_code("render_voice", tmp_path)


@EVERY_FUNCTION
def test_on_aws_a_function_has_the_layers_or_the_image_of_its_carrier(prod: Synthesised, row: Function) -> None:
    function = prod.function(row.name)
    if row.carrier is Carrier.ENGINE:
        assert function["PackageType"] == "Image"
        assert function["ImageConfig"]["Command"] == [f"functions.{row.name}.handler.handler"]
    else:
        layers = {re.sub(r"Layer.*", "", spelt(layer)).strip("<") for layer in function["Layers"]}
        assert layers == {"Notorious", *(path.parent.name.capitalize() for path in REQUIREMENTS[row.carrier])}


@pytest.mark.parametrize("image", ["audio", "stems"])
def test_no_image_runs_as_root(repository: Path, image: str) -> None:
    lines = (repository / "containers" / image / "Dockerfile").read_text().splitlines()
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users
    assert users[-1].split(":")[0] not in ("root", "0")


@pytest.mark.parametrize("image", ["audio", "stems"])
def test_an_image_copies_only_what_its_build_sees(repository: Path, image: str) -> None:
    lines = (repository / "containers" / image / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    copied = [source for line in lines if line.startswith("COPY ") for source in line.split()[1:-1]]
    assert copied
    for source in copied:
        assert (repository / source).exists(), source
