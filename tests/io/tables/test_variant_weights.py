"""Weights of variants."""

from pathlib import Path

import pytest

from meristem.errors import DataError
from meristem.io.tables.variant_weights import read_variant_weights


def test_weights(tmp_path: Path) -> None:
    path = tmp_path / "w.csv"
    path.write_text("variant,weight\na,2\nb,0\n")
    assert read_variant_weights(path) == {"a": 2.0, "b": 0.0}


@pytest.mark.parametrize("text", ["variant,x\na,1\n", "variant,weight\na,-1\n"])
def test_refusals(tmp_path: Path, text: str) -> None:
    path = tmp_path / "w.csv"
    path.write_text(text)
    with pytest.raises(DataError, match="weight"):
        read_variant_weights(path)
