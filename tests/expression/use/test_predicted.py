import numpy as np
import pandas as pd
import pytest

from meristem.config.stages import OmicsConfig
from meristem.errors import DataError
from meristem.expression.use.predicted import (
    filled_table,
    gene_frame,
    predicted_table,
    table_frame,
)
from meristem.io.tables.omics import read_omics
from meristem.records import OmicsTable


def _predicted(**more):
    gene = np.array(["a", "b", "c"])
    value = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    r = np.array([0.5, -0.1, 0.8])
    line = np.array(["x", "y"])
    return predicted_table("expression", line, gene, gene, value, r, **more)


def test_genes_that_cannot_be_told_are_left_out() -> None:
    table = _predicted()
    assert table.feature_id.tolist() == ["a", "c"]
    assert table.reliability == pytest.approx([0.25, 0.64])
    assert _predicted(min_r=-1).reliability == pytest.approx([0.25, 0.01, 0.64])
    with pytest.raises(DataError, match="no gene has r > 0.9"):
        _predicted(min_r=0.9)


def test_an_analysis_reads_the_tables_as_they_were(tmp_path) -> None:
    table = _predicted()
    about = pd.DataFrame({"gene": ["c", "a"], "cis": [0.2, 0.1]})
    table_frame(table).to_csv(tmp_path / "p.csv", index=False)
    gene_frame(table, about).to_csv(tmp_path / "g.csv", index=False)
    read = read_omics(
        OmicsConfig(
            path=tmp_path / "p.csv", name="expression", node_map=tmp_path / "g.csv"
        )
    )
    assert read.feature_id.tolist() == ["a", "c"]
    assert read.reliability == pytest.approx([0.25, 0.64])
    assert read.value == pytest.approx(table.value)


def test_measured_lines_keep_their_values_and_predicted_ones_are_marked() -> None:
    gene = np.array(["a", "b", "c"])
    value = np.array([[9.0, 8.0, 7.0], [np.nan] * 3, [np.nan] * 3])
    measured = OmicsTable("e", np.array(["z", "y", "w"]), gene, gene, value)
    both = filled_table(measured, _predicted())
    assert both.value[0].tolist() == [9.0, 8.0, 7.0]
    assert both.value[1][[0, 2]].tolist() == [4.0, 6.0]
    assert np.isnan(both.value[1, 1])
    assert np.isnan(both.value[2]).all()
    assert both.derived.tolist() == [False, True, False]
