import numpy as np
import pyarrow.parquet as pq
import pytest

from meristem.errors import ConfigError, DataError
from meristem.simulate.folder import CONFIG, simulation_folder, write_csv, write_omics


def test_a_folder_appears_whole_or_not_at_all(tmp_path) -> None:
    target = tmp_path / "out"
    with pytest.raises(DataError), simulation_folder(target, False) as draft:
        (draft / "absent" / CONFIG).write_text("")
    assert list(tmp_path.iterdir()) == []
    with simulation_folder(target, force=False) as draft:
        (draft / CONFIG).write_text("")
        (draft / "truth.csv").write_text("")
        assert not target.exists()
    assert (target / CONFIG).exists()


def test_only_an_earlier_simulation_is_replaced_and_only_when_asked(tmp_path) -> None:
    ours, other = tmp_path / "ours", tmp_path / "other"
    for folder, names in ((ours, (CONFIG, "truth.csv")), (other, ("thesis.tex",))):
        folder.mkdir()
        for name in names:
            (folder / name).write_text("")
    with (
        pytest.raises(ConfigError, match="earlier simulation"),
        simulation_folder(ours, force=False),
    ):
        pass
    for force in (False, True):
        with (
            pytest.raises(ConfigError, match="no simulation"),
            simulation_folder(other, force=force),
        ):
            pass
    assert (other / "thesis.tex").exists()


def test_rows_without_a_measurement_are_left_out(tmp_path) -> None:
    value = np.array([[1.0, np.nan], [np.nan, np.nan], [3.0, 4.0]])
    path = tmp_path / "omics.parquet"
    write_omics(path, np.array(["a", "b", "c"]), ["x", "y"], value)
    table = pq.read_table(path).to_pydict()
    assert table["line"] == ["a", "c"]
    assert table["x"] == [1.0, 3.0]
    write_csv(tmp_path / "t.csv", ("a", "b"), [(1, 0.5)])
    assert (tmp_path / "t.csv").read_text() == "a,b\n1,0.500000\n"
