"""Two studies as one table."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.representation.toys import low_rank, table_of

from meristem.config.read import read_represent_config
from meristem.errors import ConfigError, DataError
from meristem.representation.align import stack_tables
from meristem.representation.commands.run import represent_run
from meristem.runs.destination import Destination


def test_features_are_matched_by_name() -> None:
    value, _ = low_rank(5, 14)
    one = table_of(value, "a")
    order = np.random.default_rng(1).permutation(14)
    other = replace(
        table_of(10 + value[:3, order], "b"),
        feature_id=one.feature_id[order],
        node_name=one.node_name[order],
    )
    whole, line, origin, aligned = stack_tables((one, other), "both")
    assert whole.value[5:] == pytest.approx(10 + whole.value[:3])
    assert whole.node_name.tolist() == one.node_name.tolist()
    assert line.tolist() == [f"l{i}" for i in (0, 1, 2, 3, 4, 0, 1, 2)]
    assert origin.tolist() == ["a"] * 5 + ["b"] * 3
    assert aligned["shared"].tolist() == [14, 14]


def test_tables_of_other_features_are_refused() -> None:
    value, _ = low_rank(5, 14)
    other = table_of(value, "b")
    other = replace(other, feature_id=np.char.add("x", other.feature_id))
    with pytest.raises(DataError, match="0 features"):
        stack_tables((table_of(value, "a"), other), "both")


def write_two(folder: Path) -> Path:
    value, z = low_rank(40, 30)
    rng = np.random.default_rng(2)
    for name, shift in (("a", 0.0), ("b", 4.0)):
        moved = value + shift * rng.normal(size=30) + 0.3 * rng.normal(size=(40, 30))
        frame = pd.DataFrame(moved, [f"l{i}" for i in range(40)])
        frame.columns = [f"g{j}" for j in range(30)]
        frame.to_csv(folder / f"{name}.csv", index_label="line")
    traits = pd.DataFrame({"line": [f"l{i}" for i in range(40)], "t": z[:, 0]})
    traits.to_csv(folder / "traits.csv", index=False)
    path = folder / "two.toml"
    path.write_text(
        '[run]\nout = "out"\n[phenotypes]\npath = "traits.csv"\n'
        '[[omics]]\nname = "a"\npath = "a.csv"\n'
        '[[omics]]\nname = "b"\npath = "b.csv"\n[stack]\nk = [3]\n'
    )
    return path


def test_two_studies_are_represented_as_one(tmp_path: Path) -> None:
    config = read_represent_config(write_two(tmp_path))
    page = represent_run(config, Destination(config.run.out)).read_text()
    assert "What was aligned" in page
    factors = pd.read_csv(tmp_path / "out" / "stack.factors.csv", index_col=0)
    a = factors[factors.index.str.endswith("@a")].to_numpy()
    b = factors[factors.index.str.endswith("@b")].to_numpy()
    r = [np.corrcoef(x, y)[0, 1] for x, y in zip(a.T, b.T, strict=True)]
    assert min(r) > 0.9
    traits = pd.read_csv(tmp_path / "out" / "stack.traits.csv")
    assert traits["n"].iloc[0] == 80


def test_a_stack_of_represented_tables_is_refused(tmp_path: Path) -> None:
    path = write_two(tmp_path)
    text = path.read_text()
    path.write_text(text.replace("b.csv", 'b.csv"\nrepresent = "pca'))
    with pytest.raises(ConfigError, match="a stack needs two"):
        read_represent_config(path)
