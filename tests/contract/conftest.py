"""What the tests of several adapters share: one emulator for all."""

from collections.abc import Iterator

import pytest
from events_table import emulator


@pytest.fixture(scope="session")
def emulator_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an emulator that all tests of this process share; tables have names of their own."""
    with emulator(tmp_path_factory.mktemp("emulator")) as address:
        yield address
