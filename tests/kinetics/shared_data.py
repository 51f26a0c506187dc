"""Where the shared real data lies, for tests that skip without it."""

from pathlib import Path

import pytest

FOLDER = (Path(__file__).parents[2] / ".." / "shared" / "data" / "crispr").resolve()

needs_data = pytest.mark.skipif(not FOLDER.exists(), reason="shared data absent")
