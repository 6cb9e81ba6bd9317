"""The public face of the package is exactly what is written down, and importing it costs nothing."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import notorious

FACE = {
    "Analysis", "AudioError", "Brief", "BriefError", "Cancelled", "Crate", "InputError", "NothingToMix",
    "NotoriousError", "OutputError", "OutputExists", "OutputFailed", "Plan", "PlanError", "PlateauWish", "PreviewRange",
    "RenderReport", "Skipped", "Track", "UnreadableAudio", "UnusableAudio", "__version__", "analyze", "explain",
    "find_track", "make_demo_crate", "mix", "plan", "preview", "read_plan", "write_plan",
}  # fmt: skip

ROOMS = ["theory", "audio", "networks", "analysis", "planning", "rendering", "library", "demo", "cli"]


def test_the_face_is_what_it_says() -> None:
    assert set(notorious.__all__) == FACE


@pytest.mark.parametrize("name", sorted(FACE))
def test_every_name_is_there_and_explained(name: str) -> None:
    value = getattr(notorious, name)
    if name != "__version__":
        assert value.__doc__
        assert value.__name__ == name


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        _ = notorious.nonsense


def test_rooms_do_not_hide_the_functions() -> None:
    """A function named like a subpackage would vanish as soon as that is imported."""
    for room in ROOMS:
        importlib.import_module(f"notorious.{room}")
        assert room not in notorious.__all__


def loaded_by(statement: str) -> set[str]:
    program = f"import sys\n{statement}\nprint(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


HEAVY = {"onnxruntime", "numpy", "scipy", "matplotlib", "soundfile", "soxr", "av"}


@pytest.mark.parametrize("room", ["", *(f".{room}" for room in ROOMS if room != "rendering")])
def test_importing_a_room_loads_nothing_heavy(room: str) -> None:
    assert not loaded_by(f"import notorious{room}") & {"onnxruntime", "scipy", "matplotlib", "soundfile", "soxr", "av"}


def test_the_help_loads_nothing_heavy() -> None:
    statement = """
from notorious.cli.main import run
assert run(["--help"]) == 0
assert run(["mix", "--help"]) == 0
"""
    assert not loaded_by(statement) & HEAVY


def test_the_version_is_the_one_of_the_project(repository: Path) -> None:
    import tomllib

    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    assert project["version"] == notorious.__version__
