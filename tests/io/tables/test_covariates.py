from __future__ import annotations

import numpy as np
import pytest

from meristem.config.stages import CovariateConfig, PhenotypeConfig
from meristem.errors import ConfigError, DataError
from meristem.io.tables.covariates import covariate_columns, read_covariate_table
from meristem.io.tables.phenotypes import read_observations
from meristem.text.columns import read_table

TEXT = """line,sex,month,age,cage,weight
a,F,5,10,1A,20.5
b,M,6,NA,1A,21.5
c,,5,12,2B,19.0
d,F,6,13,2B,18.5
"""


@pytest.fixture
def path(tmp_path):
    found = tmp_path / "mice.csv"
    found.write_text(TEXT)
    return found


def asked(**more) -> CovariateConfig:
    return CovariateConfig(**{"columns": ("sex", "age")} | more)


def test_columns_have_the_role_their_cells_or_the_configuration_give(path):
    config = asked(classes=("month",), random="cage", pcs=2)
    found = covariate_columns(read_table(path), config)
    assert found.column_name.tolist() == ["sex", "age", "month", "cage"]
    assert found.role.tolist() == ["class", "number", "class", "random"]
    assert found.label[:, 0].tolist() == ["F", "M", "", "F"]
    assert found.label[:, 2].tolist() == ["5", "6", "5", "6"]
    np.testing.assert_array_equal(found.number[:, 1], [10, np.nan, 12, 13])
    assert found.missing.sum() == 2
    assert found.n_axis == 2


@pytest.mark.parametrize("layout", ["wide", "long"])
def test_they_are_no_traits_and_follow_their_row(path, layout):
    if layout == "long":
        rows = [line.split(",") for line in TEXT.split()]
        text = ["line,sex,age,trait,value"]
        for line, sex, _, age, _, weight in rows[1:]:
            text += [f"{line},{sex},{age},{t},{weight}" for t in ("one", "two")]
        path.write_text("\n".join(text) + "\n")
    config = PhenotypeConfig(path=path, traits=("one",) if layout == "long" else ())
    observations = read_observations(config, asked())
    assert "age" not in observations.trait
    assert observations.covariates is not None
    assert observations.covariates.n_row == observations.value.size
    own = observations.sample_id == "b"
    assert set(observations.covariates.label[own, 0].tolist()) == {"M"}


def test_a_table_of_its_own_has_one_row_per_line(path):
    sample_id, found = read_covariate_table(asked(path=path))
    assert sample_id.tolist() == ["a", "b", "c", "d"]
    assert found.n_row == 4
    path.write_text(TEXT + "a,F,5,10,9Z,1\n")
    assert read_covariate_table(asked(path=path))[0].size == 4
    path.write_text(TEXT + "a,M,5,10,1A,20.5\n")
    with pytest.raises(DataError, match="other covariates than in line 2"):
        read_covariate_table(asked(path=path))


def test_what_cannot_be_used_is_refused(path):
    with pytest.raises(ConfigError, match="hight"):
        read_covariate_table(asked(path=path, columns=("hight",)))
    path.write_text(TEXT.replace("10", "ten"))
    with pytest.raises(DataError, match=r"(?s)'age': 'ten' is not.*covariates.classes"):
        read_covariate_table(asked(path=path))
    path.write_text(TEXT.replace("M,", "F,"))
    with pytest.raises(DataError, match="'sex' holds F alone"):
        read_covariate_table(asked(path=path))
    with pytest.raises(ValueError, match="name columns"):
        CovariateConfig()
    with pytest.raises(ValueError, match="of the table"):
        CovariateConfig(path=path, pcs=2)
