"""Costs of lines."""

from pathlib import Path

import pytest

from meristem.errors import DataError
from meristem.io.tables.costs import read_costs


def test_costs(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("line,cost\na,2\nb,0.5\n")
    assert read_costs(path) == {"a": 2.0, "b": 0.5}


@pytest.mark.parametrize(
    "text", ["line,x\na,2\n", "line,cost\na,0\n", "line,cost\na,\n"]
)
def test_refusals(tmp_path: Path, text: str) -> None:
    path = tmp_path / "c.csv"
    path.write_text(text)
    with pytest.raises(DataError, match="cost"):
        read_costs(path)
