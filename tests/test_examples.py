"""Every example is a configuration that can be read, and checks clean on its data."""

from __future__ import annotations

from pathlib import Path

import pytest

from meristem.config import read_config
from meristem.pipeline.checking.check import check_analysis

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.toml"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_examples_check_clean(example: Path) -> None:
    config = read_config(example)
    if not config.genotypes.path.exists():
        pytest.skip("the public data sets are not beside the checkout")
    assert check_analysis(config).problems == ()
