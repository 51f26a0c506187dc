from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from meristem.config.stages import OmicsConfig
from meristem.errors import DataError
from meristem.io.tables import omics
from meristem.io.tables.omics import read_omics

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "gp"
ROWS = "line,g1,g2,g3\nl1,1,2,\nl2,3.5,NA,4\n"


def read(tmp_path, text, name="e.csv", sample_id=None, **options):
    path = tmp_path / name
    path.write_text(text)
    return read_omics(OmicsConfig(path=path, name="expression", **options), sample_id)


def test_samples_in_rows(tmp_path):
    found = read(tmp_path, ROWS)
    assert found.name == "expression"
    assert found.sample_id.tolist() == ["l1", "l2"]
    assert found.feature_id.tolist() == found.node_name.tolist() == ["g1", "g2", "g3"]
    np.testing.assert_array_equal(found.value, [[1, 2, np.nan], [3.5, np.nan, 4]])


@pytest.mark.parametrize(
    "corner", ["Gene", "gene_id", "FeatureID", "metabolite", "Probe"]
)
def test_features_in_rows_by_the_first_header_cell(tmp_path, corner):
    found = read(tmp_path, ROWS.replace("line", corner))
    assert found.sample_id.tolist() == ["g1", "g2", "g3"]
    assert found.feature_id.tolist() == ["l1", "l2"]
    np.testing.assert_array_equal(found.value[0], [1, 3.5])


def test_known_samples_decide_against_the_header(tmp_path):
    found = read(tmp_path, ROWS, sample_id=np.array(["g2", "g3", "l1"]))
    assert found.feature_id.tolist() == ["l1", "l2"]
    found = read(
        tmp_path, ROWS.replace("line", "gene"), sample_id=np.array(["l1", "zz"])
    )
    assert found.sample_id.tolist() == ["l1", "l2"]


def test_a_tie_leaves_it_to_the_header(tmp_path):
    nobody = np.array(["q"])
    assert read(tmp_path, ROWS, sample_id=nobody).sample_id.tolist() == ["l1", "l2"]


def test_stated_layout_wins(tmp_path):
    found = read(tmp_path, ROWS, layout="features_in_rows", sample_id=np.array(["l1"]))
    assert found.feature_id.tolist() == ["l1", "l2"]


def test_node_map_by_name_and_by_order(tmp_path):
    (tmp_path / "named.csv").write_text("node,feature\nAUX,g1\nSUC,g3\n")
    found = read(tmp_path, ROWS, node_map=tmp_path / "named.csv")
    assert found.node_name.tolist() == ["AUX", "", "SUC"]
    (tmp_path / "order.tsv").write_text("probe\tgene\ng2\tAT1\n")
    found = read(tmp_path, ROWS, node_map=tmp_path / "order.tsv")
    assert found.node_name.tolist() == ["", "AT1", ""]


def test_reliability_of_all_or_by_feature(tmp_path):
    assert read(tmp_path, ROWS).reliability is None
    assert set(read(tmp_path, ROWS, reliability=0.4).reliability.tolist()) == {0.4}
    names = read(tmp_path, ROWS).feature_id.tolist()
    path = tmp_path / "map.csv"
    path.write_text(f"feature,node,reliability\n{names[0]},A,0.7\n{names[1]},B,\n")
    found = read(tmp_path, ROWS, node_map=path)
    assert found.reliability[:2].tolist() == [0.7, 1.0]
    found = read(tmp_path, ROWS, node_map=path, reliability=0.5)
    assert found.reliability[:2].tolist() == [0.7, 0.5]
    path.write_text(f"feature,node,reliability\n{names[0]},A,1.7\n")
    with pytest.raises(DataError, match=r"1\.7 is not above 0 and at most 1") as caught:
        read(tmp_path, ROWS, node_map=path)
    assert "line 2" in str(caught.value)


def test_log1p_and_min_measured(tmp_path):
    found = read(tmp_path, ROWS, transform="log1p", min_measured=1.0)
    assert found.feature_id.tolist() == ["g1"]
    np.testing.assert_allclose(found.value[:, 0], np.log([2.0, 4.5]))
    with pytest.raises(DataError, match="sample l2, feature g1: the value -1 is neg"):
        read(tmp_path, "line,g1\nl1,1\nl2,-1\n", transform="log1p")
    with pytest.raises(DataError, match="no feature is measured in 100%"):
        read(tmp_path, "line,g1\nl1,1\nl2,\n", min_measured=1.0)


def test_estimated_counts_are_rounded(tmp_path):
    found = read(tmp_path, "line,g1\nl1,1.4\nl2,\nl3,2.6\n", transform="round")
    assert found.value[[0, 2], 0].tolist() == [1.0, 3.0]


@pytest.mark.parametrize(
    "text",
    [
        'line,"g1",g2\nl1,1,2\n',  # quotes
        "\nline,g1,g2\nl1,1,2\n",  # blank line first
        "g1,g2\nl1,1,2\n",  # header of R
        "line,g1,g2\nl1, 1 ,2 \n",  # spaces
        "line;g1;g2\nl1;1;2\n",
        "line,g1,g2\r\nl1,1,2\r\n",
        "line,g1,g2\n\nl1,1,2\n\n",
        "line,g1,g2\nl1,1,2",
    ],
)
def test_unusual_dress(tmp_path, text):
    found = read(tmp_path, text)
    assert found.sample_id.tolist() == ["l1"]
    assert found.feature_id.tolist() == ["g1", "g2"]
    np.testing.assert_array_equal(found.value, [[1, 2]])


def test_single_feature_with_missing_values(tmp_path):
    found = read(tmp_path, "line,g\na,\nb,2\nc,\n")
    np.testing.assert_array_equal(found.value[:, 0], [np.nan, 2, np.nan])


def test_parquet(tmp_path):
    path = tmp_path / "e.parquet"
    pq.write_table(pa.table({"line": ["l1", "l2"], "g": [1, None]}), path)
    found = read_omics(OmicsConfig(path=path))
    assert found.sample_id.tolist() == ["l1", "l2"]
    np.testing.assert_array_equal(found.value[:, 0], [1, np.nan])


def test_repeats_are_refused(tmp_path):
    with pytest.raises(DataError, match="1 samples occur more than once: l1"):
        read(tmp_path, "line,g\nl1,1\nl1,2\n")


values = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 5), st.integers(1, 4)),
    elements=st.floats(-1e29, 1e29) | st.just(np.nan),
)


@given(values, st.sampled_from([",", ";", "\t"]), st.sampled_from(["", "NA", "."]))
def test_fast_and_careful_reader_agree(tmp_path_factory, value, delimiter, missing):
    n, m = value.shape
    frame = pd.DataFrame(
        value, index=[f"l{i}" for i in range(n)], columns=[f"g{j}" for j in range(m)]
    )
    path = tmp_path_factory.mktemp("twin") / "e.txt"
    frame.to_csv(path, sep=delimiter, na_rep=missing, index_label="line")
    fast, careful = omics._read_clean_matrix(path), omics._read_cells(path)
    assert fast is not None
    np.testing.assert_array_equal(fast.value, value)
    np.testing.assert_array_equal(careful.value, value)
    np.testing.assert_array_equal(fast.row_name, careful.row_name)
    np.testing.assert_array_equal(fast.column_name, careful.column_name)
    assert fast.corner == careful.corner == "line"


@pytest.mark.skipif(not SHARED.is_dir(), reason="shared data are not here")
def test_real_expression():
    path = SHARED / "yeast_smith2008" / "expression_glucose.csv.gz"
    found = read_omics(OmicsConfig(path=path))
    frame = pd.read_csv(path, index_col=0)
    assert found.value.shape == (109, 4478)
    assert found.feature_id.tolist() == frame.columns.tolist()
    np.testing.assert_allclose(found.value, frame.to_numpy(), rtol=1e-15)
