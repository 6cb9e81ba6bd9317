"""What holds for every test: no cache or networks of the user's are touched, and in CI nothing may be missing."""

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Before any test is collected: modules look for networks when they are imported."""
    patch = pytest.MonkeyPatch()
    cache = tempfile.TemporaryDirectory(prefix="notorious-tests-")
    patch.setenv("NOTORIOUS_CACHE", cache.name)
    patch.delenv("NOTORIOUS_MODELS", raising=False)
    config.add_cleanup(cache.cleanup)
    config.add_cleanup(patch.undo)


@pytest.fixture(autouse=True, scope="session")
def _ctrl_c_as_in_a_terminal() -> None:
    """A script starts what it puts in the background with Ctrl-C ignored, and every child would inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Under NOTORIOUS_CI a skipped test that needs something from outside has failed: else nobody would notice."""
    report = yield
    if os.environ.get("NOTORIOUS_CI") and report.skipped:
        for mark, need in _NEEDS.items():
            if item.get_closest_marker(mark):
                report.outcome = "failed"
                report.longrepr = f"{item.nodeid} was skipped, but needs {need}"
    return report


_NEEDS = {
    "music": "the shared music beside the checkout",
    "wheels": "the wheels that hold the networks' weights, from the package index",
}


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return Path(__file__).parent.parent
