"""One running service in miniature for all tests of a session that do not end it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import running
import small_service


@pytest.fixture(scope="session", autouse=True)
def _no_service_is_left_running() -> Iterator[None]:
    yield
    for process in running.STARTED:
        with process:
            process.kill()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packaged template of the service in miniature."""
    return small_service.write_template(tmp_path_factory.mktemp("template") / "small")


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Iterator[running.Running]:
    """The service in miniature. NOTORIOUS_TEST_WITHOUT=NAME leaves out a mend, to see which tests then fail."""
    without = os.environ.get("NOTORIOUS_TEST_WITHOUT", "")
    started = running.start(
        tmp_path_factory.mktemp("service") / "data",
        template,
        *(["--without", without] if without else []),
        environment={"A_SECRET_OF_THE_HOST": "hush", "AWS_PROFILE": "the-real-cloud", "LOG_LEVEL": "INFO"},
    )
    yield started
    if started.process.poll() is None:
        started.stop()
