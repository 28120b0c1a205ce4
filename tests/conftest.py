"""What pytest needs to know; trial runs the same tests without it."""

import contextlib
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def working_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Run where the directories of ``TestCase.mktemp`` do no harm, as trial does by itself."""
    with contextlib.chdir(tmp_path_factory.mktemp("trial")):
        yield
