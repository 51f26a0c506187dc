"""One thread per process, and small pictures: more is slow on shared cores."""

import os
from collections.abc import Iterator
from functools import cache

import pytest
import typer.main

from meristem.pages import raster

for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


LONGEST = ("test_tutorial.py", "test_core_run.py", "test_restart.py")
"""Files of few long tests: whoever gets one last keeps the other processes waiting."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest."""
    items.sort(key=lambda item: item.path.name not in LONGEST)


@pytest.fixture(scope="session", autouse=True)
def one_command_line() -> Iterator[None]:
    """Build the commands of a program once, not at every call of it."""
    original = typer.main.get_command
    typer.main.get_command = cache(original)
    yield
    typer.main.get_command = original


@pytest.fixture(scope="session", autouse=True)
def small_pictures() -> Iterator[None]:
    """Draw every PNG at an eighth of its size: most of the time of a page goes there.

    `tests/pages/test_raster.py` draws at full size.
    """
    whole, raster.ZOOM = raster.ZOOM, raster.ZOOM / 8
    yield
    raster.ZOOM = whole
