"""Where the shared real data lies, for tests that skip without it."""

from pathlib import Path

import pytest

DATA = (Path(__file__).parents[2] / ".." / "shared" / "data").resolve()
if not DATA.exists():  # a worktree one level deeper
    DATA = (Path(__file__).parents[3] / ".." / "shared" / "data").resolve()
YEAST = DATA / "sequence" / "yeast_byxrm"
MOTIFS = DATA / "motifs" / "jaspar2026"

needs_data = pytest.mark.skipif(not YEAST.exists(), reason="shared data absent")
