"""What is heard in a file depends on the file alone: not on who else is heard, nor on what is known already."""

from pathlib import Path

import pytest
from small_tracks import track

import notorious
from notorious.analysis.pipeline import ANALYSERS, analyse_file

# Slow because real audio is heard by the whole engine, in processes of its own.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("music")
    for number, bpm in enumerate((98.0, 124.0, 140.0, 171.0)):
        track(made / f"{number}.flac", bpm, seconds=16 + 5 * number, root_hz=200.0 + 9 * number)
    return made


def analyses(folder: Path, cache: Path, *, jobs: int) -> tuple[int, list[str]]:
    crate = notorious.analyze([folder], jobs=jobs, cache=cache)
    return crate.heard, [heard.analysis.model_dump_json() for heard in crate]


def test_analyses_are_the_same_for_any_number_of_jobs_and_from_a_warm_or_a_cold_cache(
    folder: Path, tmp_path: Path
) -> None:
    cold = analyses(folder, tmp_path / "one", jobs=1)
    parallel = analyses(folder, tmp_path / "three", jobs=3)
    warm = analyses(folder, tmp_path / "one", jobs=2)
    assert (cold[0], parallel[0], warm[0]) == (4, 4, 0)
    assert cold[1] == parallel[1] == warm[1]


@pytest.mark.parametrize("forgotten", ["file", "loudness", "grid", "key", "spectrum", "energy"])
def test_an_analysis_with_a_part_heard_again_is_the_same(forgotten: str, folder: Path) -> None:
    path = folder / "1.flac"
    whole, parts = analyse_file(path, "0" * 64, known={})
    again, _ = analyse_file(path, "0" * 64, known={name: parts[name] for name in set(ANALYSERS) - {forgotten}})
    assert again == whole
