import numpy as np
import pytest

from meristem.config.stages import GroupConfig
from meristem.errors import ConfigError, DataError
from meristem.io.tables.groups import read_groups


def read(tmp_path, text, **options):
    path = tmp_path / "g.csv"
    path.write_text(text)
    return read_groups(GroupConfig(path=path, **options))


def test_all_columns_are_labels(tmp_path):
    found = read(tmp_path, "sample,family,year\n01,f1,2019\n02,NA,2020\n")
    assert found.sample_id.tolist() == ["01", "02"]
    assert found.group_name.tolist() == ["family", "year"]
    assert found.label.tolist() == [["f1", "2019"], ["", "2020"]]


def test_columns_are_chosen(tmp_path):
    found = read(tmp_path, "id,a,b\nx,1,2\n", columns=("b",), line="id")
    assert found.column("b").tolist() == ["2"]
    assert found.group_name.tolist() == ["b"]
    with pytest.raises(ConfigError, match="groups.columns = 'c'"):
        read(tmp_path, "id,a\nx,1\n", columns=("c",))


def test_equal_repeats_count_once_and_contradictions_are_refused(tmp_path):
    found = read(tmp_path, "line,f\nx,1\ny,2\nx,1\n")
    assert found.sample_id.tolist() == ["x", "y"]
    np.testing.assert_array_equal(found.label[:, 0], ["1", "2"])
    with pytest.raises(
        DataError, match="line 4: sample 'x' has other labels than in line 2"
    ):
        read(tmp_path, "line,f\nx,1\ny,2\nx,3\n")
