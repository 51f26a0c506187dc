import numpy as np
import pytest

from meristem.config.stages import EnvironmentConfig
from meristem.errors import DataError
from meristem.io.tables.seasons.environments import read_environments


def read(tmp_path, text):
    path = tmp_path / "env.csv"
    path.write_text(text)
    return read_environments(EnvironmentConfig(path=path))


def test_numbers_are_covariates_and_words_are_not(tmp_path):
    found = read(tmp_path, "Trial,country,rain,heat\nA, NL,300,\nB,DE,250,31.5\n")
    assert found.environment_name.tolist() == ["A", "B"]
    assert found.covariate_name.tolist() == ["rain", "heat"]
    np.testing.assert_array_equal(found.value, [[300, np.nan], [250, 31.5]])


def test_location_or_an_unnamed_column_names_the_environment(tmp_path):
    assert read(tmp_path, "location,x\nA,1\n").environment_name.tolist() == ["A"]
    assert read(tmp_path, ",x\nA,1\n").environment_name.tolist() == ["A"]


def test_faults(tmp_path):
    with pytest.raises(
        DataError, match="line 3: environment 'A' occurs more than once"
    ):
        read(tmp_path, "env,x\nA,1\nA,2\n")
    with pytest.raises(DataError, match="no column of environment names"):
        read(tmp_path, "x,y\n1,2\n")
    with pytest.raises(DataError, match="no numeric covariate"):
        read(tmp_path, "env,soil\nA,clay\n")


def test_places_of_several_years_are_joined_with_them_as_in_phenotypes(tmp_path):
    found = read(tmp_path, "site,year,rain\nA,2019,3\nA,2020,4\nB,2019,5\n")
    assert found.environment_name.tolist() == ["A_2019", "A_2020", "B_2019"]
    assert found.covariate_name.tolist() == ["rain"]
    once = read(tmp_path, "site,year,rain\nA,2019,3\nB,2020,4\n")
    assert once.environment_name.tolist() == ["A", "B"]
    assert once.covariate_name.tolist() == ["year", "rain"]
