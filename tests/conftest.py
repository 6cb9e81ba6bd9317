"""What holds for every test: no cache of the user's is touched, and in CI the shared music has to be there."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True, scope="session")
def _cache_of_our_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    patch = pytest.MonkeyPatch()
    patch.setenv("NOTORIOUS_CACHE", str(tmp_path_factory.mktemp("cache")))
    yield
    patch.undo()


@pytest.fixture(autouse=True, scope="session")
def _ctrl_c_as_in_a_terminal() -> None:
    """A script starts what it puts in the background with Ctrl-C ignored, and every child would inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Under NOTORIOUS_CI a skipped test that is marked `music` has failed: otherwise its absence would go unnoticed."""
    report = yield
    if os.environ.get("NOTORIOUS_CI") and item.get_closest_marker("music") and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, but needs the shared music beside the checkout"
    return report


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return Path(__file__).parent.parent
